"""Inspect: a test set's errors, sorted, filtered, and opened one by one."""

import streamlit as st

from s2s.web import controls, inspection, link
from s2s.web.language import t

link.through_app()
st.markdown(f"**{t('page.inspect')}** :small[:gray[{t('inspect.intro')}]]")

names, ignored = controls.begin()
controls.warn(ignored)
inspection.page(names)
