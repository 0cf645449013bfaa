"""The matrix products of a task alone, at their shapes and as fast as this CPU does them: a bound for the real thing.

Random operands; no gates, softmax, attention, loss, optimiser or Python between.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch

from benchmarks.workload import BATCH, EMBEDDING, HIDDEN, VOCABULARY, Task, Training
from s2s.model.kernels import linear


@dataclass(frozen=True)
class Product:
    """``x Wᵀ`` of (rows, inner) and (outer, inner), ``times`` a run."""

    rows: int
    inner: int
    outer: int
    times: int = 1


def products(task: Task) -> list[Product]:
    """The products of Lookback's general model: encoder, keys, decoder, output."""
    gates, both = 3 * HIDDEN, 2 * HIDDEN
    sentences = BATCH if isinstance(task, Training) else task.items
    rows = sentences if isinstance(task, Training) else task.items * task.beam
    once = isinstance(task, Training)  # the output layer sees all steps at once
    return [
        *[Product(sentences * task.source, EMBEDDING, gates)] * 2,
        *[Product(sentences, HIDDEN, gates, task.source)] * 2,
        Product(sentences * task.source, both, HIDDEN),
        Product(rows, EMBEDDING + HIDDEN, gates, task.target),
        Product(rows, HIDDEN, gates, task.target),
        Product(rows, HIDDEN + both, HIDDEN, task.target),
        Product(rows * task.target if once else rows, HIDDEN, VOCABULARY, 1 if once else task.target),
    ]


def prepare(task: Task, half: bool) -> Callable[[], None]:
    """One run: the forward products, and in training those of the gradients of inputs and weights."""
    dtype = torch.bfloat16 if half else torch.float32
    made = []
    for p in products(task):
        weight = torch.randn(p.outer, p.inner, dtype=dtype)
        made.append((p, torch.randn(p.rows, p.inner, dtype=dtype), torch.randn(p.rows, p.outer, dtype=dtype), weight))

    def training() -> None:
        for p, x, gradient, weight in made:
            for _ in range(p.times):
                linear.product(x, weight, None)
                linear.product(gradient, weight.t(), None)
            torch.mm(gradient.repeat(p.times, 1).t(), x.repeat(p.times, 1))

    def decoding() -> None:
        turns = max(p.times for p, *_ in made)
        for turn in range(turns):  # in the order of steps, so that weights are read anew
            for p, x, _, weight in made:
                if turn < p.times:
                    linear.product(x, linear.packed(weight) if p.rows > 1 else weight, None)

    return training if isinstance(task, Training) else torch.inference_mode()(decoding)
