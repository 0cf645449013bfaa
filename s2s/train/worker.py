"""A process that trains one model of ``live``: warm before its request, and ended with the process that started it.

``python -m s2s.train.worker`` prints ``ready`` when it has warmed up, and reads one
line of JSON from its standard input: ``{"choice": …, "name": …, "directory": …}``. The run's files go to
``directory/run``, the checkpoint to ``directory/NAME``, a UserError to ``directory/error.json``. SIGTERM stops it, and
the last save becomes the checkpoint. It ends when its standard input closes: the process that started it has ended.
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
IDLE = 600.0  # seconds that a warm process waits for its request
MEMORY = 2**31  # bytes of memory (RLIMIT_DATA)
CPU = 600  # seconds of CPU time
MISTAKE, FAILED = 2, 1
COMMAND = "Trained in the page (Lesson, Training)."
ERROR = "error.json"


def main() -> int:
    """Warm up, wait, train; returns the exit status."""
    _modest()
    sleep_while_waiting()
    from s2s.train import live  # imports torch, so after the limits are set

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
    """Train to the end or until SIGTERM."""
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
                with suppress(KeyboardInterrupt):  # a second signal ends it at once
                    Run(*place).keep()
                return TERMINATED
    except UserError as error:
        write_text(directory / ERROR, json.dumps(error.packed()))
        return MISTAKE
    return 0


def _modest() -> None:
    """Yield to other processes: low priority, bounded memory and time, first choice of the out-of-memory killer."""
    with suppress(AttributeError):  # Windows
        os.nice(NICE)
    with suppress(ImportError, ValueError, OSError):  # only Unix has these limits
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (CPU, CPU))
    with suppress(OSError):  # only Linux
        Path("/proc/self/oom_score_adj").write_text("800")


def _warm(scratch: Path, splits: Splits) -> None:
    """Run one step and one film moment of a throw-away run: the first of each costs a second."""
    from s2s.train import live
    from s2s.train.loop import Run

    few = {**splits, "train": splits["train"][:64], "dev": splits["dev"][:8]}
    config = live.config(live.Choice(epochs=1), "warm")
    run = Run(config, scratch / "run", scratch / "warm", COMMAND, few)
    run.directory.mkdir()
    run.gradients(run.pairs)
    run.film.take(run.at)


def end_with_starter() -> None:
    """End this process when its standard input closes, as it does when the parent process ends in any way."""

    def wait() -> None:
        sys.stdin.read()
        os._exit(FAILED)

    threading.Thread(target=wait, daemon=True).start()


if __name__ == "__main__":
    sys.exit(main())
