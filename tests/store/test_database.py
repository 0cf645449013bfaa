from __future__ import annotations

import multiprocessing
import sqlite3
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import (
    Column,
    Engine,
    ForeignKey,
    Integer,
    MetaData,
    Table,
    Text,
    delete,
    insert,
    inspect,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from s2s.errors import UserError
from s2s.store import database
from s2s.store.database import connect, reading, upsert, writing

TABLES = MetaData()
WORDS = Table("words", TABLES, Column("word", Text, primary_key=True), Column("count", Integer))
NOTES = Table("notes", TABLES, Column("word", ForeignKey("words.word"), primary_key=True))


@pytest.fixture
def engine(database_url: str) -> Engine:
    return connect(database_url)


@pytest.fixture
def database_url(database: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr("s2s.store.database.METADATA", TABLES)
    return database


def count(engine: Engine, word: str = "水") -> int:
    with reading(engine) as connection:
        return int(connection.execute(select(WORDS.c.count).where(WORDS.c.word == word)).scalar_one())


def test_a_url_has_one_engine_and_later_tables_are_created(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    more = MetaData()
    first = connect(database_url)
    monkeypatch.setattr("s2s.store.database.METADATA", more)
    Table("later", more, Column("id", Integer, primary_key=True))
    assert connect(database_url) is first
    assert set(inspect(first).get_table_names()) == {"words", "notes", "later"}


def test_the_environment_names_the_database(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOOKBACK_DATABASE", database_url)
    assert connect() is connect(database_url)


def test_upsert_inserts_or_updates(engine: Engine) -> None:
    for number in (1, 2):
        with writing(engine) as connection:
            upsert(connection, WORDS, {"word": "水", "count": number})
            upsert(connection, NOTES, {"word": "水"})
        assert count(engine) == number


def test_foreign_keys_are_enforced(engine: Engine) -> None:
    with pytest.raises(IntegrityError), writing(engine) as connection:
        connection.execute(insert(NOTES).values(word="absent"))


def test_a_block_that_raises_writes_nothing(engine: Engine) -> None:
    with pytest.raises(RuntimeError), writing(engine) as connection:
        upsert(connection, WORDS, {"word": "水", "count": 1})
        raise RuntimeError
    with reading(engine) as connection:
        assert connection.execute(select(WORDS)).all() == []


def test_reading_and_then_writing_at_once_loses_nothing(engine: Engine) -> None:
    with writing(engine) as connection:
        upsert(connection, WORDS, {"word": "水", "count": 0})

    def add(_: int) -> None:
        with writing(engine) as connection:
            found = connection.execute(select(WORDS.c.count).with_for_update()).scalar_one()
            connection.execute(update(WORDS).values(count=found + 1))

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(add, range(100)))
    assert count(engine) == 100


def test_readers_do_not_wait_for_a_writer(engine: Engine) -> None:
    with writing(engine) as connection:
        upsert(connection, WORDS, {"word": "水", "count": 1})
    with writing(engine) as connection:
        connection.execute(delete(WORDS))
        with ThreadPoolExecutor(1) as thread:
            assert thread.submit(count, engine).result(10) == 1


def test_a_file_that_another_writer_holds_ends_the_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("s2s.store.database.METADATA", TABLES)
    engine = connect(f"sqlite:///{tmp_path}/held.sqlite")
    other = sqlite3.connect(tmp_path / "held.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    began = time.monotonic()
    with pytest.raises(UserError, match="Too many visitors"), writing(engine):
        pytest.fail("two at once")
    assert time.monotonic() - began < 15
    with reading(engine) as connection:
        assert connection.execute(select(WORDS)).all() == []
    other.execute("COMMIT")
    other.close()
    with writing(engine) as connection:
        upsert(connection, WORDS, {"word": "水", "count": 1})
    assert count(engine) == 1


def _open(url: str, ready: threading.Barrier) -> None:
    ready.wait()
    connect(url)


def test_several_processes_may_create_the_tables_at_once(database: str) -> None:
    context = multiprocessing.get_context("fork")
    ready = context.Barrier(4)
    made = [context.Process(target=_open, args=(database, ready)) for _ in range(4)]
    for process in made:
        process.start()
    for process in made:
        process.join(30)
        assert process.exitcode == 0


@pytest.mark.parametrize(
    "url", ["nonsense", "", "mysql://u:secret@h/d", "postgresql://u:secret@h:port/d", "sqlite://", "sqlite:///:memory:"]
)
def test_another_kind_of_url_is_refused(url: str) -> None:
    with pytest.raises(UserError, match="must be PostgreSQL") as refused:
        database.parse_url(url)
    assert "secret" not in str(refused.value)


def test_a_lost_database_gets_one_message_without_the_password(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    url = f"postgresql://ann:s3cret@localhost:1/class?password=s3cret&host={tmp_path}"
    with pytest.raises(UserError, match=r"The database postgresql://localhost:1/class cannot be used") as lost:
        connect(url)
    assert "s3cret" not in str(lost.value) and "s3cret" not in lost.value.say("zh")
    assert lost.value.__suppress_context__  # nor in a log
    (record,) = caplog.records
    assert "failed" in record.__dict__["fields"]["reason"] and "s3cret" not in str(record.__dict__)


def test_a_file_that_is_no_database_and_a_bad_path_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "text"
    file.write_text("no database, a text long enough to be read as one " * 100)
    for path in (file, file / "below" / "db.sqlite", tmp_path):
        with pytest.raises(UserError, match="cannot be used"):
            connect(f"sqlite:///{path}")


def test_postgresql_without_its_driver_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(UserError, match="psycopg") as refused:
        connect("postgresql://ann:secret@db.example/class-without-driver")
    assert refused.value.key == "error.database_driver" and "secret" not in str(refused.value)
