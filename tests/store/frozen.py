"""Stops every process of a PostgreSQL server: it keeps its connections and answers nothing."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import psycopg


@contextlib.contextmanager
def frozen(server: str) -> Iterator[None]:
    """Stop every process of a server, the first first: it would start new ones."""
    with psycopg.connect(server, autocommit=True) as connection:
        folder = connection.execute("SHOW data_directory").fetchone()
        workers = connection.execute("SELECT pid FROM pg_stat_activity").fetchall()
    assert folder
    first = int((Path(folder[0]) / "postmaster.pid").read_text().split()[0])
    processes = [first, *(pid for (pid,) in workers)]
    try:
        for process in processes:
            with contextlib.suppress(ProcessLookupError):  # the connection that asked
                os.kill(process, signal.SIGSTOP)
        yield
    finally:
        for process in processes:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGCONT)
