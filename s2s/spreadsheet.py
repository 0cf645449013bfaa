"""CSV cells that a spreadsheet does not take for formulas, and their inverse.

A text that a spreadsheet would calculate gets an apostrophe before it, and so does each part of a text that a
spreadsheet would make a cell of its own: after a semicolon, a tab or a line end. ``unescape_cell`` restores the
original, as a part that begins with apostrophes and then such a sign gets one more. Numbers stay numbers.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import IO, Any, TypeVar

Value = TypeVar("Value")

# Where a cell begins: programs set to a language with decimal commas split at semicolons, and quotation marks that do
# not begin one of their cells hide nothing from them.
BEGINNING = r"(^|[;\t\r\n])"
# What a program may skip before a formula: spaces, invisible characters, quotation marks, our apostrophes.
SKIPPED = r"[ \v\f\0\x1c-\x1f\x85\xa0\u1680\u2000-\u200b\u2028\u2029\u202f\u205f\u2060\u3000\ufeff'\"]*"
# Spreadsheets in East Asian languages also accept full-width signs at the beginning of a formula.
SIGN = r"[=+\-@＝＋－＠]"
_PLAIN = re.compile(f"{BEGINNING}(?={SKIPPED}{SIGN})")
_ESCAPED = re.compile(f"{BEGINNING}'(?={SKIPPED}{SIGN})")
OURS = ("id", "source", "reference", "source_tokens")  # the first columns of files that ``labels export`` writes


def escape_cell(value: Value) -> Value | str:
    """The value to write: texts escaped, others unchanged.

    >>> escape_cell("=1+1"), escape_cell("- No."), escape_cell("'tis"), escape_cell(-1.5), escape_cell("a;=1")
    ("'=1+1", "'- No.", "'tis", -1.5, "a;'=1")
    """
    return _PLAIN.sub(r"\1'", value) if isinstance(value, str) else value


def unescape_cell(cell: str) -> str:
    """The original of a text that ``escape_cell`` wrote.

    >>> unescape_cell("'=1+1"), unescape_cell("'tis"), unescape_cell("''=x"), unescape_cell("a;'=1")
    ('=1+1', "'tis", "'=x", 'a;=1')
    """
    return _ESCAPED.sub(r"\1", cell)


def write_rows(file: IO[str], rows: Iterable[Iterable[Any]]) -> None:
    """Write rows as CSV; headings are escaped, too."""
    csv.writer(file).writerows(map(escape_cell, row) for row in rows)


def csv_text(rows: Iterable[Iterable[Any]]) -> str:
    """Rows as CSV text; every row is escaped, that of the headings, too."""
    out = io.StringIO()
    write_rows(out, rows)
    return out.getvalue()


def csv_table(columns: Mapping[str, Sequence[Any]]) -> str:
    """Columns of equal length, by heading, as CSV text.

    >>> csv_table({"word": ["=", "a"], "count": [2, None]}).splitlines()
    ['word,count', "'=,2", 'a,']
    """
    return csv_text([tuple(columns), *zip(*columns.values(), strict=True)])
