"""Counters and gauges for Prometheus, in a registry of our own; labels have few values, none of them a visitor's."""

from __future__ import annotations

from wsgiref.simple_server import WSGIServer

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, start_http_server

from s2s.errors import UserError, reason

REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)  # memory, processor time, open files

SESSIONS = Gauge("lookback_sessions", "Visits whose browser is connected.", registry=REGISTRY)
GATE_WAITING = Gauge("lookback_gate_waiting", "Requests that wait for the models.", registry=REGISTRY)
JOBS = Gauge("lookback_jobs", "Long jobs that run or wait.", ["queue"], registry=REGISTRY)
DECODE_SECONDS = Histogram(
    "lookback_decode_seconds",
    "Time to decode one lane, with the wait for the models.",
    ["mode"],
    buckets=(0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 60),
    registry=REGISTRY,
)
EVENTS = Counter("lookback_events", "Entries of the audit log.", ["event"], registry=REGISTRY)
UPLOADED_BYTES = Counter("lookback_uploaded_bytes", "Bytes of accepted uploads.", registry=REGISTRY)
REFUSALS = Counter("lookback_refusals", "Messages about a visitor's mistake or a limit.", ["key"], registry=REGISTRY)
FAULTS = Counter("lookback_faults", "Exceptions that a visitor was told of by an identifier.", registry=REGISTRY)
DATABASE_ERRORS = Counter("lookback_database_errors", "Times that the database could not be used.", registry=REGISTRY)


def serve(address: str) -> WSGIServer:
    """Serve the metrics at ``HOST:PORT``, in a thread, to everybody who reaches it. UserError if it cannot listen."""
    host, _, port = address.rpartition(":")
    try:
        return start_http_server(int(port), host.strip("[]"), REGISTRY)[0]
    except OSError as error:
        raise UserError("setting_listen", name="metrics_address", found=address, reason=reason(error)) from None
