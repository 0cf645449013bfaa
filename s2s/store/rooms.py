"""The classroom: the tables of rooms and of questions about what a model will do next, and their operations.

A teacher who opens a room gets a code for the class, and a key that is needed to ask, close, reveal and end. Times are
seconds since 1970; ``now`` defaults to the current time.
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

from s2s import settings
from s2s.errors import UserError
from s2s.monitoring.events import audit
from s2s.store.database import METADATA, reading, writing
from s2s.trace.trace import Trace

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # without characters that are easily confused, such as 0 and O
CODE = re.compile(f"[{ALPHABET}]{{6}}")
HOUR = 3_600  # seconds until a room without a question expires
DAY = 24 * HOUR  # seconds from the last question until a room expires
MAX_WORDS = 5  # choices for the next word in one question

ROOMS = Table(
    "class_rooms",
    METADATA,
    Column("code", String(6), primary_key=True),
    Column("key", String(64), nullable=False),  # the SHA-256 of the key
    Column("expires", Float, nullable=False),
    Column("asked", Integer, nullable=False),  # number of questions so far; the last one is on screen
)
OWNERS = Table(  # who opened a room; those of an earlier version have no row
    "class_owners",
    METADATA,
    Column("room", String(6), primary_key=True),
    Column("client", String(64), nullable=False, index=True),  # the SHA-256 of its name
    ForeignKeyConstraint(["room"], [ROOMS.c.code], ondelete="CASCADE"),
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


@dataclass(frozen=True)
class Question:
    """A question about one step: which source word gets most attention, and which of ``words`` comes next.

    Its JSON is stored in the database and sent to browsers.
    """

    step: int  # from 0
    source: Sequence[str]
    said: Sequence[str]  # the output before this step
    words: Sequence[str]


@dataclass(frozen=True)
class Truth:
    """The answer to a question, from the model; its JSON is stored and sent as that of ``Question``."""

    attention: Sequence[float]  # one weight for each source word
    words: Sequence[float]  # the probability of each of the question's words
    said: int  # the index of the model's output among them


@dataclass(frozen=True)
class RoomState:
    """The part of a room that all its members may see."""

    number: int  # of the question on screen, from 1; 0 before the first
    phase: str  # waiting (no question yet), open, closed, revealed
    question: Question | None = None
    truth: Truth | None = None  # None before the reveal


def make_question(trace: Trace, t: int) -> tuple[Question, Truth]:
    """The question about step ``t`` (from 0) of a free-running lane, and its answer.

    The choices are the step's output and the most probable other words, shuffled with the source and the step as seed,
    so that the same question always looks the same. Raises UserError for a model without attention.
    """
    if not trace.attention_TS.size:
        raise UserError("class_blind")
    step = trace.steps[t]
    log_probs = {step.output: step.log_prob} | {scored.token: scored.log_prob for scored in step.top}
    words = list(log_probs)[:MAX_WORDS]
    random.Random(f"{' '.join(trace.source_tokens)} {t}").shuffle(words)
    before = tuple(earlier.output for earlier in trace.steps[:t])
    weights = tuple(round(float(weight), 6) for weight in step.attention)
    probabilities = tuple(round(math.exp(log_probs[word]), 6) for word in words)
    return Question(t, trace.source_tokens, before, tuple(words)), Truth(
        weights, probabilities, words.index(step.output)
    )


def open_room(engine: Engine, now: float | None = None, client: str = "") -> tuple[str, str]:
    """Delete expired rooms and open one; returns its code and key.

    ``client`` is whoever opens it. Raises UserError for too many rooms, too many of the client, or if none may be.
    """
    settings.check_on("classroom")
    now = time.time() if now is None else now
    key = secrets.token_urlsafe(18)
    with writing(engine) as connection:
        connection.execute(delete(ROOMS).where(ROOMS.c.expires <= now))
        codes = set(connection.scalars(select(ROOMS.c.code)))
        if len(codes) >= (most := settings.current().rooms):
            raise UserError("rooms_full", limit=most)
        owner = _digest(client)
        own = select(func.count()).select_from(OWNERS).where(OWNERS.c.client == owner)
        if client and (connection.scalar(own) or 0) >= (most := settings.current().rooms_per_client):
            raise UserError("rooms_of_client", limit=most)
        code = next(code for code in iter(_random_code, None) if code not in codes)
        connection.execute(insert(ROOMS).values(code=code, key=_digest(key), expires=now + HOUR, asked=0))
        connection.execute(insert(OWNERS).values(room=code, client=owner))
    audit("room_opened", room=code)
    return code, key


def _random_code() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(6))


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def is_teacher(engine: Engine, code: str, key: str, now: float | None = None) -> bool:
    """Whether the key belongs to a room that has not expired."""
    try:
        with reading(engine) as connection:
            teacher_room(connection, code, key, time.time() if now is None else now)
    except UserError as error:
        if error.key == "error.room_unknown":
            return False
        raise
    return True


def teacher_room(connection: Connection, code: str, key: str, now: float) -> int:
    """The number of questions of a teacher's room, whose row is locked. Raises UserError for a wrong code or key."""
    query = select(ROOMS.c.key, ROOMS.c.asked).where(ROOMS.c.code == code, ROOMS.c.expires > now)
    row = connection.execute(query.with_for_update()).first()
    if row is None or not hmac.compare_digest(str(row.key), _digest(key)):
        raise UserError("room_unknown")
    return int(row.asked)


