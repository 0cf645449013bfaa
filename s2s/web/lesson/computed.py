"""Cached calls of the chapters: one line each around a pure function. UserError as that raises it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from s2s.web.shell import models

if TYPE_CHECKING:
    from s2s.lesson.annotated_source import Piece
    from s2s.lesson.homework import Dates
    from s2s.lesson.loss import SentenceLoss
    from s2s.lesson.network import Flow
    from s2s.lesson.prior import PriorRun
    from s2s.lesson.remedies import Adversarial, Drawn, Rewarded


@st.cache_resource(max_entries=128, show_spinner=False)
def sentence_loss(name: str, changed: int, text: str, reference: str) -> SentenceLoss:
    """The loss of a pair, token by token."""
    from s2s.lesson.loss import sentence_loss

    checkpoint = models.load(name, changed)
    return models.with_model_lock(lambda: sentence_loss(checkpoint, text, reference))


@st.cache_resource(max_entries=64, show_spinner=False)
def prior_run(name: str, changed: int, text: str, reference: str) -> PriorRun:
    """What the prior does at every step."""
    from s2s.lesson.prior import prior_run

    checkpoint = models.load(name, changed)
    return models.with_model_lock(lambda: prior_run(checkpoint, text, reference))


@st.cache_resource(max_entries=64, show_spinner=False)
def shares(schedule: str, k: float, slope: float, steps: tuple[int, ...]) -> list[float]:
    """ε_i of scheduled sampling."""
    from s2s.lesson.remedies import shares

    return shares(schedule, k, slope, steps)


@st.cache_resource(max_entries=128, show_spinner=False)
def drawn(name: str, changed: int, text: str, reference: str, kind: str, seed: int, teacher: float = 0.5) -> Drawn:
    """Decoder inputs as a remedy's training would draw them."""
    from s2s.lesson.remedies import drawn

    checkpoint = models.load(name, changed)
    return models.with_model_lock(lambda: drawn(checkpoint, text, reference, kind, seed, teacher=teacher))


@st.cache_resource(max_entries=64, show_spinner=False)
def adversarial(
    name: str, changed: int, text: str, reference: str, epsilons: tuple[float, ...], seed: int
) -> Adversarial:
    """The loss where the embeddings are moved."""
    from s2s.lesson.remedies import adversarial

    checkpoint = models.load(name, changed)
    return models.with_model_lock(lambda: adversarial(checkpoint, text, reference, epsilons, seed))


@st.cache_resource(max_entries=64, show_spinner=False)
def rewarded(name: str, changed: int, text: str, reference: str, seed: int) -> Rewarded:
    """Samples against the greedy output."""
    from s2s.lesson.remedies import rewarded

    checkpoint = models.load(name, changed)
    return models.with_model_lock(lambda: rewarded(checkpoint, text, reference, seed))


@st.cache_resource(max_entries=64, show_spinner=False)
def check_dates(name: str, changed: int, count: int, seed: int) -> Dates:
    """The exact share on fresh dates."""
    from s2s.lesson.date_check import check_dates

    checkpoint = models.load(name, changed)
    return models.with_model_lock(lambda: check_dates(checkpoint, count, seed))


@st.cache_resource(max_entries=64, show_spinner=False)
def flow(name: str, changed: int, text: str) -> Flow:
    """A text's way through the network. Raises UserError as ``decode`` does."""
    from s2s.lesson.network import flow as made

    checkpoint = models.load(name, changed)
    with models.GATE:
        return made(checkpoint, text)


@st.cache_resource(max_entries=64, show_spinner=False)
def padding_scores(name: str, changed: int, text: str) -> tuple[float, ...]:
    """What each step of the greedy lane would score padding. Raises UserError as ``decode`` does."""
    from s2s.lesson.padding import padding_scores as made

    checkpoint = models.load(name, changed)
    with models.GATE:
        return made(checkpoint, text)


@st.cache_resource(max_entries=64, show_spinner=False)
def running(name: str, changed: int, text: str, step: int) -> tuple[Piece, ...]:
    """A step's functions as they ran, line by line. Raises UserError as ``decode`` does."""
    from s2s.lesson.annotated_source import step_as_it_runs

    checkpoint = models.load(name, changed)
    with models.GATE:
        return step_as_it_runs(checkpoint, text, step)
