"""The rows that meet each condition of a query, as masks over all rows."""

from __future__ import annotations

import time
import unicodedata
from collections.abc import Callable
from typing import Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from s2s.errors import UserError
from s2s.inspect.causes import TAGS
from s2s.inspect.query import SEARCHED, Query, Search

EDGE = "\x1f"  # before and after each token where words are searched
CHUNK = 256  # rows that a regular expression is matched with at a time
PATIENCE = 3.0  # seconds that it may take
REMEMBERED = 16  # searches whose rows are remembered


class Columns(Protocol):
    """What is needed of ``table.Examples``."""

    cache: dict[str, pa.Array]
    searches: dict[tuple[str, str, str], np.ndarray]  # rows by text, way and field

    def __len__(self) -> int: ...

    def columns(self, *names: str) -> pa.Table:
        """Whole columns."""

    def column(self, name: str) -> pa.Array:
        """One column, which may be kept."""


def query_masks(examples: Columns, query: Query) -> dict[str, np.ndarray]:
    """The rows that meet each condition, those that are negated already turned, by ``Query.conditions``.

    Raises UserError for a regular expression that takes too long.
    """
    masks = {}
    for condition in query.conditions():
        kind, _, name = condition.partition(":")
        found_N = _meets(examples, query, kind, name)
        masks[condition] = ~found_N if query.is_negated(condition) else found_N
    return masks


def _meets(examples: Columns, query: Query, kind: str, name: str) -> np.ndarray:
    if kind == "searches":
        return search_rows(examples, query.searches[int(name)])
    if kind == "ranges":
        return _in_range(examples.column(name), *query.ranges[name])
    if kind == "ids":
        return np.isin(examples.column("id").to_numpy(), query.ids)
    if kind == "extra":
        return mask(pc.equal(extra_values(examples, name), query.extra[name]))
    if kind == "words":
        return mask(pc.equal(examples.column(name), query.words[name]))
    if kind == "unknown":
        return mask(pc.greater(pc.list_value_length(examples.column(f"{name}_unknown")), 0))
    if kind == "causes":
        return mask(examples.column(TAGS[name]))
    return verdict_rows(examples, "error" if kind == "errors" else query.verdict)


def verdict_rows(examples: Columns, verdict: str) -> np.ndarray:
    """The rows with a verdict."""
    return mask(pc.equal(examples.column("verdict"), verdict))


def _in_range(column: pa.Array, low: float | None, high: float | None) -> np.ndarray:
    keep = mask(pc.is_valid(column))
    if low is not None:
        keep &= mask(pc.greater_equal(column, float(low)))
    if high is not None:
        keep &= mask(pc.less_equal(column, float(high)))
    return keep


def extra_values(examples: Columns, name: str) -> pa.Array:
    """The values of a column of the user's own; null where a row has none."""
    return pc.map_lookup(examples.column("extra"), pa.scalar(name), "first")


def extra_columns(examples: Columns, most: int = 200) -> dict[str, list[str]]:
    """The user's own columns, each with its most frequent values, at most so many, sorted."""
    names = dict.fromkeys(pc.unique(examples.column("extra").keys).to_pylist())
    columns = {}
    for name in names:
        counts = pc.value_counts(extra_values(examples, name).drop_null()).to_pylist()
        often = sorted(counts, key=lambda one: (-one["counts"], one["values"]))[:most]
        columns[name] = sorted(one["values"] for one in often)
    return columns


def search_rows(examples: Columns, search: Search) -> np.ndarray:
    """The rows in which a search finds something, whether it is negated or not; the latest are remembered."""
    key = search.text, search.how, search.field
    if key not in examples.searches:
        if len(examples.searches) >= REMEMBERED:
            examples.searches.clear()
        fields = [search.field] if search.field else SEARCHED
        examples.searches[key] = np.logical_or.reduce([_matches(examples, search, name) for name in fields])
    return examples.searches[key]


def _matches(examples: Columns, search: Search, name: str) -> np.ndarray:
    wanted = unicodedata.normalize("NFC", search.text)
    if search.how == "regex":
        return _regex_rows(_written(examples, name), wanted)
    if search.how == "word":
        return mask(pc.match_substring(_tokens(examples, name), EDGE.join(["", *wanted.lower().split(), ""])))
    return mask(pc.match_substring(_lower(examples, name), wanted.lower()))


def _regex_rows(texts: pa.Array, expression: str) -> np.ndarray:
    """The rows with a match; UserError if the expression, though linear, is too slow for so many rows."""
    until, parts = time.monotonic() + PATIENCE, list[np.ndarray]()
    for start in range(0, len(texts), CHUNK):
        if time.monotonic() > until:
            raise UserError("regex_slow", expression=expression, seconds=PATIENCE)
        parts.append(mask(pc.match_substring_regex(texts.slice(start, CHUNK), expression)))
    return np.concatenate(parts) if parts else np.zeros(0, dtype=bool)


def _written(examples: Columns, name: str) -> pa.Array:
    """The texts of a side in NFC, cached like those of the next two functions."""
    return _cached(examples, f"nfc:{name}", lambda: pc.utf8_normalize(_texts(examples, name), form="NFC"))


def _lower(examples: Columns, name: str) -> pa.Array:
    """The texts of a side in lower case."""
    return _cached(examples, f"lower:{name}", lambda: pc.utf8_lower(_written(examples, name)))


def _tokens(examples: Columns, name: str) -> pa.Array:
    """The tokens of a side in lower case, ``EDGE`` around each, without the mark ▁ that begins a word of subwords."""

    def make() -> pa.Array:
        joined = pc.binary_join(examples.column(f"{name}_tokens"), EDGE)
        edged = pc.binary_join_element_wise(EDGE, joined, EDGE, "")
        return pc.utf8_lower(pc.utf8_normalize(pc.replace_substring(edged, f"{EDGE}▁", EDGE), form="NFC"))

    return _cached(examples, f"tokens:{name}", make)


def _texts(examples: Columns, name: str) -> pa.Array:
    return examples.columns(name)[name].combine_chunks()


def _cached(examples: Columns, key: str, make: Callable[[], pa.Array]) -> pa.Array:
    if key not in examples.cache:
        examples.cache[key] = make()
    return examples.cache[key]


def mask(column: pa.Array | pa.ChunkedArray) -> np.ndarray:
    """A boolean column as an array; null becomes False."""
    filled = pc.fill_null(column, False)
    true_N: np.ndarray = filled.to_numpy(zero_copy_only=False) if isinstance(filled, pa.Array) else filled.to_numpy()
    return np.array(true_N, dtype=bool)
