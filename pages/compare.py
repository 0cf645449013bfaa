"""Compare: two runs beside each other that differ in the source, the checkpoint or the decoding."""

import streamlit as st

from s2s.web.compare import page
from s2s.web.shell import address, controls, refused
from s2s.web.shell.heads import choose_head
from s2s.web.shell.language import t

address.through_app()
st.markdown(f"**{t('page.compare')}** :small[:gray[{t('compare.intro')}]]")

names = controls.begin()
with controls.sentence_line():
    controls.checkpoint(names, choose_head)
    page.more_of_a()
refused.warn_of_link()
controls.given_tokens(controls.state().tokens)
page.render_comparison(names)
