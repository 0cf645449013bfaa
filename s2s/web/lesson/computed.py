"""Cached calls of the chapters, each around a pure function of ``s2s.lesson``. They raise UserError as it does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from s2s.web.shell import models
from s2s.web.shell.turns import turn

if TYPE_CHECKING:
    from s2s.lesson.annotated_source import Piece
    from s2s.lesson.homework import Dates
    from s2s.lesson.loss import SentenceLoss
    from s2s.lesson.network import Flow
    from s2s.lesson.prior_step import PriorRun
    from s2s.lesson.remedies import Adversarial, Drawn, Rewarded


@st.cache_resource(max_entries=128, show_spinner=False)
def sentence_loss(name: str, changed: int, text: str, reference: str) -> SentenceLoss:
    """The loss of a pair, token by token."""
    from s2s.lesson.loss import sentence_loss

    checkpoint = models.load(name, changed)
    return models.with_model_lock(lambda: sentence_loss(checkpoint, text, reference))


@st.cache_resource(max_entries=64, show_spinner=False)
def prior_run(name: str, changed: int, text: str, reference: str) -> PriorRun:
    """The prior's values and effect at every step."""
    from s2s.lesson.prior_step import prior_run

    checkpoint = models.load(name, changed)
    return models.with_model_lock(lambda: prior_run(checkpoint, text, reference))


@st.cache_resource(max_entries=64, show_spinner=False)
def shares(schedule: str, k: float, slope: float, steps: tuple[int, ...]) -> list[float]:
    """The share ε_i of reference words at each of the steps, in a schedule of scheduled sampling."""
    from s2s.lesson.remedies import shares

    return shares(schedule, k, slope, steps)


@st.cache_resource(max_entries=128, show_spinner=False)
def drawn_inputs(
    name: str, changed: int, text: str, reference: str, kind: str, seed: int, teacher: float = 0.5
) -> Drawn:
    """Decoder inputs as the training of a remedy draws them."""
    from s2s.lesson.remedies import drawn

    checkpoint = models.load(name, changed)
    return models.with_model_lock(lambda: drawn(checkpoint, text, reference, kind, seed, teacher=teacher))


@st.cache_resource(max_entries=64, show_spinner=False)
def adversarial(
    name: str, changed: int, text: str, reference: str, epsilons: tuple[float, ...], seed: int
) -> Adversarial:
    """The loss under adversarial and random perturbations of the embeddings, of the norms ``epsilons``."""
    from s2s.lesson.remedies import adversarial

    checkpoint = models.load(name, changed)
    return models.with_model_lock(lambda: adversarial(checkpoint, text, reference, epsilons, seed))


@st.cache_resource(max_entries=64, show_spinner=False)
def rewarded(name: str, changed: int, text: str, reference: str, seed: int) -> Rewarded:
    """Samples and their rewards, and the greedy output as their baseline."""
    from s2s.lesson.remedies import rewarded

    checkpoint = models.load(name, changed)
    return models.with_model_lock(lambda: rewarded(checkpoint, text, reference, seed))


@st.cache_resource(max_entries=64, show_spinner=False)
def check_dates(name: str, changed: int, count: int, seed: int) -> Dates:
    """The share of exact outputs on ``count`` new dates."""
    from s2s.lesson.date_check import check_dates

    checkpoint = models.load(name, changed)
    return models.with_model_lock(lambda: check_dates(checkpoint, count, seed))


@st.cache_resource(max_entries=64, show_spinner=False)
def flow(name: str, changed: int, text: str) -> Flow:
    """The intermediate values of a text in the network."""
    from s2s.lesson.network import flow as made

    checkpoint = models.load(name, changed)
    with turn():
        return made(checkpoint, text)


@st.cache_resource(max_entries=64, show_spinner=False)
def padding_scores(name: str, changed: int, text: str) -> tuple[float, ...]:
    """The score that each step of the greedy lane would give to padding."""
    from s2s.lesson.padding import padding_scores as made

    checkpoint = models.load(name, changed)
    with turn():
        return made(checkpoint, text)


@st.cache_resource(max_entries=64, show_spinner=False)
def step_as_it_runs(name: str, changed: int, text: str, step: int) -> tuple[Piece, ...]:
    """The source of a step's functions, line by line, with the values that each line computed."""
    from s2s.lesson.annotated_source import step_as_it_runs

    checkpoint = models.load(name, changed)
    with turn():
        return step_as_it_runs(checkpoint, text, step)
