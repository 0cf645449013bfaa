"""Cached calls of this page, each around a pure function. They raise UserError as that function does.

``lane`` is a digest of the lane's content (``WhatIf.content``), the cache's key for checkpoint and trace.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from s2s.server.gate import SlicedWork
from s2s.trace.trace import Trace
from s2s.web.shell import models
from s2s.web.shell.turns import MODELS, turn

if TYPE_CHECKING:
    from s2s.checkpoint.record import Checkpoint
    from s2s.explain import Evidence, Origins
    from s2s.explain.minimal import Minimal
    from s2s.explain.readout import Readout
    from s2s.trace.search_tree import SearchTree


@st.cache_resource(max_entries=64, show_spinner=False)
def search_tree(name: str, changed: int, text: models.Source, settings: tuple[tuple[str, Any], ...]) -> SearchTree:
    """The search tree of a text."""
    from s2s.decode.record_search import search_tree
    from s2s.decode.strategy import Settings

    checkpoint = models.load(name, changed)
    with turn():
        return search_tree(checkpoint, text, Settings(**dict(settings)))


@st.cache_resource(show_spinner=False)
def textbook() -> tuple[SearchTree, tuple[str, ...]]:
    """The smallest search tree in which greedy decoding is worse than the beam, and greedy's tokens."""
    from s2s.lesson import smallest_search

    return smallest_search.textbook()


@st.cache_resource(max_entries=512, show_spinner=False)
def evidence(lane: str, steps: tuple[int, ...], _checkpoint: Checkpoint, _trace: Trace) -> SlicedWork[list[Evidence]]:
    """The evidence of some steps of a lane, as work that can be continued in pieces."""
    from s2s.explain import of_trace
    from s2s.explain.evidence import examining

    return SlicedWork(MODELS, examining(_checkpoint.model, of_trace(_checkpoint, _trace), steps))


@st.cache_resource(max_entries=512, show_spinner=False)
def orders(
    lane: str, steps: tuple[int, ...], _checkpoint: Checkpoint, _trace: Trace, _found: list[Evidence]
) -> SlicedWork[list[Evidence]]:
    """The evidence ``_found`` with the best and the worst order of erasing added."""
    from s2s.explain import of_trace
    from s2s.explain.evidence import ordering

    return SlicedWork(MODELS, ordering(_checkpoint.model, of_trace(_checkpoint, _trace), _found))


@st.cache_resource(max_entries=512, show_spinner=False)
def origins(
    lane: str, steps: tuple[int, ...], against: int, _checkpoint: Checkpoint, _trace: Trace
) -> SlicedWork[list[Origins]]:
    """What the words of some steps owe to source and prefix, or of one step why not the word of rank ``against``."""
    from s2s.explain import instead, of_trace
    from s2s.explain.prefix import tracing_origins

    own = of_trace(_checkpoint, _trace)
    if against:
        (step,) = steps
        word = _checkpoint.target.vocab.tokens.index(_trace.steps[step].top[against - 1].token)
        own = instead(own, step, own.words[step], word)
    return SlicedWork(MODELS, tracing_origins(_checkpoint.model, own, steps))


@st.cache_resource(max_entries=512, show_spinner=False)
def readout(lane: str, step: int, _checkpoint: Checkpoint, _trace: Trace) -> Readout | None:
    """The vectors from the context of a step to the scores of its words; None if the model cannot give them."""
    from s2s.explain.readout import readout as made

    with turn():
        return made(_checkpoint, _trace, step)


@st.cache_resource(max_entries=512, show_spinner=False)
def minimal(lane: str, step: int, rank: int, _checkpoint: Checkpoint, _trace: Trace) -> Minimal:
    """The attention nearest to the model's with which the word of a rank, from 1, would win at a step."""
    import torch

    from s2s.explain import of_trace
    from s2s.explain.counterfactual import moments
    from s2s.explain.minimal import minimal_attention as search

    with turn(), torch.no_grad():
        (moment,) = moments(_checkpoint.model, of_trace(_checkpoint, _trace), [step])
        token = _trace.steps[step].top[rank - 1].token
        return search(_checkpoint.model, moment, _checkpoint.target.vocab.tokens.index(token))
