"""States as points of a plane: on their two principal directions, or by UMAP if it is installed."""

from __future__ import annotations

import importlib.util
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from s2s.inspect.states.sketch import sketched
from s2s.inspect.states.store import RowNumbers, Single, StateStore

if TYPE_CHECKING:
    from numpy.random import Generator

DRAWN = 100_000  # points of a plane, at most
FITTED = 10_000  # points that UMAP is fitted to and that are drawn, at most
UMAP = "umap-learn"


@dataclass(frozen=True)
class Cloud:
    """N points (N, 2), the rows of their states, and the number of all states that they are sampled from."""

    points_N2: Single
    rows: RowNumbers
    total: int


class Plane:
    """Projection on the two principal directions of the unit vectors of a kind."""

    def __init__(self, store: StateStore, kind: str) -> None:
        self.store, self.kind = store, kind
        self.shares: list[float] = store.about["kinds"][kind]["shares"][:2]

    def cloud(self, rng: Generator, most: int = DRAWN) -> Cloud:
        """The points of all states, or of a random sample of ``most``."""
        sketch_ND = self.store.sketch(self.kind)
        rows = sample(len(sketch_ND), most, rng)
        return Cloud(np.array(sketch_ND[rows, :2]), rows, len(sketch_ND))

    def project(self, states_NM: np.ndarray) -> Single:
        """Where other states lie, (N, 2)."""
        return sketched(states_NM, self.store.basis(self.kind))[:, :2].astype(np.float32)


class Neighbourhoods:
    """Projection by UMAP (McInnes et al. 2018), which preserves neighbourhoods, fitted to the sketches of a sample."""

    def __init__(self, store: StateStore, kind: str, seed: int, most: int = FITTED) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ImportWarning)  # a part of umap that needs Tensorflow
            import umap

        self.store, self.kind, self.shares = store, kind, list[float]()
        sketch_ND = store.sketch(kind)
        rows = sample(len(sketch_ND), most, np.random.default_rng(seed))
        self.map: Any = umap.UMAP(random_state=seed, n_jobs=1)
        self.projected = Cloud(self.map.fit_transform(np.array(sketch_ND[rows, :-2])), rows, len(sketch_ND))

    def cloud(self, rng: Generator, most: int = FITTED) -> Cloud:
        """The points that the map was fitted to."""
        return self.projected

    def project(self, states_NM: np.ndarray) -> Single:
        """Where other states lie, (N, 2)."""
        coordinates_ND = sketched(states_NM, self.store.basis(self.kind))[:, :-2].astype(np.float32)
        placed: Single = self.map.transform(coordinates_ND)
        return placed


def has_umap() -> bool:
    """True if UMAP is installed."""
    return importlib.util.find_spec("umap") is not None


def sample(count: int, most: int, rng: Generator) -> RowNumbers:
    """All of ``count`` row numbers, or a random sample of ``most`` of them in rising order."""
    return np.arange(count) if count <= most else np.sort(rng.choice(count, most, replace=False))
