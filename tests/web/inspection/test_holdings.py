"""Who changes one number and starts again is refused at the limit, deletes one, and goes on; both languages."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from s2s.errors import say
from s2s.server import inspection_quota, inspections
from s2s.server.inspections import InspectionRequest
from tests.setting import Setting
from tests.wait import until

Visit = Callable[..., AppTest]


def start(app: AppTest, lang: str, limit: int) -> None:
    """Fill the form for the first pairs of the file, and send it."""
    app.radio(key=f"from-{lang}").set_value("path").run()
    app.text_input(key="inspect_path").set_value("set/test.tsv")
    app.number_input(key="inspect_limit").set_value(limit)
    app.button(key="inspect_start").click().run()
    assert not app.exception
    until(lambda: not any(running.job.poll() for running in inspections._RUNNING.values()))


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_limit_of_a_visit_says_what_to_delete(
    visit_inspection: Visit, places: Path, setting: Setting, lang: str
) -> None:
    setting(profile="class", inspections_per_session=2, inspection_days=9)
    app = visit_inspection(lang=lang)
    for limit in (1, 2, 3):
        start(app, lang, limit)
    assert say("error.inspections_own_full", lang, most=2) in [error.value.replace("\\", "") for error in app.error]
    names = sorted(app.session_state["inspections_made"])
    assert len(names) == 2 and len(list(inspections.request_path("x").parent.iterdir())) == 2
    app.run()
    assert sum(say("inspect.delete_ends", lang, days=9) in text.value for text in app.markdown) == 2
    app.button(key=f"delete-sure-{names[0]}").click().run()
    assert not app.exception and inspections.find_entry(names[0]) is None
    assert [box.value for box in app.success] == [say("inspect.deleted", lang)] and not app.run().success
    start(app, lang, 3)
    assert [error.value for error in app.error] == [] and len(app.session_state["inspections_made"]) == 2


def test_nobody_deletes_what_another_visit_made(visit_inspection: Visit, places: Path, setting: Setting) -> None:
    setting(profile="class")
    name = inspections.submit_request(InspectionRequest("tiny-general", "set/test.tsv", "set/test.tsv"))
    assert f"delete-sure-{name}" not in [button.key for button in visit_inspection(inspection=name).button]
    setting(profile="local")
    assert f"delete-sure-{name}" in [button.key for button in visit_inspection().button]


def test_an_inspection_that_is_computed_is_kept_and_the_visitor_told(visit_inspection: Visit, places: Path) -> None:
    name = inspections.submit_request(InspectionRequest("tiny-general", "set/test.tsv", "set/test.tsv"))
    app = visit_inspection(lang="en")
    with inspection_quota.lease.hold(name):
        app.button(key=f"delete-sure-{name}").click().run()
    assert inspections.find_entry(name) is not None
    assert say("error.inspect_elsewhere", "en") in [error.value.replace("\\", "") for error in app.error]
