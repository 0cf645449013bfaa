"""The pair that a chapter works on: the visitor's sentence and reference, and the model that reads them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import streamlit as st

from s2s.errors import UserError
from s2s.web.shell import language, models
from s2s.web.shell.language import t
from s2s.web.shell.page_state import PageState

Result = TypeVar("Result")
Pair = tuple[str, int, str, str]  # model, its version, text, reference: the first arguments of cached calls


def pair_of(state: PageState) -> Pair:
    """The pair of the page's state."""
    return state.model, models.changed(state.model), state.text, state.ref


def result_or_message(work: Callable[[], Result]) -> Result | None:
    """The result of a cached call; if it raises UserError, show its message and return None."""
    try:
        with st.spinner(t("step.loading"), show_time=False):
            return work()
    except UserError as error:
        if error.key == "error.reference_missing":
            st.info(t("lesson.reference"))
        else:
            st.error(language.explain(error))
    return None
