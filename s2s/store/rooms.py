"""Classroom votes on what a model will do next: the tables of rooms, questions and votes, and their operations.

A teacher opens a room and gets its code, for the class, and its key, which only the teacher has: it is needed to ask,
close and reveal. A voter is a random name that the voter's browser keeps. Times are seconds since 1970.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import math
import random
import re
import secrets
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import (
    Column,
    Connection,
    Engine,
    Float,
    ForeignKeyConstraint,
    Integer,
    String,
    Table,
    Text,
    delete,
    func,
    insert,
    select,
    update,
)

from s2s.errors import UserError
from s2s.store.database import METADATA, reading, upsert, writing
from s2s.trace.trace import Trace

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # no characters that are easily confused
CODE = re.compile(f"[{ALPHABET}]{{6}}")
VOTER = re.compile("[0-9a-f]{32}")
HOUR = 3_600  # seconds until a room without a question expires
DAY = 24 * HOUR  # seconds from the last question until a room expires
MAX_ROOMS = 200
MAX_VOTERS = 400  # a question
MAX_QUESTIONS = 500  # a room
WORDS = 5  # choices for the next word

ROOMS = Table(
    "class_rooms",
    METADATA,
    Column("code", String(6), primary_key=True),
    Column("key", String(64), nullable=False),  # its SHA-256
    Column("expires", Float, nullable=False),
    Column("asked", Integer, nullable=False),  # number of questions so far; the last one is on screen
)
QUESTIONS = Table(
    "class_questions",
    METADATA,
    Column("room", String(6), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("phase", String(8), nullable=False),  # open, closed, revealed
    Column("question", Text, nullable=False),
    Column("truth", Text, nullable=False),
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
class Question:
    """A question about one step, counted from 0: where the model will look, and which of the words it will output."""

    step: int
    source: Sequence[str]
    said: Sequence[str]  # the words before
    words: Sequence[str]


@dataclass(frozen=True)
class Truth:
    """The answer: the model's weights at that step, the probability of each of the question's words, and its output."""

    attention: Sequence[float]
    words: Sequence[float]
    said: int


@dataclass(frozen=True)
class RoomState:
    """A room as every member may see it: ``truth`` is None before the reveal, ``question`` before the first."""

    number: int
    phase: str
    question: Question | None = None
    truth: Truth | None = None


@dataclass(frozen=True)
class Counts:
    """Votes for each source word and each of the words, and how many have voted."""

    places: Sequence[int]
    words: Sequence[int]
    voters: int


def about(trace: Trace, t: int) -> tuple[Question, Truth]:
    """The question about step ``t`` of a free-running lane, and its answer: its word and the most probable others.

    Their order is drawn from the source and the step alone, so the same question always looks the same. Raises
    UserError for a model without attention.
    """
    if not trace.attention_TS.size:
        raise UserError("class_blind")
    step = trace.steps[t]
    log_probs = {step.output: step.log_prob} | {scored.token: scored.log_prob for scored in step.top}
    words = list(log_probs)[:WORDS]
    random.Random(f"{' '.join(trace.source_tokens)} {t}").shuffle(words)
    before = tuple(earlier.output for earlier in trace.steps[:t])
    weights = tuple(round(float(weight), 6) for weight in step.attention)
    probabilities = tuple(round(math.exp(log_probs[word]), 6) for word in words)
    return Question(t, trace.source_tokens, before, tuple(words)), Truth(
        weights, probabilities, words.index(step.output)
    )


def open_room(engine: Engine, now: float | None = None) -> tuple[str, str]:
    """Open a room; returns its code and key. Deletes expired rooms first; UserError where there are still too many."""
    now = time.time() if now is None else now
    key = secrets.token_urlsafe(18)
    with writing(engine) as connection:
        connection.execute(delete(ROOMS).where(ROOMS.c.expires <= now))
        codes = set(connection.scalars(select(ROOMS.c.code)))
        if len(codes) >= MAX_ROOMS:
            raise UserError("rooms_full", limit=MAX_ROOMS)
        code = next(code for code in iter(_code, None) if code not in codes)
        connection.execute(insert(ROOMS).values(code=code, key=_digest(key), expires=now + HOUR, asked=0))
    return code, key


def _code() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(6))


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def teaches(engine: Engine, code: str, key: str, now: float | None = None) -> bool:
    """Whether the key belongs to a room that has not expired."""
    try:
        with reading(engine) as connection:
            _room(connection, code, key, time.time() if now is None else now)
    except UserError as error:
        if error.key == "error.room_unknown":
            return False
        raise
    return True


def _room(connection: Connection, code: str, key: str, now: float) -> int:
    """The number of a room's questions, for its teacher; locks the room's row until the transaction ends."""
    query = select(ROOMS.c.key, ROOMS.c.asked).where(ROOMS.c.code == code, ROOMS.c.expires > now)
    row = connection.execute(query.with_for_update()).first()
    if row is None or not hmac.compare_digest(str(row.key), _digest(key)):
        raise UserError("room_unknown")
    return int(row.asked)


def ask(engine: Engine, code: str, key: str, question: Question, truth: Truth, now: float | None = None) -> int:
    """Ask the class; returns the question's number, from 1. The previous question is closed."""
    now = time.time() if now is None else now
    with writing(engine) as connection:
        number = _room(connection, code, key, now) + 1
        if number > MAX_QUESTIONS:
            raise UserError("room_questions", limit=MAX_QUESTIONS)
        earlier = (QUESTIONS.c.room == code) & (QUESTIONS.c.phase == "open")
        connection.execute(update(QUESTIONS).where(earlier).values(phase="closed"))
        texts = {"question": _text(question), "truth": _text(truth)}
        connection.execute(insert(QUESTIONS).values(room=code, number=number, phase="open", **texts))
        connection.execute(update(ROOMS).where(ROOMS.c.code == code).values(asked=number, expires=now + DAY))
    return number


