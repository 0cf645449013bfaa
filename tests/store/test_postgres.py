"""A PostgreSQL server that hangs, in every way that we know, keeps nobody waiting for long."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from sqlalchemy import Column, Integer, MetaData, Table, Text, func, insert, select, text
from sqlalchemy.engine import Engine

from s2s.errors import UserError
from s2s.store import database, postgres
from s2s.store.database import connect, reading, writing
from tests.setting import Setting
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


LOST, BUSY = "error.database_lost", "error.database_busy"


def refused_within_the_limit(engine: Engine) -> str:
    """The key of the error."""
    began = time.monotonic()
    with pytest.raises(UserError) as caught:
        count(engine)
    assert time.monotonic() - began < LIMIT
    return caught.value.key


def test_a_frozen_server_ends_the_wait_of_all_and_is_used_again_afterwards(
    engine: Engine, postgres: str, postgres_database: str
) -> None:
    add(engine, "before")
    with frozen(postgres), ThreadPoolExecutor(40) as threads:  # more than the pool has connections
        keys = {done.result() for done in [threads.submit(refused_within_the_limit, engine) for _ in range(40)]}
        assert LOST in keys <= {LOST, BUSY}  # busy: those who got no connection, as others wait with them
        began = time.monotonic()
        assert refused_within_the_limit(engine) == LOST
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
        assert refused_within_the_limit(engine) == BUSY
    assert count(engine) == 0


def test_the_server_ends_a_statement_and_a_transaction_that_take_too_long(engine: Engine) -> None:
    began = time.monotonic()
    with pytest.raises(UserError, match="Too many visitors"), writing(engine) as connection:
        connection.execute(text("SELECT pg_sleep(60)"))
    assert time.monotonic() - began < LIMIT
    with reading(engine) as connection:
        limits = {name: connection.execute(text(f"SHOW {name}")).scalar_one() for name in postgres.SESSION}
    assert limits == {
        "lock_timeout": "3s",
        "statement_timeout": "4s",
        "idle_in_transaction_session_timeout": "10s",
    }


def test_a_burst_is_told_from_a_database_that_is_lost(
    postgres_database: str, monkeypatch: pytest.MonkeyPatch, setting: Setting, caplog: pytest.LogCaptureFixture
) -> None:
    """Who gets none of our connections waits for it; the others, and who comes next, are served at once."""
    monkeypatch.setattr(database, "METADATA", TABLES)
    setting(database_connections=2)
    engine = connect(f"{postgres_database}&application_name=burst")
    with reading(engine), reading(engine):
        assert refused_within_the_limit(engine) == BUSY
    assert count(engine) == 0
    engine.dispose()
    (record,) = [record for record in caplog.records if record.name == database.__name__]
    assert record.message == "database busy" and "limit of size 2" in record.__dict__["fields"]["reason"]


def test_a_server_without_a_connection_left_is_told_from_one_that_is_lost(
    postgres: str, postgres_database: str, caplog: pytest.LogCaptureFixture
) -> None:
    url = postgres_database.replace("lookback@", "few@")
    with psycopg.connect(postgres, autocommit=True) as admin:
        admin.execute("CREATE ROLE few LOGIN CONNECTION LIMIT 1")
        with psycopg.connect(postgres.replace("lookback@", "few@")), pytest.raises(UserError) as caught:
            connect(url)
        admin.execute("DROP ROLE few")
    assert caught.value.key == BUSY
    (record,) = [record for record in caplog.records if record.name == database.__name__]
    assert 'too many connections for role "few"' in record.__dict__["fields"]["reason"]


@pytest.mark.parametrize("reason", ["sorry, too many clients already", "对不起, 已经有太多的客户"])
def test_a_refused_connection_is_known_by_its_words(reason: str) -> None:
    assert database.NO_CONNECTION.search(reason) and not database.NO_CONNECTION.search("the database is starting up")


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
