"""Chapter Layers and model: the attention layer's source, as it runs in the loaded checkpoint."""

from __future__ import annotations

import inspect

import streamlit as st

from s2s.errors import UserError
from s2s.web import language, models
from s2s.web.lesson import layout


def show() -> None:
    """The code of the very module that the checkpoint's decoder calls."""
    name = st.session_state["model"]
    try:
        checkpoint = models.load(name, models.changed(name))
    except UserError as error:
        st.error(language.explain(error))
        return
    layer = type(checkpoint.model.decoder.attention)
    st.code(inspect.getsource(layer), language="python", line_numbers=True)
    layout.question("layers")
