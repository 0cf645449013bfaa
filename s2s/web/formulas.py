"""Each measure of exposure bias with its formula and one sentence of what it means."""

from __future__ import annotations

import streamlit as st

from s2s.web.language import t

# y is the reference with <eos>, T tokens; ŷ what the model says alone, ŷ⁽ᵏ⁾ after k reference words; k, t count from 0.
FORMULAS = {
    "gap": r"\log p(\hat y_t \mid x, y_{<t}) - \log p(y_t \mid x, y_{<t})",
    "at": r"\mathrm{acc}(k) = \tfrac{1}{T-k} \textstyle\sum_{t \ge k} [\,\hat y^{(k)}_t = y_t\,]",
    "f1": r"F_1(k) = \dfrac{2\,\lvert \hat Y_k \cap Y_k \rvert}{\lvert \hat Y_k \rvert + \lvert Y_k \rvert}",
    "accuracy": r"\begin{gathered} \tfrac{1}{N}\textstyle\sum [\arg\max_v p(v \mid x, y_{<t}) = y_t] \\ "
    r"-\; \tfrac{1}{N}\textstyle\sum [\hat y_t = y_t] \end{gathered}",
    "nll": r"-\log p(y_t \mid x, y_{<t}) \;\text{/}\; -\log p(y_t \mid x, \hat y_{<t})",
    "cost": r"\mathrm{score}(y_{>k} \mid y_{<k}, y_k) - \mathrm{score}(y_{>k} \mid y_{<k}, w_k)",
    "distractor": r"\log P(y \mid x) - \log P(y' \mid x), \; \lvert y' \rvert = \lvert y \rvert",
    "excess": r"\begin{gathered} R(l) = \textstyle\sum_{t<l} \mathrm{KL}(o_t \Vert p_t \mid \hat y_{<t}), \;\; "
    r"R_{\mathrm{ref}}(l) = \textstyle\sum_{t<l} \mathrm{KL}(o_t \Vert p_t \mid y_{<t}) \\ "
    r"\mathrm{ExAccErr}(l) = 100\,\bigl(R(l) / R_{\mathrm{ref}}(l) - 1\bigr)\,\% \end{gathered}",
    "beams": r"\log P(\hat y \mid x) = \textstyle\sum_t \log p(\hat y_t \mid x, \hat y_{<t})",
    "ece": r"\mathrm{ECE} = \textstyle\sum_b \tfrac{n_b}{N}\,\lvert \mathrm{acc}_b - \mathrm{conf}_b \rvert",
}


def explain(*names: str) -> None:
    """The formulas and sentences of these measures."""
    for name in names:
        with st.container(key=f"formula-{name}", gap="xxsmall"):
            st.latex(FORMULAS[name])
            st.caption(t(f"exposure.means.{name}"))
