"""An attention function for transformers models that records or replaces the weights of one call.

transformers lets a program register its own attention function and passes it all further arguments of a forward pass.
So recorded and replaced weights belong to the call, not to a module.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.masking_utils import eager_mask

NAME = "lookback"


class Glance:
    """The record of one forward pass of a decoder: its cross-attention modules in order, and the weights to replace.

    ``layer`` and ``head`` count from 1; 0 means all. ``given_BS`` replaces the weights of the last position.
    After the pass each layer has its ``weights`` (B, H, T, S) and ``queries`` (B, H, T, D).
    """

    def __init__(self, modules: list[nn.Module], layer: int = 0, head: int = 0, given_BS: Tensor | None = None) -> None:
        self.places = {module: place for place, module in enumerate(modules)}
        self.layer, self.head, self.given_BS = layer, head, given_BS
        self.weights: dict[int, Tensor] = {}
        self.queries: dict[int, Tensor] = {}

    def used(self, module: nn.Module, weights_BHTS: Tensor, query_BHTD: Tensor) -> Tensor:
        """The weights that this module uses: its own, or those given."""
        place = self.places.get(module)
        if place is None:  # self-attention
            return weights_BHTS
        if self.given_BS is not None and self.layer in (0, place + 1):
            heads = slice(None) if self.head == 0 else slice(self.head - 1, self.head)
            weights_BHTS = weights_BHTS.clone()
            weights_BHTS[:, heads, -1] = self.given_BS.unsqueeze(1)
        self.weights[place], self.queries[place] = weights_BHTS, query_BHTD
        return weights_BHTS


def attend(
    module: nn.Module,
    query_BHTD: Tensor,
    key_BHSD: Tensor,
    value_BHSD: Tensor,
    attention_mask: Tensor | None,
    scaling: float | None = None,
    position_bias: Tensor | None = None,
    glance: Glance | None = None,
    **_: Any,
) -> tuple[Tensor, Tensor]:
    """``softmax(q·k · scaling + bias + mask) v`` (Vaswani et al. 2017, eq. 1; T5's bias, Raffel et al. 2020, 2.1)."""
    scaling = query_BHTD.size(-1) ** -0.5 if scaling is None else scaling
    scores_BHTS = query_BHTD @ key_BHSD.transpose(2, 3) * scaling
    for added in (position_bias, attention_mask):
        if added is not None:
            scores_BHTS = scores_BHTS + added
    weights_BHTS = torch.softmax(scores_BHTS, dim=-1)
    if glance is not None:
        weights_BHTS = glance.used(module, weights_BHTS, query_BHTD)
    return (weights_BHTS @ value_BHSD).transpose(1, 2).contiguous(), weights_BHTS


def register() -> None:
    """Register the function under ``NAME``."""
    AttentionInterface.register(NAME, attend)
    AttentionMaskInterface.register(NAME, eager_mask)
