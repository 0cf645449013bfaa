"""Parts of a network under the names that different models give them."""

from __future__ import annotations

from typing import Any

from torch import Tensor
from transformers.cache_utils import DynamicLayer

CROSS = {"encoder_attn": ("k_proj", "v_proj"), "EncDecAttention": ("k", "v")}  # names in BART and similar models, in T5


def project(module: Any, states_BSM: Tensor, part: int) -> Tensor:
    """A cross-attention's keys (part 0) or values (1): (B, H, S, D)."""
    names = next(names for names in CROSS.values() if hasattr(module, names[0]))
    heads = getattr(module, "num_heads", None) or module.n_heads
    projected_BSI: Tensor = getattr(module, names[part])(states_BSM)
    return projected_BSI.view(*projected_BSI.shape[:2], heads, -1).transpose(1, 2)


def cached(keys_values: Tensor) -> DynamicLayer:
    """A cache layer that starts with these keys and values and does not change them."""
    layer = DynamicLayer()
    layer.lazy_initialization(*keys_values)
    layer.keys, layer.values = keys_values
    return layer
