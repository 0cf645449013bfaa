"""Chapter Attention: score, softmax, context; additive and general attention beside each other; the mask."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from s2s.errors import UserError
from s2s.lesson.formulas import SCORES, STEPS
from s2s.trace.trace import Trace
from s2s.web.components.weighing import mount_weighing
from s2s.web.lesson import computed
from s2s.web.shell import language, layout, models, projector
from s2s.web.shell.foreign import quoted
from s2s.web.shell.language import t
from s2s.web.shell.page_state import PageState
from s2s.web.shell.same_data import objective, training_file
from s2s.web.shell.titles import title

Side = tuple[Trace, Sequence[float]]  # a lane, and the score of padding at each of its steps


def contrasting_pair(chosen: str) -> list[str]:
    """A checkpoint with additive and one with general attention, trained on the same file as the chosen one.

    The chosen one is taken for its own kind, and is the only one if there are no such checkpoints. Of several others,
    one that was trained with the same objective is taken.
    """
    train, by_kind = training_file(chosen), dict[str, str]()
    same = objective(chosen)
    others = sorted(models.names(), key=lambda name: (objective(name) != same, name)) if train else []
    for name in (chosen, *(other for other in others if other != chosen and training_file(other) == train)):
        if _kind(name) in SCORES:
            by_kind.setdefault(_kind(name), name)
    return [by_kind[kind] for kind in SCORES if kind in by_kind] or [chosen]


def _kind(name: str) -> str:
    model = models.model_config(name)
    return str(model.get("attention", "additive")) if model else ""


def _shown(names: Sequence[str]) -> list[str]:
    """Sentences that name the models whose numbers are shown, and say how their scores differ from the formulas."""
    text = "two" if len(names) > 1 else "one" if _kind(names[0]) in SCORES else "other"
    covering = [name for name in names if models.model_config(name).get("coverage")]
    return [
        t(f"lesson.attention.{text}", names=t("card.join").join(quoted(title(name)) for name in names)),
        *(t("lesson.attention.coverage", name=quoted(title(name))) for name in covering),
    ]


def attention_chapter(state: PageState) -> None:
    """The three formulas, and the numbers of both models, whose scores can be dragged."""
    words, figure = projector.words_and_figure()
    with words:
        _formulas()
    with figure:
        sides = _sides(state)
    if sides:
        words.markdown("\n\n".join(_shown([trace.checkpoint["name"] for trace, _ in sides])))
        with figure:
            mount_weighing(state.text, sides)
        padded = any(padding for _, padding in sides)
        windowed = any(_kind(trace.checkpoint["name"]).startswith("local") for trace, _ in sides)
        answers = ["answer", *["answer_padding"] * padded, *["answer_window"] * windowed]
        layout.question("attention", "try" if padded else "try_unpadded", answers)
        with st.container(horizontal=True):
            st.page_link("pages/evidence.py", label=t("lesson.attention.more"))


def _formulas() -> None:
    left, right = st.columns(2)
    left.latex(SCORES["additive"])
    right.latex(SCORES["general"])
    st.latex(r"\qquad ".join(STEPS.values()))


def _sides(state: PageState) -> list[Side]:
    """The models' traces, each with its scores of padding; messages say why a model has none."""
    text, sides, problems = state.text, list[Side](), list[str]()
    if _kind(state.model) == "none":
        st.info(t("weighing.nothing"))
    for name in filter(lambda name: _kind(name) != "none", contrasting_pair(state.model)):
        try:
            with st.spinner(t("step.loading"), show_time=False):
                changed = models.changed(name)
                trace = models.decode(name, changed, text, "", "free", ())
                sides.append((trace, computed.padding_scores(name, changed, text)))
        except UserError as error:
            problems.append(language.explain(error))
    for problem in dict.fromkeys(problems):
        st.error(problem)
    return sides
