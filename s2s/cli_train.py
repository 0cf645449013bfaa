"""The command ``train``: to the end of a run, going on where its directory was left."""

from __future__ import annotations

import argparse
import dataclasses
import re
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from s2s.errors import UserError

INTERRUPTED, TERMINATED = 130, 143
NAME = re.compile(r"\w[\w.-]*")


class Terminated(KeyboardInterrupt):
    """SIGTERM, to be handled as Ctrl-C is."""


@contextmanager
def terminable() -> Iterator[None]:
    """SIGTERM raises ``Terminated`` within."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise Terminated

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def train(options: argparse.Namespace, command: str) -> int:
    """``train``: to the end of a run, going on where its directory was left."""
    from s2s.config import read_config

    config = read_config(options.config, options.set)
    config = dataclasses.replace(config, name=config.name if options.name is None else options.name)
    if not NAME.fullmatch(config.name):
        raise UserError("run_name", name=config.name)
    runs, checkpoint, stopped = options.runs / config.name, options.out / config.name, 0
    try:
        with terminable():
            from s2s.train.loop import Run

            best = Run(config, runs, checkpoint, command).train()
    except KeyboardInterrupt as stop:
        stopped = TERMINATED if isinstance(stop, Terminated) else INTERRUPTED
    if stopped:  # said here, after the progress bar has gone with the exception
        print("Stopped. Run the same command again to go on from the last save.", file=sys.stderr)
        return stopped
    print(f"Trained {config.name}: dev BLEU {best['bleu']:.2f}, chrF {best['chrf']:.2f}.")
    print(f"Checkpoint: {checkpoint}")
    print(f'Look at it: python -m s2s trace {checkpoint} "…", or start the app and choose {config.name}.')
    return 0
