"""Two inspections of one file as one table: the rows of the first, each with the values of the second."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from s2s.inspect.columns import float_column
from s2s.inspect.comparison import ahead, same_file
from s2s.inspect.query import DIFFERENCE
from s2s.inspect.table import Examples

OTHER = "other_"  # prefix of the second inspection's columns
SCORES = ("chrf", "bleu", "rouge_l", "nll")  # scores that two rows can be compared by


class Paired(Examples):
    """The first inspection with a column ``difference``: by how much it is better in a score than the second.

    The difference is null for a row that only the first has. Raises UserError if the files differ.
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

    def is_there(self) -> bool:
        """Whether both files that were opened are still there."""
        return super().is_there() and self.second.is_there()

    def rows(self, indices: np.ndarray, columns: Sequence[str]) -> list[dict[str, Any]]:
        """The rows at some indices; columns whose names begin with ``other_`` are the second inspection's."""
        own = [name for name in columns if name not in ("id", DIFFERENCE) and not name.startswith(OTHER)]
        rows = super().rows(indices, ["id", *own])  # always with "id": rows without a column could not be counted
        names = [name.removeprefix(OTHER) for name in columns if name.startswith(OTHER)]
        shared = indices[self.shared[indices]] if names else indices[:0]
        beside = dict(zip(shared.tolist(), self.second.rows(self.beside[shared], names), strict=True))
        for row, index in zip(rows, indices.tolist(), strict=True):
            if DIFFERENCE in columns:
                row[DIFFERENCE] = self.cache[DIFFERENCE][index].as_py()
            row |= {OTHER + name: beside[index][name] if index in beside else None for name in names}
        return rows
