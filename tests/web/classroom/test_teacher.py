"""The teacher's and the students' pages without a browser, and the board's HTML."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from s2s.errors import UserError, say, strings
from s2s.monitoring import metrics
from s2s.store import rooms, votes
from s2s.store.database import connect
from s2s.store.rooms import Question, Truth
from s2s.store.votes import Counts
from s2s.web.classroom import join
from s2s.web.classroom.board import render_board
from s2s.web.classroom.join import join_link
from s2s.web.classroom.teacher import PASSWORD
from tests.conftest import Setting
from tests.store.frozen import frozen
from tests.web.conftest import messages, player_data
from tests.web.fragments import as_in_a_browser

VOTER = "0" * 31 + "1"


def code_on(page: AppTest) -> str:
    """The code of the room in the link that a teacher's page shows."""
    return str(next(code.value for code in page.code if "room=" in code.value).split("room=")[1])


@pytest.fixture(autouse=True)
def _database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOOKBACK_DATABASE", f"sqlite:///{tmp_path}/class.sqlite")


def shown(app: AppTest) -> str:
    return "".join(str(part.proto.body) for part in app.get("html") if "<style>" not in part.proto.body)


def step_field(app: AppTest) -> Any:
    """The field for the next question's step."""
    (field,) = [field for field in app.number_input if (field.key or "").startswith("class_step")]
    return field


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_teacher_opens_asks_closes_and_reveals(
    visit: Callable[..., AppTest], visit_page: Callable[..., AppTest], lang: str
) -> None:
    teacher = visit_page("classroom", lang=lang, text="我喜欢喝茶。")
    teacher.button(key="open_room").click().run()
    code = code_on(teacher)
    assert rooms.read_room(connect(), code).phase == "waiting"
    teacher.button(key="class_on").click().run()
    student = visit(room=code, lang=lang)
    data = player_data(student)
    assert data["state"]["question"]["source"] == ["我", "喜欢", "喝", "茶", "。"] and data["state"]["truth"] is None
    assert not student.exception and not student.sidebar and data["strings"]["vote"] == say("room.vote", lang)
    votes.record_vote(connect(), code, 1, votes.join_room(connect(), code, lambda: None), 2, None)
    shown_votes = say("classroom.count", lang, votes=1, share="100 %")
    assert say("classroom.votes", lang, word="喝", votes=shown_votes) in shown(teacher.run())
    assert 'class="model"' not in shown(teacher)
    teacher.button(key="class_on").click().run()
    teacher.button(key="class_on").click().run()
    assert rooms.read_room(connect(), code).phase == "revealed" and 'class="model"' in shown(teacher)
    truth = player_data(student.run())["state"]["truth"]
    assert sum(truth["attention"]) == pytest.approx(1, abs=1e-4)
    assert step_field(teacher).value == 2 and not teacher.exception
    teacher.button(key="class_on").click().run()
    assert rooms.read_room(connect(), code).number == 2


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_where_the_server_has_a_password_for_teachers_nobody_else_opens_a_room(
    visit_page: Callable[..., AppTest], setting: Setting, lang: str
) -> None:
    setting(teacher_password="a class 的 password")
    page = visit_page("classroom", lang=lang)
    wrong = {"": "teacher_password_missing"} | dict.fromkeys(("a class 的 passwor", "A class"), "teacher_password")
    for typed, problem in wrong.items():
        page.text_input(key=PASSWORD).set_value(typed)
        page.button(key="open_room").click().run()
        assert messages(page) == [say(f"error.{problem}", lang)]
        assert not any("room=" in code.value for code in page.code)
    page.text_input(key=PASSWORD).set_value("a class 的 password")
    page.button(key="open_room").click().run()
    assert rooms.read_room(connect(), code_on(page)).phase == "waiting"


@pytest.mark.parametrize(("address", "key"), [("localhost", "localhost_alone"), ("0.0.0.0", "localhost")])
def test_a_teacher_reads_how_phones_reach_the_server(
    visit_page: Callable[..., AppTest], setting: Setting, monkeypatch: pytest.MonkeyPatch, address: str, key: str
) -> None:
    setting(address=address)
    monkeypatch.setattr(join, "class_link", lambda code: join.join_link("http://localhost/classroom", code))
    page = visit_page("classroom", lang="en", text="我喜欢喝茶。")
    page.button(key="open_room").click().run()
    sentences = [say(f"classroom.{name}", "en") for name in ("localhost", "localhost_alone")]
    assert [caption.value for caption in page.caption if caption.value in sentences] == [say(f"classroom.{key}", "en")]


