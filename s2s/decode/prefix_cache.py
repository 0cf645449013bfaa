"""An encoded source and a cache of its decoder steps, so that forks and edits resume.

A fork or an edit changes a lane from some step on; the steps before it are not decoded again. The numbers are those of
a run from the start: the tensors are the same ones.
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

KEPT = 256  # steps; each holds a distribution over the target vocabulary (V floats)


class CachedStep(NamedTuple):
    """A decoder step in the cache: the tokens and edits that led to it, the state after it, and its output."""

    path: tuple[tuple[int, str], ...]
    state: Any  # the model's
    output: StepOutput | None = None
    own: StepOutput | None = None  # of an edited step: its output with the model's own attention


class PrefixCache:
    """An encoded source, and the ``KEPT`` decoder steps that were used last, by the path that leads to each."""

    @torch.inference_mode()
    def __init__(self, model: Model, source: Sequence[int]) -> None:
        self.model = model
        self.memory, state = model.encode(torch.tensor([list(source)]), torch.tensor([len(source)]))
        self.start = CachedStep((), state)
        self.steps: OrderedDict[tuple[tuple[int, str], ...], CachedStep] = OrderedDict()

    @torch.inference_mode()
    def step(self, before: CachedStep, token: int, edit: Edit | None = None) -> CachedStep:
        """The step after ``before`` that reads ``token``, with the model's own attention or an edited row.

        Raises UserError where this source or step cannot have the edit.
        """
        path = (*before.path, (token, "" if edit is None else str(edit)))
        found = self.steps.get(path)
        if found is None:
            found = self._step(path, before, token, edit)
            self.steps[path] = found
            if len(self.steps) > KEPT:
                self.steps.popitem(last=False)
        self.steps.move_to_end(path)
        return found

    def _step(self, path: tuple[tuple[int, str], ...], before: CachedStep, token: int, edit: Edit | None) -> CachedStep:
        own = self.model.step(before.state, torch.tensor([token]), self.memory)
        if edit is None:
            return CachedStep(path, own.state, own)
        row_BS = self._row(before, own, edit)
        edited = self.model.step(before.state, torch.tensor([token]), self.memory, row_BS)
        return CachedStep(path, edited.state, edited, own)

    def _row(self, before: CachedStep, own: StepOutput, edit: Edit) -> Tensor:
        if not own.attention_BS.size(1):
            raise UserError("edit_no_attention")
        previous_S = None if before.output is None else before.output.attention_BS[0].numpy()
        row_S = edit.row(own.attention_BS[0].numpy(), previous_S)
        return torch.tensor(row_S, dtype=torch.float32).unsqueeze(0)
