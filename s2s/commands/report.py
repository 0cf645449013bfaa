"""The command ``report``: an inspection as one HTML page."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from s2s.checkpoint.find import find_inspected
from s2s.commands import arguments, slice_option
from s2s.commands.arguments import WholeNumber
from s2s.commands.terminal import write_output
from s2s.errors import LANGUAGES, UserError

if TYPE_CHECKING:
    from s2s.commands.arguments import Commands
    from s2s.inspect.causes import Row
    from s2s.inspect.report.content import Decode
    from s2s.inspect.table import Examples

MOST = 50  # examples on a page


def add_report_command(commands: Commands) -> None:
    """Add the command ``report`` and its options."""
    p = commands.add_parser("report", help="turn an inspection into a page: numbers, charts, selected examples")
    p.set_defaults(run=report)
    _arguments(p)


def _arguments(p: arguments.Parser) -> None:
    p.add_argument("directory", metavar="DIR", type=Path, help="a directory that inspect wrote")
    p.add_argument("--html", metavar="FILE", required=True, help="the page to write; - for the terminal")
    which = p.add_mutually_exclusive_group()
    which.add_argument("--examples", metavar="1,5,9", type=_ids, help=f"ids of the examples to show, {MOST} at most")
    which.add_argument(
        "--per-cause", metavar="N", type=WholeNumber(0, MOST), default=1, help="show N examples of each cause (1)"
    )
    p.add_argument("--lang", choices=LANGUAGES, default="en", help="language of the page (en)")
    p.add_argument(
        "--compare", metavar="DIR_B", type=Path, help="an inspection of another model on the same file, to compare with"
    )
    p.add_argument(
        "--checkpoint", metavar="C", help="where the model is, to show attention (its name under checkpoints/)"
    )
    slice_option.add_slice_option(p)
    slice_option.add_database_option(p)


def _ids(text: str) -> list[int]:
    parts = text.split(",")
    if not all(part.strip().isdecimal() and len(part.strip()) < 19 for part in parts) or len(parts) > MOST:
        raise argparse.ArgumentTypeError(f"{text!r} is no list of ids with commas between, {MOST} at most")
    return [int(part) for part in parts]


def report(options: argparse.Namespace, command: str) -> int:
    """``report``: a page of an inspection's numbers, chosen examples and their labels."""
    from s2s.inspect.report.content import choose_examples, make_report
    from s2s.inspect.report.render import render_report
    from s2s.inspect.table import Examples
    from s2s.store.labels import read_labels

    examples = Examples(options.directory)
    other = Examples(options.compare) if options.compare else None
    part = slice_option.read_part(options, examples, other)
    chosen = part.rows_N if part else None
    ids = options.examples if options.examples is not None else choose_examples(examples, options.per_cause, chosen)
    labels = read_labels(examples.manifest, options.database)
    made = make_report(examples, ids, _decode(examples, options.checkpoint) if ids else _nothing, labels, other, part)
    write_output(render_report(made, options.lang), options.html)
    return 0


def _decode(examples: Examples, named: str | None) -> Decode:
    """Decodes with the inspected checkpoint; without it, prints a line to stderr and decodes nothing."""
    inspected = examples.manifest["checkpoint"]
    try:
        from s2s.checkpoint.open import load
        from s2s.inspect.report.content import trace_decoder

        checkpoint = load(find_inspected(inspected, named))
    except UserError:
        if named:
            raise
        checkpoint = None
    if checkpoint and checkpoint.digest == inspected["digest"]:
        return trace_decoder(checkpoint)
    if named:
        raise UserError("report_checkpoint", checkpoint=named, expected=inspected["digest"])
    print(
        f"No checkpoint {inspected['name']} with digest {inspected['digest']}: no attention is drawn.", file=sys.stderr
    )
    return _nothing


def _nothing(row: Row) -> None:
    """Decodes nothing: the page then draws no attention."""
