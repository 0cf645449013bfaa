"""Requests of the player: handled once, validated and answered, whatever a client sends."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import streamlit as st
from hypothesis import given
from hypothesis import strategies as some
from streamlit.testing.v1 import AppTest

from s2s.errors import UserError, say
from s2s.web.shell import request
from s2s.web.shell.request import Request, answer_request
from tests.web.conftest import player_data

Visit = Callable[..., AppTest]
TEXT = "我不喜欢苹果。"
JSON = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats() | some.text(max_size=8),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.text(max_size=5), inner, max_size=3),
)


def send(app: AppTest, **fields: Any) -> Any:
    """Set the player's request as its component does; returns what the player is told."""
    app.session_state[request.COMPONENT] = {"request": fields}
    app.run()
    assert not app.exception
    return player_data(app)["asking"]


def echo(asked: Request) -> dict[str, Any]:
    return {"said": asked.text("word", 5), "step": asked.whole("step", 0, 9)}


def answers(*requests: Any) -> list[dict[str, Any]]:
    """What ``handle`` says to requests that come one after the other on the page ``here``."""
    said = []
    for value in requests:
        st.session_state[request.COMPONENT] = {"request": value}
        said.append(answer_request("here", {"echo": echo}))
    return said


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    state: dict[str, Any] = {"language": "en"}
    monkeypatch.setattr(st, "session_state", state)
    return state


def test_a_request_is_answered_once(session: dict[str, Any]) -> None:
    one = {"seq": 1, "page": "here", "kind": "echo", "word": "tea", "step": 3}
    first, again, other = answers(one, one | {"word": "no"}, one | {"seq": 2, "word": "茶"})
    assert first == {"page": "here", "seq": 1, "answer": {"seq": 1, "kind": "echo", "said": "tea", "step": 3}}
    assert again == first
    assert other["answer"]["said"] == "茶"
    (older,) = answers(one)
    assert older == other


def test_a_request_about_another_page_is_stale(session: dict[str, Any]) -> None:
    (told,) = answers({"seq": 4, "page": "elsewhere", "kind": "echo", "word": "tea", "step": 3})
    assert told == {"page": "here", "seq": 4, "answer": {"seq": 4, "kind": "echo", "stale": True}}


@pytest.mark.parametrize(
    "fields",
    [{"kind": "format"}, {"word": "longer"}, {"word": 3}, {"step": 10}, {"step": True}, {"step": 2.0}, {"step": None}],
)
def test_a_broken_field_gets_a_sentence(session: dict[str, Any], fields: dict[str, Any]) -> None:
    (told,) = answers({"seq": 1, "page": "here", "kind": "echo", "word": "tea", "step": 3} | fields)
    assert told["answer"]["error"] == say("error.request_broken", "en") and told["seq"] == 1


@given(JSON, some.dictionaries(some.sampled_from(["seq", "page", "kind", "word", "step"]), JSON))
def test_no_value_at_all_is_an_exception(value: Any, fields: dict[str, Any]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(st, "session_state", {"language": "zh"})
        for sent in (value, fields, {"seq": 1, "page": "here", "kind": "echo"} | fields):
            (told,) = answers(sent)
            assert told["page"] == "here" and set(told) == {"page", "seq", "answer"}


def test_numbers_must_be_finite_and_as_many_as_expected() -> None:
    asked = Request(1, "edit", {"good": [1, 0.5], "long": [1, 2, 3], "bad": [1, math.nan], "text": "12"})
    assert asked.numbers("good", 2) == (1.0, 0.5)
    for name in ("long", "bad", "text", "none"):
        with pytest.raises(UserError):
            asked.numbers(name, 2)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_page_tells_the_player_what_it_may_ask_about(visit: Visit, lang: str) -> None:
    app = visit(lang=lang, text=TEXT, mode="free")
    asking = player_data(app)["asking"]
    assert asking["seq"] == 0 and asking["answer"] is None
    told = send(app, seq=1, page=asking["page"], kind="nothing of the sort")
    assert told["answer"]["error"] == say("error.request_broken", lang)
    app.session_state["text"] = "我喝茶。"
    app.run()
    assert player_data(app)["asking"]["page"] != asking["page"]
