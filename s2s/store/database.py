"""Connects to the database, SQLite or PostgreSQL, and opens transactions (docs/INSPECT.md, Database).

A feature declares its tables on ``METADATA`` in its own module; ``connect`` creates those that are missing.
"""

from __future__ import annotations

import contextlib
import functools
import logging
import os
import re
import sqlite3
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, MetaData, Table, create_engine, event, make_url, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, DatabaseError, DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from s2s import locations, settings
from s2s.errors import UserError
from s2s.monitoring import metrics

LOG = logging.getLogger(__name__)
METADATA = MetaData()
VARIABLE = "LOOKBACK_DATABASE"
DEFAULT = locations.home() / "inspected" / "lookback.sqlite"
LOCK_TIMEOUT = 5  # seconds that a writer waits for SQLite's lock, and before that for one of the connections
POOL_TIMEOUT = 2  # seconds that a thread waits for one of the connections to PostgreSQL
LONG_WAIT = 1.0  # seconds; a database that fails sooner may be asked again at once
PAUSE = 5.0  # seconds until a silent database is asked again
BUSY = ("40P01", "53300", "55P03", "57014")  # PostgreSQL's codes: a deadlock, no connection left, no lock, no time
# A connection that is refused comes without a code. English and Chinese; in another language the database is "lost".
NO_CONNECTION = re.compile("too many clients|too many connections|remaining connection slots|太多的客户|连接太多")
CREATE_LOCK = 7_205_759  # key of PostgreSQL's advisory lock for creating tables; an arbitrary number
_created: dict[Engine, frozenset[str]] = {}  # tables by engine
_making, _creating = threading.Lock(), threading.Lock()
_silent_until: dict[Engine, float] = {}  # in seconds of time.monotonic()


def connect(url: str | None = None) -> Engine:
    """The engine of a URL (default: LOOKBACK_DATABASE), with every declared table created.

    A process has one engine for each URL. Raises UserError, whose message contains no password, if the database
    cannot be reached.
    """
    engine = _engine(default_url(url))
    if not _is_complete(engine):
        if not _creating.acquire(timeout=POOL_TIMEOUT):  # another thread waits for the database meanwhile
            raise _lost(engine)
        try:
            if not _is_complete(engine):
                _create_tables(engine)
        finally:
            _creating.release()
    return engine


def _is_complete(engine: Engine) -> bool:
    """Whether the database is known to have every declared table."""
    return engine in _created and _created[engine].issuperset(METADATA.tables)


def _create_tables(engine: Engine) -> None:
    """Create the missing tables; a lock keeps several processes from doing so at once."""
    try:
        with writing(engine) as connection:
            if engine.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": CREATE_LOCK})
            METADATA.create_all(connection)
        _created[engine] = frozenset(METADATA.tables)
    except DBAPIError:  # no permission to create tables
        raise _lost(engine) from None


def exists() -> bool:
    """Whether ``connect()`` would find a database: LOOKBACK_DATABASE is set, or the file exists."""
    return bool(os.environ.get(VARIABLE)) or DEFAULT.exists()


def default_url(url: str | None = None) -> URL:
    """A URL, or else that of LOOKBACK_DATABASE, or else that of the home's SQLite file, parsed by ``parse_url``."""
    return parse_url(url or os.environ.get(VARIABLE) or f"sqlite:///{DEFAULT}")


def parse_url(url: str) -> URL:
    """The URL as SQLAlchemy's object, with our driver. Raises UserError unless it is PostgreSQL or an SQLite file."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise UserError("database_url") from None
    kind = parsed.get_backend_name()
    if kind in ("postgresql", "postgres"):
        return parsed.set(drivername="postgresql+psycopg")
    if kind == "sqlite" and parsed.database not in (None, "", ":memory:"):
        return parsed.set(drivername="sqlite+pysqlite")
    raise UserError("database_url")


def display_name(url: URL) -> str:
    """The part of a URL that may be shown: the file, or server and database, without user, password and options.

    >>> display_name(parse_url("postgresql://ann:secret@db.example:5433/class?password=secret"))
    'postgresql://db.example:5433/class'
    """
    shown = URL.create("postgresql", host=url.host, port=url.port, database=url.database)
    return str(url.database) if url.get_backend_name() == "sqlite" else shown.render_as_string()


def _engine(url: URL) -> Engine:
    with _making:  # lru_cache alone would let two threads make an engine each
        return _postgresql(url) if url.get_backend_name() == "postgresql" else _sqlite(url)


def _pool(seconds: int) -> dict[str, Any]:
    """SQLAlchemy's options for a pool of a fixed size, for one of whose connections a thread waits so long."""
    size = settings.current().database_connections
    return {"pool_size": size, "max_overflow": 0, "pool_timeout": seconds}


