"""A model is broken in one way; the doctor names it first, and says what the remedy does."""

from __future__ import annotations

import math

import pytest

from s2s.checkpoint.open import load
from s2s.doctor import STRONG, Cure, Diagnosis, Finding, examine_checkpoint, examine_trace
from s2s.doctor.data import run_log
from s2s.doctor.ranks import settled
from s2s.doctor.thresholds import REMARK, most
from s2s.errors import UserError
from s2s.model import Seq2Seq
from tests.doctor.broken import BROKEN, date, pairs, with_weights
from tests.paths import ROOT

TRAINED = {"no_gradient", "frozen_encoder", "untrained_scores", "dead_bridge", "saturated_tanh", "half_trained"}
WORSE_ALONE = {"padding read"}  # reading padding happens to help this model


GIVEN_BACK = {"decoder's gates", "source read backwards", "softmax over the batch", "no tanh", "states one further"}


@pytest.mark.parametrize("kind", BROKEN)
def test_the_cause_is_named_first_and_its_cure_was_tried(kind: str) -> None:
    expected, make = BROKEN[kind]
    found = examine_checkpoint(make(), pairs())
    assert found.findings[0].name == expected and not found.healthy
    assert found.about["not_run"] == []
    cure = found.findings[0].cure
    assert cure is not None and cure.verified == (expected not in TRAINED and kind not in WORSE_ALONE)
    if cure.verified and cure.before:
        assert cure.after["log_prob"] > cure.before["log_prob"]
    if kind in GIVEN_BACK:  # what the model said before it was broken
        assert cure.before["log_prob"] < -1 < -0.1 < cure.after["log_prob"]


def test_the_model_is_healthy_before_it_is_broken() -> None:
    assert examine_checkpoint(date(), pairs()).findings == ()


@pytest.mark.parametrize("name", ["date-hard", "zh-en-bahdanau", "zh-en-guided", "zh-en-none", "classical-modern"])
def test_shipped_models_are_healthy_on_their_examples(name: str) -> None:
    from s2s.checkpoint.examples import examples

    checkpoint = load(ROOT / "checkpoints" / name)
    shares = list[float]()
    found = examine_checkpoint(checkpoint, examples(name, "", ""), shares.append)
    assert [finding.name for finding in found.findings if finding.strength >= 0.5] == []
    assert shares == sorted(shares) and shares[-1] == 1
    assert all(math.isfinite(value) for value in found.measures.values())


def test_too_little_data_is_told_by_training_pairs() -> None:
    strangers = [(source, "3" * len(target)) for source, target in pairs()]
    found = examine_checkpoint(date(), strangers, train=pairs())
    assert "too_little_data" in [finding.name for finding in found.findings]
    assert found.measures["loss_on_training"] < 0.1 < 1 < found.measures["loss"]


def test_a_way_that_saturated_units_close_is_not_called_cut() -> None:
    def explode(model: Seq2Seq) -> None:
        for name, weight in model.named_parameters():
            if name.startswith(("encoder", "decoder.cells", "bridge")) and weight.dim() == 2:
                weight.data *= 1000

    found = examine_checkpoint(with_weights(explode), pairs())
    first, told = found.findings[0], {finding.name: finding for finding in found.findings}
    assert first.name == "exploding_norms" and found.measures["source_gradient"] == 0
    lost = told["no_gradient"]
    assert (lost.cause, lost.strength) == ("doctor.cause.gradient_lost", REMARK)
    assert lost.cure is not None and lost.cure.name == "smaller_weights"


@pytest.mark.parametrize(
    ("known", "loss", "found"),
    [
        (1.25, 1.91, False),  # a model that translates, of which 5.07 is what frequencies cost
        (1.25, 3.1, False),  # less than half of what it learned is missing
        (1.25, 3.3, True),
        (0.01, 0.1, False),
        (0.01, 0.12, True),  # known by heart
        (4.5, 4.9, False),  # it has learned neither
    ],
)
def test_what_training_pairs_and_frequencies_cost_tells_too_little_data(known: float, loss: float, found: bool) -> None:
    assert (loss > most(known, 5.07)) is found


def test_flat_rows_of_a_model_that_has_not_learned_are_a_remark() -> None:
    def causes(after: float) -> list[tuple[str, bool]]:
        cure = Cure("larger_scores", True, {"log_prob": -2.6}, {"log_prob": after})
        half = Finding("half_trained", 0.6, {"loss": 2.6, "loss_of_frequencies": 2.5})
        both = Diagnosis.of(settled([Finding("uniform", 0.7, cure=cure), half]), {})
        return [(finding.name, finding.strength >= STRONG) for finding in both.findings]

    assert causes(-2.59) == [("half_trained", True), ("uniform", False)]
    assert causes(-1.0) == [("uniform", True), ("half_trained", False)]  # larger scores were what it needed


def test_unknown_words_are_counted_on_both_sides() -> None:
    found = examine_checkpoint(date(), [("〇✈✈✈✈✈", target) for _, target in pairs()])
    assert found.measures["unknown_source"] > 0.5
    assert "unknown_words" in [finding.name for finding in found.findings]


def test_a_run_that_exploded_is_seen_in_its_log() -> None:
    losses = [2.0, 1.0, 0.5, 60.0]
    measures, found = run_log([{"train_loss": loss, "dev_loss": loss} for loss in losses])
    assert [finding.name for finding in found] == ["exploding_norms"] and measures["loss_rise"] > 100
    measures, found = run_log([{"train_loss": loss, "dev_loss": loss} for loss in (2.0, 1.0, 0.5, 0.4)])
    assert found == [] and measures["loss_falling"] == pytest.approx(0.2)


def test_a_checkpoint_without_a_usable_pair_is_refused() -> None:
    with pytest.raises(UserError, match="No pair"):
        examine_checkpoint(date(), [("", "2025-01-01")])


def test_a_trace_has_the_findings_of_its_matrix_and_its_scores() -> None:
    import dataclasses

    import numpy as np

    from s2s.decode.decode import trace

    made = trace(date(), "2025年3月9日", None, "free")
    assert examine_trace(made).healthy
    row_S = np.full(made.looks, 1 / made.looks)
    flat = dataclasses.replace(
        made, steps=tuple(dataclasses.replace(step, attention=row_S, scores=50 * step.scores) for step in made.steps)
    )
    assert [finding.name for finding in examine_trace(flat).findings] == ["saturated", "uniform"]
