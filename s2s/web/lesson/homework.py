"""Chapter Homework: exercises whose answers are checked, with hints for the usual mistakes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import streamlit as st

from s2s.errors import UserError
from s2s.lesson import homework
from s2s.trace.trace import Trace
from s2s.web.lesson import computed
from s2s.web.lesson.pair import Pair, pair_of, result_or_message
from s2s.web.lesson.tables import STYLE, formulas, numbers
from s2s.web.shell import controls, layout, models
from s2s.web.shell.bound import shows
from s2s.web.shell.foreign import code
from s2s.web.shell.language import t
from s2s.web.shell.page_state import EXERCISES, GREEDY, PageState
from s2s.web.shell.titles import choose_model
from s2s.web.shell.upload import explain_refusal, file_field

DATES_DRAWN = "dates"  # how many times dates were drawn: the seed of the last draw
EXERCISE = "exercise"
HOMEWORK_STEP = "homework-step"

DATE_MODEL = "date-model"  # the checkpoint of which the dates are checked
KEPT: Any = {"persist_state": "session"}  # another chapter or page does not forget what the visitor has set

DATES = 200
DIVERGES = 3  # the step, from 1, at which the visitor's sentence should diverge
COMMANDS = """python -m s2s prepare automaster AutoMaster_TrainSet.csv
python -m s2s train configs/automaster.toml
python -m s2s submit automaster AutoMaster_TestSet.csv --out submission.csv --beam 5"""


def homework_chapter(state: PageState) -> None:
    """The choice of an exercise, and the chosen exercise."""
    st.html(STYLE)
    pair = pair_of(state)
    drawn: tuple[Callable[[], None], ...] = (
        partial(_step, pair),
        partial(_diverge, pair),
        partial(_unknown, pair),
        _date,
        _submission,
    )
    exercises = dict(zip(EXERCISES, drawn, strict=True))
    labels = {name: t(f"lesson.homework.{name}") for name in exercises}
    controls.radio(EXERCISE, t("lesson.homework.title"), labels, label_visibility="collapsed")
    name = st.session_state[EXERCISE]
    st.markdown(t(f"lesson.homework.{name}_task", goal=100 * homework.GOAL, step=DIVERGES))
    exercises[name]()
    layout.question("homework")


def _forced(pair: Pair) -> Trace | None:
    return result_or_message(lambda: models.decode(*pair, "forced", ()))


@st.fragment
def _step(pair: Pair) -> None:
    """Compute two numbers of a step: an attention weight and -ln p of the output."""
    trace = _forced(pair)
    if trace is None:
        return
    count = len(trace.steps)
    # By default the step whose attention is spread most.
    widest = min(range(count), key=lambda at: float(trace.steps[at].attention.max(initial=0.0))) + 1
    if not 1 <= st.session_state.setdefault(HOMEWORK_STEP, widest) <= count:
        st.session_state[HOMEWORK_STEP] = widest
    step = trace.steps[st.slider(t("lesson.step"), 1, count, **shows(HOMEWORK_STEP), **KEPT) - 1]
    left, right = st.columns(2, gap="large")
    scores = homework.scores(step) if trace.looks else None
    with left:
        if not trace.looks:
            st.markdown(t("lesson.homework.no_attention"))
        elif scores is None:
            st.markdown(t("lesson.homework.no_softmax"))
        else:
            rows = [[trace.source_tokens[s], value] for s, value in scores.shown]
            st.html(numbers([t("lesson.homework.source_word"), "e"], rows))
            st.markdown(t("lesson.homework.rest", hidden=scores.hidden, rest=scores.rest))
            formulas("attention")
            first = code(trace.source_tokens[scores.shown[0][0]])
            _answer("weight", t("lesson.homework.weight", word=first), homework.weight(scores))
    with right:
        if step.p_gen is not None:
            st.markdown(t("lesson.homework.pointer"))
            return
        values = {"logit": step.log_prob + step.normaliser, "normaliser": step.normaliser}
        st.markdown(t("lesson.homework.logit", word=code(step.output), **values))
        formulas("surprise")
        _answer("surprise", t("lesson.homework.surprise"), homework.surprise(**values))


def _answer(name: str, label: str, exercise: homework.Exercise) -> None:
    """A field for the number, and the verdict on it."""
    answer = st.number_input(label, value=None, format="%.4f", step=0.01, key=f"answer-{name}", **KEPT)
    if answer is not None:
        _say(exercise.verdict(float(answer)) == "right", f"{name}_{exercise.verdict(float(answer))}")


def _say(done: bool, key: str, **values: object) -> None:
    (st.success if done else st.warning)(t(f"lesson.homework.{key}", **values))


def _diverge(pair: Pair) -> None:
    """Find a sentence whose lanes diverge at step ``DIVERGES``."""
    trace = _forced(pair)
    if trace is None:
        return
    at = trace.divergence
    if at is None:
        _say(False, "diverge_never")
    else:
        _say(at + 1 == DIVERGES, "diverge_right" if at + 1 == DIVERGES else "diverge_at", at=at + 1, step=DIVERGES)


def _unknown(pair: Pair) -> None:
    """Find a sentence whose unknown words change its output: decode it with and without them."""
    name, changed, text, _ = pair

    def decode(source: models.Source) -> Trace:
        return models.decode(name, changed, source, "", "free", GREEDY)

    trace = result_or_message(lambda: decode(text))
    if trace is None:
        return
    tokens, unknown = trace.source_tokens, trace.source_unknown
    cut = (
        " ".join(code(token) for token in tokens) if len(tokens) <= 60 else t("lesson.homework.many", count=len(tokens))
    )
    st.markdown(t("lesson.homework.cut", tokens=cut))
    if not unknown:
        _say(False, "unknown_none")
        return
    rest = tuple(token for s, token in enumerate(tokens) if s not in unknown)
    other = result_or_message(lambda: decode(rest))
    if other is not None:
        words = t("app.list").join(code(tokens[s]) for s in unknown)
        done = other.text != trace.text
        _say(done, "unknown_right" if done else "unknown_same", words=words, said=trace.text, other=other.text)


def _check() -> None:
    st.session_state[DATES_DRAWN] = st.session_state.get(DATES_DRAWN, 0) + 1


def _date() -> None:
    """Train a model on dates: check a checkpoint on new ones."""
    st.code("python -m s2s generate date\npython -m s2s train configs/date.toml --name my-date", language="bash")
    names = models.names()
    if st.session_state.get(DATE_MODEL) not in names:
        st.session_state[DATE_MODEL] = "date" if "date" in names else names[0]
    name = choose_model(DATE_MODEL, t("step.checkpoint"), names)
    st.button(t("lesson.homework.check", count=DATES), key="check-dates", on_click=_check)
    if not (seed := st.session_state.get(DATES_DRAWN, 0)):
        return
    result = result_or_message(lambda: computed.check_dates(name, models.changed(name), DATES, seed))
    if result is not None:
        done = result.share >= homework.GOAL
        _say(
            done,
            "date_right" if done else "date_short",
            exact=result.exact,
            count=result.count,
            share=100 * result.share,
        )
        if result.wrong:
            heads = [t(f"lesson.homework.{head}") for head in ("written", "right", "said")]
            st.html(numbers(heads, [list(row) for row in result.wrong]))


def _submission() -> None:
    """Make a submission: the commands, and a check of the uploaded file."""
    st.code(COMMANDS, language="bash")
    file = file_field(t("lesson.homework.upload"), "submission", "small_file_mb", ["csv"])
    if file is None:
        return
    from s2s.evaluate.submission import check_submission

    try:
        try:
            count, empty = check_submission(file.name, file.getvalue().decode("utf-8-sig"))
        except UnicodeDecodeError:
            raise UserError("file_not_utf8", file=file.name, row=1) from None
        _say(True, "submission_right", count=count, empty=empty)
    except UserError as error:
        explain_refusal("submission", error)
