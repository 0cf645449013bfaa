"""Parses a visitor's test file: bytes → pairs or word links, or a UserError that says what is wrong."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from s2s.data.readers import EXTENSIONS, Columns, Note, Pair, read_pairs, silent, with_advice
from s2s.errors import UserError
from s2s.server import temporary

if TYPE_CHECKING:
    from s2s.explain.gold_links import Gold

Row = TypeVar("Row")
MAX_PAIRS = 2_000  # pairs read from one file; the rest is ignored


def parse_pairs(name: str, content: bytes, columns: Columns, limit: int = MAX_PAIRS, note: Note = silent) -> list[Pair]:
    """The first ``limit`` pairs of an uploaded file. A UserError has the file's name as uploaded."""
    pairs = _parse(name, content, lambda path: list(itertools.islice(read_pairs(path, columns, note=note), limit)))
    if not pairs:
        raise UserError("file_no_pairs", file=name)
    return pairs


def parse_alignments(name: str, content: bytes, note: Note = silent) -> list[Gold]:
    """The pairs of an uploaded file with their gold word links. A UserError has the file's name as uploaded."""
    from s2s.explain.gold_links import read_gold

    return _parse(name, content, lambda path: read_gold(path, note=note)[:MAX_PAIRS])


def _parse(name: str, content: bytes, read: Callable[[Path], list[Row]]) -> list[Row]:
    suffix = Path(name).suffix.lower()
    with temporary.scratch() as folder:
        # The uploaded name is not used as a path, and .gz is not unpacked: a small one can hold terabytes.
        path = folder / f"upload{suffix if suffix in EXTENSIONS else '.tsv'}"
        path.write_bytes(content)
        try:
            return read(path)
        except UserError as error:
            error.values["file"] = name
            raise with_advice(error, "page") from None
