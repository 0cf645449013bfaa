"""The teacher's and the students' pages without a browser, and the board as HTML."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from s2s import classroom
from s2s.classroom import Counts, Question, Truth
from s2s.database import connect
from s2s.errors import say, strings
from s2s.web.board import board
from s2s.web.classroom import join_link
from tests.web.conftest import messages, player_data

VOTER = "0" * 31 + "1"


@pytest.fixture(autouse=True)
def _database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOOKBACK_DATABASE", f"sqlite:///{tmp_path}/class.sqlite")


def shown(app: AppTest) -> str:
    return "".join(str(html.proto.body) for html in app.get("html"))


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_teacher_opens_asks_closes_and_reveals(
    visit: Callable[..., AppTest], visit_page: Callable[..., AppTest], lang: str
) -> None:
    teacher = visit_page("classroom", lang=lang, text="我喜欢喝茶。")
    teacher.button(key="open_room").click().run()
    code = teacher.code[0].value.split("room=")[1]
    assert classroom.state(connect(), code).phase == "waiting"
    teacher.button(key="class_on").click().run()
    student = visit(room=code, lang=lang)
    data = player_data(student)
    assert data["state"]["question"]["source"] == ["我", "喜欢", "喝", "茶", "。"] and data["state"]["truth"] is None
    assert not student.exception and not student.sidebar and data["strings"]["vote"] == say("room.vote", lang)
    classroom.vote(connect(), code, 1, VOTER, 2, None)
    assert say("classroom.votes", lang, word="喝", votes=1) in shown(teacher.run())
    assert 'class="model"' not in shown(teacher)
    teacher.button(key="class_on").click().run()
    teacher.button(key="class_on").click().run()
    assert classroom.state(connect(), code).phase == "revealed" and 'class="model"' in shown(teacher)
    truth = player_data(student.run())["state"]["truth"]
    assert sum(truth["attention"]) == pytest.approx(1, abs=1e-4)
    assert teacher.number_input[0].value == 2 and not teacher.exception
    teacher.button(key="class_on").click().run()
    assert classroom.state(connect(), code).number == 2


def vote(app: AppTest, code: str, seq: int, **fields: object) -> dict[str, object]:
    """What the page answers to a vote that the browser sends."""
    asked = {"seq": seq, "kind": "vote", "page": player_data(app)["asking"]["page"]} | fields
    app.session_state["player"] = {"request": asked}
    answer: dict[str, object] = player_data(app.run())["asking"]["answer"]
    return answer


def test_a_vote_is_counted_and_a_broken_or_late_one_is_a_sentence(visit: Callable[..., AppTest]) -> None:
    engine = connect()
    room = classroom.open_room(engine)
    question = Question(0, ("我", "<b>"), (), ("I", "you"))
    classroom.ask(engine, *room, question, Truth((0.5, 0.5), (0.5, 0.4), 0))
    app = visit(room=room[0].lower(), lang="en")
    good = {"number": 1, "voter": VOTER, "place": 1, "word": -1}
    assert "error" not in vote(app, room[0], 1, **good)
    assert classroom.counts(engine, room[0], 1, question) == Counts((0, 1), (0, 0), 1)
    for seq, broken in enumerate(({"place": 2}, {"voter": "me"}, {"word": "0"}, {"number": None}, {"place": -1}), 2):
        assert vote(app, room[0], seq, **(good | broken))["error"] == say("error.request_broken", "en")
    classroom.turn(engine, *room, "closed")
    assert vote(app, room[0], 9, **good)["error"] == say("error.vote_late", "en")
    assert classroom.counts(engine, room[0], 1, question).voters == 1


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_an_unknown_room_and_a_wrong_key_are_sentences(
    visit: Callable[..., AppTest], visit_page: Callable[..., AppTest], lang: str
) -> None:
    assert player_data(visit(room="<script>", lang=lang))["error"] == say("error.room_unknown", lang)
    code, _ = classroom.open_room(connect())
    teacher = visit_page("classroom", lang=lang, text="我喜欢喝茶。", teach=f"{code}.guess")
    assert say("error.room_unknown", lang) in messages(teacher) and teacher.button(key="open_room")


def test_the_board_escapes_and_shows_votes_and_truth() -> None:
    question = Question(2, ("<b>", "茶"), ("&", "I"), ("<i>", "tea"))
    text = strings("classroom", "en")
    before = board(question, Counts((3, 1), (0, 4), 4), None, text)
    after = board(question, Counts((3, 1), (0, 4), 4), Truth((0.25, 0.75), (0.1, 0.9), 1), text)
    for html in (before, after):
        assert "<b>茶" not in html and "&lt;b&gt;" in html and "&lt;i&gt;" in html and "&amp; I" in html
        assert "height:100.0%" in html and "height:33.3%" in html
    assert "model" not in before.split("</style>")[1]
    assert "tea ●" in after and "90.0 %" in after and "height:75.0%" in after and "<em>0.75</em>" in after


def test_the_link_for_the_class_keeps_the_servers_path() -> None:
    for address in ("http://a/b/classroom", "http://a/b/classroom?teach=1.2", "http://a/b/"):
        assert join_link(address, "AB") == "http://a/b/?room=AB"
