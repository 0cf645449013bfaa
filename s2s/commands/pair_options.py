"""Reading files of pairs, shared by the commands: options, remarks on stderr, errors that name options."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from s2s.commands import arguments
from s2s.data.readers import FORMATS, Columns, LeftOut, advise, read_pairs, refuse
from s2s.data.text_file import AUTO
from s2s.errors import UserError
from s2s.text.safe import printable

if TYPE_CHECKING:
    from s2s.data.readers import Pair
    from s2s.data.text_file import Form


def pairs_options(p: arguments.Parser) -> None:
    """A file of pairs and how it is to be read."""
    p.add_argument("file", metavar="FILE", type=Path, help="pairs: TSV, JSONL or CSV, plain, .gz or .xz")
    columns_options(p)


def columns_options(p: arguments.Parser) -> None:
    """How a file of pairs is to be read."""
    p.add_argument("--format", choices=FORMATS, default=AUTO, help="of the file; by its extension and header (auto)")
    p.add_argument("--source-column", metavar="C", default="source", help="where columns have names (source)")
    p.add_argument("--target-column", metavar="C", default="target", help="where columns have names (target)")
    encoding_option(p)
    p.add_argument("--skip-bad", action="store_true", help="pass over rows that are no pair, and count them")


def encoding_option(p: arguments.Parser) -> None:
    """Which encoding a file has."""
    p.add_argument("--encoding", metavar="E", default=AUTO, help="utf-8, gb18030, utf-16 …; recognised by default")


def columns(options: argparse.Namespace) -> Columns:
    """The names of the two columns, from the options."""
    return Columns(options.source_column, options.target_column)


class Remarks:
    """What is to be said of files on stderr once nothing was wrong with them: a mistake is one line alone."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, text: str) -> None:
        """A line, unless it is empty."""
        self.lines += [printable(text)] if text else []

    def form(self, form: Form) -> None:
        """How a file was recognised, where that is worth a word."""
        self.say(form.remark("en"))

    def print(self) -> None:
        """Everything so far."""
        for line in self.lines:
            print(line, file=sys.stderr)


@contextmanager
def reading() -> Iterator[Remarks]:
    """Files are read within; mistakes are told with the options that mend them, remarks at the end."""
    remarks = Remarks()
    try:
        yield remarks
    except UserError as error:
        raise advise(error, "option") from None
    remarks.print()


def read_options_pairs(options: argparse.Namespace) -> list[Pair]:
    """The pairs of the file that was named; UserError where it has none."""
    left_out = LeftOut(options.file)
    bad = left_out if options.skip_bad else refuse
    with reading() as remarks:
        found = list(read_pairs(options.file, columns(options), options.format, bad, options.encoding, remarks.form))
        if not found:
            raise UserError("file_no_pairs", file=str(options.file))
        remarks.say(left_out.say("en"))
    return found
