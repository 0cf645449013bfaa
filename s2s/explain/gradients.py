"""Attribution of a word to the source tokens, and to the words before it, by gradients of its log-probability.

The baseline is a source of equal length with zero embeddings: the embedding of ``<pad>``, and the one that word
dropout uses in training; with the words before it, zeros stand for these as well, and ``<bos>`` stays. Prior and
pointer read the source ids, not the embeddings, so these numbers leave out their direct effect; erasure includes it.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from s2s.explain.replay import Lane, Pausing, run_to_end, step_outputs
from s2s.model import Model
from s2s.model.kernels import linear

POINTS = 20  # quadrature points of the integral
MAX_SAVED = 60_000_000  # numbers saved for a backward pass, at most (240 MB)
MAX_SOURCE_TOKENS = 3_000  # source tokens of all rows of one pass together, to keep passes short


class Attribution(NamedTuple):
    """Signed nats per source token, and the completeness gap: the sum of the second minus its target.

    With the words before step t, (S + t,) each, those of the source first; else (S,).
    """

    gradient_S: Tensor  # gradient × input
    integrated_S: Tensor  # integrated gradients
    gap: float


@functools.cache
def quadrature(points: int) -> tuple[Tensor, Tensor]:
    """Gauss-Legendre points and weights on [0, 1]."""
    nodes, weights = np.polynomial.legendre.leggauss(points)
    return torch.tensor((1 + nodes) / 2, dtype=torch.float32), torch.tensor(weights / 2, dtype=torch.float32)


def attributions(
    model: Model, lane: Lane, steps: Sequence[int], points: int = POINTS, prefix: bool = False
) -> list[Attribution]:
    """``attributing`` without pauses."""
    return run_to_end(attributing(model, lane, steps, points, prefix))


def attributing(
    model: Model, lane: Lane, steps: Sequence[int], points: int = POINTS, prefix: bool = False
) -> Pausing[list[Attribution]]:
    """Gradient × input and integrated gradients of each step, with ``prefix`` also to the words before it.

    Gradient × input is ``x·∂ log p(w)/∂x`` (Shrikumar et al. 2017). Integrated gradients are
    ``x·∫₀¹ ∂ log p(w | αx)/∂x dα`` (Sundararajan, Taly and Yan 2017, eq. 1), by Gauss-Legendre quadrature;
    their sum over the source should be ``log p(w | x) - log p(w | 0)`` (completeness). With ``prefix`` x is both, and
    the path scales both at once. Of a lane with ``against`` the difference of two words' log p is differentiated.
    """
    alpha_P, weight_P = quadrature(points)
    scale_N = torch.cat([alpha_P, torch.tensor([1.0, 0.0])])  # the quadrature points, then the input and the baseline
    with torch.no_grad():
        inputs = [model.embed(torch.tensor(lane.source))]
        if prefix:
            inputs.append(model.embed_target(torch.tensor(lane.read[1 : max(steps) + 1], dtype=torch.long)))
    parts = []
    for some_N in torch.split(scale_N, _rows(model, max(steps), len(lane.source))):
        parts.append(_gradients(model, lane, steps, some_N, inputs))
        yield
    gradient_KNS = torch.cat([gradient for gradient, _ in parts], dim=1)
    value_KN = torch.cat([value for _, value in parts], dim=1)
    integrated_KS = torch.einsum("p,kps->ks", weight_P, gradient_KNS[:, :points])
    gap_K = integrated_KS.sum(dim=1) - (value_KN[:, points] - value_KN[:, points + 1])
    ends = [len(lane.source) + t if prefix else len(lane.source) for t in sorted(set(steps))]  # words after t have 0
    return [
        Attribution(gradient_KNS[k, points, :end], integrated_KS[k, :end], float(gap_K[k]))
        for k, end in enumerate(ends)
    ]


def _rows(model: Model, last: int, length: int) -> int:
    """How many rows fit in one forward and backward pass within the limits."""
    step = model.vocabulary + 16 * model.sizes.decoder
    return max(1, min(MAX_SAVED // ((last + 1) * step), MAX_SOURCE_TOKENS // length))


def _gradients(
    model: Model, lane: Lane, steps: Sequence[int], scale_N: Tensor, inputs: Sequence[Tensor]
) -> tuple[Tensor, Tensor]:
    """``x·∂ log p(w)/∂x`` at the scaled inputs, and ``log p(w)`` there: (K, N, S) and (K, N)."""
    count, length = len(scale_N), len(lane.source)
    with torch.enable_grad(), linear.one_pass():
        scaled = [(scale_N[:, None, None] * input_SE).requires_grad_() for input_SE in inputs]
        embedded_NSE, prefix_NTE = (*scaled, None)[:2]
        memory, state = model.encode(torch.tensor([lane.source] * count), torch.full((count,), length), embedded_NSE)
        outputs = step_outputs(model, lane, memory, state, steps, prefix_NTE=prefix_NTE)
        ran = zip(sorted(set(steps)), outputs, strict=True)
        values = [lane.value(output.log_probs_BV, t) for t, output in ran]
        products = []
        for k, value_N in enumerate(values):
            again = k + 1 < len(values)
            found = torch.autograd.grad(value_N.sum(), scaled, retain_graph=again, materialize_grads=True)
            parts = [(d_NSE * x_SE).sum(dim=2) for d_NSE, x_SE in zip(found, inputs, strict=True)]
            products.append(torch.cat(parts, dim=1))
    return torch.stack(products), torch.stack([value_N.detach() for value_N in values])
