from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.rnn import pack_padded_sequence

from s2s.data.batches import Batch, collate
from s2s.model import Seq2Seq
from s2s.model.kernels import linear, recurrent
from s2s.text.vocab import PAD
from tests.factory import make_config, make_model
from tests.model.test_seq2seq import KINDS, each_kind

PAIRS = [([5, 6, 7, 8, 9, 4], [5, 6, 7]), ([7, 4], [8]), ([4], [9, 10, 4, 6]), ([9, 9, 5], [])]


def loss(model: Seq2Seq, batch: Batch) -> Tensor:
    target_N = batch.target_out_BT[batch.target_out_BT != PAD]
    return F.cross_entropy(model(batch), target_N)


def gradients(model: Seq2Seq, dtype: torch.dtype) -> dict[str, Tensor]:
    model.to(dtype).zero_grad()
    loss(model, collate(PAIRS)).backward()
    return {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}


@pytest.fixture(autouse=True)
def narrow_layers_take_the_fast_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recurrent, "WIDE", 0)


@each_kind
@pytest.mark.parametrize(("dtype", "atol"), [(torch.float64, 1e-12), (torch.float32, 2e-5)])
def test_gradients_are_those_of_torchs_own_operators(kind: str, dtype: torch.dtype, atol: float) -> None:
    model = make_model(make_config(**KINDS[kind]), scale=0.5)
    fast = gradients(model, dtype)
    with linear.plain():
        plain = gradients(model, dtype)
    assert fast.keys() == plain.keys()
    for name, gradient in plain.items():
        torch.testing.assert_close(
            fast[name], gradient, atol=atol, rtol=1e-4 if dtype == torch.float32 else 1e-9, msg=name
        )


@each_kind
@pytest.mark.parametrize("wide", [0, 1000])
def test_bfloat16_products_are_near_and_everything_else_stays_float32(
    kind: str, wide: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recurrent, "WIDE", wide)
    model, batch = make_model(make_config(**KINDS[kind]), scale=0.3), collate(PAIRS)
    exact = loss(model, batch)
    for mode in (linear.one_pass(), linear.plain()):
        with mode, torch.autocast("cpu", torch.bfloat16):
            half = loss(model, batch)
        half.backward()
        assert half.dtype == torch.float32
        torch.testing.assert_close(half, exact, atol=0.05, rtol=0)


def test_a_second_backward_gives_the_same_gradients_again() -> None:
    model = make_model(make_config("additive", coverage=True)).double()
    value = loss(model, collate(PAIRS))
    first = torch.autograd.grad(value, list(model.parameters()), retain_graph=True)
    # A pass that ends before the weights are reached leaves nothing for the next one.
    torch.autograd.grad(value, [model.embedding.weight], retain_graph=True)
    again = torch.autograd.grad(value, list(model.parameters()))
    for a, b in zip(first, again, strict=True):
        torch.testing.assert_close(a, b, atol=0, rtol=0)


def test_plain_mode_can_be_differentiated_twice() -> None:
    model = make_model(make_config("general")).double()
    with linear.plain():
        (first,) = torch.autograd.grad(loss(model, collate(PAIRS)), [model.embedding.weight], create_graph=True)
        (second,) = torch.autograd.grad(first.square().sum(), [model.embedding.weight])
    assert second.abs().sum() > 0


def test_a_packed_weight_follows_the_weight() -> None:
    layer, x = linear.Linear(7, 5).requires_grad_(False), torch.randn(3, 7)
    with torch.inference_mode():
        torch.testing.assert_close(layer(x), F.linear(x, layer.weight, layer.bias))
    layer.weight.copy_(torch.randn(5, 7))
    with torch.inference_mode():
        torch.testing.assert_close(layer(x), F.linear(x, layer.weight, layer.bias))


def test_a_weight_that_is_trained_is_never_packed() -> None:
    layer, x = linear.Linear(7, 5), torch.randn(3, 7)
    optimiser = torch.optim.Adam(layer.parameters(), lr=0.1, fused=True)  # changes weights without a new version
    for _ in range(2):
        with torch.inference_mode():
            torch.testing.assert_close(layer(x), F.linear(x, layer.weight, layer.bias))
        layer(x).sum().backward()
        optimiser.step()


@pytest.mark.parametrize("kind", [nn.GRU, nn.LSTM])
@pytest.mark.parametrize("layers", [1, 2])
def test_the_bidirectional_layer_is_torchs(kind: type[nn.RNNBase], layers: int) -> None:
    rnn = kind(4, 3, layers, bidirectional=True, batch_first=True).double()
    x = torch.randn(5, 6, 4, dtype=torch.float64)
    packed = pack_padded_sequence(x, torch.tensor([2, 6, 1, 6, 3]), batch_first=True, enforce_sorted=False)
    outputs, final = recurrent.run_packed(rnn, packed)
    expected, last = rnn(packed)
    torch.testing.assert_close(outputs.data, expected.data, atol=1e-12, rtol=0)
    for ours, theirs in zip(final, last if isinstance(last, tuple) else (last,), strict=True):
        torch.testing.assert_close(ours, theirs, atol=1e-12, rtol=0)


@pytest.mark.parametrize(("ours", "theirs"), [(recurrent.GRUCell, nn.GRUCell), (recurrent.LSTMCell, nn.LSTMCell)])
def test_cells_are_torchs(ours: type[nn.RNNCellBase], theirs: type[nn.RNNCellBase]) -> None:
    cell, reference = ours(4, 3).double(), theirs(4, 3).double()
    reference.load_state_dict(cell.state_dict())
    x, h = torch.randn(5, 4, dtype=torch.float64), torch.randn(5, 3, dtype=torch.float64)
    state = (h, h) if ours is recurrent.LSTMCell else h
    torch.testing.assert_close(cell(x, state), reference(x, state), atol=1e-12, rtol=0)


def test_tanh_of_few_values_and_of_many() -> None:
    x = torch.linspace(-30, 30, 3 * linear.MANY, dtype=torch.float64)
    torch.testing.assert_close(linear.tanh(x), torch.tanh(x), atol=1e-14, rtol=0)
    torch.testing.assert_close(linear.tanh(x[:9]), torch.tanh(x[:9]), atol=0, rtol=0)
