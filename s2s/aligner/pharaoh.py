"""Word alignments as text: ``i-j`` for source and target tokens from 0, one line a pair (Pharaoh's format)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from s2s.data.batches import Links
from s2s.data.readers import read_lines
from s2s.errors import UserError
from s2s.text.segmenters import spaced

LINK = re.compile(r"([0-9]{1,9})-([0-9]{1,9})")


def parse_links(text: str, sources: int, targets: int, file: str, row: int) -> Links:
    """The links of a line or column. UserError names one that is no link of two tokens that the pair has."""
    links = set()
    for part in spaced(text):
        match = LINK.fullmatch(part)
        if match is None or int(match[1]) >= sources or int(match[2]) >= targets:
            raise UserError("alignment_link", file=file, row=row, link=part, sources=sources, targets=targets)
        links.add((int(match[1]), int(match[2])))
    return frozenset(links)


def format_links(alignment: Iterable[Links]) -> str:
    """One line a pair, sorted by source token; empty for a pair without links.

    >>> format_links([frozenset({(1, 0), (0, 2)}), frozenset()])
    '0-2 1-0\\n\\n'
    """
    return "".join(" ".join(f"{s}-{t}" for s, t in sorted(links)) + "\n" for links in alignment)


def read_links(path: str | Path, lengths: Sequence[tuple[int, int]]) -> list[Links]:
    """Read a line for each pair; ``lengths`` has the numbers of its source and target tokens.

    Raises UserError for another number of lines, or that names the row with a wrong link.
    """
    lines = list(read_lines(path))
    if len(lines) != len(lengths):
        raise UserError("links_lines", file=str(path), found=len(lines), pairs=len(lengths))
    rows = enumerate(zip(lines, lengths, strict=True), start=1)
    return [parse_links(line, *length, str(path), row) for row, (line, length) in rows]
