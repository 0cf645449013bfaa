"""Recurrent cells and a bidirectional layer over packed rows, with the weights and gates of torch's own layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from s2s.model.kernels import linear

WIDE = 192  # size of a state: for smaller ones Python's overhead exceeds the gain
LONG = 64  # words: from here on torch's own gradient by the input, quadratic in the length, costs more
Hidden = tuple[Tensor, ...]  # (h,), of an LSTM (h, c): (N, H) each


class _GRU(torch.autograd.Function):
    """The gates of a GRU with their derivatives, in half of autograd's operators."""

    @staticmethod
    def forward(ctx: Any, input_N3H: Tensor, hidden_N3H: Tensor, h_NH: Tensor) -> Tensor:
        size = h_NH.size(1)
        rz = torch.sigmoid(input_N3H[:, : 2 * size] + hidden_N3H[:, : 2 * size])
        r, z = rz.chunk(2, dim=1)
        n = linear.tanh(torch.addcmul(input_N3H[:, 2 * size :], r, hidden_N3H[:, 2 * size :]))
        ctx.save_for_backward(rz, n, hidden_N3H, h_NH)
        return torch.lerp(n, h_NH, z)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, gradient_NH: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        rz, n, hidden_N3H, h_NH = ctx.saved_tensors
        size = n.size(1)
        r, z = rz.chunk(2, dim=1)
        kept = gradient_NH * z
        to_input, to_hidden = torch.empty_like(hidden_N3H), torch.empty_like(hidden_N3H)
        candidate = to_input[:, 2 * size :]
        torch.mul(gradient_NH - kept, 1 - n * n, out=candidate)
        torch.mul(candidate, r, out=to_hidden[:, 2 * size :])
        torch.mul(candidate * hidden_N3H[:, 2 * size :], r * (1 - r), out=to_input[:, :size])
        torch.mul(kept * (h_NH - n), 1 - z, out=to_input[:, size : 2 * size])
        to_hidden[:, : 2 * size] = to_input[:, : 2 * size]
        return to_input, to_hidden, kept


def gru(input_N3H: Tensor, hidden_N3H: Tensor, last: Hidden) -> Hidden:
    """``r, z = σ(a + b)``, ``n = tanh(a + r b)``, ``h' = (1 - z) n + z h`` (Cho et al. 2014, as cuDNN has it)."""
    (h_NH,) = last
    if torch.is_grad_enabled() and not linear.is_plain():
        out: Tensor = linear.apply(_GRU, input_N3H, hidden_N3H, h_NH)
        return (out,)
    a_r, a_z, a_n = input_N3H.chunk(3, dim=1)
    b_r, b_z, b_n = hidden_N3H.chunk(3, dim=1)
    r, z = torch.sigmoid(a_r + b_r), torch.sigmoid(a_z + b_z)
    return (torch.lerp(linear.tanh(a_n + r * b_n), h_NH, z),)


def lstm(input_N4H: Tensor, hidden_N4H: Tensor, last: Hidden) -> Hidden:
    """``c' = σ(f) c + σ(i) tanh(g)``, ``h' = σ(o) tanh(c')``; the gates come as i, f, g, o (Hochreiter 1997)."""
    i, f, g, o = (input_N4H + hidden_N4H).chunk(4, dim=1)
    c_NH = torch.sigmoid(f) * last[1] + torch.sigmoid(i) * linear.tanh(g)
    return torch.sigmoid(o) * linear.tanh(c_NH), c_NH


GATES = {"gru": gru, "lstm": lstm}


class GRUCell(nn.GRUCell):
    """``nn.GRUCell`` by ``linear`` and ``gru``."""

    def forward(self, input: Tensor, hx: Tensor) -> Tensor:  # type: ignore[override]
        """(N, I) and (N, H) to (N, H)."""
        input_N3H = linear.linear(input, self.weight_ih, self.bias_ih)
        return gru(input_N3H, linear.linear(hx, self.weight_hh, self.bias_hh), (hx,))[0]


class LSTMCell(nn.LSTMCell):
    """``nn.LSTMCell`` by ``linear`` and ``lstm``."""

    def forward(self, input: Tensor, hx: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:  # type: ignore[override]
        """(N, I) and twice (N, H) to twice (N, H)."""
        input_N4H = linear.linear(input, self.weight_ih, self.bias_ih)
        h_NH, c_NH = lstm(input_N4H, linear.linear(hx[0], self.weight_hh, self.bias_hh), hx)
        return h_NH, c_NH


def run_packed(rnn: nn.RNNBase, packed: PackedSequence) -> tuple[PackedSequence, Hidden]:
    """``rnn(packed)`` of a bidirectional ``nn.GRU`` or ``nn.LSTM``: outputs and last states (2·L, B, H)."""
    explaining = torch.is_grad_enabled() and not rnn.training and len(packed.batch_sizes) >= LONG
    if (rnn.hidden_size < WIDE and not explaining) or linear.is_plain():
        with torch.autocast(packed.data.device.type, enabled=False):
            outputs, last = rnn(packed)
        return outputs, last if isinstance(last, tuple) else (last,)
    sizes, data, ends = packed.batch_sizes.tolist(), packed.data, list[Hidden]()
    for layer in range(rnn.num_layers):
        if layer and rnn.dropout:
            data = nn.functional.dropout(data, rnn.dropout, rnn.training)
        both = []
        for suffix in (f"_l{layer}", f"_l{layer}_reverse"):
            steps = torch.split_with_sizes(linear.linear(data, *_weights(rnn, "ih" + suffix)), sizes)
            output, end = _direction(steps, _weights(rnn, "hh" + suffix), rnn, suffix.endswith("reverse"))
            both.append(output)
            ends.append(end)
        data = torch.cat(both, dim=1)
    final = tuple(torch.stack([end[part] for end in ends]) for part in range(len(ends[0])))
    if packed.unsorted_indices is not None:
        final = tuple(part[:, packed.unsorted_indices] for part in final)
    return packed._replace(data=data), final


def _weights(rnn: nn.RNNBase, name: str) -> tuple[Tensor, Tensor]:
    return getattr(rnn, f"weight_{name}"), getattr(rnn, f"bias_{name}")


def _direction(
    inputs: Sequence[Tensor], hidden: tuple[Tensor, Tensor], rnn: nn.RNNBase, backward: bool
) -> tuple[Tensor, Hidden]:
    """One direction over packed rows, longest first: packed outputs and each row's last state.

    Going forward, rows that end are dropped at the bottom; going backward, they are added there.
    """
    gates = GATES[rnn.mode.lower()]
    parts = 2 if rnn.mode == "LSTM" else 1
    steps = list(reversed(inputs)) if backward else list(inputs)
    state: Hidden = (inputs[0].new_zeros(len(steps[0]), rnn.hidden_size, dtype=hidden[0].dtype),) * parts
    outputs, left = list[Tensor](), list[Hidden]()
    for step in steps:
        count = len(step)
        if count < len(state[0]):
            left.append(tuple(part[count:] for part in state))
            state = tuple(part[:count] for part in state)
        elif count > len(state[0]):
            state = tuple(torch.cat([part, part.new_zeros(count - len(part), part.size(1))]) for part in state)
        state = gates(step, linear.linear(state[0], *hidden), state)
        outputs.append(state[0])
    if backward:
        outputs.reverse()
    left.append(state)
    left.reverse()
    return torch.cat(outputs), tuple(torch.cat([rows[part] for rows in left]) for part in range(parts))
