"""One source, read once: every step that decoding it came through, kept to go on from.

A fork or an edit changes a lane from some step on; what led there is not decoded again. The numbers
are those of a run from the start, as they are the same tensors.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from s2s.errors import UserError
from s2s.model import Model, StepOutput
from s2s.trace.branch import Edit

KEPT = 256  # steps; each holds a distribution over the target vocabulary


class Place(NamedTuple):
    """Where decoding stands: what was read and edited on the way, the state, and what the last step gave."""

    path: tuple[tuple[int, str], ...]
    state: Any  # the model's
    output: StepOutput | None = None
    own: StepOutput | None = None  # of an edited step: what it would have given with the model's own attention


class Reading:
    """An encoded source and the places that decoding has come through, the most recent ``KEPT``."""

    @torch.inference_mode()
    def __init__(self, model: Model, source: Sequence[int]) -> None:
        self.model = model
        self.memory, state = model.encode(torch.tensor([list(source)]), torch.tensor([len(source)]))
        self.start = Place((), state)
        self.places: OrderedDict[tuple[tuple[int, str], ...], Place] = OrderedDict()

    @torch.inference_mode()
    def step(self, place: Place, token: int, edit: Edit | None = None) -> Place:
        """Read one token, with the model's own attention or an edited row; UserError where the edit cannot be."""
        path = (*place.path, (token, "" if edit is None else str(edit)))
        found = self.places.get(path)
        if found is None:
            found = self._step(path, place, token, edit)
            self.places[path] = found
            if len(self.places) > KEPT:
                self.places.popitem(last=False)
        self.places.move_to_end(path)
        return found

    def _step(self, path: tuple[tuple[int, str], ...], place: Place, token: int, edit: Edit | None) -> Place:
        own = self.model.step(place.state, torch.tensor([token]), self.memory)
        if edit is None:
            return Place(path, own.state, own)
        row_BS = self._row(place, own, edit)
        edited = self.model.step(place.state, torch.tensor([token]), self.memory, row_BS)
        return Place(path, edited.state, edited, own)

    def _row(self, place: Place, own: StepOutput, edit: Edit) -> Tensor:
        if not own.attention_BS.size(1):
            raise UserError("edit_no_attention")
        previous_S = None if place.output is None else place.output.attention_BS[0].numpy()
        row_S = edit.row(own.attention_BS[0].numpy(), previous_S)
        return torch.tensor(row_S, dtype=torch.float32).unsqueeze(0)