def vote(app: AppTest, code: str, seq: int, **fields: object) -> dict[str, object]:
    """What the page answers to a vote that the browser sends."""
    asked = {"seq": seq, "kind": "vote", "page": player_data(app)["asking"]["page"]} | fields
    app.session_state["player"] = {"request": asked}
    answer: dict[str, object] = player_data(app.run())["asking"]["answer"]
    return answer


def test_a_vote_is_counted_and_an_invalid_or_late_one_gets_a_message(visit: Callable[..., AppTest]) -> None:
    engine = connect()
    room = rooms.open_room(engine)
    question = Question(0, ("我", "<b>"), (), ("I", "you"))
    rooms.ask_question(engine, *room, question, Truth((0.5, 0.5), (0.5, 0.4), 0))
    app = visit(room=room[0].lower(), lang="en")
    assert vote(app, room[0], 1, number=1, voter="0" * 32, place=1, word=-1) == {
        "seq": 1,
        "kind": "vote",
        "unseated": True,
    }
    voter = votes.join_room(engine, room[0], lambda: None)
    good = {"number": 1, "voter": voter, "place": 1, "word": -1}
    assert "error" not in vote(app, room[0], 2, **good)
    assert votes.count_votes(engine, room[0], 1, question) == Counts((0, 1), (0, 0), 1)
    for seq, broken in enumerate(({"place": 2}, {"voter": "me"}, {"word": "0"}, {"number": None}, {"place": -1}), 3):
        assert vote(app, room[0], seq, **(good | broken))["error"] == say("error.request_broken", "en")
    rooms.set_phase(engine, *room, "closed")
    assert vote(app, room[0], 9, **good)["error"] == say("error.vote_late", "en")
    assert votes.count_votes(engine, room[0], 1, question).voters == 1


def test_a_visit_takes_one_seat_and_votes_under_one_name(visit: Callable[..., AppTest]) -> None:
    engine = connect()
    room = rooms.open_room(engine)
    question = Question(0, ("我", "a"), (), ("I", "you"))
    rooms.ask_question(engine, *room, question, Truth((0.5, 0.5), (0.5, 0.4), 0))
    app = visit(room=room[0], lang="en")
    names = set()
    for seq in range(1, 5):
        page = player_data(app)["asking"]["page"]
        app.session_state["player"] = {"request": {"seq": seq, "kind": "join", "page": page}}
        names.add(player_data(app.run())["asking"]["answer"]["voter"])
    assert len(names) == 1 and votes.read_seats(engine, room[0]).taken == 1
    for seq in range(5, 45):  # a script that has other names, too
        other = votes.join_room(engine, room[0], lambda: None)
        answer = vote(app, room[0], seq, number=1, voter=other, place=1, word=-1)
        assert answer["error"] == say("error.request_broken", "en")
    assert "error" not in vote(app, room[0], 50, number=1, voter=names.pop(), place=1, word=-1)
    assert votes.count_votes(engine, room[0], 1, question).voters == 1


def test_the_step_is_chosen_only_for_the_next_question(visit_page: Callable[..., AppTest]) -> None:
    """While a question is asked and revealed no other step's number stands beside its own."""
    teacher, _ = opened(visit_page)
    for label in ("close", "reveal"):
        teacher.button(key="class_on").click().run()
        assert teacher.button(key="class_on").label == say(f"classroom.{label}", "en")
        assert not [field for field in teacher.number_input if "class_step" in str(field.key)]
        assert say("classroom.at_step", "en", step=1) in shown(teacher)
    teacher.button(key="class_on").click().run()
    assert step_field(teacher).value == 2


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_after_the_reveal_the_board_says_the_word(visit_page: Callable[..., AppTest], lang: str) -> None:
    teacher = visit_page("classroom", lang=lang, text="我喜欢喝茶。")
    teacher.button(key="open_room").click().run()
    room = teacher.session_state["teach"]
    teacher.button(key="class_on").click().run()
    assert say("classroom.nothing_said", lang) in shown(teacher)
    assert "lb-join" in shown(teacher)  # who is late still comes in
    rooms.set_phase(connect(), *room, "revealed")
    board, state = shown(teacher.run()), rooms.read_room(connect(), room[0])
    assert state.question and state.truth
    assert say("classroom.nothing_said", lang) not in board and "lb-join" not in board
    assert f'class="now">{state.question.words[state.truth.said]}' in unescape(board)


