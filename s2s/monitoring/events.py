"""What happens on a server, as log lines and counts: runs, refusals, faults, and the audit log of all that is kept."""

from __future__ import annotations

import logging
from collections.abc import Callable

from s2s import settings
from s2s.errors import UserError
from s2s.monitoring import metrics

LOG = logging.getLogger("s2s.events")
AUDIT = logging.getLogger("s2s.audit")
AUDITED = (  # what visitors change on the server
    "room_opened",
    "room_ended",
    "room_joined",
    "room_seats",
    "question_asked",
    "question_closed",
    "question_revealed",
    "vote",
    "label",
    "category",
    "slice",
    "checkpoint_uploaded",
    "test_file_uploaded",
    "upload_deleted",
    "inspection_requested",
    "inspection_started",
    "inspection_deleted",
    "states_started",
    "states_deleted",
    "training_started",
    "training_resumed",
    "training_deleted",
)
_visitors: list[Callable[[], str]] = []


def identify(visitor: Callable[[], str]) -> None:
    """Let a function name the visitor of the current thread, in all later lines."""
    _visitors[:] = [visitor]


def _write(logger: logging.Logger, event: str, **fields: object) -> None:
    who = _visitors[0]() if _visitors else ""
    logger.info(event, extra={"fields": {"visitor": who, **fields}})


def audit(event: str, **ids: object) -> None:
    """Write that a visitor changed something; call it once the change is stored. ``ids`` name what was changed."""
    assert event in AUDITED, event
    metrics.EVENTS.labels(event).inc()
    _write(AUDIT, event, **ids)


def upload(event: str, name: str, size: int) -> None:
    """Write that a file was accepted, by the name under which it is stored, and count its bytes."""
    metrics.UPLOADED_BYTES.inc(size)
    audit(event, name=name, bytes=size)


def run(model: str, mode: str, source: int, target: int, seconds: float, text: object) -> None:
    """Write that a lane was decoded, with the numbers of its tokens; the text only if ``log_text`` is set."""
    metrics.DECODE_SECONDS.labels(mode).observe(seconds)
    typed = {"text": text} if settings.current().log_text else {}
    _write(LOG, "run", model=model, mode=mode, source_tokens=source, target_tokens=target, seconds=seconds, **typed)


def refusal(error: UserError) -> None:
    """Write that a visitor is told of an error, by its key alone; the same error is counted once."""
    if not error.told:
        error.told = True
        key = error.key.removeprefix("error.")
        metrics.REFUSALS.labels(key).inc()
        _write(LOG, "refusal", key=key)
