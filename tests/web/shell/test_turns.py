"""Turns of visits at the models: work ends when Streamlit ends or repeats its run; no two visits wait in a circle."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
import torch
from streamlit.testing.v1 import AppTest

from s2s.server import gate
from s2s.server.fair_queue import Visitor
from s2s.trace.branch import Edit
from s2s.web.shell import models, turns


@pytest.fixture(autouse=True)
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every pause ends a slice."""
    monkeypatch.setattr(gate, "SLICE", -1.0)


def test_a_run_that_is_stopped_computes_no_further() -> None:
    def script() -> None:
        import streamlit as st
        from streamlit.runtime.scriptrunner import get_script_run_ctx

        from s2s.server.gate import pause
        from s2s.web.shell.turns import turn

        visit = get_script_run_ctx()
        assert visit is not None and visit.script_requests is not None
        with turn():
            st.text("computes")
            visit.script_requests.request_stop()
            pause()
            raise AssertionError("it went on")

    app = AppTest.from_function(script).run()
    assert not app.exception
    assert turns.MODELS._holder is None


def test_a_newer_run_takes_the_place_of_one_that_waits_or_computes() -> None:
    def script() -> None:
        import streamlit as st
        from streamlit.runtime.scriptrunner import RerunData, get_script_run_ctx

        from s2s.server.gate import pause
        from s2s.web.shell.turns import turn, visitor

        visit = get_script_run_ctx()
        assert visit is not None and visit.script_requests is not None and visitor().visit == visit.session_id
        with turn():
            if "first" not in st.query_params:
                visit.script_requests.request_rerun(RerunData("first=1"))
                pause()
            st.text("second")

    app = AppTest.from_function(script).run()
    assert not app.exception and [text.value for text in app.text] == ["second"]
    assert turns.MODELS._holder is None


def test_visits_of_one_text_at_the_same_time_end(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They share its encoded source, which a cache makes once while the others wait for it."""
    monkeypatch.setattr(turns, "visitor", lambda: Visitor(threading.current_thread().name))
    name, done = "tiny-additive", list[str]()
    changed = models.changed(name)
    models.load(name, changed)

    def visit(n: int) -> None:
        torch.set_num_threads(1)
        mode = ("free", "forced")[n % 2]
        for text in ("我喜欢喝茶。", "你喜欢苹果。", "他喝水。", "我不喝茶。", "你不喜欢水？"):
            how = (("strategy", "sampling"), ("seed", n)) if mode == "free" else ()
            models.decode(name, changed, text, "I like tea .", mode, how)
            models.preview(name, changed, text, (), {}, Edit("only", 1))
        done.append(mode)

    threads = [threading.Thread(target=visit, args=(n,), daemon=True) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(done) == ["forced"] * 6 + ["free"] * 6
