"""Reading an inspected test set: a page of its rows, sorted, filtered and searched, or one row whole.

Only the columns that are asked for are read, and of a page only the row groups that it has rows of.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from s2s.errors import UserError
from s2s.inspect.causes import CAUSES
from s2s.inspect.columns import SCHEMA, TABLE

SHOWN = ("id", "source", "reference", "output", "bleu", "chrf", "nll", "divergence")
SEARCHED = ("source", "reference", "output")


@dataclass(frozen=True)
class Query:
    """Which rows, in which order: all conditions hold, ties stay in the file's order, rows without a value are last.

    ``causes``: the row has each of them. ``ranges``: a column's value lies between two numbers, either
    may be None. ``text``: source, reference or output hold it, capitals aside.
    """

    sort: str = "id"
    descending: bool = False
    errors: bool = False
    causes: tuple[str, ...] = ()
    ranges: Mapping[str, tuple[float | None, float | None]] = field(default_factory=dict)
    text: str = ""

    def __post_init__(self) -> None:
        numbers = [column.name for column in TABLE if _is_number(column.type)]
        for name in (self.sort, *self.ranges):
            if name not in numbers:
                raise UserError("setting_choice", name="sort", found=name, known=", ".join(numbers))
        for name in self.causes:
            if name not in CAUSES:
                raise UserError("setting_choice", name="causes", found=name, known=", ".join(CAUSES))


@dataclass(frozen=True)
class Page:
    """Some rows, and how many fit the query."""

    total: int
    rows: tuple[dict[str, Any], ...]


class Examples:
    """The table in a directory that ``python -m s2s inspect`` made."""

    def __init__(self, directory: str | Path) -> None:
        self.directory = Path(directory)
        self.path = self.directory / "examples.parquet"
        self.manifest = read_manifest(self.directory)
        try:
            metadata = pq.read_metadata(self.path)
        except (OSError, pa.ArrowInvalid):
            raise UserError("inspect_unfinished", directory=str(directory)) from None
        sizes = [metadata.row_group(n).num_rows for n in range(metadata.num_row_groups)]
        self.starts = np.cumsum([0, *sizes])

    def __len__(self) -> int:
        return int(self.starts[-1])

    def columns(self, *names: str) -> pa.Table:
        """Whole columns, each once."""
        return pq.read_table(self.path, columns=list(dict.fromkeys(names)), memory_map=True)

    def page(self, query: Query, start: int = 0, count: int = 50, columns: Sequence[str] = SHOWN) -> Page:
        """Rows ``start`` to ``start + count`` of those that fit, in the query's order."""
        kept = self._kept(query)
        values = self.columns(query.sort)[query.sort].combine_chunks().take(pa.array(kept))
        order = "descending" if query.descending else "ascending"
        table = pa.table({"value": values, "place": pa.array(kept)})  # place: sort_indices promises no stable order
        ranked = pc.sort_indices(table, sort_keys=[("value", order), ("place", "ascending")])
        places = kept[ranked.slice(start, count).to_numpy()]
        return Page(len(kept), tuple(self.rows(places, columns)))

    def example(self, id: int) -> dict[str, Any]:
        """The row of an id with all columns; KeyError where there is none."""
        places = np.flatnonzero(self.columns("id")["id"].to_numpy() == id)
        if not len(places):
            raise KeyError(id)
        return self.rows(places, TABLE.names)[0]

    def _kept(self, query: Query) -> np.ndarray:
        """The places of the rows that fit."""
        tags = [f"cause_{name}" for name in query.causes]
        marks = [*(["error"] if query.errors else []), *tags]
        texts = SEARCHED if query.text else ()
        table = self.columns(*marks, *query.ranges, *texts)
        keep = np.ones(len(self), dtype=bool)
        for name in marks:
            keep &= _mask(table[name])
        for name, (low, high) in query.ranges.items():
            if low is not None:
                keep &= _mask(pc.greater_equal(table[name], low))
            if high is not None:
                keep &= _mask(pc.less_equal(table[name], high))
        if query.text:
            cased = query.text.lower() != query.text.upper()  # Chinese is not: then the faster search does
            found = [pc.match_substring(table[name], query.text, ignore_case=cased) for name in texts]
            keep &= np.any([_mask(one) for one in found], axis=0)
        return np.flatnonzero(keep)

    def rows(self, places: np.ndarray, columns: Sequence[str]) -> list[dict[str, Any]]:
        """The rows at some places, in that order."""
        groups = np.searchsorted(self.starts, places, side="right") - 1
        found: dict[int, dict[str, Any]] = {}
        with pq.ParquetFile(self.path, memory_map=True) as file:
            for group in np.unique(groups):
                own = places[groups == group]
                table = file.read_row_group(int(group), columns=list(columns))
                rows = table.take(pa.array(own - self.starts[group])).select(list(columns)).to_pylist()
                found.update(zip(own.tolist(), rows, strict=True))
        return [found[int(place)] for place in places]


def read_manifest(directory: Path) -> dict[str, Any]:
    """What an inspection says of itself; UserError where there is none."""
    try:
        manifest = json.loads((directory / "manifest.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise UserError("inspect_directory", directory=str(directory)) from None
    if not isinstance(manifest, dict) or manifest.get("schema") != SCHEMA:
        raise UserError("inspect_directory", directory=str(directory))
    return manifest


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind))


def _mask(column: pa.ChunkedArray) -> np.ndarray:
    """Where a column of truth values is true; null counts as false."""
    mask: np.ndarray = pc.fill_null(column, False).to_numpy().astype(bool)
    return mask
