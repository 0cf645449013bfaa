"""The additive score with its own backward pass, which keeps no (B, S, A) tensor from step to step."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from s2s.model.kernels import linear


class _Additive(torch.autograd.Function):
    """``v·tanh(x)``, ``x = q + K + c ⊗ w`` of one step; keeps no (B, S, A) tensor until its backward."""

    @staticmethod
    def forward(
        ctx: Any,
        query_BA: Tensor,
        alias: Tensor,
        v_A: Tensor,
        cover_BS: Tensor | None,
        w_A: Tensor | None,
        used: linear.Shared,
    ) -> Tensor:
        ctx.used = used
        ctx.save_for_backward(query_BA, v_A, cover_BS, w_A)
        sigmoid_BSA = _sigmoid(used.matrix, query_BA, cover_BS, w_A)
        return torch.mv(sigmoid_BSA.flatten(0, 1), 2 * v_A).view(sigmoid_BSA.shape[:2]).sub_(v_A.sum())

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, gradient_BS: Tensor) -> tuple[Tensor | None, ...]:
        used: linear.Shared = ctx.used
        query_BA, v_A, cover_BS, w_A = ctx.saved_tensors
        sigmoid_BSA = _sigmoid(used.matrix, query_BA, cover_BS, w_A)
        flat = gradient_BS.flatten()
        to_v = 2 * torch.mv(sigmoid_BSA.flatten(0, 1).t(), flat) - flat.sum()
        slope_BSA = sigmoid_BSA.addcmul_(sigmoid_BSA, sigmoid_BSA, value=-1)  # σ(1 - σ), a quarter of tanh'
        slope_BSA.mul_(gradient_BS.unsqueeze(2)).mul_(4 * v_A)
        used.begin()
        used.dense = slope_BSA if used.dense is None else used.dense.add_(slope_BSA)
        to_cover = to_w = None
        if cover_BS is not None and w_A is not None:
            flat_NA = slope_BSA.flatten(0, 1)
            to_cover = torch.mv(flat_NA, w_A).view_as(cover_BS)
            to_w = torch.mv(flat_NA.t(), cover_BS.flatten())
        return slope_BSA.sum(dim=1), None, to_v, to_cover, to_w, None


def _sigmoid(matrix_BSA: Tensor, query_BA: Tensor, cover_BS: Tensor | None, w_A: Tensor | None) -> Tensor:
    """``σ(2x)``, so that ``tanh x = 2 σ(2x) - 1``."""
    x_BSA = matrix_BSA + query_BA.unsqueeze(1)
    if cover_BS is not None and w_A is not None:
        x_BSA.addcmul_(cover_BS.unsqueeze(2), w_A)
    return x_BSA.mul_(2).sigmoid_()


def scores(
    query_BA: Tensor, keys_BSA: Tensor, v_A: Tensor, cover_BS: Tensor | None = None, w_A: Tensor | None = None
) -> Tensor:
    """``v·tanh(q + k_s + w c_s)`` for every key of a sentence: (B, S)."""
    alias = linear.shared(keys_BSA)
    with torch.autocast(query_BA.device.type, enabled=False):
        if alias is not None:
            out: Tensor = linear.apply(_Additive, query_BA, alias.matrix, v_A, cover_BS, w_A, alias.used)
            return out
        x_BSA = query_BA.unsqueeze(1) + keys_BSA
        if cover_BS is not None and w_A is not None:
            x_BSA = x_BSA + cover_BS.unsqueeze(2) * w_A
        return linear.tanh(x_BSA) @ v_A
