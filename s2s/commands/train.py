"""The command ``train``: start a training run, or resume the one in its directory."""

from __future__ import annotations

import argparse
import dataclasses
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from s2s import locations
from s2s.commands import arguments, pair_options
from s2s.commands.terminal import text_table
from s2s.data.readers import Columns
from s2s.data.text_file import AUTO
from s2s.errors import UserError, fill, program
from s2s.text.safe import printable
from s2s.train.signals import status, stoppable

if TYPE_CHECKING:
    from s2s.commands.arguments import Commands
    from s2s.config import Config
    from s2s.train.loop import Run

PAIR_OPTIONS = "--format / --encoding / --source-column / --target-column"
NAME = re.compile(r"\w[\w.-]*")


def add_train_command(commands: Commands) -> None:
    """Add the command ``train`` and its options."""
    p = commands.add_parser("train", help="train a model from a config, or continue a run")
    p.set_defaults(run=train)
    _arguments(p)


def _arguments(p: arguments.Parser) -> None:
    p.add_argument("config", metavar="CONFIG", nargs="?", type=Path, help="a TOML file, see configs/")
    p.add_argument(
        "--data", metavar="FILE", type=Path, help="instead of CONFIG: pairs, from which a config and a split are made"
    )
    p.add_argument("--dev", metavar="FILE", type=Path, help="with --data: use these pairs instead of a part of FILE")
    p.add_argument("--test", metavar="FILE", type=Path, help="with --data: use these pairs instead of a part of FILE")
    pair_options.add_column_options(p)
    arguments.add_set_option(p)
    p.add_argument(
        "--name", metavar="NAME", help="name of the run and its checkpoint; by default that of the config or the file"
    )
    p.add_argument(
        "--out",
        metavar="DIR",
        type=Path,
        default=Path("checkpoints"),
        help="where to write the checkpoint (checkpoints/)",
    )
    p.add_argument(
        "--runs",
        metavar="DIR",
        type=Path,
        default=locations.runs(),
        help="where to keep what a run needs to be resumed",
    )


def train(options: argparse.Namespace, command: str) -> int:
    """``train``: run a training to its end, resuming it where its directory has a save."""
    stopped, first = 0, os.environ.get("RANK", "0") == "0"
    with stoppable() as stop:
        try:
            config = _config(options)
            from s2s.train.distributed import leave
            from s2s.train.loop import Run

            directories = options.runs / config.name, options.out / config.name
            remarks = pair_options.Remarks()
            run = Run(config, *directories, command, note=remarks.form)
            if first:
                remarks.print()
                _tell(run)
            best = run.train(stop)
            leave()
        except KeyboardInterrupt as signal:
            stopped = status(signal)
    if not first:
        return stopped
    if stopped:  # printed here, as the progress bar is gone by now
        saved = "" if stop.saved is None else f" and saved at step {stop.saved:,}"
        print(f"Stopped{saved}. Run the same command again to continue from the last save.", file=sys.stderr)
        return stopped
    checkpoint = run.checkpoint
    print(f"Trained {config.name}: dev {_bleu(best)}, chrF {best['chrf']:.2f}.")
    if config.data.test:
        from s2s.checkpoint.open import load

        scores = load(checkpoint).metrics["test"]
        print(f"Its test split: test {_bleu(scores)}, chrF {scores['chrf']:.2f}.")
    print(f"Checkpoint: {checkpoint}")
    print(f'To see it: {program()} trace {checkpoint} "…", or start the app and choose {config.name}.')
    return 0


def _bleu(scores: Mapping[str, Any]) -> str:
    from s2s.checkpoint.card import bleu_name

    return f"{bleu_name(scores['signatures']['bleu'])} {scores['bleu']:.2f}"


def _config(options: argparse.Namespace) -> Config:
    """The config of the file CONFIG, or the one planned from ``--data``."""
    from s2s.config import Config, read_config, to_dict

    columns = pair_options.column_names(options)
    if options.data is None:
        if options.config is None:
            raise UserError("option_needs", option="train", other="CONFIG / --data")
        if options.dev or options.test or options.skip_bad:
            raise UserError("option_needs", option="--dev / --test / --skip-bad", other="--data")
        if (columns, options.format, options.encoding) != (Columns(), AUTO, AUTO):
            raise UserError("option_needs", option=PAIR_OPTIONS, other="--data")
        config = read_config(locations.own_file(options.config), options.set)
        return _named(config, config.name if options.name is None else options.name)
    if options.config is not None:
        raise UserError("option_conflict", option="--data", other="CONFIG")
    name = options.data.name.partition(".")[0] if options.name is None else options.name
    directory = options.runs / _named(Config(), name).name
    from s2s.checkpoint.card import config_toml
    from s2s.disk import write_text
    from s2s.train import resume
    from s2s.train.distributed import join
    from s2s.train.plan import Given, plan

    group = join()
    read = options.encoding, options.skip_bad, options.dev, options.test
    given = Given(options.data, columns, options.format, *read)
    if group.first:
        with pair_options.print_remarks() as remarks:
            plan(given, directory, name, remarks.say)
    group.share(0)  # the other processes wait for the split
    config = _named(read_config(plan(given, directory, name), options.set), name)
    resume.check_resumable(directory, config)  # before the new config replaces the saved one
    if group.first:
        write_text(directory / "config.toml", config_toml(to_dict(config)) + "\n")
    return config


def _tell(run: Run) -> None:
    """Print data, model and expected duration to stderr."""
    from s2s.train import resume as state
    from s2s.train.pace import duration

    config, pairs = run.config, len(run.pairs)
    state.restore(run.directory, config, run)
    if run.at.step:
        print(f"Continuing the run in {run.directory} from step {run.at.step:,}.", file=sys.stderr)
    if run.ended:
        return
    run.measure()
    left = run.left()
    sides = [
        [name, f"segmented by {cut}, {len(side.vocab):,} words in the vocabulary"]
        for name, cut, side in (("source", config.text.source, run.source), ("target", config.text.target, run.target))
    ]
    model = config.model
    sizes = f"embedding {model.embedding_size}, encoder {model.encoder_size}, decoder {model.decoder_size}"
    parameters = sum(p.numel() for p in run.model.parameters())
    rows = [
        *sides,
        ["pairs", f"{pairs:,} to train on, {len(run.dev):,} dev, {len(run.test):,} test"],
        ["model", f"attention {model.attention}, {model.cell}, {sizes}; {parameters:,} parameters"],
        [
            "epochs",
            fill(
                "at most {most}, of {steps:,} {steps:step|steps} each; stops after {patience} without a better score",
                most=config.train.epochs,
                steps=-(-pairs // config.train.batch_size),
                patience=config.train.patience,
            ),
        ],
    ]
    if left is not None:
        rows.append(["time", f"at most {duration(left)}, at {run.pace.rate:,.0f} target tokens per second"])
    print(text_table([[printable(cell) for cell in row] for row in rows], right=()), file=sys.stderr)


def _named(config: Config, name: str) -> Config:
    if not NAME.fullmatch(name):
        raise UserError("run_name", name=name)
    return dataclasses.replace(config, name=name)
