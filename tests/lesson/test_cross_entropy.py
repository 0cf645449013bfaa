from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional as F

from s2s.lesson import cross_entropy as module

logits = st.lists(st.floats(-40, 40), min_size=2, max_size=6).map(lambda row: np.array(row))


def test_the_lectures_example_and_what_its_slip_would_mean() -> None:
    """exp, sum, softmax, loss and gradient worked out by hand; 2.0 for 20 would have the second class win."""
    exponents = [20.0855, 2.7183, 0.0498]
    assert np.exp(module.LOGITS).round(4).tolist() == exponents
    assert module.softmax(np.array(module.LOGITS)) == pytest.approx(np.array(exponents) / 22.8536, abs=1e-5)
    taken = np.array([module.SLIP, *exponents[1:]])
    assert (taken / taken.sum()).round(2).tolist() == [0.42, 0.57, 0.01]
    assert taken.argmax() == 1 != module.TRUE


@given(logits, st.floats(0, 1), st.data())
def test_against_torch(row: module.Row, epsilon: float, data: st.DataObject) -> None:
    true = data.draw(st.integers(0, len(row) - 1))
    target = module.smoothed(true, len(row), epsilon)
    z = torch.tensor(row[None], requires_grad=True)
    loss = F.cross_entropy(z, torch.tensor([true]), label_smoothing=epsilon)
    (gradient,) = torch.autograd.grad(loss, z)
    assert module.cross_entropy(row, target) == pytest.approx(float(loss.detach()), abs=1e-9)
    assert module.gradient(row, target) == pytest.approx(gradient[0].numpy(), abs=1e-12)
    assert module.softmax(row) == pytest.approx(torch.softmax(z[0], 0).detach().numpy(), abs=1e-12)
    assert target.sum() == pytest.approx(1)


@given(logits, st.data())
def test_binary_cross_entropy_against_torch(row: module.Row, data: st.DataObject) -> None:
    labels = np.array(data.draw(st.lists(st.sampled_from([0.0, 1.0]), min_size=len(row), max_size=len(row))))
    wanted = F.binary_cross_entropy_with_logits(torch.tensor(row), torch.tensor(labels), reduction="none")
    assert module.binary_cross_entropy(row, labels) == pytest.approx(wanted.numpy(), abs=1e-9)
    assert module.sigmoid(row) == pytest.approx(torch.sigmoid(torch.tensor(row)).numpy(), abs=1e-12)


def test_perplexity() -> None:
    assert module.perplexity(math.log(7)) == pytest.approx(7)
    assert module.perplexity(1e6) == math.exp(700)
