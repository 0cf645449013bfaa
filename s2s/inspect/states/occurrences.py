"""The occurrence of a state in its sentence: its word, the words around it, and whether the output was an error."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow.compute as pc

from s2s.errors import UserError
from s2s.inspect.states.store import StatePosition, StateStore
from s2s.inspect.table import Examples


@dataclass(frozen=True)
class Occurrence:
    """A state's token in its sentence: a source token for ``encoder``, else the target token of the step."""

    id: int
    position: int
    tokens: tuple[str, ...]
    source: str
    output: str | None
    reference: str
    error: bool | None

    @property
    def word(self) -> str:
        """The token at the state's position."""
        return self.tokens[self.position]

    def around(self, count: int = 4) -> tuple[str, str]:
        """Up to ``count`` tokens before and after it; … marks those left out."""
        before, after = self.tokens[: self.position], self.tokens[self.position + 1 :]
        first = ("…", *before[-count:]) if len(before) > count else before
        last = (*after[:count], "…") if len(after) > count else after
        return " ".join(first), " ".join(last)


def occurrences(examples: Examples, store: StateStore, kind: str, places: Sequence[StatePosition]) -> list[Occurrence]:
    """The occurrences of some states, in their order."""
    tokens = tokens_column(store, kind)
    columns = dict.fromkeys(["source", "reference", "output", "error", "cut_off", tokens])
    rows = examples.rows(np.array([place.example for place in places], dtype=np.int64), list(columns))
    return [_occurrence(place, row, kind, tokens) for place, row in zip(places, rows, strict=True)]


def tokens_column(store: StateStore, kind: str) -> str:
    """The column of the table with the tokens that states of a kind belong to."""
    if kind == "encoder":
        return "source_tokens"
    return "reference_tokens" if store.lane == "forced" else "output_tokens"


def _occurrence(place: StatePosition, row: dict[str, Any], kind: str, column: str) -> Occurrence:
    end = () if kind == "encoder" else ("<eos>",)  # an output that was cut off has no state at this position
    text = {name: row[name] for name in ("source", "output", "reference", "error")}
    return Occurrence(place.id, place.position, (*row[column], *end), **text)


def example_states(examples: Examples, store: StateStore, kind: str, id: int) -> tuple[list[str], np.ndarray]:
    """The tokens of an example and its states of a kind; UserError for an unknown id."""
    rows = store.rows(kind, id)
    if not len(rows):
        raise UserError("states_example", found=id)
    states = np.array(store.states(kind)[rows.start : rows.stop])
    (first,) = occurrences(examples, store, kind, store.positions(kind, np.array([rows.start])))
    return list(first.tokens[: len(rows)]), states


def all_words(examples: Examples, store: StateStore, kind: str) -> np.ndarray:
    """The token of every state of a kind: (N,) of str."""
    column = examples.columns(tokens_column(store, kind)).column(0)
    flat = pc.list_flatten(column).to_numpy(zero_copy_only=False)
    if kind == "encoder":
        return np.asarray(flat, dtype=object)
    starts = store.index[:, 2]
    ended = np.diff(starts) > pc.list_value_length(column).to_numpy()
    words = np.full(int(starts[-1]), "<eos>", dtype=object)
    in_table = np.ones(len(words), dtype=bool)
    in_table[starts[1:][ended] - 1] = False
    words[in_table] = flat
    return words
