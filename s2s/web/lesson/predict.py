"""Chapter Predict, then reveal: the viewer guesses each step of the free-running lane before the player shows it."""

from __future__ import annotations

import streamlit as st

from s2s.web.components.player import mount_player
from s2s.web.lesson.pair import pair_of, result_or_message
from s2s.web.shell import controls, layout, models, style
from s2s.web.shell.language import t
from s2s.web.shell.page_state import GREEDY, PageState


def predict_chapter(state: PageState) -> None:
    """The player in predict mode, a link to the classroom, the question."""
    style.veil_reference()  # it would reveal the output
    name, changed, text, _ = pair_of(state)
    free = result_or_message(lambda: models.decode(name, changed, text, "", "free", GREEDY))
    if free is not None:
        vocabulary = len(models.load(name, changed).target.vocab)
        mount_player({"free": free}, vocabulary, controls.address(state), predict=True)
    with st.container(horizontal=True):
        st.page_link("pages/classroom.py", label=t("lesson.predict.more"))
    layout.question("predict")
