"""Prior knowledge: words of the source are likely in the output (the scale-and-shift layer of Su Jianlin)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from s2s.text.vocab import SPECIALS


class Prior(nn.Module):
    """``ŷ = exp(log_scale) ⊗ x + shift``, ``x_v = 1`` where word v is in the source; logits become ``(y + ŷ)/2``.

    At initialisation, both vectors 0, a source word's odds rise by e^½.
    """

    def __init__(self, size: int) -> None:
        super().__init__()
        self.log_scale = nn.Parameter(torch.zeros(size))
        self.shift = nn.Parameter(torch.zeros(size))

    def forward(self, source_BS: Tensor) -> Tensor:
        """ŷ of each sentence, once for all its steps: (B, V); the specials are no words."""
        x_BV = self.shift.new_zeros(len(source_BS), len(self.shift)).scatter_(1, source_BS, 1.0)
        x_BV[:, : len(SPECIALS)] = 0.0
        return self.log_scale.exp() * x_BV + self.shift


def blend(logits_NV: Tensor, prior_NV: Tensor) -> Tensor:
    """``(y + ŷ)/2``."""
    return (logits_NV + prior_NV) / 2