def test_a_question_is_closed_whatever_the_sentence_is_now(visit_page: Callable[..., AppTest]) -> None:
    teacher, (code, _) = opened(visit_page)
    teacher.button(key="class_on").click().run()
    teacher.session_state["text"] = " "
    for phase in ("closed", "revealed"):
        teacher.run().button(key="class_on").click().run()
        assert rooms.read_room(connect(), code).phase == phase
    assert messages(teacher) == [say("error.text_empty", "en")] and "lb-board" in shown(teacher)


def test_a_sentence_that_the_question_is_not_about_is_named(visit_page: Callable[..., AppTest]) -> None:
    teacher, room = opened(visit_page)
    teacher.button(key="class_on").click().run()
    rooms.set_phase(connect(), *room, "revealed")
    for text, named in (("我喜欢喝茶。", False), ("你*喜欢*喝水。", True)):
        teacher.session_state["text"] = text
        note = say("classroom.next_about", "en", text="你\\*喜欢\\*喝水。")
        assert (note in [line.value for line in teacher.run().markdown]) is named


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_link_to_a_room_where_rooms_are_off_says_so(
    visit: Callable[..., AppTest], setting: Setting, lang: str
) -> None:
    setting(rooms=0)
    data = player_data(visit(room="ABC234", lang=lang))
    assert (data["over"], data["error"]) == (True, say("error.rooms_off", lang))


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_teacher_sets_seats_locks_and_ends(visit_page: Callable[..., AppTest], lang: str) -> None:
    teacher = visit_page("classroom", lang=lang, text="我喜欢喝茶。")
    teacher.button(key="open_room").click().run()
    code = code_on(teacher)
    teacher.number_input(key=f"class_seats-{code}").set_value(2).run()
    teacher.toggle(key=f"class_locked-{code}").set_value(True).run()
    assert votes.read_seats(connect(), code) == votes.Seats(0, 2, True)
    assert say("classroom.taken", lang, taken=0, seats=2) in " ".join(text.value for text in teacher.markdown)
    teacher.button(key="end_room").click().run()
    assert not teacher.exception and teacher.button(key="open_room")
    with pytest.raises(UserError):
        rooms.read_room(connect(), code)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_an_unknown_room_and_a_wrong_key_get_messages(
    visit: Callable[..., AppTest], visit_page: Callable[..., AppTest], lang: str
) -> None:
    assert player_data(visit(room="<script>", lang=lang))["error"] == say("error.room_unknown", lang)
    code, _ = rooms.open_room(connect())
    teacher = visit_page("classroom", lang=lang, text="我喜欢喝茶。", teach=f"{code}.guess")
    assert say("classroom.closed", lang) in messages(teacher) and teacher.button(key="open_room")


def refusals() -> float:
    """How many messages about a mistake or a limit have been counted."""
    return sum(sample.value for sample in metrics.REFUSALS.collect()[0].samples if sample.name.endswith("_total"))


def ask(app: AppTest, seq: int, kind: str) -> dict[str, Any]:
    """What the page has for a phone that asks."""
    page = player_data(app)["asking"]["page"]
    app.session_state["player"] = {"request": {"seq": seq, "kind": kind, "page": page}}
    return player_data(app.run())


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("expired", [False, True])
def test_a_phone_reads_that_its_room_has_ended_and_is_refused_nothing(
    visit: Callable[..., AppTest], monkeypatch: pytest.MonkeyPatch, lang: str, expired: bool
) -> None:
    room = rooms.open_room(connect())
    app = visit(room=room[0], lang=lang)
    assert not player_data(app)["over"]
    if expired:
        now = time.time()
        monkeypatch.setattr(time, "time", lambda: now + 2 * rooms.HOUR)
    else:
        rooms.end_room(connect(), *room)
    before = refusals()
    for seq, kind in enumerate(("look", "join", "look"), 1):
        data = ask(app, seq, kind)
        assert (data["over"], data["error"]) == (True, None) and "error" not in data["asking"]["answer"]
    assert data["strings"]["ended"] == say("room.ended", lang) and refusals() == before


def test_what_a_phone_is_refused_again_and_again_counts_once(visit: Callable[..., AppTest]) -> None:
    room = rooms.open_room(connect())
    votes.set_seats(connect(), *room, 2, True)
    before = refusals()
    app = visit(room=room[0], lang="en")
    for seq in range(1, 4):
        assert ask(app, seq, "join")["asking"]["answer"]["error"] == say("error.room_locked", "en")
    assert refusals() == before + 1
    nowhere = visit(room="ABC234", lang="en")
    for seq in range(1, 4):
        data = ask(nowhere, seq, "look")
        assert (data["over"], data["error"]) == (True, say("error.room_unknown", "en"))
    assert refusals() == before + 2


