"""The pair that a chapter works on: the visitor's model, sentence and reference."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import streamlit as st

from s2s.errors import UserError
from s2s.web.shell import keys, language, models
from s2s.web.shell.language import t

Result = TypeVar("Result")


def pair() -> tuple[str, int, str, str]:
    """Model, when it was written, text and reference: the first arguments of every cached call."""
    name = st.session_state[keys.MODEL]
    return name, models.changed(name), st.session_state[keys.TEXT], st.session_state[keys.REFERENCE]


def made(work: Callable[[], Result]) -> Result | None:
    """What a cached call gives; None after a sentence that says what its user has to mend."""
    try:
        with st.spinner(t("step.loading"), show_time=False):
            return work()
    except UserError as error:
        if error.key == "error.reference_missing":
            st.info(t("lesson.reference"))
        else:
            st.error(language.explain(error))
    return None
