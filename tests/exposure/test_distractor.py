from __future__ import annotations

import numpy as np
import pytest
import torch

from s2s.evaluate.bootstrap import Bootstrap
from s2s.exposure.distractor import Distraction, distraction, distractions, draw_distractors, log_probs
from s2s.text.vocab import BOS, EOS
from tests.exposure.common import some_pairs, tiny


def test_distractors_are_other_targets_of_the_same_length() -> None:
    targets = [[4, 5], [6, 7], [8, 9], [4], [5], [4, 5, 6, 7], [4, 5]]
    drawn = draw_distractors(targets, targets, seed=3)
    for target, other in zip(targets[:5], drawn, strict=False):
        assert other is not None and len(other) == len(target) and other != target and other in targets
    assert drawn[5] in ([4, 5], [6, 7], [8, 9])  # none of its length: the nearest
    assert drawn == draw_distractors(targets, targets, seed=3)
    assert len({tuple(draw_distractors(targets, targets, seed)[0] or ()) for seed in range(20)}) == 2
    assert draw_distractors([[4], [4]], [[4], [4]], 0) == [None, None]


def test_log_probabilities_are_those_of_the_steps() -> None:
    model, pairs = tiny(), some_pairs()
    expected = []
    with torch.no_grad():
        for source, target in pairs:
            memory, state = model.encode(torch.tensor([source]), torch.tensor([len(source)]))
            total = 0.0
            for read, owed in zip([BOS, *target], [*target, EOS], strict=True):
                step = model.step(state, torch.tensor([read]), memory)
                state, total = step.state, total + float(step.log_probs_BV[0, owed])
            expected.append(total)
    np.testing.assert_allclose(log_probs(model, pairs), expected, atol=1e-4)
    made = distractions(model, pairs, seed=1)
    assert [d.reference_log_prob for d in made] == pytest.approx(expected, abs=1e-4)
    others = log_probs(model, [(s, list(d.distractor)) for (s, _), d in zip(pairs, made, strict=True)])
    assert [d.distractor_log_prob for d in made] == pytest.approx(others.tolist(), abs=1e-4)
    known = distractions(model, pairs, seed=1, known=expected)
    assert [d.distractor for d in known] == [d.distractor for d in made]
    assert [d.reference_log_prob for d in known] == expected
    assert [d.tokens for d in made] == [len(t) + 1 for _, t in pairs]
    assert distractions(model, [pairs[0]]) == [] and len(distractions(model, [pairs[0]], pool=[[4], [5]])) == 1


def test_a_summary_by_hand() -> None:
    found = distraction([Distraction((4,), 2, -1.0, -5.0), Distraction((4, 5), 3, -3.0, -2.0)], Bootstrap(20))
    assert (found.margin.value, found.margin_per_token.value, found.preferred.value) == (1.5, 0.6, 0.5)
