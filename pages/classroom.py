"""Ask a class: students guess on their phones what the model will do, then it is revealed."""

import streamlit as st

from s2s.web import classroom, controls, link, projector, style
from s2s.web.language import t

link.through_app()
names, ignored = controls.begin()
with st.sidebar:
    controls.checkpoint(names)
    projector.switch()
projector.apply()
st.markdown(f"**{t('page.classroom')}** :small[:gray[{t('classroom.intro')}]]")
controls.warn(ignored)
teaching = bool(st.session_state.get("teach"))
with st.expander(t("classroom.sentence"), expanded=not teaching, key=f"class-sentence-{teaching}"):
    controls.sentence()
    controls.example_sentences()
style.veil_reference()
classroom.section()
