"""Errors: a test set's errors, sorted, filtered, and opened one by one."""

import streamlit as st

from s2s.web import inspection
from s2s.web.shell import address, controls, refused
from s2s.web.shell.language import t

address.through_app()
st.markdown(f"**{t('page.inspect')}** :small[:gray[{t('inspect.intro')}]]")

names = controls.begin()
refused.warn_of_link()
inspection.inspection_page(names)
