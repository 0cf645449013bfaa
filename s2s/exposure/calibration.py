"""Calibration: the expected calibration error of teacher-forced predictions (ECE, Guo et al. 2017, eq. 3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from s2s.evaluate.bootstrap import Bootstrap, Floats, divide, plain
from s2s.evaluate.measured import Estimate
from s2s.exposure.lanes import Lane
from s2s.text.vocab import EOS

BINS = 15  # bins of equal width over the confidence, 0 to 1


@dataclass(frozen=True)
class Reliability:
    """The ECE of some predictions and its bins of confidence, ``((b-1)/15, b/15]``."""

    ece: Estimate
    count: tuple[int, ...]
    confidence: tuple[float | None, ...]  # mean in the bin; None if the bin is empty
    accuracy: tuple[float | None, ...]


@dataclass(frozen=True)
class Calibration:
    """Reliability of all teacher-forced best tokens, of those that are ``<eos>``, and of the others."""

    all: Reliability
    eos: Reliability
    other: Reliability


def binned(confidence: Floats, hits: Floats) -> Floats:
    """The number of predictions, sum of confidences and number of hits of each bin: (3 · 15,).

    >>> binned(np.array([0.95, 1.0]), np.array([1.0, 0.0]))[[14, 29, 44]].tolist()
    [2.0, 1.95, 1.0]
    """
    bin_N = np.clip(np.ceil(confidence * BINS).astype(int) - 1, 0, BINS - 1)
    parts = (np.bincount(bin_N, w, BINS) for w in (np.ones_like(confidence), confidence, hits))
    return np.concatenate(list(parts))


def ece(sums_RK: Floats) -> Floats:
    """``Σ_b n_b/N |accuracy_b - confidence_b|`` from sums of ``binned``: (R, 1)."""
    count, confidence, hits = np.split(sums_RK, 3, axis=1)
    return divide(np.abs(hits - confidence).sum(axis=1), count.sum(axis=1))[:, None]


def calibration(lanes: Sequence[Lane], bootstrap: Bootstrap) -> Calibration:
    """The summary over the sentences of a corpus."""
    kinds: dict[str, list[Floats]] = {"all": [], "eos": [], "other": []}
    for lane in lanes:
        ends, hits = np.array(lane.forced_best) == EOS, lane.forced_hits
        for name, chosen in (("all", np.ones_like(ends)), ("eos", ends), ("other", ~ends)):
            kinds[name].append(binned(lane.confidence[chosen], hits[chosen]))
    return Calibration(**{name: _reliability(np.array(rows), bootstrap) for name, rows in kinds.items()})


def _reliability(columns_NK: Floats, bootstrap: Bootstrap) -> Reliability:
    count, confidence, hits = np.split(columns_NK.sum(axis=0), 3)
    return Reliability(
        bootstrap.estimate(columns_NK, ece, round(float(count.sum()))),
        tuple(round(float(c)) for c in count),
        plain(divide(confidence, count)),
        plain(divide(hits, count)),
    )
