"""The ward: every patient shows its illness and gets its name first, and the healthy models show and get none."""

from __future__ import annotations

import re

import pytest

from s2s.doctor import CAUSES
from tests.doctor.ward import broken_code, broken_views, broken_weights, later, training
from tests.doctor.ward.healthy import HEALTHY
from tests.doctor.ward.measures import measure
from tests.doctor.ward.patient import WARD, measured
from tests.doctor.ward.verdicts import verdict
from tests.paths import ROOT

HEADS = {*(name for name in WARD if name in vars(broken_views)), "first_of_three_layers"}
MISSED: dict[str, str] = {}  # not named first, and why
MODULES = (broken_code, broken_weights, broken_views, later)
# Remedies of which only training shows what they bring; of all others the numbers before and after are told.
TRAINING = {"attach_encoder", "clip_gradient", "coverage_later", "load_weights", "more_data", "more_vocabulary",
            "read_context", "smaller_weights", "train_bridge", "train_encoder", "train_longer", "train_scores",
            "untie"}  # fmt: skip


def needs(name: str) -> None:
    if name in HEADS:
        pytest.importorskip("transformers", reason="heads need: pip install -r requirements-extra.txt")


@pytest.mark.parametrize("name", WARD)
def test_a_patient_is_ill(name: str) -> None:
    needs(name)
    patient = WARD[name]()
    own, well = measure(patient.checkpoint, patient.pairs, patient.links, patient.train), measured(patient.well)
    assert patient.expected in CAUSES and set(patient.also) <= set(CAUSES)
    assert patient.sign(own, well), own
    assert not patient.sign(well, well), well


@pytest.mark.parametrize("name", [name for name in WARD if name not in MISSED])
def test_the_doctor_names_the_cause_first_and_tells_what_its_remedy_brings(name: str) -> None:
    needs(name)
    said = verdict(name)
    assert said.right, said.findings
    cure = said.findings[0].cure
    assert cure is not None and (cure.after or cure.name in TRAINING), cure
    assert "half_trained" not in [finding.name for finding in said.findings[1:]]


def test_the_doctor_misses_few_and_its_page_says_how_many() -> None:
    assert (len(WARD) - len(MISSED)) / len(WARD) >= 9 / 10
    page = (ROOT / "docs" / "DOCTOR.md").read_text(encoding="utf-8")
    told = re.findall(r"^\| (\d)[^|]* \| (\d+) of (\d+) \| (\d+) of (\d+) \|$", page, re.MULTILINE)
    assert [int(seed) for seed, *_ in told] == [1, 2, 3, 4]
    assert {(int(patients), int(healthy)) for _, _, patients, _, healthy in told} == {(len(WARD), len(HEALTHY))}
    seed, named, _, clear, _ = map(int, told[0])
    assert (seed, named, clear) == (training.SEED, len(WARD) - len(MISSED), len(HEALTHY))


@pytest.mark.parametrize("name", HEALTHY)
def test_a_healthy_model_translates_well_looks_where_it_should_and_is_called_healthy(name: str) -> None:
    numbers = measured(HEALTHY[name]())
    assert numbers.loss < 0.2 and abs(numbers.loss - numbers.alone) < 1e-4 and numbers.again == 0
    assert numbers.on_links[0] > 0.7 and numbers.uniform > numbers.loss + 0.3
    assert numbers.padding == numbers.invalid == numbers.empty == 0
    assert numbers.row_error < 1e-5 and numbers.context_error < 1e-5
    assert verdict(name).right, verdict(name).findings


def test_there_is_a_patient_for_every_cause_but_one_that_only_a_film_shows() -> None:
    listed = [name for module in MODULES for name in WARD if name in vars(module)]
    assert len(listed) == len(WARD) >= 30
    named = {WARD[name]().expected for name in WARD if name not in HEADS}
    assert named | {"wrong_head", "late_attention"} == set(CAUSES)
