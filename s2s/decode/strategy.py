"""Decoding strategies: settings, and functions that choose a token from one step's log-probabilities."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import torch
from torch import Tensor

from s2s.decode.ranges import WIDE
from s2s.errors import UserError, closest, nearest

Choose = Callable[[Tensor, int], int]  # (log_probs_V, step) → id


@dataclass(frozen=True)
class Settings:
    """Settings of a free-running lane. Zero means no limit for ``top_k``, and 2·S + 10 for ``max_length``."""

    strategy: str = "greedy"  # greedy | sampling | beam
    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0
    seed: int = 0
    max_length: int = 0
    beam: int = 5
    length_penalty: float = 0.6
    coverage_penalty: float = 0.0

    @staticmethod
    def of(values: Mapping[str, Any], others: Sequence[str] = ()) -> Settings:
        """Settings by name. UserError for an unknown name; ``others`` are further names that the caller accepts."""
        known = [one.name for one in fields(Settings)]
        for name in values:
            if name not in known:
                takes = nearest(name, [*others, *known])
                if like := closest(name, [*known, *others], cutoff=0.6):
                    raise UserError("setting_like", name=name[:40], like=like, known=takes)
                raise UserError("setting_unknown", name=name[:40], known=takes)
        return Settings(**values)

    def __post_init__(self) -> None:
        for one in fields(self):
            value, number = getattr(self, one.name), one.type != "str"
            wrong = isinstance(value, bool) or not isinstance(value, (int, float) if one.type == "float" else int)
            if wrong if number else not isinstance(value, str):
                found = f"{type(value).__name__} {str(value)[:40]}"
                raise UserError("config_type", key=one.name, expected=str(one.type), found=found)
        for name, (low, high) in WIDE.items():
            if not low <= getattr(self, name) <= high:  # also true of NaN
                raise UserError("setting_range", name=name, low=low, high=high, found=getattr(self, name))
        if self.strategy not in ("greedy", "sampling", "beam"):
            raise UserError("setting_choice", name="strategy", found=self.strategy, known="greedy, sampling, beam")


def limit(settings: Settings, source_length: int) -> int:
    """The greatest length of an output in tokens."""
    return settings.max_length or 2 * source_length + 10


def filtered(log_probs_V: Tensor, settings: Settings) -> Tensor:
    """Log-probabilities to sample from: temperature, then top k, then the nucleus, renormalised.

    The nucleus is the smallest set of most probable tokens whose mass reaches ``top_p``
    (Holtzman et al. 2020, eq. 2).
    """
    scaled_V = torch.log_softmax(log_probs_V / settings.temperature, dim=0)
    if 0 < settings.top_k < len(scaled_V):
        threshold = scaled_V.topk(settings.top_k).values[-1]
        scaled_V = torch.log_softmax(scaled_V.masked_fill(scaled_V < threshold, -torch.inf), dim=0)
    if settings.top_p < 1:
        values_V, order_V = scaled_V.sort(descending=True)
        before_V = values_V.exp().cumsum(dim=0) - values_V.exp()
        scaled_V = scaled_V.index_fill(0, order_V[before_V >= settings.top_p], -torch.inf)
    return torch.log_softmax(scaled_V, dim=0)


def draw(log_probs_V: Tensor, uniform: float) -> int:
    """The first id at which the distribution function exceeds ``uniform``, a number of [0, 1).

    >>> [draw(torch.tensor([0.25, 0.5, 0.25]).log(), u) for u in (0.0, 0.2, 0.3, 0.7, 0.8)]
    [0, 0, 1, 1, 2]
    """
    below_V = log_probs_V.double().exp().cumsum(dim=0)
    return int(torch.searchsorted(below_V, uniform * below_V[-1], right=True))


def chooser(settings: Settings) -> Choose:
    """The strategy as a function of one step's log-probabilities."""
    if settings.strategy != "sampling":
        return lambda log_probs_V, t: int(log_probs_V.argmax())
    rng = torch.Generator().manual_seed(settings.seed)

    def sampled(log_probs_V: Tensor, t: int) -> int:
        return draw(filtered(log_probs_V, settings), float(torch.rand((), dtype=torch.float64, generator=rng)))

    return sampled


def forcing(prefix: Sequence[int], then: Choose) -> Choose:
    """Force a prefix of ids, then let the strategy choose. A trace records the model's own probability of forced ids.

    The strategy is called at forced steps too, and its choice ignored. So a sampled step draws the same number after
    any prefix, and a lane that is forced to repeat its own output continues as before.
    """

    def choose(log_probs_V: Tensor, t: int) -> int:
        own = then(log_probs_V, t)
        return prefix[t] if t < len(prefix) else own

    return choose
