"""``/health`` and ``/ready`` of the server: does the process answer, and can it do what visitors come for.

Both answer with JSON that names no path, host or error, as anybody may ask who reaches the port.
"""

from __future__ import annotations

import asyncio
import logging
import tempfile
from collections.abc import Callable, Mapping

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from s2s.server import folders, temporary
from s2s.store import database
from s2s.web.shell import models

LOG = logging.getLogger(__name__)
LIMIT = 2.0  # seconds that each part may take to prove that it works


class Probe:
    """A check that runs in a thread, at most once at a time however many ask."""

    def __init__(self, name: str, check: Callable[[], None]) -> None:
        self.name, self.check = name, check
        self.task: asyncio.Task[None] | None = None

    async def passes(self) -> bool:
        """Whether the check ends within ``LIMIT`` without an exception; a slow one goes on for the next who asks."""
        if self.task is None or self.task.done():
            self.task = asyncio.create_task(asyncio.to_thread(self.check))
        done, _ = await asyncio.wait([self.task], timeout=LIMIT)
        error = self.task.exception() if done else TimeoutError()
        if error is not None:
            LOG.warning("not ready", extra={"fields": {"part": self.name, "error": type(error).__name__}})
        return error is None


def check_folders() -> None:
    """Raise OSError unless a file can be written into every folder in which the server keeps something."""
    for folder in (folders.INSPECTED, temporary.directory()):
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"ready")
            file.flush()


def check_checkpoint() -> None:
    """Load the first checkpoint of the server's folders, which visitors see first, unless it is in memory."""
    name = models.shared_names()[0]
    models.load(name, models.changed(name))


CHECKS: Mapping[str, Callable[[], None]] = {
    "database": database.ping,
    "folders": check_folders,
    "checkpoint": check_checkpoint,
}


def routes() -> list[Route]:
    """The routes; ``/health`` asks nothing and nobody."""
    probes = [Probe(name, check) for name, check in CHECKS.items()]

    async def health(_: Request) -> JSONResponse:
        return JSONResponse({"status": "ok"})

    async def ready(_: Request) -> JSONResponse:
        passed = await asyncio.gather(*(probe.passes() for probe in probes))
        parts = {probe.name: "ok" if ok else "failed" for probe, ok in zip(probes, passed, strict=True)}
        return JSONResponse(parts, status_code=200 if all(passed) else 503)

    return [Route("/health", health), Route("/ready", ready)]
