"""A room's page for the class: the question and a vote, nothing else."""

import streamlit as st

from s2s.web.classroom import student
from s2s.web.shell import address, hidden, language, page_state

address.through_app()
hidden.show_note(page_state.read_link(st.query_params.to_dict())[0].note)
student.student_page(st.query_params.get("room", ""))
language.switch()
