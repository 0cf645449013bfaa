"""The ward: every patient shows its illness, and the healthy models show none."""

from __future__ import annotations

import pytest

from tests.doctor.ward import broken_code, broken_views, broken_weights
from tests.doctor.ward.healthy import HEALTHY
from tests.doctor.ward.measures import measure
from tests.doctor.ward.patient import WARD, measured

CAUSES = [
    "padding_mass",
    "wrong_axis",
    "not_normalised",
    "nan",
    "empty_row",
    "first_token",
    "last_token",
    "eos_sink",
    "punctuation",
    "uniform",
    "constant",
    "no_tanh",
    "shift",
    "wrong_head",
    "bypassed",
    "other_source",
    "reversed_source",
    "not_summed",
    "gate_order",
    "wrong_bos",
    "dropout_at_test",
    "tied_wrongly",
    "frozen_encoder",
    "untrained_scores",
    "saturated",
    "saturated_tanh",
    "no_gradient",
    "dead_bridge",
    "half_trained",
    "too_little_data",
    "unknown_words",
    "coverage_too_early",
    "exploding_norms",
]


def needs(name: str) -> None:
    if name in vars(broken_views):
        pytest.importorskip("transformers", reason="heads need: pip install -r requirements-extra.txt")


@pytest.mark.parametrize("name", WARD)
def test_a_patient_is_ill(name: str) -> None:
    needs(name)
    patient = WARD[name]()
    own, well = measure(patient.checkpoint, patient.pairs, patient.links, patient.train), measured(patient.well)
    assert patient.expected in CAUSES and set(patient.also) <= set(CAUSES)
    assert patient.sign(own, well), own
    assert not patient.sign(well, well), well


@pytest.mark.parametrize("name", HEALTHY)
def test_a_healthy_model_translates_well_and_looks_where_it_should(name: str) -> None:
    numbers = measured(HEALTHY[name]())
    assert numbers.loss < 0.2 and abs(numbers.loss - numbers.alone) < 1e-4 and numbers.again == 0
    assert numbers.on_links[0] > 0.7 and numbers.uniform > numbers.loss + 0.3
    assert numbers.padding == numbers.invalid == numbers.empty == 0
    assert numbers.row_error < 1e-5 and numbers.context_error < 1e-5


def test_there_is_a_patient_for_every_cause() -> None:
    listed = [name for module in (broken_code, broken_weights, broken_views) for name in WARD if name in vars(module)]
    assert len(listed) == len(WARD) >= 30
    assert {WARD[name]().expected for name in WARD if name not in vars(broken_views)} | {"wrong_head"} == set(CAUSES)
