"""When the first minute may begin, and the examples that its script asks for."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from streamlit.testing.v1 import AppTest

from s2s.checkpoint.examples import EXAMPLES
from s2s.errors import LANGUAGES, strings
from s2s.web.shell import models, tour
from s2s.web.shell.page_state import TOUR
from tests.paths import ROOT
from tests.web.conftest import refused

Visit = Callable[..., AppTest]
WELL, WRONG = EXAMPLES["zh-en"][:2]
STOPS = re.findall(r'{ name: "(\w+)"', (tour.FOLDER / "stops.js").read_text(encoding="utf-8"))
SCENES = ("well", "wrong", "turn")


@pytest.fixture(autouse=True)
def shipped(root: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page has the shipped models."""
    monkeypatch.setattr(models, "FOLDERS", (ROOT / "checkpoints",))


def told(app: AppTest) -> dict[str, Any]:
    """What the script is told."""
    assert not app.exception
    parts = [part.proto for part in app.get("bidi_component") if part.proto.component_name == "lookback_tour"]
    data: dict[str, Any] = json.loads(parts[0].json)
    return data


def send(app: AppTest, **fields: Any) -> None:
    """Ask for something as the script does."""
    app.session_state[tour.COMPONENT] = {"request": fields}
    app.run()


def test_a_bare_link_begins_the_first_minute_and_no_other_does(visit: Visit) -> None:
    for query in ({}, {"lang": "en"}, {"model": "date"}):
        data = told(visit(**query))
        assert data["first"] and set(data["examples"]) == {"well", "wrong"}
    others = ("text", "predict", "projector", "tour", "tab", "hide", "note", "strategy")
    for name in others:
        assert not told(visit(**{name: "1"}))["first"], name


def test_after_another_sentence_was_chosen_it_does_not_begin(visit: Visit) -> None:
    app = visit(lang="en")
    send(app, seq=1, kind="example", number=1)
    assert (app.text_area(key="text").value, app.text_area(key="ref").value) == WRONG
    assert not told(app)["first"]


def test_a_model_without_marks_has_no_first_minute(visit: Visit) -> None:
    data = told(visit(model="car-report"))
    assert list(data["examples"]) == ["wrong"]


def test_the_examples_are_the_marked_ones_and_come_once(visit: Visit) -> None:
    app = visit(lang="en")
    assert told(app)["examples"] == {"well": {"number": 0, "text": WELL[0]}, "wrong": {"number": 1, "text": WRONG[0]}}
    send(app, seq=1, kind="example", number=1)
    app.text_area(key="text").set_value("他喜欢喝茶。")
    app.button(key="run").click().run()
    assert app.text_area(key="text").value == "他喜欢喝茶。" and told(app)["seq"] == 1  # the request was taken
    send(app, seq=2, kind="example", number=0)
    assert app.text_area(key="text").value == WELL[0]


@given(number=some.none() | some.integers() | some.text(max_size=3), kind=some.sampled_from(["example", "other"]))
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_request_for_anything_else_changes_nothing(visit: Visit, number: object, kind: str) -> None:
    if kind == "example" and number in (0, 1):
        return
    app = visit(lang="en", text="他喜欢喝茶。")
    send(app, seq=1, kind=kind, number=number)
    assert not app.exception and app.text_area(key="text").value == "他喜欢喝茶。"


@pytest.mark.parametrize("value", ["0", str(TOUR + 1), "x"])
def test_a_stop_that_there_is_not_is_ignored_with_a_warning(visit: Visit, value: str) -> None:
    assert len(refused(visit(lang="en", tour=value), "en", "tour", value)) == 1
    assert not visit(lang="en", tour=str(TOUR)).warning


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_stop_and_scene_has_its_words(lang: str) -> None:
    assert len(STOPS) == len(set(STOPS)) == TOUR
    names = [*STOPS, *(f"first.{scene}" for scene in SCENES)]
    assert {f"{name}.{part}" for name in names for part in ("title", "text")} <= strings("tour", lang).keys()
