"""Reading an inspected test set: pages of rows, sorted, filtered and searched, or one row with all columns.

Only the requested columns are read, and for a page only the row groups that contain its rows.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from s2s import disk
from s2s.errors import UserError
from s2s.inspect.matching import query_masks
from s2s.inspect.query import LABEL, LENGTHS, Query
from s2s.inspect.schema import TABLE, refuse_other_schema

PAGE_COLUMNS = ("id", "source", "reference", "output", "bleu", "chrf", "nll", "divergence")


@dataclass(frozen=True)
class Page:
    """Some rows, and the number of all rows that match the query."""

    total: int
    rows: tuple[dict[str, Any], ...]


class Examples:
    """The table in a directory written by ``python -m s2s inspect``. UserError if there is no finished inspection."""

    def __init__(self, directory: str | Path) -> None:
        self.directory = Path(directory)
        self.path = self.directory / "examples.parquet"
        self.manifest = read_manifest(self.directory)
        self.stamp = _stamp(self.path)  # before it is read: one that is replaced meanwhile counts as gone
        try:
            self.metadata = metadata = pq.read_metadata(self.path)
        except (OSError, pa.ArrowInvalid):
            raise UserError("inspect_unfinished", directory=str(directory)) from None
        sizes = [metadata.row_group(n).num_rows for n in range(metadata.num_row_groups)]
        self.starts = np.cumsum([0, *sizes])
        self.cache: dict[str, pa.Array] = {}
        self.searches: dict[tuple[str, str, str], np.ndarray] = {}  # rows by text, way and field (matching.py)

    def __len__(self) -> int:
        return int(self.starts[-1])

    def is_there(self) -> bool:
        """Whether the file that was opened is still there: not deleted, and not written anew."""
        return self.stamp is not None and _stamp(self.path) == self.stamp

    def columns(self, *names: str) -> pa.Table:
        """Whole columns without duplicates; the names of ``LENGTHS`` are allowed."""
        names = tuple(dict.fromkeys(names))
        stored = dict.fromkeys(LENGTHS.get(name, name) for name in names)
        table = _with_nulls(pq.read_table(self.path, columns=self._there(stored), memory_map=True), stored)
        arrays = [pc.list_value_length(table[LENGTHS[n]]) if n in LENGTHS else table[n] for n in names]
        return pa.table(arrays, names=list(names))

    def _there(self, names: Iterable[str]) -> list[str]:
        """Those of the columns that the file has: one by an earlier version may lack a later column."""
        known = self.metadata.schema.to_arrow_schema().names
        return [name for name in names if name in known]

    def column(self, name: str) -> pa.Array:
        """One column, cached in memory after the first read."""
        if name not in self.cache:
            self.cache[name] = self.columns(name)[name].combine_chunks()
        return self.cache[name]

    def kept_columns(self, *names: str) -> pa.Table:
        """As ``columns``, each cached in memory after the first read."""
        return pa.table({name: self.column(name) for name in names})

    def order(self, query: Query) -> np.ndarray:
        """The indices of the matching rows in the query's order; with ``LABEL`` in the file's order."""
        matching = np.flatnonzero(self.mask(query))
        if query.sort == LABEL:
            return matching
        order = "descending" if query.descending else "ascending"
        table = pa.table({"value": self.column(query.sort).take(pa.array(matching)), "index": pa.array(matching)})
        # the index is a sort key because sort_indices is not guaranteed to be stable
        ranked = pc.sort_indices(table, sort_keys=[("value", order), ("index", "ascending")])
        indices: np.ndarray = matching[ranked.to_numpy()]
        return indices

    def page(self, query: Query, start: int = 0, count: int = 50, columns: Sequence[str] = PAGE_COLUMNS) -> Page:
        """Rows ``start`` to ``start + count`` of the matching rows, in the query's order."""
        indices = self.order(query)
        return Page(len(indices), tuple(self.rows(indices[start : start + count], columns)))

    def example(self, id: int) -> dict[str, Any]:
        """The row of an id with all columns; KeyError if there is none."""
        indices = np.flatnonzero(self.column("id").to_numpy() == id)
        if not len(indices):
            raise KeyError(id)
        return self.rows(indices, TABLE.names)[0]

    def masks(self, query: Query) -> dict[str, np.ndarray]:
        """The rows that meet each condition, by the names of ``Query.conditions``; negated ones are turned already."""
        return query_masks(self, query)

    def mask(self, query: Query) -> np.ndarray:
        """The rows that meet all conditions."""
        met: np.ndarray = np.logical_and.reduce([np.ones(len(self), dtype=bool), *self.masks(query).values()])
        return met

    def rows(self, indices: np.ndarray, columns: Sequence[str]) -> list[dict[str, Any]]:
        """The rows at some indices, in that order."""
        groups = np.searchsorted(self.starts, indices, side="right") - 1
        by_index: dict[int, dict[str, Any]] = {}
        with pq.ParquetFile(self.path, metadata=self.metadata, memory_map=True) as file:
            for group in np.unique(groups):
                members = indices[groups == group]
                table = _with_nulls(file.read_row_group(int(group), columns=self._there(columns)), columns)
                rows = table.take(pa.array(members - self.starts[group])).select(list(columns))
                by_index.update(zip(members.tolist(), rows.to_pylist(maps_as_pydicts="lossy"), strict=True))
        return [by_index[int(index)] for index in indices]


def _with_nulls(table: pa.Table, names: Iterable[str]) -> pa.Table:
    """The table with a null column for each name of ``TABLE`` that it lacks."""
    for name in names:
        if name not in table.column_names:
            table = table.append_column(TABLE.field(name), pa.nulls(len(table), TABLE.field(name).type))
    return table


def _stamp(path: Path) -> int | None:
    """When a file was last written, in nanoseconds; None without a file."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return None


def read_manifest(directory: Path) -> dict[str, Any]:
    """The manifest of an inspection; UserError if there is none, or if the directory holds a special file."""
    disk.directory_files(directory)
    try:
        manifest = json.loads((directory / "manifest.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise UserError("inspect_directory", directory=str(directory)) from None
    refuse_other_schema(directory, manifest)
    held: dict[str, Any] = manifest
    return held