@pytest.mark.parametrize("button", ["class_on", "end_room"])
def test_a_teacher_whose_room_ended_elsewhere_is_told_so_and_nothing_else(
    visit_page: Callable[..., AppTest], button: str
) -> None:
    teacher, (code, key) = opened(visit_page)
    rooms.end_room(connect(), code, key)
    before = refusals()
    teacher.button(key=button).click().run()
    told = [say("classroom.ended", "en")] if button == "class_on" else []
    assert messages(teacher) == told and not teacher.error and refusals() == before


def test_the_board_escapes_and_shows_votes_and_truth() -> None:
    question = Question(2, ("<b>", "茶"), ("&", "I"), ("<i>", "tea"))
    text = strings("classroom", "en")
    before = render_board(question, Counts((3, 1), (0, 4), 4), None, text)
    after = render_board(question, Counts((3, 1), (0, 4), 4), Truth((0.25, 0.75), (0.1, 0.9), 1), text)
    for html in (before, after):
        assert "<b>茶" not in html and "&lt;b&gt;" in html and "&lt;i&gt;" in html and "&amp; I" in html
        assert "3 votes · 75 %" in html and "1 vote · 25 %" in html and "4 votes · 100 %" in html
    assert "model" not in before
    assert "tea ●" in after and "90.0 %" in after and "height:75.0%" in after and "<em>75.0 %</em>" in after


@given(st.data())
def test_votes_and_model_are_drawn_on_the_same_scale(data: st.DataObject) -> None:
    """The longer bar is the larger share, whoever's it is; three of five votes are shorter than 91 %."""
    size = data.draw(st.integers(1, 8))
    votes = data.draw(st.lists(st.integers(0, 50), min_size=size, max_size=size))
    parts = [p + 1 for p in data.draw(st.lists(st.integers(0, 50), min_size=size, max_size=size))]
    model = [p / sum(parts) for p in parts]
    words = tuple("abcdefgh"[:size])
    counts, truth = Counts(tuple(votes), tuple(votes), sum(votes)), Truth(tuple(model), tuple(model), 0)
    html = render_board(Question(0, words, (), words), counts, truth, strings("classroom", "en"))
    for side in ("height", "width"):
        for who, shares in (("vote", [v / max(1, sum(votes)) for v in votes]), ("model", model)):
            drawn = [float(x) for x in re.findall(rf'<i class="{who}" style="{side}:([0-9.]+)%"', html)]
            assert drawn == pytest.approx([100 * part for part in shares], abs=0.051)


def opened(visit_page: Callable[..., AppTest], **query: str) -> tuple[AppTest, list[str]]:
    """A teacher with a room, its code and key."""
    teacher = visit_page("classroom", lang="en", text="我喜欢喝茶。", **query)
    teacher.button(key="open_room").click().run()
    return teacher, list(teacher.session_state["teach"])


def component(app: AppTest, name: str) -> dict[str, Any]:
    (data,) = [json.loads(c.proto.json) for c in app.get("bidi_component") if c.proto.component_name == name]
    return dict(data)


def test_the_key_is_neither_in_an_address_nor_on_the_page(visit_page: Callable[..., AppTest]) -> None:
    teacher, (code, key) = opened(visit_page)
    assert component(teacher, "lookback_teacher")["room"] == {"code": code, "key": key}  # for the browser to keep
    linked = visit_page("classroom", lang="en", text="我喜欢喝茶。", teach=f"{code}.{key}")  # as links were
    for app in (teacher, linked):
        assert app.session_state["teach"] == (code, key)
        address = component(app, "lookback_address")
        assert "teach" not in address and key not in json.dumps(address)
        seen = [box.value for kind in (app.markdown, app.caption, app.code) for box in kind]
        assert key not in "".join([*seen, shown(app)])


def kept(app: AppTest, value: object) -> AppTest:
    """What the browser says that it kept."""
    app.session_state["teacher"] = {"kept": value}
    return app.run()


def test_a_browser_that_stored_the_room_returns_to_it(visit_page: Callable[..., AppTest]) -> None:
    _, (code, key) = opened(visit_page)
    again = visit_page("classroom", lang="en", text="我喜欢喝茶。")
    told = component(again, "lookback_teacher")
    assert (told["room"], told["heard"], told["left"]) == (None, False, None)
    kept(again, {"code": code, "key": key})
    assert again.session_state["teach"] == (code, key) and again.button(key="class_on")
    assert not any(part.proto.expanded for part in again.expander)  # all of the page is a teacher's again
    again.button(key="leave_room").click().run()  # what the browser had said before does not bring it back
    assert again.session_state["teach"] is None and again.button(key="open_room")
    told = component(again, "lookback_teacher")
    assert (told["room"], told["heard"], told["left"]) == (None, True, {"code": code, "key": key})
    assert not again.exception and messages(again) == []


