from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
import torch

from s2s.data.batches import Ids
from s2s.evaluate.bootstrap import Bootstrap
from s2s.exposure.excess import Divergences, divergences, excess, kl
from s2s.tasks.date import oracle, posterior
from s2s.text.segmenters import characters
from s2s.text.vocab import SPECIALS, Vocab
from tests.stub import StubModel

VOCAB = Vocab((*SPECIALS, *"0123456789-", "␣"))
SOURCES = ["Nov. 22nd, 2026", "03/04/2026"]


def ids(text: str) -> list[int]:
    return VOCAB.encode(characters(text))


def oracle_model(source: str, smooth: float = 0.0) -> StubModel:
    """A model that says what the oracle says; ``smooth`` of the mass goes to all tokens alike."""
    table: dict[tuple[int, ...], dict[int, float]] = {}
    for target in posterior(source):
        for n in range(len(target) + 1):
            right = oracle(source, characters(target[:n]))
            row = {i: smooth / len(VOCAB) for i in range(len(VOCAB))}
            for token, p in right.items():
                row[3 if token == "<eos>" else VOCAB.ids[token]] += (1 - smooth) * p
            table[tuple(ids(target[:n]))] = row
    model = StubModel(len(VOCAB), table)
    return model


@pytest.mark.parametrize("source", SOURCES)
def test_the_oracle_itself_has_no_excess(source: str) -> None:
    pairs: list[Ids] = [([4], ids(target)) for target in posterior(source)]
    found = divergences(oracle_model(source), [source] * len(pairs), pairs, VOCAB, oracle)  # type: ignore[arg-type]
    for one in found:
        assert len(one.reference) == len(one.own) == 11 and not one.undefined
        np.testing.assert_allclose([*one.reference, *one.own], 0, atol=1e-7)
    summary = excess(found, Bootstrap(20))
    assert set(summary.excess.value) == {0.0} and summary.undefined.value == 0.0
    assert set(summary.excess.low) == set(summary.excess.high) == {0.0}


def test_a_model_as_far_off_everywhere_has_no_excess_either() -> None:
    (source, _), share = SOURCES, 0.5
    model = oracle_model(source, share)
    (one,) = divergences(model, [source], [([4], ids("2026-11-22"))], VOCAB, oracle)  # type: ignore[arg-type]
    expected = -math.log(1 - share + share / len(VOCAB))
    np.testing.assert_allclose([*one.reference, *one.own], expected, atol=1e-6)
    summary = excess([one], Bootstrap(5))
    assert set(summary.excess.value) == {0.0}
    assert summary.accumulated_own.value == pytest.approx(tuple(expected * (t + 1) for t in range(11)), rel=1e-4)


def test_own_prefixes_end_where_the_oracle_knows_no_continuation() -> None:
    month = ids("2026-1")
    table = {tuple(ids("2026-11-22")[:n]): {ids("2026-11-22")[n]: 1.0} for n in range(6)}
    table[tuple(month)] = {ids("3")[0]: 0.75, ids("1")[0]: 0.25}  # the 13th month
    table[tuple(ids("2026-13"))] = {ids("-")[0]: 1.0}
    model = StubModel(len(VOCAB), {**table, tuple(ids("2026-11")): {ids("-")[0]: 1.0}})
    pairs: list[Ids] = [([4], ids("2026-11"))]

    def gives(source: str, prefix: Sequence[str]) -> dict[str, float]:
        return {"<eos>": 1.0} if "".join(prefix) == "2026-11" else oracle(source, prefix)

    (one,) = divergences(model, SOURCES[:1], pairs, VOCAB, gives)  # type: ignore[arg-type]
    assert one.undefined and len(one.own) == 7 and len(one.reference) == 8
    assert one.own[6] == pytest.approx(-math.log(0.25), abs=1e-6)
    summary = excess([one], Bootstrap(5))
    assert summary.undefined.value == 1.0 and summary.excess.value[7] is None
    assert summary.excess.value[6] == 0.0 and summary.divergence_own.count == (1,) * 7 + (0,)


def test_kl_by_hand() -> None:
    log_probs_V = torch.tensor([0.1, 0.2, 0.0, 0.3, *[0.4 / 12] * 12]).log()
    assert kl({"<eos>": 1.0}, log_probs_V, VOCAB) == pytest.approx(-math.log(0.3))
    assert kl({"x": 0.5, "y": 0.25, "0": 0.25}, log_probs_V, VOCAB) == pytest.approx(
        0.75 * math.log(0.75 / 0.2) + 0.25 * math.log(0.25 / (0.4 / 12))
    )


def test_a_summary_by_hand() -> None:
    rows = [
        Divergences(np.array([1.0, 1.0]), np.array([1.0, 2.0]), False),
        Divergences(np.array([3.0, 1.0]), np.array([3.0]), True),
    ]
    found = excess(rows, Bootstrap(50))
    assert found.divergence_reference.value == (2.0, 1.0) and found.divergence_own.value == (2.0, 2.0)
    assert found.accumulated_reference.value == (2.0, 3.0) and found.accumulated_own.value == (2.0, 4.0)
    assert found.excess.value == pytest.approx((0.0, 100 * (4 / 3 - 1)), abs=1e-3)
    assert found.excess.count == (2, 1) and found.undefined.value == 0.5
