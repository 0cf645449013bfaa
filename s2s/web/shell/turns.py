"""Turns of this visit at the models: it gives way to visits that have used less, and its work ends when it does."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TypeVar

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.scriptrunner_utils.script_run_context import get_run_yield_check

from s2s.server import clients
from s2s.server.fair_queue import Visitor
from s2s.server.gate import NOBODY, Gate, SlicedWork, still_wanted

T = TypeVar("T")
MODELS = Gate()  # one computation with a model at a time
LOADING = Gate()  # one checkpoint is read at a time; another visit may compute meanwhile


def visitor() -> Visitor:
    """Who this visit is for a gate: its client and its session; nobody outside of one."""
    visit = get_script_run_ctx(suppress_warning=True)
    return NOBODY if visit is None else Visitor(clients.client(st.context.ip_address), visit.session_id)


def turn(gate: Gate = MODELS) -> AbstractContextManager[None]:
    """Hold a gate. The work within ends if the visitor leaves or asks for something else."""
    return gate.turn(visitor(), get_run_yield_check() or still_wanted)


def advance(work: SlicedWork[T]) -> T | None:
    """The result of sliced work, or None while it is unfinished."""
    return work.advance(visitor(), get_run_yield_check() or still_wanted)
