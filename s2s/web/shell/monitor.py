"""Connects the operator's logs and metrics to Streamlit: its loggers, the number of visits, who the visitor is."""

from __future__ import annotations

import hashlib
import logging

import uvicorn
from streamlit import logger as streamlit_logger
from streamlit.runtime import Runtime

from s2s import settings
from s2s.monitoring import events, logs, metrics
from s2s.server import garbage, job, trainings
from s2s.web.shell import turns


def begin() -> None:
    """Write logs and serve metrics as the settings say, from now on. Raises UserError for a setting that is wrong."""
    chosen = settings.current()
    logs.set_up(chosen.log_format)
    streamlit_logger.setup_formatter = _pass_on
    streamlit_logger.update_formatter()
    uvicorn.config.LOGGING_CONFIG["loggers"] = {}  # which Streamlit has no option for: no handlers of their own
    events.identify(visitor)
    garbage.before(_expire_visits)
    metrics.SESSIONS.set_function(_sessions)
    metrics.GATE_WAITING.set_function(lambda: turns.MODELS.waiting)
    metrics.JOBS.labels("train").set_function(trainings.QUEUE.size)
    metrics.JOBS.labels("measure").set_function(job.QUEUE.size)
    if chosen.metrics_address:
        metrics.serve(chosen.metrics_address)


def visitor() -> str:
    """A name of this visit for log lines, from which nobody can take it over; empty outside of a visit."""
    session = turns.visitor().visit
    return hashlib.sha256(session.encode()).hexdigest()[:12] if session else ""


def _pass_on(logger: logging.Logger) -> None:
    """Streamlit gives each of its loggers a handler; ours, at the root, gets the records instead.

    Below warnings it writes what browsers sent, such as the names of parts of a page.
    """
    for handler in list(logger.handlers):
        logger.removeHandler(handler)
    logger.propagate = True
    if logger.name.startswith("streamlit"):
        logger.addFilter(_matters)


def _matters(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.WARNING


def _expire_visits() -> None:
    """Let go of the visits that nobody can come back to; Streamlit does it when the next one ends."""
    if Runtime.exists():
        storage = Runtime.instance()._session_mgr._session_storage  # type: ignore[attr-defined]
        storage._cache.expire()


def _sessions() -> int:
    return Runtime.instance()._session_mgr.num_active_sessions() if Runtime.exists() else 0
