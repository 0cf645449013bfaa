"""Visitors' trainings: each has a process, a directory and a place in a queue. Number, time and disk are bounded."""

from __future__ import annotations

import dataclasses
import json
import os
import secrets
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from s2s import settings
from s2s.disk import remove
from s2s.errors import UserError
from s2s.locations import PACKAGE
from s2s.monitoring import events
from s2s.server import temporary
from s2s.server.job import Job, Stopped, WorkQueue
from s2s.server.registry import Registry
from s2s.trace.film import FilmFrame, FilmMoment, curve, film
from s2s.train import live
from s2s.train.worker import ERROR, MISTAKE

SAVE_TIMEOUT = 30.0  # seconds that a process has to end after SIGTERM
POLL_INTERVAL = 0.1  # seconds between two checks of a process
# Half of the cores train, the others serve pages.
QUEUE = WorkQueue(
    max(1, len(os.sched_getaffinity(0)) // 2 if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 2) // 2)
)
_TRAININGS: Registry[Training] = Registry()
_SPARE: list[subprocess.Popen[str]] = []  # at most one process that has imported everything and waits for a training
_LOCK = threading.Lock()


class Training:
    """One training; its directory is deleted when nothing references it any more."""

    def __init__(self, choice: live.Choice, client: str = "") -> None:
        self.choice, self.steps, self.client = choice, live.steps(choice), client
        self.name = f"date-{choice.attention}-{secrets.token_hex(6)}"  # unguessable
        self.directory = temporary.subdirectory()
        self.frames: list[FilmFrame] = []
        self.moments: list[FilmMoment] = []
        self.timed_out = False
        self.used = time.monotonic()  # when its visitor last did something, in seconds
        weakref.finalize(self, remove, self.directory)
        _TRAININGS.add(self)
        self.job = self._enqueue()

    @property
    def checkpoint(self) -> Path:
        """The directory of its checkpoint, which exists once the training has been saved."""
        return self.directory / self.name

    @property
    def done(self) -> int:
        """The training step of the last filmed moment; 0 before the first."""
        return self.moments[-1].step if self.moments else 0

    def poll(self) -> bool:
        """Read the moments filmed since the last call; returns whether the training runs or waits."""
        running = self.job.poll()
        moments = curve(self.directory / "run")
        if len(moments) > len(self.moments):  # a resumed run first repeats, unchanged, the moments after its last save
            self.frames += film(self.directory / "run", skip=len(self.frames))
            self.moments = list(moments)
        return running

    def resume(self) -> None:
        """Continue a stopped or killed training, at the end of the queue."""
        if not self.job.poll():
            self.job = self._enqueue()
            events.audit("training_resumed", name=self.name)

    def _enqueue(self) -> Job[bool]:
        self.timed_out = False
        weak = weakref.ref(self)  # a strong one in the thread would keep the directory of a session that has ended
        task = {"choice": dataclasses.asdict(self.choice), "name": self.name, "directory": str(self.directory)}

        def work(report: Callable[[float], None]) -> bool:
            return _run_process(task, report, weak)

        return Job(work, QUEUE)


def checkpoint_directory(name: str) -> Path | None:
    """The directory of a training's checkpoint; None for an unknown name."""
    training = _TRAININGS.get(name)
    return training.checkpoint if training else None


def is_held(training: Training) -> bool:
    """Whether a training is still there; it counts as used now."""
    return _TRAININGS.touch(training)


def _discard(training: Training) -> None:
    training.job.stop()
    _TRAININGS.remove(training)
    remove(training.directory)
    events.audit("training_deleted", name=training.name)


def start_training(choice: live.Choice, client: str = "") -> Training:
    """Queue a new training of a client. Raises UserError if there are too many, or if they are switched off."""
    settings.check_on("trainings")
    most = settings.current()
    share = most.trainings_per_client
    if share < most.trainings and not _TRAININGS.make_room(lambda held: len(held) >= share, _discard, client):
        raise UserError("trainings_of_client", limit=share)
    if not _TRAININGS.make_room(lambda held: len(held) >= most.trainings, _discard):
        raise UserError("training_full", most=most.trainings)
    training = Training(choice, client)
    events.audit("training_started", name=training.name)
    return training


def start_spare_process() -> None:
    """Start the spare process unless there is one; it imports everything, so that the next training begins sooner."""
    with _LOCK:
        if not _SPARE or _SPARE[0].poll() is not None:
            _SPARE[:] = [_start_process()]


def _start_process() -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "s2s.train.worker"],
        cwd=PACKAGE.parent,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**settings.public(os.environ), "OMP_NUM_THREADS": "1", "TMPDIR": str(temporary.directory())},
        text=True,
    )


def _take_process() -> subprocess.Popen[str]:
    with _LOCK:
        process = _SPARE.pop() if _SPARE else None
    return process if process and process.poll() is None else _start_process()


def _run_process(task: Mapping[str, object], report: Callable[[float], None], training: weakref.ref[Training]) -> bool:
    """Train in a process until it ends. Raises its UserError, ``training_died`` if it was killed, or ``Stopped``."""
    process = _take_process()
    assert process.stdin
    began = time.monotonic()
    directory = Path(str(task["directory"]))
    remove(directory / ERROR)
    try:
        process.stdin.write(json.dumps(dict(task)) + "\n")
        process.stdin.flush()
        while process.poll() is None:
            report(0.0)
            if time.monotonic() - began > settings.current().training_seconds:
                if alive := training():
                    alive.timed_out = True
                raise Stopped
            time.sleep(POLL_INTERVAL)
    except BrokenPipeError:
        pass  # the process was killed, which the return code says below
    finally:
        _end_process(process)
    if process.returncode == MISTAKE and (directory / ERROR).exists():
        error = UserError.unpacked(json.loads((directory / ERROR).read_text(encoding="utf-8")))
        raise error or UserError("training_died")
    if process.returncode:
        raise UserError("training_died")
    return True


def _end_process(process: subprocess.Popen[str]) -> None:
    """Give the process ``SAVE_TIMEOUT`` seconds to save its training, then kill it."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(SAVE_TIMEOUT)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    if process.stdin:
        with suppress(BrokenPipeError):
            process.stdin.close()
