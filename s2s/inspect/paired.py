"""Two inspections of one file as one table: the rows of the first, and beside each what the second has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from s2s.inspect.comparison import ahead, same_file
from s2s.inspect.summary import float_column
from s2s.inspect.table import DIFFERENCE, Examples

OTHER = "other_"  # begins the names of the second's columns
SCORES = ("chrf", "bleu", "rouge_l", "nll")  # by which a row is won


class Paired(Examples):
    """The first of two, with a column ``difference``: what it is ahead by in a score, null of a row that it has alone.

    Raises UserError for inspections of two files.
    """

    def __init__(self, first: Examples, second: Examples, score: str) -> None:
        same_file(first, second)
        super().__init__(first.directory)
        self.second, self.score = second, score
        own, other = (examples.column("id").to_numpy() for examples in (first, second))
        self.beside = np.minimum(np.searchsorted(other, own), len(other) - 1)  # ids ascend
        self.shared = other[self.beside] == own
        scores = float_column(first.column(score)), float_column(second.column(score))[self.beside]
        apart = np.where(self.shared, ahead(*scores, score), np.nan)
        self.cache[DIFFERENCE] = pa.array(apart, pa.float32(), from_pandas=True)

    def rows(self, places: np.ndarray, columns: Sequence[str]) -> list[dict[str, Any]]:
        """The rows at some places; ``difference`` is of both, names that begin with ``other_`` of the second."""
        own = [name for name in columns if name not in ("id", DIFFERENCE) and not name.startswith(OTHER)]
        found = super().rows(places, ["id", *own])  # never no column at all: such rows could not be counted
        names = [name.removeprefix(OTHER) for name in columns if name.startswith(OTHER)]
        shared = places[self.shared[places]] if names else places[:0]
        beside = dict(zip(shared.tolist(), self.second.rows(self.beside[shared], names), strict=True))
        for row, place in zip(found, places.tolist(), strict=True):
            if DIFFERENCE in columns:
                row[DIFFERENCE] = self.cache[DIFFERENCE][place].as_py()
            row |= {OTHER + name: beside[place][name] if place in beside else None for name in names}
        return found
