"""Scores of source positions, and what they become: weights and a context.

A score function has two parts: ``keys`` projects the memory once a sentence, ``scores`` compares
one decoder state with every key.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


class AdditiveAttention(nn.Module):
    """``e_ts = v·tanh(W s + U h_s)`` (Bahdanau, Cho and Bengio 2015, appendix A.1.2)."""

    def __init__(self, state_size: int, memory_size: int, size: int) -> None:
        super().__init__()
        self.query = nn.Linear(state_size, size, bias=False)  # W
        self.key = nn.Linear(memory_size, size, bias=False)  # U
        self.v = nn.Linear(size, 1, bias=False)

    def keys(self, memory_BSM: Tensor) -> Tensor:
        """``U h_s`` for every position: (B, S, A)."""
        keys: Tensor = self.key(memory_BSM)
        return keys

    def scores(self, state_BH: Tensor, keys_BSA: Tensor) -> Tensor:
        """The scores of one step: (B, S)."""
        scores_BS1: Tensor = self.v(torch.tanh(self.query(state_BH).unsqueeze(1) + keys_BSA))
        return scores_BS1.squeeze(2)

    def terms(self, state_H: Tensor, key_A: Tensor, count: int) -> Tensor:
        """``(v_a, (W s)_a, (U h)_a)`` of the first terms of one score: (count, 3)."""
        return torch.stack([self.v.weight[0], self.query(state_H), key_A], dim=1)[:count]


class GeneralAttention(nn.Module):
    """``e_ts = h_t·W h_s`` (Luong, Pham and Manning 2015, eq. 8, general)."""

    def __init__(self, state_size: int, memory_size: int) -> None:
        super().__init__()
        self.key = nn.Linear(memory_size, state_size, bias=False)  # W

    def keys(self, memory_BSM: Tensor) -> Tensor:
        """``W h_s`` for every position: (B, S, H)."""
        keys: Tensor = self.key(memory_BSM)
        return keys

    def scores(self, state_BH: Tensor, keys_BSH: Tensor) -> Tensor:
        """The scores of one step: (B, S)."""
        return torch.bmm(keys_BSH, state_BH.unsqueeze(2)).squeeze(2)

    def terms(self, state_H: Tensor, key_H: Tensor, count: int) -> Tensor:
        """``(h_j, (W h_s)_j)`` of the first terms of one score: (count, 2)."""
        return torch.stack([state_H, key_H], dim=1)[:count]


def weights(scores_BS: Tensor, mask_BS: Tensor) -> Tensor:
    """Softmax over the positions where the mask is true; exactly 0 elsewhere.

    >>> weights(torch.tensor([[1.0, 2.0, 9.0]]), torch.tensor([[True, True, False]]))
    tensor([[0.2689, 0.7311, 0.0000]])
    """
    return torch.softmax(scores_BS.masked_fill(~mask_BS, -torch.inf), dim=1)


def context(attention_BS: Tensor, memory_BSM: Tensor) -> Tensor:
    """``c = Σ_s α_s h_s``: (B, M)."""
    return torch.bmm(attention_BS.unsqueeze(1), memory_BSM).squeeze(1)
