"""The option ``--slice`` of the commands that read an inspection."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from s2s.inspect.report.content import Part
    from s2s.inspect.table import Examples


def add_slice_option(p: argparse.ArgumentParser) -> None:
    """Add ``--slice``."""
    p.add_argument(
        "--slice",
        metavar="SLICE",
        help="only the rows of a slice: a name saved on the page, or conditions as JSON, as in the page's link",
    )


def add_database_option(p: argparse.ArgumentParser) -> None:
    """Add ``--database``."""
    p.add_argument(
        "--database",
        metavar="URL",
        help="where labels and slices are stored (LOOKBACK_DATABASE, otherwise an SQLite file)",
    )


def read_part(
    options: argparse.Namespace, examples: Examples, other: Examples | None = None, score: str = "chrf"
) -> Part | None:
    """The rows that ``--slice`` asks for; None without it. A slice by the difference needs another inspection.

    Raises UserError for an unknown or an empty slice.
    """
    if options.slice is None:
        return None
    from s2s.errors import UserError
    from s2s.inspect.paired import SCORES, Paired
    from s2s.inspect.report.content import Part
    from s2s.inspect.slice import read_slice

    if other is not None and score in SCORES:
        examples = Paired(examples, other, score)
    chosen = read_slice(options.slice, examples, options.database)
    rows_N = chosen.rows(examples, options.database)
    if not rows_N.any():
        raise UserError("slice_empty")
    return Part(rows_N, chosen, "" if options.slice.lstrip().startswith("{") else options.slice)
