"""A sample of a file's pairs: it calibrates the judgement of errors, and its references serve as placebos."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from s2s.data.batches import Ids
from s2s.inspect.lanes import Calibration
from s2s.inspect.passes import batches_by_length, free_lanes
from s2s.model import Model

SIZE = 256  # pairs, at most, evenly spaced in the file


@dataclass(frozen=True)
class Sample:
    """Some pairs of a file as ids, and the calibration of the model's log-probabilities on them."""

    calibration: Calibration = field(default_factory=Calibration)
    pairs: tuple[Ids, ...] = ()


def spaced(count: int) -> range:
    """The places of at most ``SIZE`` evenly spaced pairs of ``count``.

    >>> list(spaced(3)), spaced(1000)
    ([0, 1, 2], range(0, 1000, 4))
    """
    return range(0, count, max(1, -(-count // SIZE)))


def take_sample(model: Model, pairs: Iterable[Ids]) -> Sample:
    """The sample of these pairs; mean and deviation are those of the tokens that the model itself says."""
    held = tuple(pairs)
    if not held:
        return Sample()
    lanes = [
        lane for index in batches_by_length(model, held) for lane in free_lanes(model, [held[i][0] for i in index])
    ]
    log_prob_N = np.concatenate([lane.log_prob_T for lane in lanes])
    return Sample(Calibration(float(log_prob_N.mean()), float(log_prob_N.std())), held)
