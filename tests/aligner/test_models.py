from __future__ import annotations

import itertools
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from s2s.aligner import bitext, models
from s2s.aligner.bitext import make_bitext
from s2s.aligner.models import JUMPS, Table, first_table, hmm, joint_pass, model1, one_pass
from s2s.errors import UserError

SENTENCE = some.lists(some.sampled_from("abcde"), min_size=1, max_size=4)
PAIRS = some.lists(some.tuples(SENTENCE, SENTENCE), min_size=1, max_size=6)


@given(PAIRS, some.sampled_from([model1, hmm]), some.integers(0, 9))
def test_the_likelihood_never_falls(pairs: list[tuple[list[str], list[str]]], model: models.Model, seed: int) -> None:
    """From any first table, pass by pass."""
    found, rng = make_bitext(pairs), np.random.default_rng(seed)
    table = models.maximised(found, rng.random(len(found.source_E)), rng.random(JUMPS))
    values = list[float]()
    for _ in range(6):
        table, value = one_pass(model, found, table)
        values.append(value)
    assert all(b >= a - 1e-8 for a, b in itertools.pairwise(values)), values


@given(PAIRS, some.integers(0, 9))
def test_posteriors_are_those_of_all_alignments_counted_out(
    pairs: list[tuple[list[str], list[str]]], seed: int
) -> None:
    """Every sequence of source words, with or without the empty word, by its product of probabilities."""
    found, rng = make_bitext(pairs), np.random.default_rng(seed)
    table = Table(rng.random(len(found.source_E)), rng.random(JUMPS))
    for block in found.blocks:
        simple, chained = model1(block, table), hmm(block, table)
        logs = [0.0, 0.0]
        for n, entry_TS in enumerate(block.entry_NTS):
            t_TS = table.word_E[entry_TS]
            sums = [np.zeros_like(t_TS), np.zeros_like(t_TS)]
            length, width = t_TS.shape
            for path in itertools.product(range(width), repeat=length):
                product = np.prod([t_TS[t, s] / width for t, s in enumerate(path)])
                sums[0][range(length), path] += product
            for path in itertools.product(range(2 * (width - 1)), repeat=length):  # places, linked or not
                value = 1.0 / (width - 1) if path[0] < width - 1 else 0.0
                place, weights = None, list[float]()
                for t, state in enumerate(path):
                    own, linked = state % (width - 1), state < width - 1
                    if place is None:
                        value = 1.0 / (width - 1)
                    elif linked:
                        kind = (
                            int(np.clip(own - place, -models.FURTHEST - 1, models.FURTHEST + 1)) + models.FURTHEST + 1
                        )
                        value *= table.jump_J[kind]
                    else:
                        value *= own == place
                    value *= (1 - models.NO_SOURCE) * t_TS[t, own + 1] if linked else models.NO_SOURCE * t_TS[t, 0]
                    place = own
                    weights.append(value)
                for t, state in enumerate(path):
                    sums[1][t, state + 1 if state < width - 1 else 0] += value
            for k, found_NTS in enumerate((simple.posterior_NTS, chained.posterior_NTS)):
                total = sums[k].sum(axis=1)
                np.testing.assert_allclose(found_NTS[n], sums[k] / total[:, None], atol=1e-9)
                logs[k] += float(np.log(total[0]))
        assert (simple.log_likelihood, chained.log_likelihood) == pytest.approx(tuple(logs))


def test_two_directions_count_only_what_both_believe() -> None:
    pairs = [(["a", "b"], ["x", "y"]), (["a"], ["x"])]
    both = [make_bitext(pairs), make_bitext([(t, s) for s, t in pairs])]
    tables = [first_table(part) for part in both]
    for _ in range(8):
        tables = joint_pass(hmm, both, tables)
    for part, table in zip(both, tables, strict=True):
        (long,) = (block for block in part.blocks if block.entry_NTS.shape[1] == 2)
        best_T = hmm(long, table).posterior_NTS[0].argmax(axis=1)
        assert best_T.tolist() == [1, 2]


def test_case_does_not_count_and_empty_sides_have_no_block() -> None:
    found = make_bitext([(["A"], ["X"]), (["a"], ["x"]), ([], ["x"]), (["a"], [])])
    assert len(found.source_E) == 2 and [block.index_N.tolist() for block in found.blocks] == [[0, 1]]
    assert make_bitext([]).blocks == ()


def test_blocks_have_a_limit_and_so_have_all_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = random.Random(0)
    pairs = [(rng.choices("abc", k=2), rng.choices("xyz", k=2)) for _ in range(9)]
    whole, table = make_bitext(pairs), None
    monkeypatch.setattr(bitext, "BLOCK", 8)
    parts = make_bitext(pairs)
    assert [len(block.index_N) for block in parts.blocks] == [2, 2, 2, 2, 1]
    for made in (whole, parts):
        found, _ = one_pass(hmm, made, first_table(made))
        assert table is None or np.allclose(found.word_E, table.word_E)
        table = found
    monkeypatch.setattr(bitext, "MOST", 53)
    with pytest.raises(UserError) as error:
        make_bitext(pairs)
    assert error.value.key == "error.aligner_too_large" and "54" in error.value.say("zh")
