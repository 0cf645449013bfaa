from __future__ import annotations

import copy
from typing import Any

import pytest
import torch

from s2s.model import Seq2Seq
from s2s.train.objectives import adversarial
from s2s.train.objectives.adversarial import embeddings, perturbation
from tests.train.objectives.common import KINDS, tiny, value


def flat(model: Seq2Seq) -> torch.Tensor:
    """∇_E of the cross-entropy as one vector."""
    loss = value("cross_entropy", model)
    return torch.cat([g.flatten() for g in torch.autograd.grad(loss, list(embeddings(model).values()))])


def moved(model: Seq2Seq, direction: torch.Tensor) -> Seq2Seq:
    """A copy of the model whose embeddings are moved."""
    other, at = copy.deepcopy(model), 0
    with torch.no_grad():
        for weight in embeddings(other).values():
            weight += direction[at : at + weight.numel()].view_as(weight)
            at += weight.numel()
    return other


def test_shared_and_tied_matrices_count_once() -> None:
    assert list(embeddings(tiny())) == ["encoder.embedding.weight", "embedding.weight"]
    assert list(embeddings(tiny(shared_embeddings=True))) == ["encoder.embedding.weight"]


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_fgms_perturbation_has_the_norm_and_direction_it_should(kind: dict[str, Any]) -> None:
    model = tiny(**kind)
    change = perturbation(value("cross_entropy", model), embeddings(model), 0.5)
    together, g = torch.cat([d.flatten() for d in change.values()]), flat(model)
    assert float(together.norm()) == pytest.approx(0.5, rel=1e-5)
    torch.testing.assert_close(together, 0.5 * g / g.norm())


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_fgm_is_the_loss_here_and_at_the_perturbed_point(kind: dict[str, Any]) -> None:
    model = tiny(**kind).double()
    g = flat(model)
    there = moved(model, 0.5 * g / g.norm())
    here, other = value("cross_entropy", model), value("cross_entropy", there)
    found = value("fgm", model)
    assert float(found.detach()) == pytest.approx(float((here + other).detach()), rel=1e-9)
    assert float(other.detach()) > float(here.detach())
    found.backward()
    expected = torch.autograd.grad(here, list(model.parameters()), allow_unused=True)
    beyond = torch.autograd.grad(other, list(there.parameters()), allow_unused=True)
    for weight, a, b in zip(model.parameters(), expected, beyond, strict=True):
        if a is not None and b is not None and weight.grad is not None:
            torch.testing.assert_close(weight.grad, a + b)
        else:
            assert a is b is weight.grad is None


def test_a_gradient_of_zero_moves_nothing() -> None:
    weight = torch.ones(3, requires_grad=True)
    assert not perturbation((weight * 0).sum(), {"w": weight}, 0.5)["w"].any()


def test_an_error_on_the_way_leaves_the_parameters_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    model = tiny()
    kept, ids = {n: w.detach().clone() for n, w in model.named_parameters()}, [id(p) for p in model.parameters()]
    real, calls = model.output.forward, []

    def second_fails(x: torch.Tensor) -> torch.Tensor:
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return real(x)

    monkeypatch.setattr(model.output, "forward", second_fails)
    with pytest.raises(KeyboardInterrupt):
        value("fgm", model)
    assert [id(p) for p in model.parameters()] == ids
    assert all(w.equal(kept[n]) for n, w in model.named_parameters()) and model.output.weight is model.embedding.weight


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_gradient_penalty_is_half_the_squared_norm(kind: dict[str, Any]) -> None:
    model = tiny(**kind).double()
    found = float(value("gradient_penalty", model, penalty_weight=3.0).detach())
    expected = float(value("cross_entropy", model).detach()) + 1.5 * float(flat(model).square().sum())
    assert found == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_gradient_penaltys_gradient_by_finite_differences(kind: dict[str, Any]) -> None:
    model = tiny(**kind).double()
    value("gradient_penalty", model).backward()
    rng, step = torch.Generator().manual_seed(4), 1e-6

    def loss() -> float:
        return float(value("gradient_penalty", model).detach())

    for name, weight in model.named_parameters():
        if weight.grad is None:
            continue
        along = torch.randn(weight.shape, generator=rng, dtype=torch.float64)
        with torch.no_grad():
            weight += step * along
            above = loss_without_graph(loss)
            weight -= 2 * step * along
            below = loss_without_graph(loss)
            weight += step * along
        slope = (above - below) / (2 * step)
        assert float((weight.grad * along).sum()) == pytest.approx(slope, rel=1e-4, abs=1e-6), name


def loss_without_graph(loss: Any) -> float:
    with torch.enable_grad():
        return float(loss())


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_both_work_in_bfloat16_while_training(kind: dict[str, Any]) -> None:
    model = tiny(**kind).train()
    for name in ("fgm", "gradient_penalty"):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = value(name, model)
        loss.backward()
        assert torch.isfinite(loss) and all(p.grad is None or p.grad.isfinite().all() for p in model.parameters())


@pytest.mark.parametrize("name", ["fgm", "gradient_penalty"])
def test_what_is_differentiated_twice_is_made_of_plain_layers(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    entered = []

    class Plain:
        def __enter__(self) -> None:
            entered.append("in")

        def __exit__(self, *_: object) -> None:
            entered.append("out")

    monkeypatch.setattr(adversarial, "plain", Plain)
    value(name, tiny())
    assert entered == ["in", "out"]
