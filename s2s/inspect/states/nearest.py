"""Exact search for the states with the greatest cosine to a query; a bound on distances avoids most comparisons."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from s2s.inspect.states.sketch import sketched, unit
from s2s.inspect.states.store import Double, Half, RowNumbers, Single, StatePosition, StateStore

FIRST = 1024  # states compared before the bound rules any out, at least
COMPARED = 512  # states compared at a time, to fit in the processor's cache
THREADS = 2  # one computes while the other waits for the disk
SLACK = 1e-5  # tolerance; larger than the rounding error of a bound or a cosine in single precision


@dataclass(frozen=True)
class Neighbour:
    """A state: its row, its origin, and its cosine with the query."""

    row: int
    origin: StatePosition
    cosine: float


@dataclass(frozen=True)
class NearState:
    """The nearest states, nearest first and ties by row, and the number of states compared in full."""

    neighbours: tuple[Neighbour, ...]
    compared: int


def nearest(store: StateStore, kind: str, query_M: np.ndarray, k: int = 10, but: int | None = None) -> NearState:
    """The k states of a kind with the greatest cosine to the query, without those of the example ``but``."""
    states, own = store.states(kind), store.rows(kind, but) if but is not None else range(0)
    bound_N = bounds(store.sketch(kind), sketched(query_M[None], store.basis(kind))[0])
    bound_N[own.start : own.stop] = np.inf
    k = min(k, len(bound_N) - len(own))
    if k <= 0:
        return NearState((), 0)
    direction_M = unit(query_M[None])[0]
    first = min(max(FIRST, 8 * k), len(bound_N) - len(own))
    tried = np.sort(np.argpartition(bound_N, first - 1)[:first])
    cosine = _single(states, tried, direction_M)
    bound_N[tried] = np.inf
    more = np.flatnonzero(bound_N < 2 - 2 * np.partition(cosine, -k)[-k] + 3 * SLACK)
    rows, cosine = np.concatenate([tried, more]), np.concatenate([cosine, _single(states, more, direction_M)])
    compared, close = len(rows), cosine >= np.partition(cosine, -k)[-k] - 2 * SLACK
    rows = rows[close]
    exact = unit(states[rows]) @ direction_M
    best = np.lexsort((rows, -exact))[:k]
    neighbours = zip(rows[best].tolist(), store.positions(kind, rows[best]), exact[best].tolist(), strict=True)
    return NearState(tuple(Neighbour(*neighbour) for neighbour in neighbours), compared)


def bounds(sketch_ND: Single, query_D: Double) -> Single:
    """A lower bound of |u - v|² for every sketch, by one matrix-vector product: (N,)."""
    weights_D = np.concatenate([-2 * query_D[:-1], [1.0]]).astype(np.float32)
    bound_N: Single = sketch_ND @ weights_D
    bound_N += np.float32(query_D[-1])
    return bound_N


def _single(states_NM: Half, rows: RowNumbers, direction_M: Double) -> Single:
    """The cosines of some rows with a unit vector, in single precision."""
    narrow_M = direction_M.astype(np.float32)
    parts = [rows[start : start + COMPARED] for start in range(0, len(rows), COMPARED)]
    with ThreadPoolExecutor(THREADS) as pool:
        return np.concatenate(
            [np.zeros(0, np.float32), *pool.map(lambda part: _cosines(states_NM[part], narrow_M), parts)]
        )


def _cosines(states_NM: Half, direction_M: Single) -> Single:
    from torch import from_numpy  # converts half precision four times as fast as numpy

    wide = from_numpy(states_NM).float().numpy()
    lengths = np.sqrt(np.einsum("nm,nm->n", wide, wide))
    cosine: Single = (wide @ direction_M) / np.maximum(lengths, np.finfo(np.float32).tiny)
    return cosine
