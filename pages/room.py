"""A room's page for the class: the question and a vote, nothing else."""

import streamlit as st

from s2s.web import language, room

room.section(st.query_params.get("room", ""))
language.switch()
