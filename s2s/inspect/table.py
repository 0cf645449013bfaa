"""Reading an inspected test set: pages of rows, sorted, filtered and searched, or one row with all columns.

Only the requested columns are read, and for a page only the row groups that contain its rows.
"""

from __future__ import annotations

import itertools
import json
import math
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from s2s import disk
from s2s.errors import UserError, nearest
from s2s.inspect.causes import CAUSES
from s2s.inspect.schema import SCHEMA, TABLE

PAGE_COLUMNS = ("id", "source", "reference", "output", "bleu", "chrf", "nll", "divergence")
SEARCHED = ("source", "reference", "output")
WORDS = ("wanted", "said")
LENGTHS = {"source_length": "source_tokens", "reference_length": "reference_tokens"}  # lengths of list columns
DIFFERENCE = "difference"  # column of ``Paired``: by how much the first inspection is better
LABEL = "label"  # sort key for labels, which are not in the file but in the database (s2s/store/labels.py)
MOST = 400  # characters of a text in a query, at most


@dataclass(frozen=True)
class Query:
    """A filter and an order of rows; a row must meet all conditions.

    Rows with equal values stay in the file's order, and rows without a value come last.

    - ``errors``: the row is an error.
    - ``causes``: the row has each of them.
    - ``ranges``: the value of a column lies between two numbers; None is no limit.
    - ``words``: ``wanted`` or ``said`` is this word.
    - ``text``: source, reference or output contains it, in upper or lower case.
    - ``ids``: only these examples, in rising order; empty means all.

    Raises UserError for unknown columns or causes.
    """

    sort: str = "id"
    descending: bool = False
    errors: bool = False
    causes: tuple[str, ...] = ()
    ranges: Mapping[str, tuple[float | None, float | None]] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=dict)
    text: str = ""
    ids: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        for name, known in ((self.sort, SORTS), *((name, NUMBERS) for name in self.ranges)):
            if name not in known:
                raise UserError("setting_choice", name="sort", found=name, known=nearest(name, known))
        for name in self.causes:
            if name not in CAUSES:
                raise UserError("setting_choice", name="causes", found=name, known=nearest(name, CAUSES))
        for name in self.words:
            if name not in WORDS:
                raise UserError("setting_choice", name="words", found=name, known=nearest(name, WORDS))

    def without(self, condition: str) -> Query:
        """A copy without one condition, named as in ``Examples.masks``."""
        kind, _, name = condition.partition(":")
        rest: Any = {"errors": False, "text": "", "ids": ()}.get(kind)
        if kind in ("ranges", "words"):
            rest = {key: value for key, value in getattr(self, kind).items() if key != name}
        elif kind == "causes":
            rest = tuple(key for key in self.causes if key != name)
        return replace(self, **{kind: rest})

    def pack(self) -> str:
        """The query as a short text for a link; empty for the default query.

        >>> Query(sort="nll", ranges={"chrf": (None, 20.0)}).pack()
        '{"sort":"nll","ranges":{"chrf":[null,20.0]}}'
        """
        changed = {name: value for name, value in vars(self).items() if value != getattr(Query(), name)}
        if self.ids:
            changed["ids"] = np.diff(self.ids, prepend=0).tolist()  # differences have fewer digits
        return json.dumps(changed, ensure_ascii=False, separators=(",", ":"), default=dict) if changed else ""

    @classmethod
    def unpack(cls, text: str) -> Query:
        """Parse a text from ``pack``; ValueError for anything else."""
        values = json.loads(text) if text else {}
        try:
            ids = tuple(itertools.accumulate(values.get("ids", ())))
            lists = {"causes": tuple(values.get("causes", ())), "ranges": _pairs(values.get("ranges", {})), "ids": ids}
            query = cls(**(values | lists))
        except (TypeError, AttributeError, RecursionError, UserError):
            raise ValueError(text) from None
        flags, texts = (query.descending, query.errors), (query.sort, query.text, *dict(query.words).values())
        if not all(type(x) is bool for x in flags) or not all(type(x) is str and len(x) <= MOST for x in texts):
            raise ValueError(text)
        if not all(type(x) is int and 0 < x < 2**63 for x in query.ids):
            raise ValueError(text)
        return query


