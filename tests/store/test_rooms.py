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
from s2s.store import rooms, votes
from s2s.store.database import connect, reading, writing
from s2s.store.rooms import Question, Truth
from tests.setting import Setting

QUESTION = Question(1, ("我", "喜欢", "茶"), ("I",), ("tea", "like", "drink"))
TRUTH = Truth((0.1, 0.8, 0.1), (0.2, 0.7, 0.1), 1)


@pytest.fixture
def engine(database: str) -> Engine:
    return connect(database)


@pytest.fixture
def room(engine: Engine) -> tuple[str, str]:
    return rooms.open_room(engine)


def seated(engine: Engine, code: str, size: int, now: float | None = None) -> list[str]:
    """The names of voters who take seats."""
    return [votes.join_room(engine, code, lambda: None, now) for _ in range(size)]


def tally(engine: Engine, code: str, number: int) -> votes.Counts:
    return votes.count_votes(engine, code, number, QUESTION)


def test_fifty_votes_at_once_are_counted_once_each(engine: Engine, room: tuple[str, str]) -> None:
    number = rooms.ask_question(engine, *room, QUESTION, TRUTH)
    voters = seated(engine, room[0], 50)

    def vote(n: int) -> None:  # each voter twice, the second time otherwise
        for turn in range(2):
            votes.record_vote(engine, room[0], number, voters[n], (n + turn) % 3, n % 2)

    with ThreadPoolExecutor(12) as threads:
        list(threads.map(vote, range(50)))
    places = Counter((n + 1) % 3 for n in range(50))
    assert tally(engine, room[0], number) == votes.Counts(tuple(places[s] for s in range(3)), (25, 25, 0), 50)


def test_a_vote_during_the_close_is_counted_or_refused(engine: Engine, room: tuple[str, str]) -> None:
    number = rooms.ask_question(engine, *room, QUESTION, TRUTH)
    voters = seated(engine, room[0], 40)

    def vote(n: int) -> bool:
        if n == 20:
            rooms.set_phase(engine, *room, "closed")
            return False
        try:
            votes.record_vote(engine, room[0], number, voters[n], 0, None)
        except UserError as error:
            assert error.key == "error.vote_late"
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        counted = sum(threads.map(vote, range(40)))
    assert tally(engine, room[0], number).voters == counted >= 12


CHANGES = st.lists(st.tuples(st.integers(0, 4), st.none() | st.integers(0, 2), st.none() | st.integers(0, 2)))


@given(CHANGES)
def test_the_last_vote_of_a_voter_counts(tmp_path_factory: pytest.TempPathFactory, changes: list[tuple]) -> None:
    engine = connect(f"sqlite:///{tmp_path_factory.getbasetemp()}/classroom.sqlite")
    with writing(engine) as connection:
        connection.execute(rooms.ROOMS.delete())
    room = rooms.open_room(engine)
    number = rooms.ask_question(engine, *room, QUESTION, TRUTH)
    voters = seated(engine, room[0], 5)
    last: dict[int, tuple[int | None, int | None]] = {}
    for voter, place, word in changes:
        try:
            votes.record_vote(engine, room[0], number, voters[voter], place, word)
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
        votes.record_vote(engine, code, number, *seated(engine, code, 1), 0, 0)


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
    votes.record_vote(engine, used[0], number, *seated(engine, used[0], 1, now=1002), 0, 0, now=1002)
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
        assert connection.scalar(select(func.count()).select_from(votes.VOTES)) == 0  # they went with their room


def test_a_room_accepts_only_its_choices_and_voters(engine: Engine, room: tuple[str, str]) -> None:
    number = rooms.ask_question(engine, *room, QUESTION, TRUTH)
    (voter,) = seated(engine, room[0], 1)
    for name, place, word in ((voter, 3, 0), (voter, -1, 0), (voter, 0, 3), ("x" * 32, 0, 0)):
        with pytest.raises(UserError) as refused:
            votes.record_vote(engine, room[0], number, name, place, word)
        assert refused.value.key == "error.request_broken"
    other = rooms.open_room(engine)
    for name in ("0" * 32, *seated(engine, other[0], 1)):  # a seat is one of its room
        with pytest.raises(UserError, match="no seat"):
            votes.record_vote(engine, room[0], number, name, 0, 0)
    for code, asked in ((room[0], number + 1), ("222222", number)):
        with pytest.raises(UserError, match="closed"):
            votes.record_vote(engine, code, asked, voter, 1, 1)
    assert tally(engine, room[0], number).voters == 0
    with writing(engine) as connection:
        connection.execute(update(rooms.ROOMS).values(asked=settings.current().room_questions))
    with pytest.raises(UserError, match="Open a new room"):
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


def test_seats_are_as_many_as_the_teacher_says_and_stay_with_those_who_have_them(
    engine: Engine, room: tuple[str, str], setting: Setting
) -> None:
    code = room[0]
    setting(room_seats=2, room_voters=4)
    number = rooms.ask_question(engine, *room, QUESTION, TRUTH)
    voters = seated(engine, code, 2)
    with pytest.raises(UserError, match="2 seats, and all are taken"):
        seated(engine, code, 1)
    votes.set_seats(engine, *room, 3, False)
    voters += seated(engine, code, 1)
    votes.set_seats(engine, *room, 1, True)
    assert votes.read_seats(engine, code) == votes.Seats(3, 1, True)
    with pytest.raises(UserError, match="locked"):
        seated(engine, code, 1)
    for voter in voters:
        votes.record_vote(engine, code, number, voter, 0, None)
    assert tally(engine, code, number).voters == 3
    for seats in (0, 5):
        with pytest.raises(UserError):
            votes.set_seats(engine, *room, seats, False)
    with pytest.raises(UserError, match="no such room"):
        votes.set_seats(engine, code, "guess", 2, False)


def test_no_more_seats_are_taken_at_once_than_there_are(
    engine: Engine, room: tuple[str, str], setting: Setting
) -> None:
    setting(room_seats=7)

    def join(_: int) -> bool:
        try:
            return bool(seated(engine, room[0], 1))
        except UserError as error:
            assert error.key == "error.room_full"
            return False

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(join, range(30))) == 7


def test_whoever_may_not_come_in_takes_no_seat(engine: Engine, room: tuple[str, str]) -> None:
    def refuse() -> None:
        raise UserError("joins_limited")

    with pytest.raises(UserError, match="network"):
        votes.join_room(engine, room[0], refuse)
    assert votes.read_seats(engine, room[0]).taken == 0


def test_one_client_has_a_number_of_open_rooms_and_a_room_that_ends_frees_its_place(
    engine: Engine, setting: Setting
) -> None:
    setting(rooms_per_client=2)
    first = rooms.open_room(engine, client="192.0.2.7")
    rooms.open_room(engine, client="192.0.2.7")
    with pytest.raises(UserError, match="2 open rooms"):
        rooms.open_room(engine, client="192.0.2.7")
    rooms.open_room(engine, client="192.0.2.8")
    number = rooms.ask_question(engine, *first, QUESTION, TRUTH)
    votes.record_vote(engine, first[0], number, *seated(engine, first[0], 1), 0, 0)
    with pytest.raises(UserError, match="no such room"):
        rooms.end_room(engine, first[0], "guess")
    rooms.end_room(engine, *first)
    rooms.open_room(engine, client="192.0.2.7")
    with reading(engine) as connection:
        assert "192.0.2" not in str(connection.execute(select(rooms.OWNERS)).all())
        for table in (votes.VOTES, votes.VOTERS):
            assert connection.scalar(select(func.count()).select_from(table)) == 0
