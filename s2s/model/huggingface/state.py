"""What a Hugging Face model keeps of a source and of the tokens that it has read."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F


class Memory(NamedTuple):
    """An encoded source: its states, and every decoder layer's keys and values of them, (2, B, L, H, S, D)."""

    states_BSM: Tensor
    mask_BS: Tensor
    cross_PBLHSD: Tensor
    prior_BV: None = None

    def select(self, index_N: Tensor) -> Memory:
        """The rows that an index names."""
        return Memory(self.states_BSM[index_N], self.mask_BS[index_N], self.cross_PBLHSD[:, index_N])


class HuggingFaceState(NamedTuple):
    """What has been read: of each step its keys and values, (2, B, L, H, t, D), shared with the states before.

    ``times`` has of each row the number of ids read; rows that have read fewer than others are filled up behind.
    """

    past: tuple[Tensor, ...]
    times: tuple[int, ...]
    top_BH: Tensor  # the query of the layer that is looked at
    normaliser_B: Tensor  # log Σ exp(logits) of the step

    def select(self, index_N: Tensor) -> HuggingFaceState:
        """The rows that an index names."""
        past = tuple(part[:, index_N] for part in self.past)
        times = tuple(self.times[n] for n in index_N.tolist())
        return HuggingFaceState(past, times, self.top_BH[index_N], self.normaliser_B[index_N])

    @staticmethod
    def joined(states: Sequence[HuggingFaceState]) -> HuggingFaceState:
        """The rows of all states, one state after the other."""
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
