from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from s2s.decode.strategy import Settings, chooser, filtered, forcing, limit
from s2s.errors import UserError

LOGITS = st.lists(st.integers(-60, 60), min_size=2, max_size=9, unique=True).map(lambda xs: [x / 10 for x in xs])

TEMPERATURES, MASSES = st.sampled_from([0.2, 0.7, 1.0, 3.0]), st.sampled_from([0.013, 0.31, 0.77, 0.951, 1.0])


def log_probs(logits: list[float]) -> torch.Tensor:
    return torch.log_softmax(torch.tensor(logits, dtype=torch.float64), dim=0)


def naive(logits: list[float], temperature: float, top_k: int, top_p: float) -> np.ndarray:
    """Temper, keep the k most probable, renormalise, keep the smallest set whose mass reaches p, renormalise."""
    p = np.exp(np.array(logits) / temperature - max(logits) / temperature)
    p /= p.sum()
    order = sorted(range(len(p)), key=lambda i: -p[i])
    kept = order[:top_k] if top_k else order
    mass = p[kept].sum()
    nucleus, reached = [], 0.0
    for i in kept:
        nucleus.append(i)
        reached += p[i] / mass
        if reached >= top_p and top_p < 1:
            break
    out = np.zeros(len(p))
    out[nucleus] = p[nucleus] / p[nucleus].sum()
    return out


@given(
    LOGITS, st.sampled_from([0.2, 0.7, 1.0, 3.0]), st.integers(0, 10), st.sampled_from([0.013, 0.31, 0.77, 0.951, 1])
)
def test_filtered_by_brute_force(logits: list[float], temperature: float, top_k: int, top_p: float) -> None:
    settings = Settings(strategy="sampling", temperature=temperature, top_k=top_k, top_p=top_p)
    probs = filtered(log_probs(logits), settings).exp().numpy()
    np.testing.assert_allclose(probs, naive(logits, temperature, top_k, top_p), atol=1e-9)


def test_nucleus_by_hand() -> None:
    probs = torch.tensor([0.5, 0.3, 0.15, 0.05]).log()
    found = [filtered(probs, Settings(top_p=p)).exp().tolist() for p in (0.4, 0.6, 0.9)]
    assert found[0] == pytest.approx([1, 0, 0, 0])
    assert found[1] == pytest.approx([0.625, 0.375, 0, 0])
    assert found[2] == pytest.approx([0.5 / 0.95, 0.3 / 0.95, 0.15 / 0.95, 0])
    assert filtered(probs, Settings(top_k=2)).exp().tolist() == pytest.approx([0.625, 0.375, 0, 0])


def draws(settings: Settings, count: int = 200) -> list[int]:
    choose = chooser(settings)
    return [choose(torch.tensor([0.5, 0.3, 0.2]).log(), t) for t in range(count)]


def test_sampling_is_a_function_of_its_seed() -> None:
    first = draws(Settings(strategy="sampling", seed=4))
    torch.manual_seed(99)  # the global generator has no part in it
    assert draws(Settings(strategy="sampling", seed=4)) == first
    assert draws(Settings(strategy="sampling", seed=5)) != first


def test_sampling_draws_in_proportion() -> None:
    counts = np.bincount(draws(Settings(strategy="sampling", seed=1), 5000), minlength=3) / 5000
    np.testing.assert_allclose(counts, [0.5, 0.3, 0.2], atol=0.03)
    assert set(draws(Settings(strategy="sampling", top_k=1))) == {0}


def test_greedy_and_forcing() -> None:
    log_probs_V = torch.tensor([0.2, 0.5, 0.3]).log()
    choose = forcing([2, 0], chooser(Settings()))
    assert [choose(log_probs_V, t) for t in range(4)] == [2, 0, 1, 1]


def test_limit() -> None:
    assert limit(Settings(), 7) == 24
    assert limit(Settings(max_length=5), 7) == 5


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("temperature", 0.0),
        ("temperature", -1.0),
        ("temperature", 11.0),
        ("top_k", -1),
        ("top_p", 0.0),
        ("top_p", 1.5),
        ("max_length", 501),
        ("beam", 0),
        ("beam", 51),
        ("length_penalty", -0.1),
        ("coverage_penalty", 6.0),
        *((name, bad) for name in ("temperature", "top_p", "length_penalty") for bad in (math.nan, math.inf)),
    ],
)
def test_values_out_of_range_are_refused_by_name(name: str, value: float) -> None:
    with pytest.raises(UserError, match=name):
        Settings(**{name: value})


def test_an_unknown_strategy_is_refused() -> None:
    with pytest.raises(UserError, match="greedy, sampling, beam"):
        Settings(strategy="best")
