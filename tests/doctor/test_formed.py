"""When attention formed: the film and the curve of a run, counted again."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from s2s.checkpoint.open import load
from s2s.checkpoint.record import Checkpoint
from s2s.doctor import examine_checkpoint
from s2s.doctor.formed import came_to_stay, distances, formed, loss_fallen
from s2s.doctor.thresholds import NEAR
from s2s.trace.film import FilmFrame, curve, film
from s2s.train.loop import Run
from tests.commands.test_commands import inside
from tests.doctor.broken import date, pairs
from tests.paths import ROOT
from tests.train import test_loop
from tests.train.test_loop import COMMAND, config

place = test_loop.place
FALLING = [{"step": step, "dev_loss": loss} for step, loss in ((0, 3.0), (10, 0.3), (20, 0.2), (100, 0.0))]


def frames(weights: Sequence[float], steps: Sequence[int] = range(0, 101, 10)) -> list[FilmFrame]:
    """A film whose rows move from their first place to their last one; ``weights`` has the way that is left."""
    first = film(ROOT / "checkpoints/date")[0]
    width, out = first.trace.looks, []
    for step, left in zip(steps, weights, strict=True):
        row_S = np.zeros(width)
        row_S[0], row_S[1] = left, 1 - left
        moved = tuple(dataclasses.replace(shown, attention=row_S) for shown in first.trace.steps)
        out.append(dataclasses.replace(first, step=step, trace=dataclasses.replace(first.trace, steps=moved)))
    return out


def with_training(**changed: Any) -> Checkpoint:
    made = date()
    train = dataclasses.replace(made.config.train, **changed)
    model = dataclasses.replace(made.config.model, coverage=True)
    return dataclasses.replace(made, config=dataclasses.replace(made.config, model=model, train=train))


def test_the_film_of_the_shipped_model_says_when_its_attention_formed() -> None:
    shown, moments = film(ROOT / "checkpoints/date"), curve(ROOT / "checkpoints/date")
    found = examine_checkpoint(date(), pairs(), curve=[vars(moment) for moment in moments], film=shown)
    assert found.findings == ()
    last = {frame.sentence: frame.trace for frame in shown}
    away: dict[int, list[float]] = {}
    for frame in shown:
        for now, then in zip(frame.trace.steps, last[frame.sentence].steps, strict=True):
            change = sum(max(0.0, float(a - b)) for a, b in zip(now.attention, then.attention, strict=True))
            away.setdefault(frame.step, []).append(change)
    means = {step: sum(values) / len(values) for step, values in away.items()}
    assert distances(shown) == pytest.approx(means, abs=1e-6)
    at = found.measures["attention_formed"]
    assert all(mean < NEAR for step, mean in means.items() if step >= at)
    assert means[max(step for step in means if step < at)] >= NEAR
    assert found.measures["attention_moved"] == pytest.approx(means[0], abs=1e-6)
    losses = {moment.step: moment.dev_loss for moment in moments}
    lowest = min(losses.values())
    reached = [step for step, loss in losses.items() if loss <= lowest + 0.1 * (losses[0] - lowest)]
    assert found.measures["loss_fallen"] == reached[0] == 180 < at == 320


@given(some.lists(some.floats(0, 1), min_size=1, max_size=20))
def test_it_has_formed_from_where_it_stays(values: list[float]) -> None:
    apart = {10 * n: value for n, value in enumerate(values)} | {10 * len(values): 0.0}
    at = came_to_stay(apart)
    assert all(value < NEAR for step, value in apart.items() if step >= at)
    assert at == 0 or apart[at - 10] >= NEAR


@given(some.lists(some.floats(0, 10), min_size=2, max_size=20))
def test_nine_tenths_of_the_fall_of_the_loss(losses: list[float]) -> None:
    found = loss_fallen([{"step": n, "dev_loss": loss} for n, loss in enumerate(losses)])
    if min(losses) == losses[0]:
        assert found is None
        return
    assert found is not None
    fall = losses[0] - min(losses)
    assert losses[0] - losses[found] >= 0.9 * fall > max(losses[0] - loss for loss in losses[:found])


@pytest.mark.parametrize(
    ("weights", "at", "name"),
    [
        ([1, 0.9, 0.2, *[0.0] * 8], 20, ""),
        ([1, 0.2, 0.9, 0.2, *[0.0] * 7], 30, ""),  # there and away again
        ([*[1.0] * 6, 0.2, *[0.0] * 4], 60, "doctor.cause.late_attention"),
        ([*[1.0] * 10, 0.0], 100, "doctor.cause.late_attention"),
        ([0.05] * 10 + [0.0], 0, "doctor.cause.unmoved"),
    ],
)
def test_late_attention_is_a_remark(weights: list[float], at: int, name: str) -> None:
    measures, found = formed(frames(weights), FALLING, date())
    assert (measures["attention_formed"], measures["loss_fallen"]) == (at, 10)
    assert [finding.cause for finding in found] == ([name] if name else [])
    assert all(finding.name == "late_attention" and finding.strength < 0.5 for finding in found)
    early = formed(frames(weights), FALLING, with_training(coverage_weight=1.0))[1]
    assert [finding.cause for finding in early] == (["doctor.cause.coverage_before"] if name else [])
    assert all(finding.name == "coverage_too_early" and finding.strength < 0.5 for finding in early)
    assert formed(frames(weights), FALLING, with_training(coverage_weight=1.0, start="checkpoints/other"))[1] == []


def test_attention_that_forms_with_a_slow_loss_is_not_late() -> None:
    slow = [{"step": step, "dev_loss": 3 - step / 50} for step in range(0, 101, 10)]
    assert formed(frames([*[1.0] * 6, *[0.0] * 5]), slow, date())[1] == []


def test_moments_that_lack_a_sentence_do_not_count() -> None:
    one = frames([1.0, 0.5, 0.0], [0, 10, 20])
    two = [dataclasses.replace(frame, sentence=1) for frame in one]
    assert distances([*one, *two[:2]]).keys() == {0, 10}
    assert distances([]) == {} and formed([], [], date()) == ({}, [])


def test_a_run_tells_the_doctor_of_its_attention_and_its_gradients(place: Path, tmp_path: Path) -> None:
    settings = config(place, epochs=2, film_every=2, film_sentences=2)
    Run(settings, tmp_path / "run", tmp_path / "copy", COMMAND).train()
    moments = curve(tmp_path / "copy")
    lines = (place / "dev.tsv").read_text(encoding="utf-8").splitlines()
    dev = [(source, target) for source, _, target in (line.partition("\t") for line in lines)]
    found = examine_checkpoint(
        load(tmp_path / "copy"), dev, curve=[vars(moment) for moment in moments], film=film(tmp_path / "copy")
    )
    norms = sorted(moment.gradient_norm for moment in moments[1:] if moment.gradient_norm is not None)
    assert found.measures["gradient_growth"] == pytest.approx(norms[-1] / norms[len(norms) // 2])
    assert found.measures["attention_formed"] in [moment.step for moment in moments]


@pytest.mark.parametrize("name", ["log.jsonl", "film.jsonl"])
def test_the_command_reads_a_runs_log(name: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / name
    rows = [{"epoch": n, "step": n, "train_loss": 1.0, "dev_loss": 1 / n, "gradient_norm": 500.0 if n == 4 else 1.0}
            for n in range(1, 6)]  # fmt: skip
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    status, out, err = inside(capsys, "doctor", "date", "--log", path, "--json", "-")
    values = json.loads(out)
    assert (status, err, values["measures"]["gradient_growth"]) == (0, "", 500)
    assert [finding["name"] for finding in values["findings"]] == ["exploding_norms"]
    path.write_text("[1]\n", encoding="utf-8")
    status, out, err = inside(capsys, "doctor", "date", "--log", path)
    assert (status, out, err.count("\n")) == (2, "", 1) and path.name in err
    assert inside(capsys, "doctor", "date", "--log", tmp_path / "none.jsonl")[0] == 2
