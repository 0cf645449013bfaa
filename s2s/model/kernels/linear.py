"""Matrix products with faster gradients than autograd's.

Within ``one_pass`` the gradient of a weight that many steps use is one product over all steps, and so is that of a
sentence's matrix that every step reads. On CPUs the products are oneDNN's. ``plain()`` switches to torch's own
operators, which can be differentiated twice; a test holds both equal.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.weak import WeakTensorKeyDictionary

ONEDNN = torch._C._has_mkldnn and hasattr(torch.ops.mkldnn, "_linear_pointwise")
MANY = 4096  # values: for fewer one operator is faster than four
ROWS = 2  # rows: a single one takes the time of reading the weight, packed or not
_plain: ContextVar[bool] = ContextVar("plain", default=False)
_pass: ContextVar[dict[int, tuple[Tensor, Alias]] | None] = ContextVar("pass", default=None)
_packed = WeakTensorKeyDictionary()  # weight → (its version, its packed copy)


@contextlib.contextmanager
def plain() -> Iterator[None]:
    """A context that uses torch's own operators."""
    token = _plain.set(True)
    try:
        yield
    finally:
        _plain.reset(token)


def is_plain() -> bool:
    """Whether ``plain()`` is active."""
    return _plain.get()


@contextlib.contextmanager
def one_pass() -> Iterator[None]:
    """A context for one forward pass, in which all steps share each weight and each sentence's matrix."""
    token = _pass.set({})
    try:
        yield
    finally:
        _pass.reset(token)


class Shared:
    """A matrix that several steps use, with the factors of its gradient ``Σ_t a_t ⊗ b_t``.

    For a weight ``a`` is the output's gradient and ``b`` the input; for a sentence's matrix (B, S, M)
    ``a`` belongs to its rows and ``b`` to its columns. Gradients of another form are summed in ``dense``.
    """

    def __init__(self, matrix: Tensor, bias: Tensor | None) -> None:
        self.matrix, self.bias = matrix.detach(), bias
        self.operand = operand(self.matrix) if matrix.dim() == 2 else self.matrix
        self.forget()

    def forget(self) -> None:
        """Drop all recorded factors."""
        self.task = -1  # id of the backward pass that the recorded factors belong to
        self.rows, self.columns = list[Tensor](), list[Tensor]()
        self.dense: Tensor | None = None
        self.bias_gradient: Tensor | None = None

    def begin(self) -> None:
        """Called by every step's backward: drop the factors of an earlier pass that never reached ``_Gather``."""
        task = torch._C._current_graph_task_id()
        if task != self.task:
            self.forget()
            self.task = task

    def record(self, row: Tensor, column: Tensor) -> None:
        """One step's ``a_t`` and ``b_t``."""
        self.begin()
        self.rows.append(row)
        self.columns.append(column)

    def gradient(self) -> Tensor | None:
        """The gradient of all steps as one product; then drop the factors."""
        if not self.rows:
            return self.dense
        if self.matrix.dim() == 2:
            return torch.mm(torch.cat(self.rows).t(), torch.cat(self.columns)).to(self.matrix.dtype)
        left, right = torch.stack(self.rows, dim=2), torch.stack(self.columns, dim=1)
        return torch.bmm(left, right) if self.dense is None else torch.baddbmm(self.dense, left, right)


def apply(function: type[torch.autograd.Function], *arguments: object) -> Any:
    """``function.apply``, which torch leaves untyped."""
    return function.apply(*arguments)  # type: ignore[no-untyped-call]


class Alias(NamedTuple):
    """Stands for a matrix in the steps, so that their backward runs before that of ``_Gather``."""

    matrix: Tensor
    bias: Tensor | None
    used: Shared


def shared(matrix: Tensor, bias: Tensor | None = None) -> Alias | None:
    """The shared matrix of the current pass; None outside a pass, without gradients and in plain mode."""
    known = _pass.get()
    if known is None or _plain.get() or not torch.is_grad_enabled():
        return None
    if id(matrix) not in known:
        used = Shared(matrix, bias)
        matrix_alias, bias_alias = apply(_Gather, matrix, bias, used)
        known[id(matrix)] = matrix, Alias(matrix_alias, bias_alias, used)  # keeping the matrix keeps its id unique
    return known[id(matrix)][1]


def half(tensor: Tensor) -> bool:
    """Whether products of this tensor use bfloat16 operands now."""
    return torch.is_autocast_enabled(tensor.device.type)


def operand(tensor: Tensor) -> Tensor:
    """The tensor as an operand: bfloat16 under autocast."""
    return tensor.to(torch.get_autocast_dtype(tensor.device.type)) if half(tensor) else tensor


def product(x_NI: Tensor, weight_OI: Tensor, bias_O: Tensor | None) -> Tensor:
    """``x Wᵀ + b`` without autograd, in the operands' precision: (N, O)."""
    wide = torch.promote_types(x_NI.dtype, torch.float32)
    if bias_O is not None:
        bias_O = bias_O.to(x_NI.dtype)
    if ONEDNN and x_NI.device.type == "cpu" and x_NI.dtype != torch.float64 and len(x_NI):
        out_NO: Tensor = torch.ops.mkldnn._linear_pointwise(x_NI.contiguous(), weight_OI, bias_O, "none", [], "")
        return out_NO.to(wide)
    with torch.autocast(x_NI.device.type, enabled=False):
        return F.linear(x_NI, weight_OI, bias_O).to(wide)


