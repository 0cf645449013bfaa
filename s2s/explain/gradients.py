"""What the source's embeddings have to do with a word, by the gradient of its log-probability.

The baseline is a source of as many words whose embeddings are all zero: that of ``<pad>``, and what word
dropout puts in a word's place in training. Prior and pointer know the source by its ids, not by its
embeddings, so their direct share is in none of these numbers; erasure has it.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from s2s.explain.replay import Lane, Pausing, along, whole
from s2s.model import Model
from s2s.model.kernels import linear

POINTS = 20  # of the integral
KEPT = 60_000_000  # numbers that a backward pass keeps, at most: 240 MB
WORDS = 3_000  # source tokens of all rows of one run together, so that no run takes long


class Attribution(NamedTuple):
    """Nats a source token, signed, (S,) each; and by how much the second misses the difference it should sum to."""

    gradient_S: Tensor  # gradient × input
    integrated_S: Tensor  # integrated gradients
    gap: float


@functools.cache
def quadrature(points: int) -> tuple[Tensor, Tensor]:
    """Gauss-Legendre points and weights on [0, 1]."""
    nodes, weights = np.polynomial.legendre.leggauss(points)
    return torch.tensor((1 + nodes) / 2, dtype=torch.float32), torch.tensor(weights / 2, dtype=torch.float32)


def attributions(model: Model, lane: Lane, steps: Sequence[int], points: int = POINTS) -> list[Attribution]:
    """``attributing``, all at once."""
    return whole(attributing(model, lane, steps, points))


def attributing(model: Model, lane: Lane, steps: Sequence[int], points: int = POINTS) -> Pausing[list[Attribution]]:
    """Gradient × input, ``x·∂ log p(w)/∂x`` (Shrikumar et al. 2017), and integrated gradients, a pair a step.

    ``x·∫₀¹ ∂ log p(w | αx)/∂x dα`` (Sundararajan, Taly and Yan 2017, eq. 1), by Gauss-Legendre quadrature;
    its sum over the source should be ``log p(w | x) - log p(w | 0)`` (completeness).
    """
    alpha_P, weight_P = quadrature(points)
    scale_N = torch.cat([alpha_P, torch.tensor([1.0, 0.0])])  # after the integral's points the input, the baseline
    with torch.no_grad():
        source_SE = model.embed(torch.tensor(lane.source))
    parts = []
    for some_N in torch.split(scale_N, _rows(model, max(steps), len(lane.source))):
        parts.append(_gradients(model, lane, steps, some_N, source_SE))
        yield
    gradient_KNS = torch.cat([gradient for gradient, _ in parts], dim=1)
    value_KN = torch.cat([value for _, value in parts], dim=1)
    integrated_KS = torch.einsum("p,kps->ks", weight_P, gradient_KNS[:, :points])
    gap_K = integrated_KS.sum(dim=1) - (value_KN[:, points] - value_KN[:, points + 1])
    return [Attribution(gradient_KNS[k, points], integrated_KS[k], float(gap_K[k])) for k in range(len(gap_K))]


def _rows(model: Model, last: int, length: int) -> int:
    """How many rows may keep what their backward needs of every step."""
    step = model.vocabulary + 16 * model.sizes.decoder
    return max(1, min(KEPT // ((last + 1) * step), WORDS // length))


def _gradients(
    model: Model, lane: Lane, steps: Sequence[int], scale_N: Tensor, source_SE: Tensor
) -> tuple[Tensor, Tensor]:
    """``x·∂ log p(w)/∂x`` at the scaled sources, and ``log p(w)`` there: (K, N, S) and (K, N)."""
    count, length = len(scale_N), len(lane.source)
    with torch.enable_grad(), linear.one_pass():
        embedded_NSE = (scale_N[:, None, None] * source_SE).requires_grad_()
        memory, state = model.encode(torch.tensor([lane.source] * count), torch.full((count,), length), embedded_NSE)
        ran = zip(sorted(set(steps)), along(model, lane, memory, state, steps), strict=True)
        values = [output.log_probs_BV[:, lane.words[t]] for t, output in ran]
        products = []
        for k, value_N in enumerate(values):
            (gradient_NSE,) = torch.autograd.grad(value_N.sum(), embedded_NSE, retain_graph=k + 1 < len(values))
            products.append((gradient_NSE * source_SE).sum(dim=2))
    return torch.stack(products), torch.stack([value_N.detach() for value_N in values])
