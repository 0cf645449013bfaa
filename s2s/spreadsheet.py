"""CSV cells that a spreadsheet does not take for formulas, and their inverse.

A text that a spreadsheet would calculate gets a leading apostrophe; one that begins with apostrophes and then such a
sign gets one more, so that ``unescape_cell`` always restores the original. Numbers stay numbers.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

Value = TypeVar("Value")

# Spreadsheets in East Asian languages also accept full-width signs at the beginning of a formula.
FORMULA = re.compile("'*[=+\\-@\t\r＝＋－＠]")
OURS = ("id", "source", "reference", "source_tokens")  # the first columns of files that ``labels export`` writes


def escape_cell(value: Value) -> Value | str:
    """The value to write: texts escaped, others unchanged.

    >>> escape_cell("=1+1"), escape_cell("- No."), escape_cell("'tis"), escape_cell(-1.5)
    ("'=1+1", "'- No.", "'tis", -1.5)
    """
    return f"'{value}" if isinstance(value, str) and FORMULA.match(value) else value


def csv_table(columns: Mapping[str, Sequence[Any]]) -> str:
    """Columns of equal length, by heading, as CSV text; headings are escaped, too.

    >>> csv_table({"word": ["=", "a"], "count": [2, None]}).splitlines()
    ['word,count', "'=,2", 'a,']
    """
    out = io.StringIO()
    rows = [tuple(columns), *zip(*columns.values(), strict=True)]
    csv.writer(out).writerows([escape_cell(value) for value in row] for row in rows)
    return out.getvalue()


def unescape_cell(cell: str) -> str:
    """The original of a text that ``escape_cell`` wrote.

    >>> unescape_cell("'=1+1"), unescape_cell("'tis"), unescape_cell("''=x")
    ('=1+1', "'tis", "'=x")
    """
    return cell[1:] if cell.startswith("'") and FORMULA.match(cell) else cell
