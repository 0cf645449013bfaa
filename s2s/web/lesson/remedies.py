"""The remedies for exposure bias: the formula of each, and what its training would do with the sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from s2s.errors import joined
from s2s.figures import lesson
from s2s.web.lesson import computed
from s2s.web.lesson.pair import Pair, result_or_message
from s2s.web.lesson.tables import formulas, marked_words, numbers
from s2s.web.shell import controls, language, projector
from s2s.web.shell.foreign import code
from s2s.web.shell.language import t

if TYPE_CHECKING:
    from s2s.lesson.remedies import Drawn

DRAWS = "draw"  # how many times the visitor drew again: the seed
REMEDY = "remedy"

EPSILONS = (0.0, 0.125, 0.25, 0.5, 1.0, 1.5, 2.0)
OPTIONS = {"displayModeBar": False}
LAST = 20_000  # last step of training in the chart of schedules


def remedy_section(pair: Pair) -> None:
    """The choice of a remedy, and its section."""
    st.markdown(f"#### {t('lesson.remedies.title')}")
    parts = {
        "sampling": _sampling,
        "policy": _policy,
        "replacement": _drawn,
        "mask": _drawn,
        "adversarial": _adversarial,
    }
    st.session_state.setdefault(REMEDY, "sampling")
    labels = {name: t(f"lesson.remedies.{name}") for name in parts}
    controls.radio("remedy", t("lesson.remedies.title"), labels, label_visibility="collapsed")
    name = st.session_state[REMEDY]
    st.markdown(t(f"lesson.remedies.{name}_text"))
    parts[name](pair)


def _again() -> None:
    st.session_state[DRAWS] = st.session_state.get(DRAWS, 0) + 1


def _seed() -> int:
    """The seed of the present draw, and a button for the next."""
    st.button(t("lesson.remedies.again"), key="again", on_click=_again)
    return int(st.session_state.get(DRAWS, 0))


@st.fragment
def _sampling(pair: Pair) -> None:
    """The three schedules, and decoder inputs of the sentence as a step of training draws them."""
    text = language.strings("lesson.remedies")
    formulas("linear", "exponential", "inverse_sigmoid")
    left, right = st.columns([1, 2], gap="large")
    with left:
        slope = st.slider(text["slope"], 1, 20, 5, key="slope", persist_state="session") * 1e-5
        decay = st.slider(text["decay"], 5, 100, 20, key="decay", persist_state="session") * 1e-5
        flat = st.slider(text["flat"], 200, 3000, 1200, 100, key="flat", persist_state="session")
    constants = {"linear": 1.0, "exponential": 1 - decay, "inverse_sigmoid": float(flat)}
    steps = tuple(range(0, LAST + 1, LAST // 200))
    with right:
        lines = {name: computed.shares(name, k, slope, steps) for name, k in constants.items()}
        projector.show_chart(lesson.schedules(steps, lines, text), key="schedules", config=OPTIONS)
    teacher = st.slider(text["teacher"], 0.0, 1.0, 0.5, 0.05, key="teacher", persist_state="session")
    seed = _seed()
    drawn = result_or_message(lambda: computed.drawn_inputs(*pair, "sampling", seed, teacher))
    if drawn is not None:
        _draws(drawn, text["own_words"])


@st.fragment
def _drawn(pair: Pair) -> None:
    """Decoder inputs of the chosen remedy, drawn by the function that training uses."""
    kind = st.session_state[REMEDY]
    formulas(kind)
    seed = _seed()
    drawn = result_or_message(lambda: computed.drawn_inputs(*pair, kind, seed))
    if drawn is not None:
        _draws(drawn, t("lesson.remedies.changed_words"))
        shares = {"unknown": 100 * drawn.unknown, "other": 100 * drawn.other, "kept": 100 * drawn.kept}
        st.markdown(t(f"lesson.remedies.{kind}_measured", **shares))


def _draws(drawn: Drawn, marked: str) -> None:
    reference = t("lesson.remedies.reference")
    rows = [marked_words(drawn.reference, [False] * len(drawn.reference), reference)]
    rows += [marked_words(one.tokens, one.changed, str(n)) for n, one in enumerate(drawn.draws, start=1)]
    st.caption(f"{reference} ↓ {marked}")
    st.html("".join(rows[:1]) + "<hr style='margin:4px 0;opacity:.3'>" + "".join(rows[1:]))


@st.fragment
def _policy(pair: Pair) -> None:
    """Samples of the sentence, and their rewards compared with that of the greedy output."""
    text = language.strings("lesson.remedies")
    formulas("policy", "mixture")
    seed = _seed()
    rewarded = result_or_message(lambda: computed.rewarded(*pair, seed))
    if rewarded is None:
        return
    st.markdown(t("lesson.remedies.greedy_says", text=code(rewarded.greedy), reward=rewarded.baseline))
    projector.show_chart(lesson.rewards(rewarded, text), key="rewards", config=OPTIONS)
    heads = [text["sample"], "r(yˢ)", "r(ŷ) − r(yˢ)", "ln p(yˢ)", text["part"]]
    shown = [*rewarded.samples[:3], *rewarded.samples[-2:]]
    rows = [[one.text, one.reward, rewarded.baseline - one.reward, one.log_prob, one.loss] for one in shown]
    st.html(numbers(heads, rows))
    better = sum(one.reward > rewarded.baseline for one in rewarded.samples)
    worse = sum(one.reward < rewarded.baseline for one in rewarded.samples)
    st.markdown(t("lesson.remedies.better", count=len(rewarded.samples), better=better, worse=worse))


@st.fragment
def _adversarial(pair: Pair) -> None:
    """The loss of the sentence when its embeddings are perturbed."""
    text = language.strings("lesson.remedies")
    formulas("fgm", "penalty")
    epsilon = st.slider(text["norm"], 0.1, 2.0, 0.5, 0.1, key="fgm", persist_state="session")
    result = result_or_message(lambda: computed.adversarial(*pair, tuple(sorted({*EPSILONS, epsilon})), 0))
    if result is None:
        return
    at = result.epsilons.index(epsilon)
    norm, loss, worst, random = result.gradient, result.worst[0], result.worst[at], result.random[at]
    formulas(
        rf"\lVert g \rVert = {norm:.4f}",
        rf"\lVert \Delta \rVert = {epsilon:.1f}",
        rf"L(E) = {loss:.4f}",
        rf"L(E + \Delta) = {worst:.4f}",
        rf"\tfrac12 \lVert g \rVert^2 = {norm**2 / 2:.4f}",
    )
    moved = t("lesson.remedies.moved_text", worst=worst - loss, random=random - loss, norm=epsilon)
    why = "moved_direction" if worst - loss > abs(random - loss) else "moved_far"
    st.markdown(joined(moved, t(f"lesson.remedies.{why}")))
    left, right = st.columns(2, gap="large")
    with left:
        projector.show_chart(lesson.adversarial(result, text), key="fgm-curve", config=OPTIONS)
    with right:
        rows = [[word, epsilon * share] for word, share in result.moved]
        st.html(numbers([text["word"], "‖Δᵥ‖"], rows))
