"""Reading an inspected test set: a page of its rows, sorted, filtered and searched, or one row whole.

Only the columns that are asked for are read, and of a page only the row groups that it has rows of.
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

from s2s.errors import UserError
from s2s.inspect.causes import CAUSES
from s2s.inspect.schema import SCHEMA, TABLE

PAGE_COLUMNS = ("id", "source", "reference", "output", "bleu", "chrf", "nll", "divergence")
SEARCHED = ("source", "reference", "output")
WORDS = ("wanted", "said")
LENGTHS = {"source_length": "source_tokens", "reference_length": "reference_tokens"}  # made of a column of lists
DIFFERENCE = "difference"  # of two inspections: what the first is ahead by
LABEL = "label"  # to sort by: what people said, which is no column of the file (s2s/store/labels.py)
MOST = 400  # characters that are searched for


@dataclass(frozen=True)
class Query:
    """Which rows, in which order: all conditions hold, ties stay in the file's order, rows without a value are last.

    ``causes``: the row has each of them. ``ranges``: a column's value lies between two numbers, either
    may be None. ``words``: ``wanted`` or ``said`` is this word. ``text``: source, reference or output
    hold it, capitals aside. ``ids``: only these examples, in rising order; all where there is none.
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
                raise UserError("setting_choice", name="sort", found=name, known=", ".join(known))
        for name in self.causes:
            if name not in CAUSES:
                raise UserError("setting_choice", name="causes", found=name, known=", ".join(CAUSES))
        for name in self.words:
            if name not in WORDS:
                raise UserError("setting_choice", name="words", found=name, known=", ".join(WORDS))

    def without(self, condition: str) -> Query:
        """The same without one condition, named as by ``Examples.masks``."""
        kind, _, name = condition.partition(":")
        rest: Any = {"errors": False, "text": "", "ids": ()}.get(kind)
        if kind in ("ranges", "words"):
            rest = {key: value for key, value in getattr(self, kind).items() if key != name}
        elif kind == "causes":
            rest = tuple(key for key in self.causes if key != name)
        return replace(self, **{kind: rest})

    def pack(self) -> str:
        """Itself as a short text, for a link.

        >>> Query(sort="nll", ranges={"chrf": (None, 20.0)}).pack()
        '{"sort":"nll","ranges":{"chrf":[null,20.0]}}'
        """
        changed = {name: value for name, value in vars(self).items() if value != getattr(Query(), name)}
        if self.ids:
            changed["ids"] = np.diff(self.ids, prepend=0).tolist()  # small numbers are short
        return json.dumps(changed, ensure_ascii=False, separators=(",", ":"), default=dict) if changed else ""

    @classmethod
    def unpack(cls, text: str) -> Query:
        """What ``pack`` wrote; ValueError for anything else."""
        held = json.loads(text) if text else {}
        try:
            ids = tuple(itertools.accumulate(held.get("ids", ())))
            lists = {"causes": tuple(held.get("causes", ())), "ranges": _pairs(held.get("ranges", {})), "ids": ids}
            query = cls(**(held | lists))
        except (TypeError, AttributeError, RecursionError, UserError):
            raise ValueError(text) from None
        flags, texts = (query.descending, query.errors), (query.sort, query.text, *dict(query.words).values())
        if not all(type(x) is bool for x in flags) or not all(type(x) is str and len(x) <= MOST for x in texts):
            raise ValueError(text)
        if not all(type(x) is int and 0 < x < 2**63 for x in query.ids):
            raise ValueError(text)
        return query


