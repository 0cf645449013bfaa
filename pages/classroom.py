"""Ask a class: students guess on their phones what the model will do, then it is revealed."""

import streamlit as st

from s2s.web.classroom import teacher
from s2s.web.shell import address, controls, projector, style
from s2s.web.shell.language import t

address.through_app()
names = controls.begin()
with st.sidebar:
    controls.checkpoint(names)
    projector.switch()
projector.apply()
st.markdown(f"**{t('page.classroom')}** :small[:gray[{t('classroom.intro')}]]")
controls.warn_of_link()
teaching = bool(st.session_state.get("teach"))
with st.expander(t("classroom.sentence"), expanded=not teaching, key=f"class-sentence-{teaching}"):
    controls.sentence()
    controls.example_sentences()
style.veil_reference()
teacher.teacher_page()
