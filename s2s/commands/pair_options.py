"""Options of the commands that read a file of pairs, and the reading; remarks go to stderr, errors name options."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from s2s.commands import arguments
from s2s.data.readers import FORMATS, Columns, LeftOut, read_pairs, refuse, with_advice
from s2s.data.text_file import AUTO
from s2s.errors import UserError
from s2s.text.safe import printable

if TYPE_CHECKING:
    from s2s.data.readers import Pair
    from s2s.data.text_file import Form


def add_pair_options(p: arguments.Parser, needed: bool = True) -> None:
    """Add the argument FILE and the options that say how to read it."""
    number = None if needed else "?"
    p.add_argument(
        "file", metavar="FILE", nargs=number, type=Path, help="pairs in TSV, JSONL or CSV, plain, .gz or .xz"
    )
    add_column_options(p)


def add_column_options(p: arguments.Parser) -> None:
    """Add the options that say how to read a file of pairs."""
    p.add_argument(
        "--format",
        choices=FORMATS,
        default=AUTO,
        help="format of the file; by default recognised by extension and header",
    )
    p.add_argument(
        "--source-column", metavar="C", default="source", help="source column, in a file with named columns (source)"
    )
    p.add_argument(
        "--target-column", metavar="C", default="target", help="target column, in a file with named columns (target)"
    )
    add_encoding_option(p)
    p.add_argument("--skip-bad", action="store_true", help="skip and count rows that are not a pair")


def add_encoding_option(p: arguments.Parser) -> None:
    """Add ``--encoding``."""
    p.add_argument(
        "--encoding",
        metavar="E",
        default=AUTO,
        help="encoding of the file, such as utf-8, gb18030 or utf-16; recognised by default",
    )


def column_names(options: argparse.Namespace) -> Columns:
    """The names of the two columns, from the options."""
    return Columns(options.source_column, options.target_column)


class Remarks:
    """Remarks about files, collected so that they can be dropped: an error prints one line and no remarks."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, text: str) -> None:
        """Add a line, unless it is empty."""
        self.lines += [printable(text)] if text else []

    def form(self, form: Form) -> None:
        """Add a line on the detected encoding and line ends, unless they are the usual ones."""
        self.say(form.remark("en"))

    def print(self) -> None:
        """Print all lines to stderr."""
        for line in self.lines:
            print(line, file=sys.stderr)


@contextmanager
def print_remarks() -> Iterator[Remarks]:
    """Collect remarks in the block and print them at its end; a UserError gets the advice that names options."""
    remarks = Remarks()
    try:
        yield remarks
    except UserError as error:
        raise with_advice(error, "option") from None
    remarks.print()


def read_pairs_option(options: argparse.Namespace) -> list[Pair]:
    """The pairs of ``options.file``. UserError for a file without pairs."""
    left_out = LeftOut(options.file)
    bad = left_out if options.skip_bad else refuse
    with print_remarks() as remarks:
        pairs = list(
            read_pairs(options.file, column_names(options), options.format, bad, options.encoding, remarks.form)
        )
        if not pairs:
            raise UserError("file_no_pairs", file=str(options.file))
        remarks.say(left_out.say("en"))
    return pairs
