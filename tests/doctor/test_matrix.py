"""A matrix of weights is examined without a model."""

from __future__ import annotations

import subprocess
import sys
import time

import numpy as np
import pytest

from s2s.doctor import CAUSES, Cure, Diagnosis, Finding, examine_matrix
from s2s.errors import UserError
from tests.paths import ROOT

WORDS = [f"w{i}" for i in range(6)]


def diagonal(steps: int = 6, width: int = 6, on: float = 0.8) -> np.ndarray:
    weights_TS = np.full((steps, width), (1 - on) / (width - 1))
    for t in range(steps):
        weights_TS[t, min(width - 1, t * width // steps)] = on
    return weights_TS


def on_place(place: int, share: float = 0.9) -> np.ndarray:
    """Most weight on one place, the rest elsewhere from step to step."""
    weights_TS = np.zeros((6, 6))
    weights_TS[:, place] = share
    for t in range(6):
        weights_TS[t, (place + 1 + t % 5) % 6] += 1 - share
    return weights_TS


def names(diagnosis: Diagnosis) -> list[str]:
    return [finding.name for finding in diagnosis.findings]


def test_a_healthy_matrix_has_no_finding() -> None:
    found = examine_matrix(diagonal(), WORDS, WORDS)
    assert found.findings == () and found.healthy
    assert found.measures["diagonal"] > 0.8 and found.measures["monotony"] == pytest.approx(1)


@pytest.mark.parametrize(
    ("weights_TS", "source", "name"),
    [
        (np.full((4, 6), np.nan), WORDS, "nan"),
        (diagonal() * np.array([1, 1, 0, 1, 1, 1])[:, None], WORDS, "empty_row"),
        (np.array([[0.9, 0.2, 0.6], [0.1, 0.8, 0.4]]), None, "wrong_axis"),
        (2 * diagonal(), WORDS, "not_normalised"),
        (on_place(5), [*WORDS[:5], "<pad>"], "padding_mass"),
        (on_place(5), [*WORDS[:5], "</s>"], "eos_sink"),
        (on_place(3), [*WORDS[:3], "，", *WORDS[4:]], "punctuation"),
        (on_place(5, 0.8), WORDS, "last_token"),
        (on_place(0, 0.8), WORDS, "first_token"),
        (np.full((5, 6), 1 / 6), WORDS, "uniform"),
        (np.tile([0.1, 0.3, 0.5, 0.05, 0.03, 0.02], (5, 1)), WORDS, "constant"),
    ],
)
def test_each_fault_is_named_first(weights_TS: np.ndarray, source: list[str] | None, name: str) -> None:
    found = examine_matrix(weights_TS, source)
    assert names(found)[0] == name and not found.healthy


def test_reversed_places_are_a_remark() -> None:
    found = examine_matrix(diagonal()[:, ::-1])
    assert names(found) == ["reversed_source"] and found.healthy


def test_gold_links_tell_a_shift_and_its_size() -> None:
    links = [(t, t) for t in range(6)]
    assert examine_matrix(diagonal(), gold=links).healthy
    late = np.roll(diagonal(), 1, axis=0)  # the row of each step stands at the next one
    finding = examine_matrix(late, gold=links).findings[0]
    assert (finding.name, finding.numbers["steps"]) == ("shift", 1)
    assert finding.numbers["aer"] == 1 and finding.numbers["moved"] == pytest.approx(1 / 11)  # the last step has none
    assert finding.cure == Cure("move_attention", True, {"aer": 1.0}, {"aer": finding.numbers["moved"]})


def test_a_tokenless_or_misshapen_matrix_is_refused_with_a_sentence() -> None:
    for wrong in ([1.0, 2.0], [["a", "b"]], [[]], np.zeros((2, 2, 2))):
        with pytest.raises(UserError, match="one row a step"):
            examine_matrix(wrong)
    with pytest.raises(UserError, match="for 3 tokens"):
        examine_matrix(diagonal(), ["a", "b", "c"])


def test_a_large_matrix_takes_less_than_a_second() -> None:
    rng = np.random.default_rng(1)
    weights_TS = rng.dirichlet(np.full(400, 0.1), size=400)
    start = time.perf_counter()
    assert examine_matrix(weights_TS, [f"w{i}" for i in range(400)]).healthy
    assert time.perf_counter() - start < 1


def test_it_needs_numpy_alone() -> None:
    code = (
        "import sys, s2s.doctor; s2s.doctor.examine_matrix([[0.9, 0.1], [0.1, 0.9]]);"
        "print(sorted({'torch', 'jieba', 'plotly', 'streamlit'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_stronger_findings_come_first_and_of_equals_the_likelier_cause() -> None:
    found = Diagnosis.of([Finding("last_token", 0.5), Finding("nan", 0.5), Finding("uniform", 0.7)], {})
    assert names(found) == ["uniform", "nan", "last_token"]
    assert Diagnosis.of([Finding("uniform", 0.49)], {}).healthy
    with pytest.raises(ValueError, match="no cause"):
        Finding("measles", 1.0)
    assert len(set(CAUSES)) == len(CAUSES)


def test_the_record_has_no_number_that_json_lacks() -> None:
    found = examine_matrix([[np.nan, 1.0], [0.5, 0.5]])
    assert '"name": "nan"' in found.to_json() and "NaN" not in found.to_json()
