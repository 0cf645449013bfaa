"""The formula of each measure of the pages Exposure bias and Is attention the reason?, and what it means."""

from __future__ import annotations

import streamlit as st

from s2s.web.shell.language import t

# y is the reference with <eos>, T tokens; ŷ the free-running output, ŷ⁽ᵏ⁾ that after k reference words; k, t from 0.
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
    # w is the word of the step, α its weights, a another method's row; x without, or with only, the top k tokens.
    "tau": r"\tau_b = \dfrac{\textstyle\sum_{i<j} \mathrm{sgn}(\alpha_i-\alpha_j)\,\mathrm{sgn}(|a_i|-|a_j|)}"
    r"{\sqrt{\#\{\alpha_i \ne \alpha_j\}\,\#\{|a_i| \ne |a_j|\}}}",
    "change": r"\mathrm{TV} = \tfrac12 \textstyle\sum_v \lvert p_\alpha(v) - p_{\alpha'}(v) \rvert, \quad "
    r"p_\alpha(w) - p_{\alpha'}(w)",
    "flip": r"\min\{k : \arg\max_v p_{\alpha \setminus \mathrm{top}\,k}(v) \ne \arg\max_v p_\alpha(v)\}",
    "comprehensiveness": r"\tfrac{1}{\lvert K \rvert} \textstyle\sum_{k \in K} "
    r"p(w \mid x) - p(w \mid x \setminus \mathrm{top}\,k)",
    "sufficiency": r"\tfrac{1}{\lvert K \rvert} \textstyle\sum_{k \in K} p(w \mid x) - p(w \mid \mathrm{top}\,k)",
    "naopc": r"\dfrac{\mathrm{AOPC} - \mathrm{AOPC}_{\mathrm{worst}}}"
    r"{\mathrm{AOPC}_{\mathrm{best}} - \mathrm{AOPC}_{\mathrm{worst}}}",
    "integrated": r"x_s \cdot \textstyle\int_0^1 \partial_{x_s} \log p(w \mid a x)\, \mathrm{d}a",
    "prefix": r"\dfrac{\textstyle\sum_s \lvert a_s \rvert}"
    r"{\textstyle\sum_s \lvert a_s \rvert + \sum_{i<t} \lvert a_i \rvert}",
    "aer": r"\mathrm{AER} = 1 - "
    r"\dfrac{\lvert A \cap S \rvert + \lvert A \cap P \rvert}{\lvert A \rvert + \lvert S \rvert}",
}


def explain(*names: str, prefix: str = "exposure") -> None:
    """Show the formula and the sentence of each measure; ``prefix`` is that of the sentences in the locales."""
    for name in names:
        with st.container(key=f"formula-{name}", gap="xxsmall"):
            st.latex(FORMULAS[name])
            st.caption(t(f"{prefix}.means.{name}"))
