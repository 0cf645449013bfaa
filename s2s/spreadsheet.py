"""Texts in a CSV file that a spreadsheet may open: none is taken for a formula, and each can be read back.

A text that a spreadsheet would calculate gets an apostrophe before it; one that begins with apostrophes and
then such a sign gets one more, so that ``text`` always finds the original. Numbers stay numbers.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

Value = TypeVar("Value")

# Full-width signs begin a formula, too, in spreadsheets of East Asian languages.
FORMULA = re.compile("'*[=+\\-@\t\r＝＋－＠]")
OURS = ("id", "source", "reference", "source_tokens")  # begins the header of rows that ``labels export`` wrote


def cell(value: Value) -> Value | str:
    """A value as it is written.

    >>> cell("=1+1"), cell("- No."), cell("'tis"), cell(-1.5)
    ("'=1+1", "'- No.", "'tis", -1.5)
    """
    return f"'{value}" if isinstance(value, str) and FORMULA.match(value) else value


def table(columns: Mapping[str, Sequence[Any]]) -> str:
    """Columns of one length, by their headings, as CSV; the headings are cells, too.

    >>> table({"word": ["=", "a"], "count": [2, None]}).splitlines()
    ['word,count', "'=,2", 'a,']
    """
    out = io.StringIO()
    rows = [tuple(columns), *zip(*columns.values(), strict=True)]
    csv.writer(out).writerows([cell(value) for value in row] for row in rows)
    return out.getvalue()


def text(cell: str) -> str:
    """The text that ``cell`` wrote.

    >>> text("'=1+1"), text("'tis"), text("''=x")
    ('=1+1', "'tis", "'=x")
    """
    return cell[1:] if cell.startswith("'") and FORMULA.match(cell) else cell
