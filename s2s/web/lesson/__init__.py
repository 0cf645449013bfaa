"""The lesson: short chapters in the lecture's order, one module each with ``show()``."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType

import streamlit as st

from s2s.web.lesson import (
    attention,
    cross_entropy,
    encoder_decoder,
    exposure,
    homework,
    layers,
    predict,
    prior,
    training,
)
from s2s.web.shell import controls, keys, layout

# In the lecture's order. Each has its texts under lesson.<chapter> in the locales.
CHAPTERS: Mapping[str, ModuleType] = {
    "encoder_decoder": encoder_decoder,
    "attention": attention,
    "layers": layers,
    "cross_entropy": cross_entropy,
    "prior": prior,
    "exposure": exposure,
    "training": training,
    "predict": predict,
    "homework": homework,
}


def section() -> None:
    """Everything below the page's warnings: the chapters, the sentence, the chapter that is open, the way on."""
    chapters = list(CHAPTERS)
    if st.session_state[keys.CHAPTER] not in CHAPTERS:
        st.session_state[keys.CHAPTER] = chapters[0]
    chapter = st.session_state[keys.CHAPTER]
    layout.contents(chapters, chapter)
    with st.container(key="lesson-sentence"):
        controls.sentence()
        controls.example_sentences()
    layout.top(chapter)
    with st.container(key=f"chapter-{chapter}"):
        layout.heading(chapter, chapters.index(chapter) + 1)
        CHAPTERS[chapter].show()
    layout.ways(chapters, chapter)
    layout.write_address()
