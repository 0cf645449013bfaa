"""Rooms in both databases: each vote is counted once, the key is checked, nothing is sent before the reveal."""

from __future__ import annotations

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, func, select, update

from s2s import settings
from s2s.decode.decode import trace
from s2s.errors import UserError
from s2s.store import rooms
from s2s.store.database import connect, reading, writing
from s2s.store.rooms import Question, Truth
from tests.setting import Setting

QUESTION = Question(1, ("我", "喜欢", "茶"), ("I",), ("tea", "like", "drink"))
TRUTH = Truth((0.1, 0.8, 0.1), (0.2, 0.7, 0.1), 1)
VOTERS = [f"{n:032x}" for n in range(60)]


@pytest.fixture
def engine(database: str) -> Engine:
    return connect(database)


@pytest.fixture
def room(engine: Engine) -> tuple[str, str]:
    return rooms.open_room(engine)


def tally(engine: Engine, code: str, number: int) -> rooms.Counts:
    return rooms.count_votes(engine, code, number, QUESTION)


def test_fifty_votes_at_once_are_counted_once_each(engine: Engine, room: tuple[str, str]) -> None:
    number = rooms.ask_question(engine, *room, QUESTION, TRUTH)

    def vote(n: int) -> None:  # each voter twice, the second time otherwise
        for turn in range(2):
            rooms.record_vote(engine, room[0], number, VOTERS[n], (n + turn) % 3, n % 2)

    with ThreadPoolExecutor(12) as threads:
        list(threads.map(vote, range(50)))
    places = Counter((n + 1) % 3 for n in range(50))
    assert tally(engine, room[0], number) == rooms.Counts(tuple(places[s] for s in range(3)), (25, 25, 0), 50)


def test_a_vote_during_the_close_is_counted_or_refused(engine: Engine, room: tuple[str, str]) -> None:
    number = rooms.ask_question(engine, *room, QUESTION, TRUTH)

    def vote(n: int) -> bool:
        if n == 20:
            rooms.set_phase(engine, *room, "closed")
            return False
        try:
            rooms.record_vote(engine, room[0], number, VOTERS[n], 0, None)
        except UserError as error:
            assert error.key == "error.vote_late"
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        counted = sum(threads.map(vote, range(40)))
    assert tally(engine, room[0], number).voters == counted >= 12


CHANGES = st.lists(st.tuples(st.integers(0, 4), st.none() | st.integers(0, 2), st.none() | st.integers(0, 2)))


@given(CHANGES)
def test_the_last_vote_of_a_voter_counts(tmp_path_factory: pytest.TempPathFactory, votes: list[tuple]) -> None:
    engine = connect(f"sqlite:///{tmp_path_factory.getbasetemp()}/classroom.sqlite")
    with writing(engine) as connection:
        connection.execute(rooms.ROOMS.delete())
    room = rooms.open_room(engine)
    number = rooms.ask_question(engine, *room, QUESTION, TRUTH)
    last: dict[int, tuple[int | None, int | None]] = {}
    for voter, place, word in votes:
        try:
            rooms.record_vote(engine, room[0], number, VOTERS[voter], place, word)
            last[voter] = (place, word)
        except UserError as error:
            assert (place, word) == (None, None) and error.key == "error.request_broken"
    found = tally(engine, room[0], number)
    assert found.voters == len(last)
    assert found.places == tuple(sum(p == s for p, _ in last.values()) for s in range(3))
    assert found.words == tuple(sum(w == s for _, w in last.values()) for s in range(3))


def test_the_truth_is_not_sent_before_the_reveal(engine: Engine, room: tuple[str, str]) -> None:
    code = room[0]
    assert rooms.read_room(engine, code) == rooms.RoomState(0, "waiting")
    number = rooms.ask_question(engine, *room, QUESTION, TRUTH)
    for phase in ("open", "closed"):
        if phase == "closed":
            rooms.set_phase(engine, *room, "closed")
        seen = rooms.read_room(engine, code)
        assert (seen.number, seen.phase, seen.truth) == (number, phase, None)
        assert "0.8" not in json.dumps(asdict(seen))
    rooms.set_phase(engine, *room, "revealed")
    seen = rooms.read_room(engine, code)
    assert seen.truth and list(seen.truth.attention) == list(TRUTH.attention) and seen.truth.said == 1
    rooms.set_phase(engine, *room, "closed")  # never back
    assert rooms.read_room(engine, code).phase == "revealed"
    assert rooms.ask_question(engine, *room, QUESTION, TRUTH) == number + 1
    with pytest.raises(UserError, match="closed"):
        rooms.record_vote(engine, code, number, VOTERS[0], 0, 0)