class _Gather(torch.autograd.Function):
    """Passes a weight to the steps. Its backward runs after all of theirs."""

    @staticmethod
    def forward(ctx: Any, matrix: Tensor, bias: Tensor | None, used: Shared) -> tuple[Tensor, Tensor | None]:
        ctx.used = used
        ctx.set_materialize_grads(False)
        return matrix.view_as(matrix), None if bias is None else bias.view_as(bias)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, *_: Tensor) -> tuple[Tensor | None, Tensor | None, None]:
        used: Shared = ctx.used
        used.begin()
        gradient, bias = used.gradient(), used.bias_gradient
        used.forget()
        return gradient, bias, None


class _Step(torch.autograd.Function):
    """``x Wᵀ + b`` of one step; ``_Gather`` computes the gradients of W and b."""

    @staticmethod
    def forward(ctx: Any, x_NI: Tensor, alias: Tensor, bias: Tensor | None, used: Shared) -> Tensor:
        ctx.used, ctx.x = used, operand(x_NI)
        return product(ctx.x, used.operand, used.bias)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, gradient_NO: Tensor) -> tuple[Tensor | None, None, None, None]:
        used: Shared = ctx.used
        operand_NO = gradient_NO.to(ctx.x.dtype)
        used.record(operand_NO, ctx.x)
        if used.bias is not None:
            bias_O = gradient_NO.sum(dim=0)
            used.bias_gradient = bias_O if used.bias_gradient is None else used.bias_gradient.add_(bias_O)
        return product(operand_NO, used.operand.t(), None) if ctx.needs_input_grad[0] else None, None, None, None


def linear(x_NI: Tensor, weight_OI: Tensor, bias_O: Tensor | None = None) -> Tensor:
    """``x Wᵀ + b``: (N, O)."""
    alias = shared(weight_OI, bias_O)
    if alias is not None:
        out: Tensor = apply(_Step, x_NI, *alias)
        return out
    if torch.is_grad_enabled() or _plain.get() or half(x_NI) or x_NI.device.type != "cpu":
        out_NO = F.linear(x_NI, weight_OI, bias_O)
        return out_NO.to(torch.promote_types(out_NO.dtype, torch.float32))
    return product(x_NI, packed(weight_OI) if len(x_NI) >= ROWS else weight_OI, bias_O)


def packed(weight_OI: Tensor) -> Tensor:
    """A frozen weight in oneDNN's memory layout, cached as long as the weight lives unchanged.

    Trainable weights are not packed: a fused optimiser changes a weight without a new version.
    """
    if not ONEDNN or weight_OI.requires_grad or weight_OI.dtype != torch.float32 or weight_OI.is_inference():
        return weight_OI
    if weight_OI not in _packed or _packed[weight_OI][0] != weight_OI._version:
        _packed[weight_OI] = weight_OI._version, torch.ops.mkldnn._reorder_linear_weight(weight_OI.detach())
    copy: Tensor = _packed[weight_OI][1]
    return copy


class Linear(nn.Linear):
    """``nn.Linear`` by ``linear``."""

    def forward(self, input: Tensor) -> Tensor:
        """(…, I) to (…, O)."""
        out = linear(input.reshape(-1, self.in_features), self.weight, self.bias)
        return out.view(*input.shape[:-1], self.out_features)


class _Compare(torch.autograd.Function):
    """``K x`` for each sentence."""

    @staticmethod
    def forward(ctx: Any, x_BM: Tensor, alias: Tensor, used: Shared) -> Tensor:
        ctx.used, ctx.x = used, x_BM
        return torch.bmm(used.matrix, x_BM.unsqueeze(2)).squeeze(2)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, gradient_BS: Tensor) -> tuple[Tensor, None, None]:
        used: Shared = ctx.used
        used.record(gradient_BS, ctx.x)
        return torch.bmm(gradient_BS.unsqueeze(1), used.matrix).squeeze(1), None, None


class _Weigh(torch.autograd.Function):
    """``Σ_s α_s h_s`` for each sentence."""

    @staticmethod
    def forward(ctx: Any, weights_BS: Tensor, alias: Tensor, used: Shared) -> Tensor:
        ctx.used, ctx.weights = used, weights_BS
        return torch.bmm(weights_BS.unsqueeze(1), used.matrix).squeeze(1)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, gradient_BM: Tensor) -> tuple[Tensor, None, None]:
        used: Shared = ctx.used
        used.record(ctx.weights, gradient_BM)
        return torch.bmm(used.matrix, gradient_BM.unsqueeze(2)).squeeze(2), None, None


def compare(matrix_BSM: Tensor, x_BM: Tensor) -> Tensor:
    """Every row of a sentence's matrix times a vector: (B, S)."""
    alias = shared(matrix_BSM)
    with torch.autocast(x_BM.device.type, enabled=False):  # as slow as reading the matrix
        if alias is None:
            return torch.bmm(matrix_BSM, x_BM.unsqueeze(2)).squeeze(2)
        out: Tensor = apply(_Compare, x_BM, alias.matrix, alias.used)
        return out


def weigh(weights_BS: Tensor, matrix_BSM: Tensor) -> Tensor:
    """``Σ_s α_s h_s``: (B, M)."""
    alias = shared(matrix_BSM)
    with torch.autocast(weights_BS.device.type, enabled=False):
        if alias is None:
            return torch.bmm(weights_BS.unsqueeze(1), matrix_BSM).squeeze(1)
        out: Tensor = apply(_Weigh, weights_BS, alias.matrix, alias.used)
        return out


def tanh(x: Tensor) -> Tensor:
    """tanh. For many values computed as ``2 σ(2x) - 1``, which on CPUs is several times as fast as ``torch.tanh``."""
    return torch.tanh(x) if x.numel() < MANY else 2 * torch.sigmoid(2 * x) - 1
