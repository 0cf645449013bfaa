"""An unexpected exception: a message for the visitor, the traceback in the log, and the same identifier in both."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from s2s.errors import say
from s2s.web.shell import controls, faults
from s2s.web.step_through import page
from tests.web.conftest import player_data

Visit = Callable[..., AppTest]
SECRET = "/srv/secret/path"


def broken(*_: object, **__: object) -> None:
    raise RuntimeError(SECRET)


def told(app: AppTest, caplog: pytest.LogCaptureFixture, lang: str = "en") -> None:
    """The page shows the sentence alone, and the log has the traceback under the same identifier."""
    [shown] = app.exception
    found = re.search(r"[0-9a-f]{8}", shown.proto.message)
    assert found and shown.proto.message == say("app.fault", lang, name=found[0])
    assert not shown.proto.stack_trace and not shown.proto.type
    [record] = [record for record in caplog.records if record.name == faults.LOG.name]
    assert found[0] in record.getMessage() and record.exc_info and str(record.exc_info[1]) == SECRET


@pytest.fixture(autouse=True)
def heard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faults.LOG, "propagate", True)  # as pytest listens at the root


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_fault_of_a_page(
    visit: Visit, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, lang: str
) -> None:
    monkeypatch.setattr(page, "decode_lanes", broken)
    told(visit(lang=lang), caplog, lang)


def test_a_fault_of_a_fragment(visit: Visit, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(page.request, "answer_request", broken)
    told(visit(lang="en"), caplog)


def test_a_fault_of_a_callback(
    visit_page: Visit, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(controls, "_submitted", broken)
    app = visit_page("step_through", lang="en")
    assert not app.exception
    app.button(key="run").click().run()
    told(app, caplog)
    assert app.text_area(key="text").value and player_data(app)["lanes"]  # the page is there, not the sentence alone
    assert not app.run().exception
