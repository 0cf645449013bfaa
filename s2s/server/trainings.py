"""Visitors' trainings, each with a process, a directory and a place in the queue; number, time and disk are bounded."""

from __future__ import annotations

import dataclasses
import json
import os
import secrets
import subprocess
import sys
import tempfile
import threading
import time
import weakref
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from s2s.disk import remove
from s2s.errors import UserError
from s2s.locations import PACKAGE
from s2s.server.job import Job, Line, Stopped
from s2s.server.registry import Registry
from s2s.trace.film import FilmFrame, FilmMoment, curve, film
from s2s.train import live
from s2s.train.worker import ERROR, MISTAKE

LONGEST = 240.0  # seconds of one run; a resumed training goes to the end of the queue
KEPT = 3  # trainings of one session
ALL = 60  # trainings of all sessions, about 5 MB each
SAVING = 30.0  # seconds that a process has to end after SIGTERM
LOOK = 0.1
# Half of the cores train, the others answer.
LINE = Line(
    max(1, len(os.sched_getaffinity(0)) // 2 if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 2) // 2)
)
_KNOWN: Registry[Training] = Registry()
_SPARE: list[subprocess.Popen[str]] = []  # one process at most: everything imported, no training given yet
_LOCK = threading.Lock()


class Training:
    """One training; its directory is deleted when nothing references it any more."""

    def __init__(self, choice: live.Choice) -> None:
        self.choice, self.steps = choice, live.steps(choice)
        self.name = f"date-{choice.attention}-{secrets.token_hex(6)}"  # unguessable
        self.directory = Path(tempfile.mkdtemp(prefix="lookback-"))
        self.frames: list[FilmFrame] = []
        self.moments: list[FilmMoment] = []
        self.late = False  # ended by the time limit
        weakref.finalize(self, remove, self.directory)
        _KNOWN.add(self)
        self.job = self._go()

    @property
    def checkpoint(self) -> Path:
        """The directory of its checkpoint, once there is one."""
        return self.directory / self.name

    @property
    def done(self) -> int:
        """Steps up to the last filmed moment."""
        return self.moments[-1].step if self.moments else 0

    def look(self) -> bool:
        """Read what was filmed since the last call; returns whether it still runs or waits."""
        running = self.job.look()
        moments = curve(self.directory / "run")
        if len(moments) > len(self.moments):  # a resumed run writes moments after its save again, as they were
            self.frames += film(self.directory / "run", skip=len(self.frames))
            self.moments = list(moments)
        return running

    def resume(self) -> None:
        """Continue a stopped or killed training, at the end of the queue."""
        if not self.job.look():
            self.job = self._go()

    def _go(self) -> Job[bool]:
        self.late = False
        own = weakref.ref(self)  # a strong reference in the thread would keep the directory of a session that has ended
        asked = {"choice": dataclasses.asdict(self.choice), "name": self.name, "directory": str(self.directory)}

        def work(tell: Callable[[float], None]) -> bool:
            return _work(asked, tell, own)

        return Job(work, LINE)


def place(name: str) -> Path | None:
    """The directory of a training's checkpoint; None for an unknown name."""
    training = _KNOWN.get(name)
    return training.checkpoint if training else None


def begin(choice: live.Choice) -> Training:
    """Queue a new training. Raises UserError where there are too many."""
    if len(_KNOWN.held()) >= ALL:
        raise UserError("training_full", most=ALL)
    return Training(choice)


def warm() -> None:
    """Start a process that imports everything, ready for the next training."""
    with _LOCK:
        if not _SPARE or _SPARE[0].poll() is not None:
            _SPARE[:] = [_start()]


def _start() -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "s2s.train.worker"],
        cwd=PACKAGE.parent,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        text=True,
    )


def _take() -> subprocess.Popen[str]:
    with _LOCK:
        process = _SPARE.pop() if _SPARE else None
    return process if process and process.poll() is None else _start()


def _work(asked: Mapping[str, object], tell: Callable[[float], None], own: weakref.ref[Training]) -> bool:
    """Run the process from its turn to its end. Raises UserError for a mistake, and where the process was killed."""
    process = _take()
    assert process.stdin
    began = time.monotonic()
    directory = Path(str(asked["directory"]))
    remove(directory / ERROR)
    try:
        process.stdin.write(json.dumps(dict(asked)) + "\n")
        process.stdin.flush()
        while process.poll() is None:
            tell(0.0)
            if time.monotonic() - began > LONGEST:
                if training := own():
                    training.late = True
                raise Stopped
            time.sleep(LOOK)
    except BrokenPipeError:
        pass  # killed: reported below
    finally:
        _end(process)
    if process.returncode == MISTAKE and (directory / ERROR).exists():
        error = json.loads((directory / ERROR).read_text(encoding="utf-8"))
        raise UserError.again(error["key"], error["values"])
    if process.returncode:
        raise UserError("training_died")
    return True


def _end(process: subprocess.Popen[str]) -> None:
    """Let the process save, then make sure that it has ended."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(SAVING)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    if process.stdin:
        with suppress(BrokenPipeError):
            process.stdin.close()
