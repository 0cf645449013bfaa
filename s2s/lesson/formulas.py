"""The formulas of the chapters in LaTeX. A test compares each with the code that computes its numbers.

``«word»`` stands for the text ``lesson.formula.word`` of the locales.
"""

import re
from collections.abc import Callable

FORMULAS = {
    # z logits, V classes or words, y the target, one-hot; ŷ what is predicted.
    "softmax": r"p_i = \dfrac{e^{z_i}}{\sum_{j=1}^{V} e^{z_j}}",
    "cross_entropy": r"L = -\sum_{i=1}^{V} y_i \ln p_i",
    "gradient": r"\dfrac{\partial L}{\partial z_i} = p_i - y_i",
    "cost": r"J = -\dfrac{1}{N} \sum_{n=1}^{N} \sum_{i=1}^{V} y_{ni} \ln \hat y_{ni}",
    "sigmoid": r"\sigma(z_i) = \dfrac{1}{1 + e^{-z_i}}",
    "binary": r"L_i = -\bigl[\,y_i \ln \sigma(z_i) + (1 - y_i) \ln (1 - \sigma(z_i))\,\bigr]",
    "sentence": r"L = -\dfrac{1}{T} \sum_{t=1}^{T} \ln p(y_t \mid x, y_{<t}), \qquad \mathrm{PPL} = e^{L}",
    "smoothing": r"q_i = (1 - \varepsilon)\,y_i + \dfrac{\varepsilon}{V}, \qquad L_\varepsilon = -\sum_i q_i \ln p_i",
    # x_v is 1 where word v is in the source; ŷ here is the prior, y the decoder's logits.
    "prior": r"\hat y = e^{\,s} \otimes x + t, \qquad p = \mathrm{softmax}\!\left(\dfrac{y + \hat y}{2}\right)",
    "odds": r"\dfrac{p_v}{p_w} = \sqrt{\dfrac{e^{y_v}}{e^{y_w}}} \cdot e^{(\hat y_v - \hat y_w)/2}",
    "chain": r"P(y \mid x) = \prod_{t=1}^{T} p(y_t \mid x, y_{<t})",
    "lanes": r"\text{«train»} p(\,\cdot \mid x, y_{<t}) \qquad \text{«use»} p(\,\cdot \mid x, \hat y_{<t})",
    "linear": r"\varepsilon_i = \max(\varepsilon_{\min},\; k - c\,i)",
    "exponential": r"\varepsilon_i = k^{\,i}, \quad k < 1",
    "inverse_sigmoid": r"\varepsilon_i = \dfrac{k}{k + e^{\,i/k}}, \quad k \ge 1",
    "policy": r"L_{\mathrm{rl}} = \bigl(r(\hat y) - r(y^s)\bigr) \sum_{t} \ln p(y^s_t \mid x, y^s_{<t})",
    "mixture": r"L = \gamma\,L_{\mathrm{rl}} + (1 - \gamma)\,L_{\mathrm{ml}}, \quad \gamma = 0.9984",
    "replacement": r"L = -\dfrac{1}{T} \sum_{t} \ln p(y_t \mid x, \tilde y_{<t}), \quad "
    r"\Pr(\tilde y_t \text{«drawn»}) = \tfrac12 \cdot 0.3",
    "mask": r"\tilde y_t = \begin{cases} y_t & 0.85 \\ \text{<unk>} & 0.15 \cdot 0.8 \\ "
    r"\text{«any»} & 0.15 \cdot 0.1 \\ y_t & 0.15 \cdot 0.1 \end{cases}",
    "fgm": r"\Delta = \varepsilon\,\dfrac{g}{\lVert g \rVert}, \quad g = \nabla_E L(E), \qquad L(E) + L(E + \Delta)",
    "penalty": r"L(E) + \tfrac12\,\varepsilon\,\lVert \nabla_E L \rVert^2",
    "attention": r"\alpha_s = \dfrac{e^{e_s}}{\sum_{s'} e^{e_{s'}}}",
    "surprise": r"-\ln p(w) = \ln \textstyle\sum_v e^{z_v} - z_w",
}
SCORES = {  # by the name in a config, as s2s/model/attention.py computes them
    "additive": r"e_{ts} = v^\top \tanh(W s_{t-1} + U h_s)",
    "general": r"e_{ts} = h_t^\top W h_s",
}
STEPS = {
    "softmax": r"\alpha_{ts} = \dfrac{\exp(e_{ts})}{\sum_{j} \exp(e_{tj})}",
    "context": r"c_t = \textstyle\sum_s \alpha_{ts} h_s",
}


def worded(formula: str, say: Callable[[str], str]) -> str:
    """A formula with its words in the reader's language.

    >>> worded(r"\\text{«any»}", {"lesson.formula.any": "any word"}.__getitem__)
    '\\\\text{any word}'
    """
    return re.sub("«(.+?)»", lambda place: say(f"lesson.formula.{place[1]}"), formula)
