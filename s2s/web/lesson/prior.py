"""Chapter Prior knowledge: a sentence with and without the scale-and-shift layer, and the layer's effect at a step."""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING, Any

import streamlit as st

from s2s.errors import joined
from s2s.figures import step as panel
from s2s.web.lesson import computed
from s2s.web.lesson.pair import result_or_message
from s2s.web.lesson.tables import STYLE, Bar, formulas, marked_words, numbers
from s2s.web.shell import controls, language, layout, models, projector
from s2s.web.shell.foreign import code, quoted
from s2s.web.shell.language import t
from s2s.web.shell.page_state import GREEDY, PageState
from s2s.web.shell.titles import title

if TYPE_CHECKING:
    from s2s.lesson.prior_step import PriorRun, Word

PRIOR_STEP = "prior-step"

PLAIN = "-plain"  # suffix of the name of the same model without prior knowledge
OWN = "prior_own"  # whether the chapter reads an example of its model instead of the visitor's sentence
ODDS = math.exp(0.5)  # factor by which an untrained prior multiplies the odds of a source word
LONGEST = 300  # characters of the sentence that are repeated
MOST = 12  # most source words whose scale and shift are shown


def prior_chapter(state: PageState) -> None:
    """Both outputs, the vector x and the values of the layer, one step, the question."""
    st.html(STYLE)
    name = _with_prior(state.model)
    if name is None:
        formulas("prior")
        st.markdown(t("lesson.prior.none"))
        layout.question("prior", odds=ODDS)
        return
    words, figure = projector.words_and_figure()
    with words:
        formulas("prior")
    with figure:
        run = _sentence(name, state)
    _question(name, run)


def _question(name: str, run: PriorRun | None) -> None:
    """The question, with the numbers of the run and, if both were measured, of the two models."""
    answers, values = ["answer"], dict[str, Any]()
    if run is not None:
        grown = [word.log_scale > 0 for word in run.source]
        values |= {"count": len(grown), "more": sum(grown), "less": len(grown) - sum(grown)}
        answers.append("trusts")
    scores = [_bleu(one) for one in (name, name + PLAIN)]
    if None not in scores:
        values |= {
            "name": quoted(title(name)),
            "plain": quoted(title(name + PLAIN)),
            "with_": scores[0],
            "without": scores[1],
        }
        answers.append("better")
    layout.question("prior", answers=answers, odds=ODDS, **values)


def _bleu(name: str) -> float | None:
    """The BLEU of a checkpoint on its test set; None if there is no such checkpoint or score."""
    entry = models.about(name, models.changed(name)) if name in models.names() else {"metrics": {}}
    score: float | None = entry["metrics"].get("test", {}).get("bleu")
    return score


def _has(name: str) -> bool:
    return bool(models.model_config(name).get("prior"))


def _with_prior(chosen: str) -> str | None:
    """A model with the layer: the chosen one, or the chosen one without ``PLAIN``, or the first; None without any."""
    return next(filter(_has, [chosen, chosen.removesuffix(PLAIN), *models.names()]), None)


def _read(own: bool) -> None:
    """Choose whether this chapter reads an example of its model instead of the visitor's sentence."""
    st.session_state[OWN] = own


def _sentence(name: str, state: PageState) -> PriorRun | None:
    """Decode the sentence with the prior and show its parts; None after an error message.

    If the visitor chose another model, the chapter offers an example of its own model instead of their sentence.
    """
    text, reference, chosen = state.text, state.ref, state.model
    if chosen.removesuffix(PLAIN) != name:
        example, reference = controls.first_example(name), ""
        own = bool(example) and st.session_state.get(OWN, False)
        if own:
            text, reference = example["text"], example["ref"]
        note = t(
            "lesson.prior.other", chosen=quoted(title(chosen)), name=quoted(title(name)), text=code(text[:LONGEST])
        )
        st.markdown(note if own or not example else joined(note, t("lesson.prior.suits")))
        if example:
            label = t("lesson.prior.back" if own else "lesson.prior.use")
            st.button(label, key="use-prior", on_click=_read, args=(not own,))
    run = result_or_message(lambda: computed.prior_run(name, models.changed(name), text, ""))
    if run is not None:
        _outputs(name, text, reference)
        _vector(run)
        _step(run)
    return run


def _outputs(name: str, text: str, reference: str) -> None:
    """A table of the outputs with and without the prior, and of the reference."""
    rows = []
    for one, label in ((name, "with"), (name + PLAIN, "without")):
        if one in models.names():
            lane = functools.partial(models.decode, one, models.changed(one), text, "", "free", GREEDY)
            trace = result_or_message(lane)
            if trace is not None:
                rows.append([t(f"lesson.prior.{label}"), trace.text])
    if reference.strip():
        rows.append([t("lesson.remedies.reference"), reference])
    st.html(panel.STYLE + panel.step_table(["", t("lesson.prior.output")], rows))


def _vector(run: PriorRun) -> None:
    """The vector x: the words for which it is 1, and the values of the layer for them."""
    text = language.strings("lesson.prior")
    st.markdown(f"#### {text['vector']}")
    st.markdown(t("lesson.prior.ones", ones=run.ones, size=run.size))
    st.html(marked_words([word.token for word in run.source], [True] * len(run.source), text["vector"]))
    shown = sorted(run.source, key=lambda word: -word.prior)[:MOST]
    heads = [text["word"], "x", "s", "eˢ", "t", "ŷ = eˢ·x + t", text["factor"]]
    st.html(numbers(heads, [_values(word) for word in shown]))
    if len(run.source) > len(shown):
        st.caption(t("lesson.prior.shown", shown=len(shown)))


def _values(word: Word) -> list[object]:
    scale = math.exp(word.log_scale)
    return [word.token, int(word.in_source), word.log_scale, scale, word.shift, word.prior, math.exp(scale / 2)]


@st.fragment
def _step(run: PriorRun) -> None:
    """The words of one step before and after the prior."""
    text, count = language.strings("lesson.prior"), len(run.steps)
    st.markdown(f"#### {text['step']}")
    if not 1 <= st.session_state.setdefault(PRIOR_STEP, 1) <= count:
        st.session_state[PRIOR_STEP] = 1
    at = (st.slider(t("lesson.step"), 1, count, key=PRIOR_STEP, persist_state="session") if count > 1 else 1) - 1
    step = run.steps[at]
    st.markdown(t("lesson.prior.read", read=code(step.read), said=code(step.said)))
    heads = [text["word"], "x", "y", "ŷ", "softmax(y)", "softmax(y/2)", "softmax((y+ŷ)/2)", text["gain"]]
    rows = [
        [
            w.token,
            int(w.in_source),
            w.logit,
            w.prior,
            *(Bar(math.exp(v)) for v in (w.alone, w.halved, w.blended)),
            w.gain,
        ]
        for w in step.words
    ]
    st.html(numbers(heads, rows, [w.token for w in step.words].index(step.said)))
    gained = max(step.words, key=lambda word: word.gain)
    lost = min(step.words, key=lambda word: word.gain)
    words = {"gained": code(gained.token), "lost": code(lost.token)}
    factors = {"up": math.exp(gained.gain), "down": math.exp(lost.gain)}
    st.markdown(t("lesson.prior.gained", **words, **factors))
    formulas("odds")
    st.caption(text["log"])
    logs = [[w.token, w.alone, w.halved, w.blended, w.gain] for w in step.words]
    st.html(numbers([text["word"], "ln softmax(y)", "ln softmax(y/2)", "ln softmax((y+ŷ)/2)", text["gain"]], logs))
