"""Attention doctor: why attention looks wrong, of a model, of a run or of a matrix of weights."""

import streamlit as st

from s2s.web.doctor import page
from s2s.web.shell import address, controls, layout, refused
from s2s.web.shell.heads import choose_head
from s2s.web.shell.language import t

address.through_app()
st.markdown(f"**{t('page.doctor')}** :small[:gray[{t('doctor.page.intro')}]]")

names = controls.begin()
with controls.line():
    controls.checkpoint(names, choose_head)
refused.warn_of_link()
state = controls.state()
page.doctor_page(controls.model_name(state))
layout.write_address(state)
