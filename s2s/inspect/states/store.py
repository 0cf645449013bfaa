"""Reading saved states: the sentence and position of a row, and the rows of a sentence."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from s2s.errors import UserError

SCHEMA = "lookback-states/1"
KINDS = ("encoder", "decoder", "context")
Half = NDArray[np.float16]
Single = NDArray[np.float32]
Double = NDArray[np.float64]
RowNumbers = NDArray[np.int64]


@dataclass(frozen=True)
class StatePosition:
    """The origin of a state: the example's index in the table, its id, and the source position or step."""

    example: int
    id: int
    position: int


class StateStore:
    """The states in an inspection's directory, memory-mapped; maps stay open. UserError if there are no states."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory / "states"
        if not self.whole(directory):
            raise UserError("states_missing", directory=str(directory))
        self.about: dict[str, Any] = json.loads((self.directory / "states.json").read_text(encoding="utf-8"))
        if self.about.get("schema") != SCHEMA:
            raise UserError("states_missing", directory=str(directory))
        self.index: RowNumbers = np.load(self.directory / "index.npy")
        self.maps: dict[str, Any] = {}

    @staticmethod
    def whole(directory: Path) -> bool:
        """True if all states of an inspection are saved."""
        return (directory / "states" / "states.json").exists()

    @cached_property
    def lane(self) -> str:
        """The lane of the states: free or forced."""
        return str(self.about["lane"])

    def states(self, kind: str) -> Half:
        """All states of a kind, (N, M)."""
        states_NM: Half = self._map(kind)
        return states_NM

    def sketch(self, kind: str) -> Single:
        """The sketches of all states of a kind, (N, D + 2); see ``sketch.py``."""
        sketch_ND: Single = self._map(f"{kind}.sketch")
        return sketch_ND

    def _map(self, name: str) -> Any:
        if name not in self.maps:
            self.maps[name] = np.load(self.directory / f"{name}.npy", mmap_mode="r")
        return self.maps[name]

    def basis(self, kind: str) -> Double:
        """The mean of the unit vectors, then the directions of the sketches: (1 + D, M)."""
        basis_DM: Double = np.load(self.directory / f"{kind}.basis.npy")
        return basis_DM

    def positions(self, kind: str, rows: RowNumbers) -> list[StatePosition]:
        """The origins of these rows."""
        starts = self.index[:, _column(kind)]
        examples = np.searchsorted(starts, rows, side="right") - 1
        origins = np.stack([examples, self.index[examples, 0], rows - starts[examples]], axis=1)
        return [StatePosition(*origin) for origin in origins.tolist()]

    def ids(self, kind: str, rows: RowNumbers) -> RowNumbers:
        """The example ids of these rows."""
        ids: RowNumbers = self.index[np.searchsorted(self.index[:, _column(kind)], rows, side="right") - 1, 0]
        return ids

    def rows(self, kind: str, id: int) -> range:
        """The rows of an example in order of position; empty for an unknown id."""
        starts, example = self.index[:, _column(kind)], int(np.searchsorted(self.index[:-1, 0], id))
        if example == len(self.index) - 1 or self.index[example, 0] != id:
            return range(0)
        return range(int(starts[example]), int(starts[example + 1]))


def _column(kind: str) -> int:
    if kind not in KINDS:
        raise UserError("setting_choice", name="kind", found=kind, known=", ".join(KINDS))
    return 1 if kind == "encoder" else 2
