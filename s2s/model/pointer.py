"""The pointer-generator: a word is generated from the vocabulary or copied from the source."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Pointer(nn.Module):
    """``p_gen = σ(w·[c_t; s_t; y_t] + b)`` (See, Liu and Manning 2017, eq. 8)."""

    def __init__(self, memory_size: int, state_size: int, embedding_size: int) -> None:
        super().__init__()
        self.gate = nn.Linear(memory_size + state_size + embedding_size, 1)

    def forward(self, context_NM: Tensor, state_NH: Tensor, embedded_NE: Tensor) -> Tensor:
        """The logit of p_gen: (N,)."""
        gate_N1: Tensor = self.gate(torch.cat([context_NM, state_NH, embedded_NE], dim=1))
        return gate_N1.squeeze(1)


def mix(logits_NV: Tensor, gate_N: Tensor, attention_NS: Tensor, source_NS: Tensor) -> Tensor:
    """``log(p_gen P_vocab(w) + (1 - p_gen) Σ_{i: x_i = w} α_i)`` (See, Liu and Manning 2017, eq. 9): (N, V).

    The words that can be copied are those of the vocabulary; what an unknown source word gets goes to ``<unk>``.

    >>> row = mix(torch.zeros(1, 4), torch.zeros(1), torch.tensor([[0.75, 0.25]]), torch.tensor([[3, 1]]))
    >>> row.exp()  # half of 1/4 each, half of the attention
    tensor([[0.1250, 0.2500, 0.1250, 0.5000]])
    """
    generate_NV = torch.log_softmax(logits_NV, dim=1) + F.logsigmoid(gate_N).unsqueeze(1)
    copied_NV = torch.zeros_like(generate_NV).scatter_add(1, source_NS, attention_NS.to(generate_NV.dtype))
    tiny = torch.finfo(copied_NV.dtype).tiny
    log_copied_NV = copied_NV.clamp_min(tiny).log().masked_fill(copied_NV == 0, -torch.inf)
    copy_NV = log_copied_NV + F.logsigmoid(-gate_N).unsqueeze(1)
    # torch.logaddexp is not twice differentiable where one side is -inf; this is
    return torch.maximum(generate_NV, copy_NV) + torch.log1p(torch.exp(-(generate_NV - copy_NV).abs()))