def _pairs(ranges: Mapping[str, Any]) -> dict[str, tuple[float | None, float | None]]:
    """Check that each range is a pair of finite numbers or None; ValueError otherwise."""
    for low, high in ranges.values():
        if not all(x is None or (type(x) in (int, float) and math.isfinite(x)) for x in (low, high)):
            raise ValueError(ranges)
    return {name: (low, high) for name, (low, high) in ranges.items()}


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
        self.last_search = "", np.ones(0, dtype=bool)

    def __len__(self) -> int:
        return int(self.starts[-1])

    def is_there(self) -> bool:
        """Whether the file that was opened is still there: not deleted, and not written anew."""
        return self.stamp is not None and _stamp(self.path) == self.stamp

    def columns(self, *names: str) -> pa.Table:
        """Whole columns without duplicates; the names of ``LENGTHS`` are allowed."""
        names = tuple(dict.fromkeys(names))
        stored = dict.fromkeys(LENGTHS.get(name, name) for name in names)
        table = pq.read_table(self.path, columns=list(stored), memory_map=True)
        arrays = [pc.list_value_length(table[LENGTHS[n]]) if n in LENGTHS else table[n] for n in names]
        return pa.table(arrays, names=list(names))

    def column(self, name: str) -> pa.Array:
        """One column of numbers, booleans or words, cached in memory after the first read."""
        if name not in self.cache:
            self.cache[name] = self.columns(name)[name].combine_chunks()
        return self.cache[name]

    def order(self, query: Query) -> np.ndarray:
        """The indices of the matching rows in the query's order; with ``LABEL`` in the file's order."""
        matching = np.flatnonzero(np.logical_and.reduce([np.ones(len(self), dtype=bool), *self.masks(query).values()]))
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
        """The rows that meet each condition, by name: ``errors``, ``ids``, ``text``, ``causes:NAME`` and so on."""
        masks = {"errors": mask(self.column("error"))} if query.errors else {}
        for name in query.causes:
            masks[f"causes:{name}"] = mask(self.column(f"cause_{name}"))
        for name, (low, high) in query.ranges.items():
            column = self.column(name)
            keep = mask(pc.is_valid(column))
            if low is not None:
                keep &= mask(pc.greater_equal(column, low))
            if high is not None:
                keep &= mask(pc.less_equal(column, high))
            masks[f"ranges:{name}"] = keep
        for name, word in query.words.items():
            masks[f"words:{name}"] = mask(pc.equal(self.column(name), word))
        if query.ids:
            masks["ids"] = np.isin(self.column("id").to_numpy(), query.ids)
        if query.text:
            masks["text"] = self._matches(unicodedata.normalize("NFC", query.text).lower())
        return masks

    def _matches(self, text: str) -> np.ndarray:
        """The rows that contain a text; the last result is cached, as order and counts need the same one."""
        before, rows = self.last_search
        if before != text:
            rows = mask(pc.match_substring(self._searched_text(), text))
            self.last_search = text, rows
        return rows

    def _searched_text(self) -> pa.Array:
        """Source, reference and output of each row as one text, NFC and lower case, cached after the first search."""
        if "" not in self.cache:
            columns = (pc.fill_null(column, "") for column in self.columns(*SEARCHED).columns)
            texts = [pc.utf8_lower(pc.utf8_normalize(column, form="NFC")) for column in columns]
            self.cache[""] = pc.binary_join_element_wise(*texts, "\0").combine_chunks()
        return self.cache[""]

    def rows(self, indices: np.ndarray, columns: Sequence[str]) -> list[dict[str, Any]]:
        """The rows at some indices, in that order."""
        groups = np.searchsorted(self.starts, indices, side="right") - 1
        by_index: dict[int, dict[str, Any]] = {}
        with pq.ParquetFile(self.path, metadata=self.metadata, memory_map=True) as file:
            for group in np.unique(groups):
                members = indices[groups == group]
                table = file.read_row_group(int(group), columns=list(columns))
                rows = table.take(pa.array(members - self.starts[group])).select(list(columns)).to_pylist()
                by_index.update(zip(members.tolist(), rows, strict=True))
        return [by_index[int(index)] for index in indices]


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
    if not isinstance(manifest, dict) or manifest.get("schema") != SCHEMA:
        raise UserError("inspect_directory", directory=str(directory))
    return manifest


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind))


NUMBERS = (*(column.name for column in TABLE if _is_number(column.type)), *LENGTHS, DIFFERENCE)
SORTS = (*NUMBERS, LABEL)


def mask(column: pa.Array | pa.ChunkedArray) -> np.ndarray:
    """A boolean column as an array; null becomes False."""
    filled = pc.fill_null(column, False)
    true_N: np.ndarray = filled.to_numpy(zero_copy_only=False) if isinstance(filled, pa.Array) else filled.to_numpy()
    return np.array(true_N, dtype=bool)
