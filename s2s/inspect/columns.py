"""Columns of an inspected table as arrays, and the rows of a mask."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from s2s.evaluate.bootstrap import Floats


def float_column(column: pa.Array | pa.ChunkedArray) -> Floats:
    """A column of numbers or booleans as floats; null becomes NaN."""
    values: Floats = np.asarray(column.cast(pa.float64()), dtype=float)
    return values


def count_columns(column: pa.ChunkedArray) -> Floats:
    """A column of N lists of equal length K: (N, K)."""
    flat: Floats = column.combine_chunks().flatten().to_numpy().astype(float)
    return flat.reshape(len(column), -1 if len(column) else 0)


def chosen_rows(table: pa.Table, rows_N: np.ndarray | None) -> pa.Table:
    """The rows of a mask, or all."""
    return table if rows_N is None else table.filter(pa.array(rows_N))
