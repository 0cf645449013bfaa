"""Reading links between tokens that annotators drew, sure and possible ones."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from s2s.aligner.pharaoh import parse_links
from s2s.data.batches import Links
from s2s.data.readers import Note, read_lines, silent
from s2s.data.text_file import AUTO
from s2s.errors import UserError
from s2s.text.segmenters import spaced


@dataclass(frozen=True)
class Gold:
    """A pair in the annotators' tokens, with its sure and its possible links."""

    source: tuple[str, ...]
    target: tuple[str, ...]
    sure: Links
    possible: Links  # includes the sure links
    row: int = 0  # in its file, from 1; 0 where it comes from no file


def read_gold(path: str | Path, encoding: str = AUTO, note: Note = silent) -> list[Gold]:
    """Read lines of ``source TAB target TAB sure TAB possible``: tokens between spaces, links ``i-j`` from 0.

    The last column may be empty or missing. Raises UserError that names the row, or if there are no pairs.
    """
    golds = []
    for row, line in enumerate(read_lines(path, encoding=encoding, note=note), start=1):
        if not line.strip(" \t"):
            continue
        columns = line.split("\t")
        if not 3 <= len(columns) <= 4:
            raise UserError("alignment_row", file=str(path), row=row, columns=len(columns))
        source, target = (tuple(spaced(column)) for column in columns[:2])
        if not source or not target:
            raise UserError("alignment_row", file=str(path), row=row, columns=len(columns))
        sure, possible = (
            parse_links(column, len(source), len(target), str(path), row) for column in [*columns[2:], ""][:2]
        )
        golds.append(Gold(source, target, sure, sure | possible, row))
    if not golds:
        raise UserError("file_no_pairs", file=str(path))
    return golds
