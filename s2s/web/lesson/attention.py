"""Chapter Attention: score, softmax, context; additive and multiplicative beside each other; the mask."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from s2s.errors import UserError
from s2s.web.components.weighing import weighing
from s2s.web.lesson import computed
from s2s.web.shell import language, layout, models
from s2s.web.shell.foreign import code
from s2s.web.shell.language import t
from s2s.web.shell.page_state import PageState
from s2s.web.shell.same_data import learnt

SCORES = {  # of the layers in s2s/model/attention.py, by the config's name
    "additive": r"e_{ts} = v^\top \tanh(W s_{t-1} + U h_s)",
    "general": r"e_{ts} = h_t^\top W h_s",
}
STEPS = {
    "softmax": r"\alpha_{ts} = \dfrac{\exp(e_{ts})}{\sum_{j} \exp(e_{tj})}",
    "context": r"c_t = \textstyle\sum_s \alpha_{ts} h_s",
}


def contrasted(chosen: str) -> list[str]:
    """The chosen checkpoint, and one of the other kind of attention with the same training data, additive first.

    The chosen one alone if its attention is neither additive nor general, or if there is no other.
    """
    train, found = learnt(chosen), dict[str, str]()
    others = [name for name in sorted(models.names()) if name != chosen and learnt(name) == train] if train else []
    for name in (chosen, *others):
        if _kind(name) in SCORES:
            found.setdefault(_kind(name), name)
    return [found[attention] for attention in SCORES if attention in found] or [chosen]


def _config(name: str) -> Mapping[str, object]:
    model = models.about(name, models.changed(name))["config"].get("model")
    return model if isinstance(model, dict) else {}


def _kind(name: str) -> str:
    model = _config(name)
    return str(model.get("attention", "additive")) if model else ""


def _shown(names: Sequence[str]) -> list[str]:
    """Which models' numbers stand below the formulas, and in what their scores differ from these."""
    said = "two" if len(names) > 1 else "one" if _kind(names[0]) in SCORES else "other"
    covering = [name for name in names if _config(name).get("coverage")]
    return [
        t(f"lesson.attention.{said}", names=t("card.join").join(map(code, names))),
        *(t("lesson.attention.coverage", name=code(name)) for name in covering),
    ]


def attention_chapter(state: PageState) -> None:
    """The three formulas, then both models' numbers, which can be dragged."""
    text = state.text
    left, right = st.columns(2)
    left.latex(SCORES["additive"])
    right.latex(SCORES["general"])
    st.latex(r"\qquad ".join(STEPS.values()))
    sides, problems = [], list[str]()
    if _kind(state.model) == "none":
        st.info(t("weighing.nothing"))
    for name in filter(lambda name: _kind(name) != "none", contrasted(state.model)):
        try:
            with st.spinner(t("step.loading"), show_time=False):
                changed = models.changed(name)
                trace = models.decode(name, changed, text, "", "free", ())
                sides.append((trace, computed.padding_scores(name, changed, text)))
        except UserError as error:
            problems.append(language.explain(error))
    for problem in dict.fromkeys(problems):
        st.error(problem)
    if sides:
        st.markdown("\n\n".join(_shown([trace.checkpoint["name"] for trace, _ in sides])))
        weighing(text, sides)
        padded = any(padding for _, padding in sides)
        windowed = any(_kind(trace.checkpoint["name"]).startswith("local") for trace, _ in sides)
        answers = ["answer", *["answer_padding"] * padded, *["answer_window"] * windowed]
        layout.question("attention", "try" if padded else "try_unpadded", answers)
