from __future__ import annotations

import numpy as np
import pytest

from s2s.evaluate.bootstrap import Bootstrap
from s2s.exposure.calibration import BINS, binned, calibration
from s2s.exposure.lanes import Lane
from s2s.text.vocab import EOS


def lane(gold: list[int], best: list[int], confidence: list[float]) -> Lane:
    nothing = np.zeros(len(gold))
    return Lane(tuple(gold), nothing, tuple(best), np.array(confidence), (), nothing)


def test_a_hand_example() -> None:
    found = calibration(
        [lane([5, 6, 7, EOS], [5, 6, 8, EOS], [0.9, 0.92, 0.5, 0.8]), lane([5, EOS], [EOS, EOS], [0.52, 0.82])],
        Bootstrap(20),
    )
    # of other tokens: 0.9 and 0.92 share a bin, both right; 0.5 is wrong
    assert found.other.ece.value == pytest.approx((2 * (1 - 0.91) + 0.5) / 3, abs=1e-6)
    # of <eos>: 0.52 alone, wrong; 0.8 and 0.82 either side of 12/15, both right
    assert found.eos.ece.value == pytest.approx((0.52 + 0.2 + 0.18) / 3, abs=1e-6)
    assert (found.all.ece.count, found.eos.ece.count, found.other.ece.count) == (6, 3, 3)
    assert sum(found.eos.count) == 3 and found.eos.count[11] == 1 and found.eos.count[12] == 1
    assert found.other.confidence[13] == pytest.approx(0.91) and found.other.accuracy[13] == 1.0
    assert found.other.confidence[0] is None and len(found.all.accuracy) == BINS
    # all: 0.5 and 0.52 share the bin up to 8/15, both wrong
    assert found.all.ece.value == pytest.approx((2 * 0.09 + 1.02 + 0.2 + 0.18) / 6, abs=1e-6)


def test_a_model_that_never_ends_has_no_ece_of_ends() -> None:
    found = calibration([lane([5], [5], [1.0])], Bootstrap(10))
    assert found.eos.ece.value is None and found.eos.ece.count == 0 and found.other.ece.value == 0.0


def test_bins_are_closed_above() -> None:
    edges = np.arange(1, BINS + 1) / BINS
    assert binned(edges - 1e-9, np.zeros(BINS))[:BINS].tolist() == [1.0] * BINS
    assert binned(np.array([0.0, 1e-12, 1.0]), np.zeros(3))[[0, BINS - 1]].tolist() == [2.0, 1.0]
