"""Lesson: the lecture in short chapters, each with a live figure on the visitor's own sentence."""

import streamlit as st

from s2s.web import lesson
from s2s.web.shell import address, controls, projector, refused
from s2s.web.shell.language import t

address.through_app()
names = controls.begin()
projector.apply()
refused.warn_of_link()
with st.container(key="lesson-head"):
    st.markdown(f"**{t('page.lesson')}** :small[:gray[{t('lesson.intro')}]]")
lesson.render_lesson(names)
