"""A room's page for the class: the question and a vote, nothing else."""

import streamlit as st

from s2s.web.classroom import student
from s2s.web.shell import address, language

address.through_app()
student.student_page(st.query_params.get("room", ""))
language.switch()
