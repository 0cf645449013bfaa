"""Parses a visitor's test file: bytes → pairs or word links, or a UserError that says what is wrong."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from s2s.data.readers import EXTENSIONS, Columns, Note, Pair, read_pairs, silent, with_advice
from s2s.errors import UserError
from s2s.server import temporary

if TYPE_CHECKING:
    from s2s.explain.gold_links import Gold

Row = TypeVar("Row")
Rows = TypeVar("Rows")
MAX_PAIRS = 2_000  # pairs read from one file; the rest is ignored


class First(list[Row]):
    """The first rows of a file; ``rest`` is how many usable ones come after them."""

    rest: int = 0


def parse_pairs(
    name: str, content: bytes, columns: Columns, limit: int = MAX_PAIRS, note: Note = silent
) -> First[Pair]:
    """The first ``limit`` pairs of an uploaded file. A UserError has the file's name as uploaded."""
    pairs = _parse(name, content, lambda path: _first_pairs(path, columns, limit, note))
    if not pairs:
        raise UserError("file_no_pairs", file=name)
    return pairs


def parse_alignments(name: str, content: bytes, note: Note = silent, limit: int = MAX_PAIRS) -> First[Gold]:
    """The first ``limit`` pairs of an uploaded file with their word links. A UserError has the name as uploaded."""
    from s2s.explain.gold_links import read_gold

    every = _parse(name, content, lambda path: read_gold(path, note=note))
    found = First(every[:limit])
    found.rest = len(every) - len(found)
    return found


def _first_pairs(path: Path, columns: Columns, limit: int, note: Note) -> First[Pair]:
    """The first pairs, and how many come after them; what is wrong after them is not counted."""
    found: First[Pair] = First()

    def bad(error: UserError) -> None:
        if len(found) < limit:
            raise error

    try:
        for pair in read_pairs(path, columns, bad=bad, note=note):
            if len(found) < limit:
                found.append(pair)
            else:
                found.rest += 1
    except UserError as error:  # of the whole file, such as a line without end
        bad(error)
    return found


def _parse(name: str, content: bytes, read: Callable[[Path], Rows]) -> Rows:
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