def ask_question(
    engine: Engine, code: str, key: str, question: Question, truth: Truth, now: float | None = None
) -> int:
    """Add a question and close the previous one; returns its number, from 1.

    Raises UserError for a wrong code or key, and if the room has had all its questions.
    """
    now = time.time() if now is None else now
    with writing(engine) as connection:
        number = teacher_room(connection, code, key, now) + 1
        if number > (most := settings.current().room_questions):
            raise UserError("room_questions", limit=most)
        earlier = (QUESTIONS.c.room == code) & (QUESTIONS.c.phase == "open")
        connection.execute(update(QUESTIONS).where(earlier).values(phase="closed"))
        texts = {"question": _record_json(question), "truth": _record_json(truth)}
        connection.execute(insert(QUESTIONS).values(room=code, number=number, phase="open", **texts))
        connection.execute(update(ROOMS).where(ROOMS.c.code == code).values(asked=number, expires=now + DAY))
    audit("question_asked", room=code, question=number)
    return number


def _record_json(record: Question | Truth) -> str:
    return json.dumps(asdict(record), ensure_ascii=False)


def set_phase(engine: Engine, code: str, key: str, phase: str, now: float | None = None) -> None:
    """Change the last question's phase to ``closed`` or ``revealed``; a later phase stays as it is."""
    before = {"closed": ("open",), "revealed": ("open", "closed")}[phase]
    with writing(engine) as connection:
        number = teacher_room(connection, code, key, time.time() if now is None else now)
        here = (QUESTIONS.c.room == code) & (QUESTIONS.c.number == number) & QUESTIONS.c.phase.in_(before)
        changed = connection.execute(update(QUESTIONS).where(here).values(phase=phase)).rowcount
    if changed:
        audit(f"question_{phase}", room=code, question=number)


def end_room(engine: Engine, code: str, key: str, now: float | None = None) -> None:
    """Delete a room with its questions and votes. Raises UserError for a wrong code or key."""
    with writing(engine) as connection:
        teacher_room(connection, code, key, time.time() if now is None else now)
        connection.execute(delete(ROOMS).where(ROOMS.c.code == code))
    audit("room_ended", room=code)


def read_room(engine: Engine, code: str, now: float | None = None) -> RoomState:
    """The state of a room, with one query. Raises UserError if the room does not exist or has expired."""
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
