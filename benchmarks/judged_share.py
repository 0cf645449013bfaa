"""Whether the words that owe little to the source are the wrong ones, by judged outputs (``judged.py``)."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from benchmarks.judged_outputs import Judged
from s2s.checkpoint.find import find_checkpoint
from s2s.checkpoint.open import load
from s2s.evaluate.bootstrap import Floats
from s2s.explain.prefix import origins
from s2s.explain.replay import Lane
from s2s.model import Model
from s2s.text.vocab import BOS

RESAMPLES = 1000
Marks = NDArray[np.bool_]
Shares = Callable[[Judged], list[dict[str, float | None]]]  # the shares by method at each word of an output


def auc(value_N: Floats, wrong_N: Marks) -> float:
    """How often a wrong word has the lower value than a right one, ties counted half; 0.5 is chance.

    >>> auc(np.array([0.1, 0.5, 0.5, 0.9]), np.array([True, True, False, False]))
    0.875
    """
    wrong, right = value_N[wrong_N], np.sort(value_N[~wrong_N])
    below, upto = np.searchsorted(right, wrong, "left"), np.searchsorted(right, wrong, "right")
    return float(1 - (below + upto).mean() / 2 / len(right))


def measure(judged: Sequence[Judged], shares: Shares) -> list[tuple[str, float, float, float]]:
    """Lines of name, AUC and its interval over outputs, of the words that the judges agree on but the first of each."""
    of_N, wrong_N = np.zeros(0, dtype=int), np.zeros(0, dtype=bool)
    values = dict[str, list[float]]()
    for n, one in enumerate(judged):
        found = shares(one)
        for t in range(1, len(one.lanes.output)):
            marks = {t in wrong for wrong in one.wrong}
            if len(marks) > 1:
                continue
            of_N, wrong_N = np.append(of_N, n), np.append(wrong_N, marks.pop())
            known = {name: 0.5 if share is None else share for name, share in found[t].items()}
            for name, value in {**known, "log p": one.lanes.output_log_prob_T[t], "position": -t}.items():
                values.setdefault(name, []).append(float(value))
    rng, lines = np.random.default_rng(0), list[tuple[str, float, float, float]]()
    rows = [np.flatnonzero(of_N == n) for n in np.unique(of_N)]
    drawn = [np.concatenate([rows[i] for i in rng.integers(0, len(rows), len(rows))]) for _ in range(RESAMPLES)]
    drawn = [some for some in drawn if 0 < wrong_N[some].sum() < len(some)]
    for name, column in values.items():
        value_N = np.array(column)
        low, high = np.quantile([auc(value_N[some], wrong_N[some]) for some in drawn], [0.025, 0.975])
        lines.append(
            (f"{name}: {wrong_N.sum()} wrong, {(~wrong_N).sum()} right words", auc(value_N, wrong_N), low, high)
        )
    return lines


def by_model(one: Judged) -> list[dict[str, float | None]]:
    """The shares of an output by the model that made it."""
    said, source = one.lanes.output_ids, one.lanes.source_ids
    lane = Lane(tuple(source), (BOS, *said[:-1]), tuple(said))
    return [step.shares for step in origins(_model(one.model), lane, range(len(said)))]


@functools.cache
def _model(name: str) -> Model:
    return load(find_checkpoint(name)).model
