"""The command ``train``: to the end of a run, going on where its directory was left."""

from __future__ import annotations

import argparse
import dataclasses
import os
import re
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from s2s.commands import arguments
from s2s.errors import UserError
from s2s.readers import Columns

if TYPE_CHECKING:
    from s2s.commands.arguments import Commands
    from s2s.config import Config

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


def add(commands: Commands) -> None:
    """The parser."""
    p = commands.add_parser("train", help="train a model from a config, or go on with a run")
    p.set_defaults(run=train)
    _arguments(p)


def _arguments(p: arguments.Parser) -> None:
    p.add_argument("config", metavar="CONFIG", nargs="?", type=Path, help="a TOML file, see configs/")
    p.add_argument("--data", metavar="FILE", type=Path, help="instead: pairs, from which a config and a split are made")
    arguments.columns(p)
    p.add_argument("--set", metavar="key=value", action="append", default=[], help="overrule one key of the config")
    p.add_argument("--name", metavar="NAME", help="of the run and its checkpoint; the config's or file's by default")
    p.add_argument("--out", metavar="DIR", type=Path, default=Path("checkpoints"), help="where checkpoints go")
    p.add_argument("--runs", metavar="DIR", type=Path, default=Path("runs"), help="where a run can be resumed from")


def train(options: argparse.Namespace, command: str) -> int:
    """``train``: to the end of a run, going on where its directory was left."""
    stopped, first = 0, os.environ.get("RANK", "0") == "0"
    try:
        with terminable():
            from s2s.train.distributed import leave

            config = _config(options)
            runs, checkpoint = options.runs / config.name, options.out / config.name
            from s2s.train.loop import Run

            best = Run(config, runs, checkpoint, command).train()
            leave()
    except KeyboardInterrupt as stop:
        stopped = TERMINATED if isinstance(stop, Terminated) else INTERRUPTED
    if not first:
        return stopped
    if stopped:  # said here, after the progress bar has gone with the exception
        print("Stopped. Run the same command again to go on from the last save.", file=sys.stderr)
        return stopped
    print(f"Trained {config.name}: dev {_bleu(best)}, chrF {best['chrf']:.2f}.")
    if config.data.test:
        from s2s.checkpoint import load

        scores = load(checkpoint).metrics["test"]
        print(f"Its test split: test {_bleu(scores)}, chrF {scores['chrf']:.2f}.")
    print(f"Checkpoint: {checkpoint}")
    print(f'Look at it: python -m s2s trace {checkpoint} "…", or start the app and choose {config.name}.')
    return 0


def _bleu(scores: Mapping[str, Any]) -> str:
    from s2s.card import bleu_name

    return f"{bleu_name(scores['signatures']['bleu'])} {scores['bleu']:.2f}"


def _config(options: argparse.Namespace) -> Config:
    """The config that is named, or the one that is planned for ``--data``."""
    from s2s.config import Config, read_config, to_dict

    columns = Columns(options.source_column, options.target_column)
    if options.data is None:
        if options.config is None:
            raise UserError("option_needs", option="train", other="CONFIG / --data")
        if (columns, options.format) != (Columns(), "auto"):
            raise UserError("option_needs", option="--format / --source-column / --target-column", other="--data")
        config = read_config(options.config, options.set)
        return _named(config, config.name if options.name is None else options.name)
    if options.config is not None:
        raise UserError("option_conflict", option="--data", other="CONFIG")
    name = options.data.name.partition(".")[0] if options.name is None else options.name
    directory = options.runs / _named(Config(), name).name
    from s2s.card import toml
    from s2s.disk import write_text
    from s2s.train.distributed import join
    from s2s.train.plan import plan

    group = join()
    if group.first:
        plan(options.data, columns, options.format, directory, name)
    group.share(0)  # the others wait for the split
    path = plan(options.data, columns, options.format, directory, name)
    config = _named(read_config(path, options.set), name)
    if group.first and not (directory / "state.safetensors").exists():  # else it is the config of that state
        write_text(path, toml(to_dict(config)) + "\n")
    return config


def _named(config: Config, name: str) -> Config:
    if not NAME.fullmatch(name):
        raise UserError("run_name", name=name)
    return dataclasses.replace(config, name=name)