@pytest.mark.parametrize(
    "value",
    [
        None,
        "room",
        [],
        {"code": 7, "key": "x" * 24},
        {"code": "ABC234", "key": None},
        {"code": "abc234", "key": "x" * 24},
        {"code": "ABC234", "key": "x" * 5000},
        {"code": "ABC234\n", "key": "x" * 24},
        {"code": ["ABC234"], "key": {"a": "b"}},
    ],
)
def test_the_room_that_a_browser_sends_is_checked(visit_page: Callable[..., AppTest], value: object) -> None:
    app = kept(visit_page("classroom", lang="en", text="我喜欢喝茶。"), value)
    assert not app.exception and app.session_state["teach"] is None and messages(app) == []


def test_a_stored_room_that_has_expired_is_reported_once_and_forgotten(
    visit_page: Callable[..., AppTest], monkeypatch: pytest.MonkeyPatch
) -> None:
    teacher, (code, key) = opened(visit_page)
    other = {"code": code, "key": "x" * 24}
    again = kept(visit_page("classroom", lang="en", text="我喜欢喝茶。"), other)
    assert messages(again) == [say("classroom.ended", "en")] and again.info
    assert component(again, "lookback_teacher")["left"] == other
    assert messages(again.run()) == []
    linked = visit_page("classroom", lang="en", text="我喜欢喝茶。", teach=f"{code}.{'x' * 24}")
    assert messages(linked) == [say("classroom.closed", "en")]
    kept(linked, {"code": code, "key": key})  # a wrong link costs nobody the room that the browser kept
    assert linked.session_state["teach"] == (code, key) and messages(linked) == []
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 2 * rooms.HOUR)
    with as_in_a_browser(teacher) as homes:  # the page that is open hears of it, not the fragment alone
        assert messages(teacher) == [say("classroom.ended", "en")] and teacher.info and teacher.button(key="open_room")
        assert homes[teacher.button(key="open_room").id] == ""


def test_another_sentence_begins_at_its_own_first_step(visit_page: Callable[..., AppTest]) -> None:
    teacher, _ = opened(visit_page)
    steps = step_field(teacher).max
    step_field(teacher).set_value(3).run()
    teacher.session_state["text"] = "你喜欢喝水。"  # as long as the other
    teacher.run()
    assert (step_field(teacher).value, step_field(teacher).max) == (1, steps)
    teacher.button(key="class_on").click().run()
    assert teacher.button(key="class_on").label == say("classroom.close", "en")


def test_the_link_for_the_class_keeps_the_servers_path() -> None:
    for address in ("http://a/b/classroom", "http://a/b/Ask_A_Class?teach=1.2", "http://a/b/"):
        assert join_link(address, "AB") == "http://a/b/?room=AB"


def test_a_frozen_database_is_told_and_stops_no_other_page(
    visit: Callable[..., AppTest],
    visit_page: Callable[..., AppTest],
    postgres: str,
    postgres_database: str,
    setting: Setting,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LOOKBACK_DATABASE", postgres_database)
    teacher = visit_page("classroom", lang="en", text="我喜欢喝茶。")
    teacher.button(key="open_room").click().run()
    code = code_on(teacher)
    with frozen(postgres):
        began = time.monotonic()
        assert "cannot be used" in messages(teacher.run())[0] and not teacher.exception
        assert "cannot be used" in player_data(visit(room=code, lang="en"))["error"]
        setting(profile="class")
        assert player_data(visit(room=code, lang="zh"))["error"] == say("error.database_away", "zh")
        assert messages(teacher.run()) == [say("error.database_away", "en")]
        assert time.monotonic() - began < 25
        step = visit(text="我喜欢喝茶。", lang="en")
        assert not step.exception and player_data(step)["lanes"]


def test_a_note_in_the_link_is_plain_text_in_the_room(visit: Callable[..., AppTest]) -> None:
    room = rooms.open_room(connect())
    note = "看第三个词。\n<b>再猜</b>"
    app = visit(room=room[0], lang="zh", note=note)
    assert [text.value for text in app.text] == [note]
    assert not visit(room=room[0], lang="zh").text
