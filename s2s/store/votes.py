"""A room's voters and their votes: every browser gets a seat and votes once a question.

``join_room`` gives a browser a voter's name, random and known to that browser alone, and stores it; a vote under any
other name is refused. The teacher sets the number of seats, and may lock the room, so that nobody else gets one.
"""

from __future__ import annotations

import json
import re
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Engine,
    ForeignKeyConstraint,
    Integer,
    String,
    Table,
    func,
    insert,
    select,
)

from s2s import settings
from s2s.errors import UserError
from s2s.monitoring.events import audit
from s2s.store.database import METADATA, reading, upsert, writing
from s2s.store.rooms import QUESTIONS, ROOMS, Question, teacher_room

VOTER = re.compile("[0-9a-f]{32}")

VOTERS = Table(
    "class_voters",
    METADATA,
    Column("room", String(6), primary_key=True),
    Column("voter", String(32), primary_key=True),
    ForeignKeyConstraint(["room"], [ROOMS.c.code], ondelete="CASCADE"),
)
SEATS = Table(  # what the teacher has set; a room without a row has the setting's number of seats and is not locked
    "class_seats",
    METADATA,
    Column("room", String(6), primary_key=True),
    Column("seats", Integer, nullable=False),
    Column("locked", Boolean, nullable=False),
    ForeignKeyConstraint(["room"], [ROOMS.c.code], ondelete="CASCADE"),
)
VOTES = Table(
    "class_votes",
    METADATA,
    Column("room", String(6), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("voter", String(32), primary_key=True),
    Column("place", Integer),
    Column("word", Integer),
    ForeignKeyConstraint(["room", "number"], [QUESTIONS.c.room, QUESTIONS.c.number], ondelete="CASCADE"),
)


@dataclass(frozen=True)
class Seats:
    """The seats of a room: how many are taken, how many there are, and whether the room is locked."""

    taken: int
    seats: int
    locked: bool


@dataclass(frozen=True)
class Counts:
    """The number of votes for each source word and for each of the question's words, and the number of voters."""

    places: Sequence[int]
    words: Sequence[int]
    voters: int


def join_room(engine: Engine, code: str, admit: Callable[[], None], now: float | None = None) -> str:
    """Take a seat; returns the voter's name. Raises UserError for an unknown, a locked or a full room.

    ``admit`` is called when there is a seat, and may refuse it by raising UserError.
    """
    now = time.time() if now is None else now
    voter = secrets.token_hex(16)
    with writing(engine) as connection:
        alive = select(ROOMS.c.code).where(ROOMS.c.code == code, ROOMS.c.expires > now)
        if connection.execute(alive.with_for_update()).first() is None:  # locked: one browser after the other counts
            raise UserError("room_unknown")
        seats = _seats(connection, code)
        if seats.locked:
            raise UserError("room_locked")
        if seats.taken >= seats.seats:
            raise UserError("room_full", limit=seats.seats)
        admit()
        connection.execute(insert(VOTERS).values(room=code, voter=voter))
    audit("room_joined", room=code)
    return voter


def read_seats(engine: Engine, code: str) -> Seats:
    """The seats of a room."""
    with reading(engine) as connection:
        return _seats(connection, code)


def _seats(connection: Connection, code: str) -> Seats:
    taken = connection.scalar(select(func.count()).select_from(VOTERS).where(VOTERS.c.room == code)) or 0
    row = connection.execute(select(SEATS.c.seats, SEATS.c.locked).where(SEATS.c.room == code)).first()
    most = settings.current()
    return Seats(taken, row.seats, row.locked) if row else Seats(taken, min(most.room_seats, most.room_voters), False)


def set_seats(engine: Engine, code: str, key: str, seats: int, locked: bool, now: float | None = None) -> None:
    """Change the number of seats, and lock or unlock the room; those who have a seat keep it.

    Raises UserError for a wrong code or key, and for more seats than a room may have.
    """
    if not 1 <= seats <= settings.current().room_voters:
        raise UserError("request_broken")
    with writing(engine) as connection:
        teacher_room(connection, code, key, time.time() if now is None else now)
        upsert(connection, SEATS, {"room": code, "seats": seats, "locked": locked})
    audit("room_seats", room=code, seats=seats, locked=locked)


def record_vote(
    engine: Engine, code: str, number: int, voter: str, place: int | None, word: int | None, now: float | None = None
) -> None:
    """Record or change a vote for a source word (``place``), a word, or both, each an index from 0.

    Raises UserError if the question is closed, if there is no such choice, or if the voter has no seat.
    """
    now = time.time() if now is None else now
    if not VOTER.fullmatch(voter) or (place is None and word is None):
        raise UserError("request_broken")
    here = (QUESTIONS.c.room == code) & (QUESTIONS.c.number == number)
    alive = (ROOMS.c.code == QUESTIONS.c.room) & (ROOMS.c.expires > now)
    with writing(engine) as connection:
        query = select(QUESTIONS.c.phase, QUESTIONS.c.question, ROOMS.c.asked).where(here, alive)
        # Shared with other voters: no vote during a change of phase, but a class votes at once.
        row = connection.execute(query.with_for_update(read=True, of=QUESTIONS)).first()
        if row is None or row.phase != "open" or row.asked != number:
            raise UserError("vote_late")
        _check_choice(Question(**json.loads(row.question)), place, word)
        seat = select(VOTERS.c.voter).where(VOTERS.c.room == code, VOTERS.c.voter == voter)
        if connection.execute(seat).first() is None:
            raise UserError("vote_no_seat")
        upsert(connection, VOTES, {"room": code, "number": number, "voter": voter, "place": place, "word": word})
    audit("vote", room=code, question=number)


def _check_choice(question: Question, place: int | None, word: int | None) -> None:
    for chosen, choices in ((place, question.source), (word, question.words)):
        if chosen is not None and not 0 <= chosen < len(choices):
            raise UserError("request_broken")


def count_votes(engine: Engine, code: str, number: int, question: Question) -> Counts:
    """The votes of a question so far, with one query."""
    ours = (VOTES.c.room == code) & (VOTES.c.number == number)
    query = select(VOTES.c.place, VOTES.c.word, func.count()).where(ours).group_by(VOTES.c.place, VOTES.c.word)
    places, words, voters = [0] * len(question.source), [0] * len(question.words), 0
    with reading(engine) as connection:
        for place, word, count in connection.execute(query):
            voters += count
            if place is not None:
                places[place] += count
            if word is not None:
                words[word] += count
    return Counts(tuple(places), tuple(words), voters)
