"""What commands share at a terminal: tables of text, files written whole."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from s2s.errors import UserError
from s2s.text.width import width


def table(rows: Sequence[Sequence[str]], right: Sequence[int]) -> str:
    """Columns side by side, two spaces between; those in ``right`` are flush right.

    >>> print(table([["水", "1"], ["a", "22"]], right=[1]))
    水   1
    a   22
    """
    widths = [max(map(width, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        fills = [" " * (w - width(cell)) for w, cell in zip(widths, row, strict=True)]
        cells = (f + c if i in right else c + f for i, (c, f) in enumerate(zip(row, fills, strict=True)))
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def printable(text: str) -> str:
    """The text with a mark for every character that could steer a terminal."""
    return "".join(c if c.isprintable() else "\ufffd" for c in text)


def put(text: str, target: str) -> None:
    """Write to a file, whole or not at all, or to the terminal for ``-``."""
    if target == "-":
        sys.stdout.write(text)
        return
    fresh = Path(target + ".new")
    try:
        fresh.write_text(text, encoding="utf-8", newline="")
        os.replace(fresh, target)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise UserError("file_unwritable", file=target, reason=error.strerror) from None
    print(f"Wrote {target}.", file=sys.stderr)