def _pairs(ranges: Mapping[str, Any]) -> dict[str, tuple[float | None, float | None]]:
    """Two numbers or None each; ValueError for what is none."""
    for low, high in ranges.values():
        if not all(x is None or (type(x) in (int, float) and math.isfinite(x)) for x in (low, high)):
            raise ValueError(ranges)
    return {name: (low, high) for name, (low, high) in ranges.items()}


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
            self.metadata = metadata = pq.read_metadata(self.path)
        except (OSError, pa.ArrowInvalid):
            raise UserError("inspect_unfinished", directory=str(directory)) from None
        sizes = [metadata.row_group(n).num_rows for n in range(metadata.num_row_groups)]
        self.starts = np.cumsum([0, *sizes])
        self.cache: dict[str, pa.Array] = {}
        self.last_search = "", np.ones(0, dtype=bool)

    def __len__(self) -> int:
        return int(self.starts[-1])

    def columns(self, *names: str) -> pa.Table:
        """Whole columns, each once, lengths of lists among them."""
        names = tuple(dict.fromkeys(names))
        read = dict.fromkeys(LENGTHS.get(name, name) for name in names)
        table = pq.read_table(self.path, columns=list(read), memory_map=True)
        found = [pc.list_value_length(table[LENGTHS[n]]) if n in LENGTHS else table[n] for n in names]
        return pa.table(found, names=list(names))

    def column(self, name: str) -> pa.Array:
        """One column of numbers, marks or words; these stay in memory once they were read."""
        if name not in self.cache:
            self.cache[name] = self.columns(name)[name].combine_chunks()
        return self.cache[name]

    def order(self, query: Query) -> np.ndarray:
        """The places of the rows that fit, in the query's order; by ``LABEL`` in the file's."""
        kept = np.flatnonzero(np.logical_and.reduce([np.ones(len(self), dtype=bool), *self.masks(query).values()]))
        if query.sort == LABEL:
            return kept
        order = "descending" if query.descending else "ascending"
        table = pa.table({"value": self.column(query.sort).take(pa.array(kept)), "place": pa.array(kept)})
        # place: sort_indices promises no stable order
        ranked = pc.sort_indices(table, sort_keys=[("value", order), ("place", "ascending")])
        places: np.ndarray = kept[ranked.to_numpy()]
        return places

    def page(self, query: Query, start: int = 0, count: int = 50, columns: Sequence[str] = PAGE_COLUMNS) -> Page:
        """Rows ``start`` to ``start + count`` of those that fit, in the query's order."""
        places = self.order(query)
        return Page(len(places), tuple(self.rows(places[start : start + count], columns)))

    def example(self, id: int) -> dict[str, Any]:
        """The row of an id with all columns; KeyError where there is none."""
        places = np.flatnonzero(self.column("id").to_numpy() == id)
        if not len(places):
            raise KeyError(id)
        return self.rows(places, TABLE.names)[0]

    def masks(self, query: Query) -> dict[str, np.ndarray]:
        """Of each condition the rows that meet it: errors, ids, text; with a name behind: causes, ranges, words."""
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
        """The rows that hold a text; order and counts ask for the same one, found once."""
        before, found = self.last_search
        if before != text:
            found = mask(pc.match_substring(self._searched_text(), text))
            self.last_search = text, found
        return found

    def _searched_text(self) -> pa.Array:
        """Source, reference and output of each row, composed, in small letters, in memory once somebody searched."""
        if "" not in self.cache:
            given = (pc.fill_null(column, "") for column in self.columns(*SEARCHED).columns)
            texts = [pc.utf8_lower(pc.utf8_normalize(column, form="NFC")) for column in given]
            self.cache[""] = pc.binary_join_element_wise(*texts, "\0").combine_chunks()
        return self.cache[""]

    def rows(self, places: np.ndarray, columns: Sequence[str]) -> list[dict[str, Any]]:
        """The rows at some places, in that order."""
        groups = np.searchsorted(self.starts, places, side="right") - 1
        found: dict[int, dict[str, Any]] = {}
        with pq.ParquetFile(self.path, metadata=self.metadata, memory_map=True) as file:
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


NUMBERS = (*(column.name for column in TABLE if _is_number(column.type)), *LENGTHS, DIFFERENCE)
SORTS = (*NUMBERS, LABEL)


def mask(column: pa.Array | pa.ChunkedArray) -> np.ndarray:
    """Where a column of truth values is true; null counts as false."""
    held = pc.fill_null(column, False)
    true_N: np.ndarray = held.to_numpy(zero_copy_only=False) if isinstance(held, pa.Array) else held.to_numpy()
    return np.array(true_N, dtype=bool)
