"""A test file from the visitor: bytes → pairs, or one sentence that says what is wrong."""

from __future__ import annotations

import itertools
import tempfile
from pathlib import Path

from s2s.errors import UserError
from s2s.readers import EXTENSIONS, Columns, Pair, read_pairs

MOST = 2_000  # pairs of a file that are measured


def pairs(name: str, content: bytes, columns: Columns, most: int = MOST) -> list[Pair]:
    """The first pairs of an uploaded file; UserError names the file as its owner does."""
    suffix = Path(name).suffix.lower()
    with tempfile.TemporaryDirectory() as folder:
        # Never under its own name, and never unpacked: a small .gz can hold terabytes.
        path = Path(folder) / f"upload{suffix if suffix in EXTENSIONS else '.tsv'}"
        path.write_bytes(content)
        try:
            found = list(itertools.islice(read_pairs(path, columns), most))
        except UserError as error:
            key = error.key.removeprefix("error.")
            if key == "column_missing":
                raise UserError("upload_column", **(error.values | {"file": name})) from None
            error.values["file"] = name
            raise
    if not found:
        raise UserError("file_no_pairs", file=name)
    return found
