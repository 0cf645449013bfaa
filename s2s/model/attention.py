"""Attention: score functions over source positions, the weights and the context.

A score function has two parts: ``keys`` transforms a sentence's memory once for all steps,
``scores`` compares one decoder state with every key. Bahdanau's additive score looks back from the
previous state, all of Luong's from the current one (``decoder.py``).
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from s2s.config import ModelConfig
from s2s.model.kernels import additive, linear
from s2s.model.kernels.linear import Linear


class AdditiveAttention(nn.Module):
    """``e_ts = v·tanh(W s + U h_s)`` (Bahdanau, Cho and Bengio 2015, appendix A.1.2).

    With coverage ``e_ts = v·tanh(W s + U h_s + w c_ts)``, ``c_t = Σ_{t'<t} α_t'`` (See, Liu and Manning 2017, eq. 11).
    """

    def __init__(
        self, state_size: int, memory_size: int, size: int, coverage: bool = False, bias: bool = False
    ) -> None:
        super().__init__()
        self.query = Linear(state_size, size, bias=bias)  # W
        self.key = Linear(memory_size, size, bias=False)  # U
        self.v = nn.Linear(size, 1, bias=False)
        if coverage:
            self.coverage = nn.Linear(1, size, bias=False)  # w

    def keys(self, memory_BSM: Tensor) -> Tensor:
        """``U h_s`` for every position: (B, S, A)."""
        keys: Tensor = self.key(memory_BSM)
        return keys

    def scores(self, state_BH: Tensor, keys_BSA: Tensor, coverage_BS: Tensor | None = None) -> Tensor:
        """The scores of one step: (B, S)."""
        weight_A = None if coverage_BS is None else self.coverage.weight[:, 0]
        return additive.scores(self.query(state_BH), keys_BSA, self.v.weight[0], coverage_BS, weight_A)

    def terms(self, state_H: Tensor, key_A: Tensor, count: int, coverage: Tensor | None = None) -> Tensor:
        """First terms of one score, ``(v_a, (W s)_a, (U h)_a)`` and with coverage ``w_a c``: (count, 3 or 4)."""
        columns = [self.v.weight[0], self.query(state_H), key_A]
        if coverage is not None:
            columns.append(self.coverage.weight[:, 0] * coverage)
        return torch.stack(columns, dim=1)[:count]


class ConcatAttention(AdditiveAttention):
    """``e_ts = v·tanh(W [h_t; h_s])`` (Luong, Pham and Manning 2015, eq. 8, concat); W is stored as ``[query key]``."""


class DotAttention(nn.Module):
    """``e_ts = h_t·h_s`` (Luong, Pham and Manning 2015, eq. 8, dot); both vectors have one size."""

    def keys(self, memory_BSM: Tensor) -> Tensor:
        """The memory itself: (B, S, H)."""
        return memory_BSM

    def scores(self, state_BH: Tensor, keys_BSH: Tensor, coverage_BS: Tensor | None = None) -> Tensor:
        """The scores of one step: (B, S)."""
        return linear.compare(keys_BSH, state_BH)

    def terms(self, state_H: Tensor, key_H: Tensor, count: int, coverage: Tensor | None = None) -> Tensor:
        """``(h_i, key_i)`` of the first terms of one score: (count, 2)."""
        return torch.stack([state_H, key_H], dim=1)[:count]


class GeneralAttention(DotAttention):
    """``e_ts = h_t·W h_s`` (Luong, Pham and Manning 2015, eq. 8, general)."""

    def __init__(self, state_size: int, memory_size: int) -> None:
        super().__init__()
        self.key = Linear(memory_size, state_size, bias=False)  # W

    def keys(self, memory_BSM: Tensor) -> Tensor:
        """``W h_s`` for every position: (B, S, H)."""
        keys: Tensor = self.key(memory_BSM)
        return keys


class LocationAttention(DotAttention):
    """``e_ts = (W h_t)_s`` (Luong, Pham and Manning 2015, eq. 8', location); independent of the source's words."""

    def __init__(self, state_size: int, longest: int) -> None:
        super().__init__()
        self.key = nn.Linear(state_size, longest, bias=False)  # W, a row a position

    def keys(self, memory_BSM: Tensor) -> Tensor:
        """The rows of W, the same for every sentence: (B, S, H); zeros for padding beyond the longest source."""
        weight_LH = self.key.weight
        rows_SH = F.pad(weight_LH, (0, 0, 0, memory_BSM.size(1) - len(weight_LH)))  # a negative pad cuts
        return rows_SH.expand(len(memory_BSM), -1, -1)


class Focus(NamedTuple):
    """The window of local attention: its centre and the log factor on each position's weight."""

    position_B: Tensor
    log_factors_BS: Tensor


class LocalAttention(GeneralAttention):
    """General scores near a position p_t (Luong, Pham and Manning 2015, section 3.2).

    ``α_ts ∝ exp(e_ts) exp(-(s - p_t)² / 2σ²)``, σ = D/2, for ``|s - p_t| ≤ D``, else 0 (eq. 10, made to sum to 1).
    """

    def __init__(self, state_size: int, memory_size: int, window: int) -> None:
        super().__init__(state_size, memory_size)
        self.window = window

    def position(self, state_BH: Tensor, time_B: Tensor, lengths_B: Tensor) -> Tensor:
        """local-m: ``p_t = t``, and the last word once the source is over: (B,)."""
        return torch.minimum(time_B, lengths_B - 1).float()

    def focus(self, state_BH: Tensor, time_B: Tensor, mask_BS: Tensor) -> Focus:
        """The centre of this step and the Gaussian around it, cut off outside the window."""
        position_B = self.position(state_BH, time_B, mask_BS.sum(dim=1))
        distance_BS = torch.arange(mask_BS.size(1), device=mask_BS.device) - position_B.unsqueeze(1)
        log_factors_BS = -2 * (distance_BS / self.window) ** 2  # 2σ² = D²/2
        return Focus(position_B, log_factors_BS.masked_fill(distance_BS.abs() > self.window, -torch.inf))


class PredictiveAttention(LocalAttention):
    """local-p: ``p_t = S sigmoid(v·tanh(W h_t))`` (Luong, Pham and Manning 2015, eq. 9)."""

    def __init__(self, state_size: int, memory_size: int, window: int, size: int) -> None:
        super().__init__(state_size, memory_size, window)
        self.query = Linear(state_size, size, bias=False)  # W
        self.v = nn.Linear(size, 1, bias=False)

    def position(self, state_BH: Tensor, time_B: Tensor, lengths_B: Tensor) -> Tensor:
        """The predicted centre, between 0 and S: (B,)."""
        logit_B: Tensor = self.v(linear.tanh(self.query(state_BH))).squeeze(1)
        wide = torch.promote_types(logit_B.dtype, torch.float32)  # bfloat16 cannot distinguish neighbouring positions
        return lengths_B * torch.sigmoid(logit_B.to(wide))


class NoAttention(DotAttention):
    """Nothing is scored, a row has no weights: the decoder reads one vector of the source (Cho et al. 2014)."""

    def keys(self, memory_BSM: Tensor) -> Tensor:
        """No position is compared: (B, 0, M)."""
        return memory_BSM[:, :0]

    def terms(self, state_H: Tensor, key_H: Tensor, count: int, coverage: Tensor | None = None) -> Tensor:
        """None: (0, 2)."""
        return state_H.new_zeros(0, 2)


Attention = AdditiveAttention | DotAttention


def attention(config: ModelConfig) -> Attention:
    """The score function that a config names."""
    state, memory, size = config.decoder_size, 2 * config.encoder_size, config.attention_size
    match config.attention:
        case "additive":
            return AdditiveAttention(state, memory, size, config.coverage, config.attention_bias)
        case "concat":
            return ConcatAttention(state, memory, size, bias=config.attention_bias)
        case "dot":
            return DotAttention()
        case "location":
            return LocationAttention(state, config.max_source_length)
        case "local-m":
            return LocalAttention(state, memory, config.window)
        case "local-p":
            return PredictiveAttention(state, memory, config.window, size)
        case "none":
            return NoAttention()
        case _:
            return GeneralAttention(state, memory)


def weights(scores_BS: Tensor, mask_BS: Tensor) -> Tensor:
    """Softmax over the positions where the mask is true; exactly 0 elsewhere.

    >>> weights(torch.tensor([[1.0, 2.0, 9.0]]), torch.tensor([[True, True, False]]))
    tensor([[0.2689, 0.7311, 0.0000]])
    """
    return torch.softmax(scores_BS.masked_fill(~mask_BS, -torch.inf), dim=1)


def context(attention_BS: Tensor, memory_BSM: Tensor) -> Tensor:
    """``c = Σ_s α_s h_s``: (B, M)."""
    return linear.weigh(attention_BS, memory_BSM)