@functools.lru_cache(maxsize=8)
def _postgresql(url: URL) -> Engine:
    try:
        from s2s.store import postgres

        engine = create_engine(url, pool_pre_ping=True, hide_parameters=True, **_pool(POOL_TIMEOUT))
    except ImportError:
        raise UserError("database_driver") from None

    def open_connection(dialect: object, record: object, arguments: list[Any], parameters: dict[str, Any]) -> Any:
        return postgres.open_connection(parameters)

    event.listen(engine, "do_connect", open_connection)
    return engine


@functools.lru_cache(maxsize=8)
def _sqlite(url: URL) -> Engine:
    assert url.database
    try:
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    except OSError:
        raise UserError("database_lost", database=display_name(url)) from None
    engine = create_engine(url, connect_args={"timeout": LOCK_TIMEOUT}, hide_parameters=True, **_pool(LOCK_TIMEOUT))
    event.listen(engine, "connect", _sqlite_session)
    event.listen(engine, "begin", _sqlite_begin)
    return engine


def _sqlite_session(connection: sqlite3.Connection, record: object) -> None:
    connection.isolation_level = None  # _sqlite_begin sends BEGIN; sqlite3's own would come after the first reads
    _write_ahead(connection)
    connection.execute("PRAGMA foreign_keys = ON")


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Use SQLite's write-ahead log: readers and the one writer do not block each other."""
    until = time.monotonic() + LOCK_TIMEOUT
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(0.01)


def _sqlite_begin(connection: Connection) -> None:
    """Take the write lock first (``BEGIN IMMEDIATE``): a read cannot become a write after another writer's commit."""
    reads = connection.get_execution_options().get("reads")
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


@contextlib.contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A connection for reading; in SQLite all reads see one snapshot. Raises UserError if the connection is lost."""
    with _connection_errors(engine), engine.connect().execution_options(reads=True) as connection:
        yield connection


@contextlib.contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction: committed at the end of the block, rolled back if it raises. UserError if the database is lost."""
    with _connection_errors(engine), engine.begin() as connection:
        yield connection


@contextlib.contextmanager
def _connection_errors(engine: Engine) -> Iterator[None]:
    """Turn errors of the connection, not those of a statement, into a UserError; the log has the reason.

    After a long wait in vain the database is not asked for ``PAUSE`` seconds: a page with five queries waits once.
    """
    began = time.monotonic()
    if began < _silent_until.get(engine, 0.0):
        raise _lost(engine)
    try:
        yield
    except (DatabaseError, InterfaceError, PoolTimeout) as error:
        # Other subclasses are wrong statements. SQLite's "file is not a database" is a plain DatabaseError.
        if type(error) not in (OperationalError, InterfaceError, PoolTimeout, DatabaseError):
            raise
        cause, busy = getattr(error, "orig", None) or error, _is_busy(error)
        if not busy and _is_silent(engine, error) and time.monotonic() - began > LONG_WAIT:
            _silent_until[engine] = time.monotonic() + PAUSE
        metrics.DATABASE_ERRORS.inc()
        fields = {"error": type(cause).__name__, "reason": str(cause).partition("\n")[0]}
        LOG.warning("database busy" if busy else "database lost", extra={"fields": fields})
        raise (UserError("database_busy") if busy else _lost(engine)) from None


def _lost(engine: Engine) -> UserError:
    return UserError("database_lost", database=display_name(engine.url))


def _is_busy(error: Exception) -> bool:
    """Whether the database is there, but all connections are in use, ours or the server's, or others hold a lock."""
    if isinstance(error, PoolTimeout):
        return True
    cause = getattr(error, "orig", None)
    if isinstance(cause, sqlite3.Error):
        return (getattr(cause, "sqlite_errorcode", 0) or 0) & 0xFF == sqlite3.SQLITE_BUSY
    return getattr(cause, "sqlstate", None) in BUSY or NO_CONNECTION.search(str(cause)) is not None


def _is_silent(engine: Engine, error: Exception) -> bool:
    """Whether a PostgreSQL server has not answered; one that refuses, such as for a lock, sends a code."""
    return engine.dialect.name == "postgresql" and getattr(getattr(error, "orig", None), "sqlstate", None) is None


def ping(url: str | None = None) -> None:
    """Raise UserError, as ``connect`` does, if the database does not answer."""
    with reading(connect(url)) as connection:
        connection.execute(text("SELECT 1"))


def upsert(connection: Connection, table: Table, row: Mapping[str, Any]) -> None:
    """Insert a row, or update the one with its primary key, in one statement; the last writer wins."""
    kind = postgresql if connection.dialect.name == "postgresql" else sqlite
    keys = [column.name for column in table.primary_key]
    statement = kind.insert(table).values(**row)
    others = {key: value for key, value in row.items() if key not in keys}
    if others:
        connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=others))
    else:
        connection.execute(statement.on_conflict_do_nothing(index_elements=keys))
