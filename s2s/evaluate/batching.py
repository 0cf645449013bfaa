"""Batches of sentences of similar length, bounded in memory, and the log-probabilities of a teacher-forced pass."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import numpy as np
from torch import Tensor

from s2s.data.batches import Batch, Ids
from s2s.evaluate.bootstrap import Floats
from s2s.model import Model
from s2s.text.vocab import PAD

Progress = Callable[[float], None]  # gets the share that is done, 0 to 1; an exception that it raises ends the work
ROWS = 256  # sentences in a batch, at most
FLOATS = 8_000_000  # numbers in a batch's largest tensor, at most: 32 MB
T = TypeVar("T")


def quiet(share: float) -> None:
    """A progress callback that does nothing."""


def chunks(
    pairs: Sequence[Ids],
    width: int,
    progress: Progress = quiet,
    *,
    sources_first: bool = False,
    rows: int | None = None,
    floats: int | None = None,
) -> Iterator[list[int]]:
    """Yield batches of indices of pairs, sorted by target length, or by source length if ``sources_first``.

    A batch has at most ``rows`` sentences and at most ``floats`` numbers, counted as sentences × steps × ``width``
    (``ROWS`` and ``FLOATS`` by default), and at least one sentence.
    """
    most, bound = rows or ROWS, floats or FLOATS
    lengths = [(len(source), len(target)) if sources_first else (len(target), len(source)) for source, target in pairs]
    order = sorted(range(len(pairs)), key=lengths.__getitem__)
    start = 0
    while start < len(order):
        stop, steps = start + 1, len(pairs[order[start]][1]) + 1
        while stop < min(len(order), start + most):
            steps = max(steps, len(pairs[order[stop]][1]) + 1)
            if (stop + 1 - start) * steps * width > bound:
                break
            stop += 1
        yield order[start:stop]
        progress(stop / len(order))
        start = stop


def rows_together(model: Model, length: int) -> int:
    """How many rows with sources of this length fit in one decoder step; at least 1."""
    return max(1, FLOATS // model.floats(length))


def slices(items: Sequence[T], count: int) -> Iterator[Sequence[T]]:
    """The items in order, ``count`` at a time.

    >>> list(slices("abcde", 2))
    ['ab', 'cd', 'e']
    """
    for start in range(0, len(items), count):
        yield items[start : start + count]


def forced_log_probs(logits_NV: Tensor, batch: Batch) -> tuple[list[Floats], ...]:
    """Log-probabilities of a teacher-forced pass in nats, by sentence.

    Three lists with an array (T,) for each row of the batch: log p of the reference's tokens, the ids of the most
    probable tokens, and log p of those.
    """
    logits_NV = logits_NV.float()
    target_N = batch.target_out_BT[batch.target_out_BT != PAD]
    best = logits_NV.max(dim=1)
    normaliser_N = logits_NV.logsumexp(dim=1)
    gold_N = logits_NV.gather(1, target_N.unsqueeze(1)).squeeze(1) - normaliser_N
    ends = (batch.target_out_BT != PAD).sum(dim=1).cumsum(dim=0)[:-1].tolist()
    parts = (gold_N, best.indices, best.values - normaliser_N)
    return tuple(np.split(part.double().cpu().numpy(), ends) for part in parts)
