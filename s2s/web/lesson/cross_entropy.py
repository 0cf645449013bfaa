"""Chapter Cross-entropy: the lecture's three logits, then the loss of the visitor's sentence."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from s2s.figures import lesson
from s2s.figures import step as panel
from s2s.lesson import cross_entropy as ce
from s2s.lesson.formulas import FORMULAS
from s2s.trace.trace import Trace
from s2s.web.lesson import computed
from s2s.web.lesson.pair import pair_of, result_or_message
from s2s.web.lesson.tables import STYLE, Bar, formulas, numbers
from s2s.web.shell import language, layout, models, projector
from s2s.web.shell.bound import shows
from s2s.web.shell.foreign import code
from s2s.web.shell.language import t
from s2s.web.shell.page_state import PageState

if TYPE_CHECKING:
    from s2s.lesson.loss import SentenceLoss

LOSS_STEP = "loss-step"
SENTENCE_LOSS = "sentence-loss"

CLASSES = range(len(ce.LOGITS))
MOST_TERMS = 40  # most tokens of which the sum of losses is written out
EPSILONS = tuple(i / 20 for i in range(20))


def cross_entropy_chapter(state: PageState) -> None:
    """The three logits, and the loss of the sentence with soft targets, which is projected first if there is one."""
    st.html(STYLE + panel.STYLE)
    words, figure = projector.words_and_figure() if state.ref.strip() else (st.container(), st.container())
    with words:
        _lecture_example()
    with figure:
        _loss_of_pair(state)
    layout.question("cross_entropy")


def _lecture_example() -> None:
    _logits()
    with st.container(border=True):
        st.markdown(t("lesson.cross_entropy.misprints"))


def _loss_of_pair(state: PageState) -> None:
    st.markdown(f"#### {t('lesson.cross_entropy.sentence')}")
    pair = pair_of(state)
    loss = result_or_message(lambda: computed.sentence_loss(*pair))
    if loss is not None:
        trace = models.decode(*pair, "forced", ())
        _sentence(loss, trace)


def _lecture() -> None:
    st.session_state.update({f"logit-{i}": z for i, z in enumerate(ce.LOGITS)})


@st.fragment
def _logits() -> None:
    """Sliders for the logits; softmax and sigmoid of the same numbers."""
    if f"logit-{CLASSES[0]}" not in st.session_state:
        _lecture()
    left, right = st.columns([1, 3], gap="large")
    with left:
        for i in CLASSES:
            st.slider(f"z{i + 1}", -6.0, 6.0, step=0.1, **shows(f"logit-{i}"), persist_state="session")
        st.button(t("lesson.cross_entropy.lecture"), key="lecture", on_click=_lecture)
    z = np.array([float(st.session_state[f"logit-{i}"]) for i in CLASSES])
    with right:
        _softmax(z)
        _sigmoid(z)


def _softmax(z: ce.Row) -> None:
    text = language.strings("lesson.cross_entropy")
    y = ce.smoothed(ce.TRUE, len(z), 0.0)
    p, slope = ce.softmax(z), ce.gradient(z, y)
    st.markdown(f"**{text['softmax']}**")
    heads = ["", "z", "eᶻ", text["p"], "y", "p − y"]
    rows = [[f"{text['class']} {i + 1}", z[i], np.exp(z[i]), Bar(p[i]), int(y[i]), slope[i]] for i in CLASSES]
    st.html(numbers(heads, rows, ce.TRUE))
    live = rf"{FORMULAS['cross_entropy']} = -\ln {p[0]:.5f} = {ce.cross_entropy(z, y):.5f}"
    formulas("softmax", live, "gradient")


def _sigmoid(z: ce.Row) -> None:
    text = language.strings("lesson.cross_entropy")
    st.markdown(f"**{text['binary']}** {text['binary_when']}")
    with st.container(horizontal=True):
        y = np.array(
            [
                float(st.checkbox(f"{text['class']} {i + 1}", i == ce.TRUE, key=f"label-{i}", persist_state="session"))
                for i in CLASSES
            ]
        )
    p, losses = ce.sigmoid(z), ce.binary_cross_entropy(z, y)
    heads = ["", "z", "σ(z)", "y", "Lᵢ", "σ(z) − y"]
    rows = [[f"{text['class']} {i + 1}", z[i], Bar(p[i]), int(y[i]), losses[i], p[i] - y[i]] for i in CLASSES]
    st.html(numbers(heads, rows))
    formulas("sigmoid", "binary")
    st.caption(t("lesson.cross_entropy.sums", softmax=ce.softmax(z).sum(), sigmoid=p.sum(), loss=losses.sum()))


def _pick() -> None:
    """After a click on a bar: choose its step. A redrawn chart sends an empty selection."""
    points = st.session_state[SENTENCE_LOSS]["selection"]["points"]
    if points:
        st.session_state[LOSS_STEP] = int(points[0]["x"]) + 1


@st.fragment
def _sentence(loss: SentenceLoss, trace: Trace) -> None:
    """The loss -ln p of each token, their mean, the softmax of one step, the loss with soft targets."""
    text = language.strings("lesson.cross_entropy")
    count = len(loss.nll)
    hardest = loss.nll.index(max(loss.nll)) + 1
    if not 1 <= st.session_state.setdefault(LOSS_STEP, hardest) <= count:
        st.session_state[LOSS_STEP] = hardest
    chart = st.container()
    at = st.slider(t("lesson.step"), 1, count, **shows(LOSS_STEP), persist_state="session") - 1
    tokens = [step.output for step in trace.steps]
    figure = lesson.losses(tokens, loss.nll, at, loss.loss, text)
    with chart:
        options = {"displayModeBar": False}
        projector.show_chart(figure, key=SENTENCE_LOSS, on_select=_pick, selection_mode="points", config=options)
    formulas("sentence")
    st.markdown(_sum(loss))
    left, right = st.columns(2, gap="large")
    with left:
        _step(loss, trace, at)
    with right:
        _smoothing(loss, at, text)


def _sum(loss: SentenceLoss) -> str:
    """The loss and perplexity of the sentence as a formula; with its terms if there are few."""
    count, total = len(loss.nll), sum(loss.nll)
    terms = " + ".join(f"{value:.3f}" for value in loss.nll) if count <= MOST_TERMS else f"{total:.3f}"
    return (
        f"L = ({terms}) / {count} = **{loss.loss:.4f}**, PPL = e^{loss.loss:.4f} = **{ce.perplexity(loss.loss):.3f}**"
    )


def _step(loss: SentenceLoss, trace: Trace, at: int) -> None:
    step = trace.steps[at]
    st.markdown(t("lesson.cross_entropy.step", step=at + 1, word=code(step.output)))
    st.html(f'<div class="lb-panels"><section>{panel.word_table(step, "", language.strings("player"))}</section></div>')
    p = np.exp(-loss.nll[at])
    digits = 5 + int(loss.nll[at] / math.log(10))  # enough to compute four decimals of the loss from p
    st.latex(rf"-\ln {p:.{digits}f} = {loss.nll[at]:.4f}")


def _smoothing(loss: SentenceLoss, at: int, text: dict[str, str]) -> None:
    st.markdown(f"**{text['smoothing']}**")
    epsilon = st.slider("ε", 0.0, 0.95, 0.1, 0.05, key="epsilon", persist_state="session")
    target = ce.smoothed(0, loss.words, epsilon)
    formulas("smoothing")
    shares = {"one": target[0], "other": f"{target[1]:.3g}", "words": loss.words}
    step = (1 - epsilon) * loss.nll[at] + epsilon * loss.uniform[at]
    st.markdown(t("lesson.cross_entropy.soft", **shares, loss=loss.smoothed(epsilon), at=at + 1, step=step))
    values = [loss.smoothed(e) for e in EPSILONS]
    figure = lesson.smoothing(EPSILONS, values, (epsilon, loss.smoothed(epsilon)), text)
    projector.show_chart(figure, key="smoothing", config={"displayModeBar": False})
