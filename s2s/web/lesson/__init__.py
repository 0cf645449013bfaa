"""The lesson: short chapters in the order of the lecture; each is one module with one function of the page's state."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import streamlit as st

from s2s.web.lesson.attention import attention_chapter
from s2s.web.lesson.cross_entropy import cross_entropy_chapter
from s2s.web.lesson.encoder_decoder import encoder_decoder_chapter
from s2s.web.lesson.exposure import exposure_chapter
from s2s.web.lesson.homework import homework_chapter
from s2s.web.lesson.layers import layers_chapter
from s2s.web.lesson.predict import predict_chapter
from s2s.web.lesson.prior import prior_chapter
from s2s.web.lesson.training import training_chapter
from s2s.web.shell import controls, keys, layout, projector
from s2s.web.shell.page_state import PageState

# In the order of the lecture. The texts of each are under lesson.<chapter> in the locales.
CHAPTERS: Mapping[str, Callable[[PageState], None]] = {
    "encoder_decoder": encoder_decoder_chapter,
    "attention": attention_chapter,
    "layers": layers_chapter,
    "cross_entropy": cross_entropy_chapter,
    "prior": prior_chapter,
    "exposure": exposure_chapter,
    "training": training_chapter,
    "predict": predict_chapter,
    "homework": homework_chapter,
}


def render_lesson(names: list[str]) -> None:
    """The list of chapters, the sentence form, the open chapter, and the buttons to the previous and the next.

    Projected, a chapter begins with its figure: its introduction and the list of chapters come last.
    """
    chapters = list(CHAPTERS)
    if st.session_state[keys.CHAPTER] not in CHAPTERS:
        st.session_state[keys.CHAPTER] = chapters[0]
    chapter, projected = st.session_state[keys.CHAPTER], st.session_state[keys.PROJECTOR]
    if not projected:
        layout.chapter_list(chapters, chapter)
    with controls.sentence_line():
        controls.checkpoint(names)
        controls.example_sentences()
        projector.switch()
    state = controls.state()
    layout.chapter_top(chapter)
    with st.container(key=f"chapter-{chapter}"):
        layout.heading(chapter, chapters.index(chapter) + 1)
        if not projected:
            layout.introduction(chapter)
        CHAPTERS[chapter](state)
        if projected:
            layout.introduction(chapter)
    layout.chapter_navigation(chapters, chapter)
    if projected:
        layout.chapter_list(chapters, chapter)
    layout.write_address(state)
    projector.keep_focus(f".st-key-chapter-{chapter}")
