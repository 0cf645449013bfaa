"""Connections to PostgreSQL that wait for nothing without a limit: not for a frozen server, a lock or a lost packet."""

from __future__ import annotations

import time
from collections.abc import Generator
from typing import Any, TypeVar

import psycopg
from psycopg.abc import PQGen

Answer = TypeVar("Answer")
ANSWER_TIMEOUT = 5.0  # seconds of silence of the server after which a connection is given up
CONNECTING = {  # of libpq; each can be changed in the URL's query
    "connect_timeout": 3,  # seconds
    # A connection that a firewall has dropped is noticed while it is idle, not by the next visitor.
    "keepalives_idle": 30,  # seconds
    "keepalives_interval": 5,  # seconds
    "keepalives_count": 3,
    "tcp_user_timeout": 5_000,  # milliseconds
}
SESSION = {  # milliseconds; the server stops the work itself before ANSWER_TIMEOUT, and frees what it holds
    "lock_timeout": 3_000,
    "statement_timeout": 4_000,
    "idle_in_transaction_session_timeout": 10_000,  # a process of ours that froze holds no lock for longer
}


class BoundedConnection(psycopg.Connection[Any]):
    """A connection that closes itself, with an OperationalError, if the server is silent for ``ANSWER_TIMEOUT``.

    The server's own limits, such as ``statement_timeout``, do not hold while its processes are stopped.
    """

    def wait(self, gen: PQGen[Answer], *args: Any, **options: Any) -> Answer:
        """As psycopg's, through which every command goes."""
        return super().wait(self._bounded(gen), *args, **options)

    def _bounded(self, gen: PQGen[Answer]) -> Generator[Any, Any, Answer]:
        heard = time.monotonic()
        try:
            wanted = next(gen)
            while True:
                ready = yield wanted  # 0 after each of psycopg's intervals of 0.1 s without an answer
                if ready:
                    heard = time.monotonic()
                elif time.monotonic() - heard > ANSWER_TIMEOUT:
                    self.close()
                    raise psycopg.OperationalError(f"no answer for {ANSWER_TIMEOUT:g} s")
                wanted = gen.send(ready)
        except StopIteration as end:
            answer: Answer = end.value
            return answer


def open_connection(parameters: dict[str, Any]) -> BoundedConnection:
    """Connect with our limits, unless the URL's parameters, which come last, set others."""
    ours = " ".join(f"-c {name}={value}" for name, value in SESSION.items())
    options = f"{ours} {parameters.get('options', '')}"
    return BoundedConnection.connect(**CONNECTING | parameters | {"options": options})