def test_only_the_key_asks_closes_and_reveals(engine: Engine, room: tuple[str, str]) -> None:
    code, key = room
    other = rooms.open_room(engine)
    assert len(key) >= 24 and rooms.is_teacher(engine, code, key)
    for wrong in ("", "guess", key[:-1], other[1]):
        assert not rooms.is_teacher(engine, code, wrong)
        with pytest.raises(UserError, match="no such room"):
            rooms.ask_question(engine, code, wrong, QUESTION, TRUTH)
        with pytest.raises(UserError, match="no such room"):
            rooms.set_phase(engine, code, wrong, "revealed")
    with reading(engine) as connection:
        assert key not in str(connection.execute(select(rooms.ROOMS)).all())  # a copy of the database is no key


def test_rooms_expire_and_are_bounded(engine: Engine, setting: Setting) -> None:
    unused, used = rooms.open_room(engine, now=1000), rooms.open_room(engine, now=1000)
    number = rooms.ask_question(engine, *used, QUESTION, TRUTH, now=1001)
    rooms.record_vote(engine, used[0], number, VOTERS[0], 0, 0, now=1002)
    later = 1002 + rooms.HOUR
    assert rooms.read_room(engine, used[0], now=later).phase == "open"
    with pytest.raises(UserError, match="no such room"):
        rooms.read_room(engine, unused[0], now=later)
    tomorrow = 1002 + rooms.DAY
    for late in (
        lambda: rooms.read_room(engine, used[0], tomorrow),
        lambda: rooms.set_phase(engine, *used, "closed", tomorrow),
    ):
        with pytest.raises(UserError, match="no such room"):
            late()
    setting(rooms=2)
    for _ in range(2):
        rooms.open_room(engine, now=tomorrow)
    with pytest.raises(UserError, match="2 open rooms"):
        rooms.open_room(engine, now=tomorrow)
    with reading(engine) as connection:
        assert connection.scalar(select(func.count()).select_from(rooms.VOTES)) == 0  # they went with their room


def test_a_room_limits_voters_and_accepts_only_its_choices(
    engine: Engine, room: tuple[str, str], setting: Setting
) -> None:
    setting(room_voters=2)
    number = rooms.ask_question(engine, *room, QUESTION, TRUTH)
    for voter in (VOTERS[0], VOTERS[1], VOTERS[0]):
        rooms.record_vote(engine, room[0], number, voter, 1, 1)
    with pytest.raises(UserError, match="2 people"):
        rooms.record_vote(engine, room[0], number, VOTERS[2], 1, 1)
    for voter, place, word in ((VOTERS[0], 3, 0), (VOTERS[0], -1, 0), (VOTERS[0], 0, 3), ("x" * 32, 0, 0)):
        with pytest.raises(UserError) as refused:
            rooms.record_vote(engine, room[0], number, voter, place, word)
        assert refused.value.key == "error.request_broken"
    for code, asked in ((room[0], number + 1), ("222222", number)):
        with pytest.raises(UserError, match="closed"):
            rooms.record_vote(engine, code, asked, VOTERS[0], 1, 1)
    with writing(engine) as connection:
        connection.execute(update(rooms.ROOMS).values(asked=settings.current().room_questions))
    with pytest.raises(UserError, match="Open a new one"):
        rooms.ask_question(engine, *room, QUESTION, TRUTH)


def test_a_question_is_about_the_step_and_always_looks_the_same(tiny_checkpoint: Path) -> None:
    from s2s.checkpoint.open import load

    lane = trace(load(tiny_checkpoint), "我喜欢喝茶。")
    for t, step in enumerate(lane.steps):
        question, truth = rooms.make_question(lane, t)
        assert (question, truth) == rooms.make_question(lane, t)
        assert question.words[truth.said] == step.output and len(set(question.words)) == rooms.MAX_WORDS
        assert set(question.words) <= {scored.token for scored in step.top}
        assert tuple(question.said) == tuple(s.output for s in lane.steps[:t])
        assert truth.attention == pytest.approx(step.attention.tolist(), abs=1e-6)
    orders = {
        tuple(sorted(q.words).index(w) for w in q.words) for q, _ in (rooms.make_question(lane, t) for t in range(8))
    }
    assert len(orders) > 1


def test_a_model_without_attention_is_refused(tmp_path: Path) -> None:
    from s2s.checkpoint.open import load
    from tests.factory import make_checkpoint

    lane = trace(load(make_checkpoint(tmp_path, "none")), "我喜欢喝茶。")
    with pytest.raises(UserError, match="no attention"):
        rooms.make_question(lane, 0)
