"""Parses a visitor's test file: bytes → pairs or word links, or a UserError that says what is wrong."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from s2s.data.readers import EXTENSIONS, Columns, Note, Pair, advise, read_pairs, silent
from s2s.errors import UserError

if TYPE_CHECKING:
    from s2s.explain.alignment_error import Gold

Row = TypeVar("Row")
MOST = 2_000  # pairs of a file that are measured at most


def pairs(name: str, content: bytes, columns: Columns, most: int = MOST, note: Note = silent) -> list[Pair]:
    """The first pairs of an uploaded file; UserError names the file as its owner does."""
    found = _read(name, content, lambda path: list(itertools.islice(read_pairs(path, columns, note=note), most)))
    if not found:
        raise UserError("file_no_pairs", file=name)
    return found


def alignments(name: str, content: bytes, note: Note = silent) -> list[Gold]:
    """The pairs of an uploaded file with the links that people drew; UserError names the file as its owner does."""
    from s2s.explain.alignment_error import read_gold

    return _read(name, content, lambda path: read_gold(path, note=note)[:MOST])


def _read(name: str, content: bytes, read: Callable[[Path], list[Row]]) -> list[Row]:
    suffix = Path(name).suffix.lower()
    with tempfile.TemporaryDirectory() as folder:
        # Never under its own name, and never unpacked: a small .gz can hold terabytes.
        path = Path(folder) / f"upload{suffix if suffix in EXTENSIONS else '.tsv'}"
        path.write_bytes(content)
        try:
            return read(path)
        except UserError as error:
            error.values["file"] = name
            raise advise(error, "page") from None
