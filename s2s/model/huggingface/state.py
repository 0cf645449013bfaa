"""An encoded source and the decoder's state of a Hugging Face model."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F


class Memory(NamedTuple):
    """An encoded source: its states, and their keys and values in every decoder layer (2, B, L, H, S, D)."""

    states_BSM: Tensor
    mask_BS: Tensor
    cross_PBLHSD: Tensor
    prior_BV: None = None

    def select(self, index_N: Tensor) -> Memory:
        """The rows that an index names."""
        return Memory(self.states_BSM[index_N], self.mask_BS[index_N], self.cross_PBLHSD[:, index_N])


class HuggingFaceState(NamedTuple):
    """The decoder's state: keys and values of each step (2, B, L, H, t, D), shared with earlier states.

    ``times`` is the number of ids read by each row; shorter rows are padded at the end.
    """

    past: tuple[Tensor, ...]
    times: tuple[int, ...]
    top_BH: Tensor  # the query of the layer that is shown
    normaliser_B: Tensor  # log Σ exp(logits) of the step

    def select(self, index_N: Tensor) -> HuggingFaceState:
        """The rows that an index names."""
        past = tuple(part[:, index_N] for part in self.past)
        times = tuple(self.times[n] for n in index_N.tolist())
        return HuggingFaceState(past, times, self.top_BH[index_N], self.normaliser_B[index_N])

    @staticmethod
    def joined(states: Sequence[HuggingFaceState]) -> HuggingFaceState:
        """The states concatenated along the rows."""
        longest, parts = max(max(state.times, default=0) for state in states), list[Tensor]()
        shape = next((state.past[0].shape for state in states if state.past), None)
        for state in states:
            if shape is not None and longest:
                rows = len(state.times)
                whole = torch.cat(state.past, dim=4) if state.past else torch.zeros(2, rows, *shape[2:4], 0, shape[5])
                parts.append(F.pad(whole[..., :longest, :], (0, 0, 0, max(0, longest - whole.size(4)))))
        return HuggingFaceState(
            (torch.cat(parts, dim=1),) if parts else (),
            tuple(chain.from_iterable(state.times for state in states)),
            torch.cat([state.top_BH for state in states]),
            torch.cat([state.normaliser_B for state in states]),
        )
