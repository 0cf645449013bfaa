"""Log records as lines, of JSON or of text: a stranger's text in them forges no line and steers no terminal."""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from s2s.text.safe import printable, shortened

FIELDS = "fields"  # the attribute of a record with an event's values, by name
LONGEST = 500  # characters of one value
LONGEST_TRACEBACK = 20_000  # characters; of a longer one the end, which names the error


class LineFormatter(logging.Formatter):
    """A record as one line of JSON, or of text with the traceback indented below.

    Keys of the JSON: ``time``, ``level``, ``logger``, ``event``, the event's fields, ``traceback``.
    """

    def __init__(self, as_json: bool) -> None:
        super().__init__()
        self.as_json = as_json

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end."""
        head = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "event": _value(record.getMessage()),
        }
        fields = {name: _value(value) for name, value in _fields(record).items() if name not in head}
        trace = self.formatException(record.exc_info) if record.exc_info else ""
        lines = [printable(line) for line in trace[-LONGEST_TRACEBACK:].splitlines()]
        if self.as_json:
            return json.dumps(head | fields | ({"traceback": "\n".join(lines)} if lines else {}), ensure_ascii=False)
        values = "".join(f" {name}={json.dumps(value, ensure_ascii=False)}" for name, value in fields.items())
        return "\n    ".join([" ".join(map(str, head.values())) + values, *lines])


def _fields(record: logging.LogRecord) -> Mapping[str, object]:
    found: Mapping[str, object] = getattr(record, FIELDS, {})
    return found


def _value(value: object) -> Any:
    """A value for JSON: a finite number, a boolean or None as it is, else a short printable text on one line."""
    if value is None or isinstance(value, bool) or (isinstance(value, int) and abs(value) < 1 << 53):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return round(value, 6)
    return printable(shortened(hex(value) if isinstance(value, int) else str(value), LONGEST))


def set_up(form: str) -> None:
    """Write the records of all loggers to standard error, as ``text`` or ``json``."""
    handler = logging.StreamHandler()
    handler.setFormatter(LineFormatter(form == "json"))
    logging.basicConfig(handlers=[handler], level=logging.INFO, force=True)
    logging.captureWarnings(True)