def _text(record: Question | Truth) -> str:
    return json.dumps(asdict(record), ensure_ascii=False)


def turn(engine: Engine, code: str, key: str, phase: str, now: float | None = None) -> None:
    """Close the vote or reveal the truth of the question on screen: never back to an earlier phase."""
    before = {"closed": ("open",), "revealed": ("open", "closed")}[phase]
    with writing(engine) as connection:
        number = _room(connection, code, key, time.time() if now is None else now)
        here = (QUESTIONS.c.room == code) & (QUESTIONS.c.number == number) & QUESTIONS.c.phase.in_(before)
        connection.execute(update(QUESTIONS).where(here).values(phase=phase))


def state(engine: Engine, code: str, now: float | None = None) -> RoomState:
    """The state of a room; one query. Raises UserError where the room does not exist or has expired."""
    here = (QUESTIONS.c.room == ROOMS.c.code) & (QUESTIONS.c.number == ROOMS.c.asked)
    columns = (ROOMS.c.asked, QUESTIONS.c.phase, QUESTIONS.c.question, QUESTIONS.c.truth)
    alive = (ROOMS.c.code == code) & (ROOMS.c.expires > (time.time() if now is None else now))
    with reading(engine) as connection:
        row = connection.execute(select(*columns).select_from(ROOMS.outerjoin(QUESTIONS, here)).where(alive)).first()
    if row is None:
        raise UserError("room_unknown")
    if row.phase is None:
        return RoomState(0, "waiting")
    truth = Truth(**json.loads(row.truth)) if row.phase == "revealed" else None
    return RoomState(row.asked, row.phase, Question(**json.loads(row.question)), truth)


def vote(
    engine: Engine, code: str, number: int, voter: str, place: int | None, word: int | None, now: float | None = None
) -> None:
    """Record or change a vote. Raises UserError if it is late, has no such choice, or there are too many voters."""
    now = time.time() if now is None else now
    if not VOTER.fullmatch(voter) or (place is None and word is None):
        raise UserError("request_broken")
    here = (QUESTIONS.c.room == code) & (QUESTIONS.c.number == number)
    alive = (ROOMS.c.code == QUESTIONS.c.room) & (ROOMS.c.expires > now)
    with writing(engine) as connection:
        query = select(QUESTIONS.c.phase, QUESTIONS.c.question, ROOMS.c.asked).where(here, alive)
        row = connection.execute(query.with_for_update(of=QUESTIONS)).first()  # waits for a close, or makes it wait
        if row is None or row.phase != "open" or row.asked != number:
            raise UserError("vote_late")
        _check(Question(**json.loads(row.question)), place, word)
        ours = (VOTES.c.room == code) & (VOTES.c.number == number)
        others = connection.scalar(select(func.count()).select_from(VOTES).where(ours, VOTES.c.voter != voter))
        if others is not None and others >= MAX_VOTERS:
            raise UserError("room_full", limit=MAX_VOTERS)
        upsert(connection, VOTES, {"room": code, "number": number, "voter": voter, "place": place, "word": word})


def _check(question: Question, place: int | None, word: int | None) -> None:
    for chosen, choices in ((place, question.source), (word, question.words)):
        if chosen is not None and not 0 <= chosen < len(choices):
            raise UserError("request_broken")


def counts(engine: Engine, code: str, number: int, question: Question) -> Counts:
    """The votes of a question so far; one query."""
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
