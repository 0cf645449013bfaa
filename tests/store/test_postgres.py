"""A PostgreSQL server that hangs, in every way that we know, keeps nobody waiting for long."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, Text, func, insert, select, text
from sqlalchemy.engine import Engine

from s2s.errors import UserError
from s2s.store import database, postgres
from s2s.store.database import connect, reading, writing
from tests.store.frozen import frozen
from tests.wait import until

TABLES = MetaData()
WORDS = Table("words", TABLES, Column("word", Text, primary_key=True), Column("count", Integer))
LIMIT = 20.0  # seconds; ours are 10 at most, the rest is for a busy machine


@pytest.fixture
def engine(postgres_database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    monkeypatch.setattr(database, "METADATA", TABLES)
    engine = connect(postgres_database)
    yield engine
    engine.dispose()


def count(engine: Engine) -> int:
    with reading(engine) as connection:
        return int(connection.execute(select(func.count()).select_from(WORDS)).scalar_one())


def answers(url: str) -> bool:
    try:
        with reading(connect(url)):
            return True
    except UserError:
        return False


def add(engine: Engine, word: str) -> None:
    with writing(engine) as connection:
        connection.execute(insert(WORDS).values(word=word))


def is_lost_within_the_limit(engine: Engine) -> None:
    began = time.monotonic()
    with pytest.raises(UserError, match="cannot be used"):
        count(engine)
    assert time.monotonic() - began < LIMIT


def test_a_frozen_server_ends_the_wait_of_all_and_is_used_again_afterwards(
    engine: Engine, postgres: str, postgres_database: str
) -> None:
    add(engine, "before")
    with frozen(postgres), ThreadPoolExecutor(40) as threads:  # more than the pool has connections
        for done in [threads.submit(is_lost_within_the_limit, engine) for _ in range(40)]:
            done.result()
        began = time.monotonic()
        is_lost_within_the_limit(engine)
        assert time.monotonic() - began < database.LONG_WAIT  # what a page asks next does not wait again
    until(lambda: answers(postgres_database), within=LIMIT)
    assert count(engine) == 1
    add(engine, "after")
    assert count(engine) == 2


def test_a_server_that_freezes_within_a_transaction_ends_it(
    engine: Engine, postgres: str, postgres_database: str
) -> None:
    began = time.monotonic()
    with pytest.raises(UserError, match="cannot be used"), writing(engine) as connection:
        connection.execute(insert(WORDS).values(word="never"))
        with frozen(postgres):
            connection.execute(insert(WORDS).values(word="acknowledged"))
    assert time.monotonic() - began < LIMIT
    until(lambda: answers(postgres_database), within=LIMIT)
    assert count(engine) == 0


def test_tables_that_cannot_be_created_keep_no_other_visitor_waiting(
    postgres_database: str, postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "METADATA", TABLES)
    began = time.monotonic()

    def visit(_: int) -> None:
        with pytest.raises(UserError, match="cannot be used"):
            connect(postgres_database)

    with frozen(postgres), ThreadPoolExecutor(10) as threads:
        list(threads.map(visit, range(10)))
    assert time.monotonic() - began < LIMIT
    until(lambda: answers(postgres_database), within=LIMIT)


def test_a_lock_of_another_transaction_ends_the_wait_but_not_the_connection(engine: Engine) -> None:
    with writing(engine) as other:
        other.execute(text("LOCK TABLE words"))
        is_lost_within_the_limit(engine)
    assert count(engine) == 0


def test_the_server_ends_a_statement_and_a_transaction_that_take_too_long(engine: Engine) -> None:
    began = time.monotonic()
    with pytest.raises(UserError, match="cannot be used"), writing(engine) as connection:
        connection.execute(text("SELECT pg_sleep(60)"))
    assert time.monotonic() - began < LIMIT
    with reading(engine) as connection:
        limits = {name: connection.execute(text(f"SHOW {name}")).scalar_one() for name in postgres.SESSION}
    assert limits == {
        "lock_timeout": "3s",
        "statement_timeout": "4s",
        "idle_in_transaction_session_timeout": "10s",
    }


def test_the_url_may_set_other_limits(postgres_database: str) -> None:
    url = postgres_database.replace("options=", "options=-cstatement_timeout%3D7000%20")
    engine = connect(url)
    with reading(engine) as opened:
        assert opened.execute(text("SHOW statement_timeout")).scalar_one() == "7s"
        assert opened.execute(text("SHOW lock_timeout")).scalar_one() == "3s"
    engine.dispose()


def test_an_address_that_accepts_and_says_nothing_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        held = list[socket.socket]()
        threading.Thread(target=lambda: held.append(silent.accept()[0]), daemon=True).start()
        began = time.monotonic()
        with pytest.raises(UserError, match="cannot be used"):
            connect(f"postgresql://ann@127.0.0.1:{silent.getsockname()[1]}/class")
        assert time.monotonic() - began < LIMIT
    for one in held:
        one.close()
