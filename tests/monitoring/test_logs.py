"""A log line is one line, whatever stands in it."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s2s.monitoring import logs
from s2s.monitoring.logs import LONGEST, LineFormatter

HOSTILE = st.text(st.characters(exclude_categories=()), max_size=50) | st.sampled_from(
    ["a\nERROR s2s.audit vote", "\r\x1b[2J", "\u2028", "\x85", "\ud800", '"}\n{"event": "vote"', "长" * 10_000]
)
VALUES = HOSTILE | st.integers() | st.floats() | st.booleans() | st.none() | st.lists(HOSTILE, max_size=3)


def record(message: str, fields: dict[str, Any], error: str | None) -> logging.LogRecord:
    trace: Any = None
    if error is not None:
        try:
            raise ValueError(error)
        except ValueError:
            trace = sys.exc_info()
    made = logging.LogRecord("s2s.events", logging.INFO, "a.py", 1, message, (), trace)
    made.fields = fields
    return made


@given(HOSTILE, st.dictionaries(st.sampled_from(["model", "room", "time", "event"]), VALUES), st.none() | HOSTILE)
def test_json_is_one_line_that_parses(message: str, fields: dict[str, Any], error: str | None) -> None:
    line = LineFormatter(as_json=True).format(record(message, fields, error))
    assert line.isprintable() and line.encode() and len(line) < 40_000
    read = json.loads(line, parse_constant=pytest.fail)
    assert read["level"] == "INFO" and read["logger"] == "s2s.events" and set(fields) <= set(read)
    assert ("traceback" in read) == (error is not None)
    assert read["event"] == message or not message.isprintable() or len(message) > LONGEST
    for name, value in fields.items():
        if name not in ("time", "event") and isinstance(value, bool):
            assert read[name] is value


@given(HOSTILE, st.dictionaries(st.sampled_from(["model", "room"]), VALUES), st.none() | HOSTILE)
def test_text_is_one_line_and_a_traceback_is_indented(message: str, fields: dict[str, Any], error: str | None) -> None:
    first, *rest = LineFormatter(as_json=False).format(record(message, fields, error)).split("\n")
    assert first.isprintable() and " INFO s2s.events " in first
    assert all(line.startswith("    ") and line.isprintable() for line in rest)
    assert bool(rest) == (error is not None)


@pytest.fixture
def root_logger() -> Iterator[logging.Logger]:
    """The root logger, whose handlers are put back."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    root.handlers[:] = []  # which basicConfig would close
    yield root
    root.handlers[:], root.level = before, level
    logging.captureWarnings(False)


def test_all_loggers_write_the_format(root_logger: logging.Logger, capsys: pytest.CaptureFixture[str]) -> None:
    logs.set_up("json")
    logging.getLogger("anybody").warning("a\nb")
    assert json.loads(capsys.readouterr().err)["event"] == "a\ufffdb"
