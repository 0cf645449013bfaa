"""The controls of a job: what is said of one that failed, and until when."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from s2s.errors import say
from tests.wait import until


def _page() -> None:
    import streamlit as st

    from s2s.errors import UserError
    from s2s.server.job import Job
    from s2s.web.shell import job_panel

    def fail(report: object) -> None:
        raise UserError("inspect_gone")

    file = st.file_uploader("file", key="field")
    job_panel.run("p_", file is not None, lambda: job_panel.Task(file.name, Job(fail)), field="field")  # type: ignore


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_why_a_job_failed_is_said_until_another_file_is_chosen(lang: str) -> None:
    app = AppTest.from_function(_page)
    app.query_params["lang"] = lang
    app.run()

    def choose(content: bytes) -> None:
        app.file_uploader(key="field").set_value(("same.tsv", content, "text/plain"))
        app.run()

    choose(b"1")
    app.button(key="p_measure").click().run()
    until(lambda: not app.session_state["p_task"].job.poll())
    app.run()
    assert [box.value for box in app.error] == [say("error.inspect_gone", lang)]
    choose(b"2")
    assert not app.error and not app.exception
    app.button(key="p_measure").click().run()
    until(lambda: not app.session_state["p_task"].job.poll())
    assert [box.value for box in app.run().error] == [say("error.inspect_gone", lang)]
