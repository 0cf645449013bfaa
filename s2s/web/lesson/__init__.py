"""The lesson: short chapters in the lecture's order, one module each with ``show()``."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType

import streamlit as st

from s2s.web import controls
from s2s.web.lesson import attention, encoder_decoder, layers, layout

# Those of the lecture that there are, in its order: encoder_decoder, attention, layers, cross_entropy, prior,
# exposure, training, predict, homework. Each has its texts under lesson.<chapter> in the locales.
CHAPTERS: Mapping[str, ModuleType] = {
    "encoder_decoder": encoder_decoder,
    "attention": attention,
    "layers": layers,
}


def section() -> None:
    """Everything below the page's warnings: the chapters, the sentence, the chapter that is open, the way on."""
    chapters = list(CHAPTERS)
    if st.session_state["chapter"] not in CHAPTERS:
        st.session_state["chapter"] = chapters[0]
    chapter = st.session_state["chapter"]
    layout.contents(chapters, chapter)
    with st.container(key="lesson-sentence"):
        controls.sentence()
        controls.example_sentences()
    with st.container(key=f"chapter-{chapter}"):
        layout.heading(chapter, chapters.index(chapter) + 1)
        CHAPTERS[chapter].show()
    layout.ways(chapters, chapter)
    layout.write_address()
