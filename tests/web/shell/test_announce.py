"""What the page tells the script about long work."""

from __future__ import annotations

import json
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from s2s.errors import LANGUAGES, say


def _page(share: float, waiting: bool, ended: str, begun: int, id: str) -> None:
    from s2s.web.shell import announce

    work = announce.Work(id, "Work", ("start",), "stop")
    for _ in range(begun):
        announce.begin(work.id)
    if ended:
        announce.ended(work, ended, "result", reason="Why." if ended == "failed" else "", result="")
    else:
        announce.under_way(work, share, waiting)


def told(
    lang: str, share: float = 0.0, waiting: bool = False, ended: str = "", begun: int = 1, id: str = "job"
) -> list[dict[str, Any]]:
    app = AppTest.from_function(_page, args=(share, waiting, ended, begun, id))
    app.query_params["lang"] = lang
    app.run()
    assert not app.exception
    return [json.loads(part.proto.json) for part in app.get("bidi_component")]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_each_quarter_is_a_state_of_its_own(lang: str) -> None:
    states = list[str]()
    for percent in range(0, 101, 5):
        [data] = told(lang, percent / 100)
        if data["state"] not in states:
            states.append(data["state"])
            quarter = percent // 25 * 25
            key = "share" if quarter else "started"
            assert data["text"] == say(f"announce.{key}", lang, what="Work", share=quarter)
    assert len(states) == 4


def test_a_turn_of_others_within_the_work_is_no_wait() -> None:
    assert [told("en", share, waiting=True)[0]["state"] for share in (0.0, 0.3)] == ["waiting 0", "share 1"]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_how_a_work_ended_is_told_to_who_follows_it(lang: str) -> None:
    assert told(lang, ended="done", begun=0) == []
    [data] = told(lang, ended="failed", begun=2)
    text = say("announce.failed", lang, what="Work")
    assert (data["run"], data["followed"], data["live"]) == (2, True, False)
    assert data["text"] == text + ("" if lang == "zh" else " ") + "Why."
    assert (data["to"], data["starts"], data["stop"], data["bar"]) == ("result", ["start"], "stop", "work-job")


def test_another_visitors_work_is_not_followed() -> None:
    [data] = told("en", 0.3, begun=0)
    assert (data["run"], data["followed"], data["live"]) == (0, False, True)


@pytest.mark.parametrize("id", ["u-hq__Zk3", "__", "模型_的__一个"])
def test_a_work_may_be_named_as_a_component_must_not_be(id: str) -> None:
    [running], [failed] = told("en", 0.5, id=id), told("en", ended="failed", id=id)
    assert (running["id"], failed["id"], running["bar"]) == (id, id, f"work-{id}")
