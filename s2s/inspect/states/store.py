"""Reading kept states: of which sentence and place a row is, the rows of a sentence."""

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
    """Where a state is from: the example's place in the table and its id, and the source position or the step."""

    example: int
    id: int
    position: int


class StateStore:
    """The states in an inspection's directory, mapped into memory, not read; a map stays, with the pages it has met."""

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
        """Whether the states of an inspection are all there."""
        return (directory / "states" / "states.json").exists()

    @cached_property
    def lane(self) -> str:
        """Whose words the decoder read: free or forced."""
        return str(self.about["lane"])

    def states(self, kind: str) -> Half:
        """All states of a kind, (N, M)."""
        held: Half = self._map(kind)
        return held

    def sketch(self, kind: str) -> Single:
        """What a search reads of them first (``sketch.py``)."""
        held: Single = self._map(f"{kind}.sketch")
        return held

    def _map(self, name: str) -> Any:
        if name not in self.maps:
            self.maps[name] = np.load(self.directory / f"{name}.npy", mmap_mode="r")
        return self.maps[name]

    def basis(self, kind: str) -> Double:
        """The mean of the unit vectors, and below it the sketch's directions."""
        held: Double = np.load(self.directory / f"{kind}.basis.npy")
        return held

    def positions(self, kind: str, rows: RowNumbers) -> list[StatePosition]:
        """Where these states are from."""
        starts = self.index[:, _column(kind)]
        examples = np.searchsorted(starts, rows, side="right") - 1
        found = np.stack([examples, self.index[examples, 0], rows - starts[examples]], axis=1)
        return [StatePosition(*one) for one in found.tolist()]

    def ids(self, kind: str, rows: RowNumbers) -> RowNumbers:
        """The examples that these states are of."""
        found: RowNumbers = self.index[np.searchsorted(self.index[:, _column(kind)], rows, side="right") - 1, 0]
        return found

    def rows(self, kind: str, id: int) -> range:
        """The rows of an example, in its order; none of an id that is not there."""
        starts, place = self.index[:, _column(kind)], int(np.searchsorted(self.index[:-1, 0], id))
        if place == len(self.index) - 1 or self.index[place, 0] != id:
            return range(0)
        return range(int(starts[place]), int(starts[place + 1]))


def _column(kind: str) -> int:
    if kind not in KINDS:
        raise UserError("setting_choice", name="kind", found=kind, known=", ".join(KINDS))
    return 1 if kind == "encoder" else 2
