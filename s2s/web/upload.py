"""A test file from the visitor: bytes → pairs or links, or one sentence that says what is wrong."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from s2s.errors import UserError
from s2s.readers import EXTENSIONS, Columns, Pair, read_pairs

if TYPE_CHECKING:
    from s2s.explain.alignment import Gold

Row = TypeVar("Row")
MOST = 2_000  # pairs of a file that are measured


def pairs(name: str, content: bytes, columns: Columns, most: int = MOST) -> list[Pair]:
    """The first pairs of an uploaded file; UserError names the file as its owner does."""
    found = _read(name, content, lambda path: list(itertools.islice(read_pairs(path, columns), most)))
    if not found:
        raise UserError("file_no_pairs", file=name)
    return found


def alignments(name: str, content: bytes) -> list[Gold]:
    """The pairs of an uploaded file with the links that people drew; UserError names the file as its owner does."""
    from s2s.explain.alignment import read_gold

    return _read(name, content, lambda path: read_gold(path)[:MOST])


def _read(name: str, content: bytes, read: Callable[[Path], list[Row]]) -> list[Row]:
    suffix = Path(name).suffix.lower()
    with tempfile.TemporaryDirectory() as folder:
        # Never under its own name, and never unpacked: a small .gz can hold terabytes.
        path = Path(folder) / f"upload{suffix if suffix in EXTENSIONS else '.tsv'}"
        path.write_bytes(content)
        try:
            return read(path)
        except UserError as error:
            key = error.key.removeprefix("error.")
            if key == "column_missing":
                raise UserError("upload_column", **(error.values | {"file": name})) from None
            error.values["file"] = name
            raise
