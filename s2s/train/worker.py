"""A process that trains one model of ``live``: warm before it is asked, gone with whoever started it.

``python -m s2s.train.worker`` says ``ready`` on its standard output once nothing slow is left to do, and reads one
line of JSON from its standard input: ``{"choice": …, "name": …, "directory": …}``. The run's files go to
``directory/run``, the checkpoint to ``directory/NAME``; a mistake to ``directory/error.json``. SIGTERM stops it, and
what was saved last becomes the checkpoint. Where its standard input ends, its starter has ended, and so does it.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from s2s.disk import write_text
from s2s.errors import UserError
from s2s.openmp import sleep_while_waiting
from s2s.train.signals import TERMINATED, stoppable

if TYPE_CHECKING:
    from s2s.train.sides import Splits

NICE = 10
IDLE = 600.0  # seconds that a warm process waits to be asked
MEMORY = 2**31  # bytes of data
CPU = 600  # seconds
MISTAKE, FAILED = 2, 1
COMMAND = "Trained in the page (Lesson, Training)."
ERROR = "error.json"


def main() -> int:
    """Warm up, wait, train; returns the exit status."""
    _modest()
    sleep_while_waiting()
    from s2s.train import live  # with torch, so after it has become modest

    splits = live.pairs()
    with tempfile.TemporaryDirectory() as scratch:
        _warm(Path(scratch), splits)
    print("ready", flush=True)
    idle = threading.Timer(IDLE, os._exit, (0,))
    idle.daemon = True
    idle.start()
    line = sys.stdin.readline()
    idle.cancel()
    if not line:
        return 0
    end_with_starter()
    return train(json.loads(line), splits)


def train(asked: dict[str, Any], splits: Splits) -> int:
    """One run to its end, or to SIGTERM."""
    from s2s.train import live
    from s2s.train.loop import Run

    directory, name = Path(asked["directory"]), str(asked["name"])
    try:
        with stoppable() as stop:
            config = live.config(live.Choice(**asked["choice"]), name)
            place = config, directory / "run", directory / name, COMMAND, splits
            try:
                Run(*place).train(stop)
            except KeyboardInterrupt:
                with suppress(KeyboardInterrupt):  # a second one ends it at once
                    Run(*place).keep()
                return TERMINATED
    except UserError as error:
        values = {key: value if isinstance(value, (int, float)) else str(value) for key, value in error.values.items()}
        write_text(directory / ERROR, json.dumps({"key": error.key.removeprefix("error."), "values": values}))
        return MISTAKE
    return 0


def _modest() -> None:
    """Others go first: low priority, bounded memory and time, the first to go where memory is short."""
    with suppress(AttributeError):  # Windows
        os.nice(NICE)
    with suppress(ImportError, ValueError, OSError):  # Unix alone has limits
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (CPU, CPU))
    with suppress(OSError):  # Linux alone
        Path("/proc/self/oom_score_adj").write_text("800")


def _warm(scratch: Path, splits: Splits) -> None:
    """One step and one moment of a run that nobody asked for: the first of everything costs a second."""
    from s2s.train import live
    from s2s.train.loop import Run

    few = {**splits, "train": splits["train"][:64], "dev": splits["dev"][:8]}
    config = live.config(live.Choice(epochs=1), "warm")
    run = Run(config, scratch / "run", scratch / "warm", COMMAND, few)
    run.directory.mkdir()
    run.gradients(run.pairs)
    run.film.take(run.at)


def end_with_starter() -> None:
    """From now on: the pipe from the starter closes when it ends, however it ends."""

    def wait() -> None:
        sys.stdin.read()
        os._exit(FAILED)

    threading.Thread(target=wait, daemon=True).start()


if __name__ == "__main__":
    sys.exit(main())
