"""The command ``doctor``: what is wrong with the attention of a checkpoint, a trace or a matrix."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from s2s.checkpoint.find import find_checkpoint
from s2s.commands import arguments, pair_options
from s2s.commands.arguments import MANY, WholeNumber
from s2s.commands.exposure import percent_bar
from s2s.commands.terminal import text_table, write_output
from s2s.errors import LANGUAGES, UserError

if TYPE_CHECKING:
    from s2s.checkpoint.record import Checkpoint
    from s2s.commands.arguments import Commands
    from s2s.data.readers import Pair
    from s2s.doctor.diagnosis import Diagnosis
    from s2s.explain.gold_links import Gold

FILES = (".json", ".npz")
COLUMNS = {"train_loss", "dev_loss", "gradient_norm", "grad_norm"}  # of a log, of which one at least has to be there
PAIRS = 200  # of a file, by default
ROWS = 20  # of a table on the terminal, at most


def add_doctor_command(commands: Commands) -> None:
    """Add the command ``doctor`` and its options."""
    p = commands.add_parser("doctor", help="find out why attention looks wrong, and try the cure")
    p.set_defaults(run=doctor)
    _arguments(p)


def _arguments(p: arguments.Parser) -> None:
    what = "a checkpoint (a directory, or the name of one under checkpoints/), TRACE.json or MATRIX.npz"
    p.add_argument("what", metavar="WHAT", help=what)
    p.add_argument("--data", metavar="FILE", type=Path, help="pairs that the model has not seen; by default examples")
    p.add_argument("--train", metavar="FILE", type=Path, help="pairs that it was trained on, to compare with")
    p.add_argument("--links", metavar="FILE", type=Path, help="pairs with links between words, as align reads them")
    p.add_argument("--log", metavar="FILE", type=Path, help="the run's log.jsonl; by default the checkpoint's curve")
    pair_options.add_column_options(p)
    p.add_argument(
        "--limit", type=WholeNumber(1, MANY), default=PAIRS, metavar="N", help=f"only the first N pairs ({PAIRS})"
    )
    p.add_argument("--json", metavar="FILE", help="write all numbers as JSON; - for the terminal")
    p.add_argument("--html", metavar="FILE", help="write a page; - for the terminal")
    p.add_argument("--lang", choices=LANGUAGES, default="en", help="language of the page (en)")


def doctor(options: argparse.Namespace, command: str) -> int:
    """``doctor``: the findings as text, or as JSON, or as a page."""
    if options.json == "-" and options.html == "-":
        raise UserError("option_conflict", option="--json -", other="--html -")
    path = Path(options.what)
    if path.suffix.lower() == ".npy" and path.is_file():
        raise UserError("doctor_npy", file=str(path))
    one = path.suffix.lower() in FILES and not path.is_dir()
    diagnosis = _file(path, options) if one else _checkpoint(options)
    if options.json:
        write_output(diagnosis.to_json() + "\n", options.json)
    if options.html:
        from s2s.doctor.report.page import render

        write_output(render(diagnosis, options.lang), options.html)
    if "-" not in (options.json, options.html):
        from s2s.doctor.report.tables import tables
        from s2s.doctor.report.words import lines

        print("\n".join(lines(diagnosis, "en")))
        for table in tables(diagnosis, "en"):
            print("", table.title, table.note, text_table([table.header, *table.rows[:ROWS]], right=()), sep="\n")
            if len(table.rows) > ROWS:
                print(f"… {len(table.rows) - ROWS} more")
    return 0


def _file(path: Path, options: argparse.Namespace) -> Diagnosis:
    from s2s.doctor.read import diagnose_file

    for name in ("data", "train", "log"):
        if getattr(options, name) is not None:
            raise UserError("doctor_option", option=f"--{name}", file=str(path))
    return diagnose_file(path, _links(options) if options.links else ())


def _checkpoint(options: argparse.Namespace) -> Diagnosis:
    directory = find_checkpoint(options.what)
    from s2s.checkpoint.open import load
    from s2s.doctor import examine_checkpoint
    from s2s.explain.token_spans import texts_of
    from s2s.trace.film import film

    checkpoint = load(directory)
    gold = _links(options) if options.links else None
    if options.data:
        pairs = _pairs(options, options.data)
    else:
        pairs = texts_of(checkpoint.source, checkpoint.target, gold) if gold else _examples(checkpoint)
    train = _pairs(options, options.train) if options.train else None
    curve = _log(options.log) if options.log else _curve(directory)
    with percent_bar() as progress:
        return examine_checkpoint(checkpoint, pairs, progress, train, curve, gold, film(directory))


def _pairs(options: argparse.Namespace, path: Path) -> list[Pair]:
    given = argparse.Namespace(**{**vars(options), "file": path})
    return pair_options.read_pairs_option(given)[: options.limit]


def _links(options: argparse.Namespace) -> list[Gold]:
    from s2s.explain.gold_links import read_gold

    with pair_options.print_remarks() as remarks:
        return read_gold(options.links, options.encoding, remarks.form)[: options.limit]


def _examples(checkpoint: Checkpoint) -> list[tuple[str, str]]:
    from s2s.checkpoint.examples import examples

    sides = checkpoint.source.segmenter.name, checkpoint.target.segmenter.name
    found = examples(checkpoint.name, *sides)
    if not found:
        raise UserError("doctor_data", checkpoint=checkpoint.name)
    return found


def _log(path: Path) -> list[dict[str, float]]:
    """The numbers of each line of a run's log."""
    from s2s.trace.film import read_rows

    def numbers(values: dict[str, Any]) -> dict[str, float]:
        return {name: float(value) for name, value in values.items() if type(value) in (int, float)}

    if not path.exists():
        raise UserError("file_missing", file=str(path))
    try:
        rows = list(read_rows(path, numbers))
    except UserError as error:
        if error.key != "error.film_broken":
            raise
        raise UserError("doctor_log_row", **error.values) from None
    if not any(COLUMNS & row.keys() for row in rows):
        raise UserError("doctor_log", file=str(path))
    return rows


def _curve(directory: Path) -> list[dict[str, Any]]:
    """The lines of the run's curve; none of an imported model, or without one."""
    from s2s.trace.film import curve

    return [vars(moment) for moment in curve(directory)]
