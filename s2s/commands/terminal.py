"""Terminal output shared by the commands: text tables, atomic file writes."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from s2s import disk
from s2s.errors import UserError, reason
from s2s.text.width import width


def text_table(rows: Sequence[Sequence[str]], right: Sequence[int]) -> str:
    """Aligned columns with two spaces between; the columns whose indices are in ``right`` are right-aligned.

    >>> print(text_table([["水", "1"], ["a", "22"]], right=[1]))
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


BASELINES = {
    "copy": "copying the source",
    "frequent": "most frequent reference",
    "first": "first part of the source",
    "random": "a reference as long",
}
SCORES = {"bleu": "BLEU", "chrf": "chrF", "rouge_l": "ROUGE-L"}


def baseline_rows(made: Mapping[str, Any]) -> list[list[str]]:
    """The name of each trivial baseline and its scores; ``made`` is a record of ``evaluate.baselines.summarise``."""
    return [
        [BASELINES[name], "   ".join(f"{title} {scores[score]:.2f}" for score, title in SCORES.items())]
        for name, scores in made.get("scores", {}).items()
    ]


def write_output(text: str, target: str) -> None:
    """Write to a file atomically, or to stdout for ``-``. UserError if the file cannot be written."""
    if target == "-":
        sys.stdout.write(text)
        return
    try:
        disk.replace_file(Path(target), lambda fresh: fresh.write_text(text, encoding="utf-8", newline=""))
    except OSError as error:
        raise UserError("file_unwritable", file=target, reason=reason(error)) from None
    print(f"Wrote {target}.", file=sys.stderr)
