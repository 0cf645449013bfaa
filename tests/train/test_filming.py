from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from s2s.checkpoint.open import load
from s2s.config import TrainConfig
from s2s.decode.decode import trace
from s2s.evaluate.corpus import forced_scores
from s2s.text.rounding import significant
from s2s.trace.film import LARGEST, FilmMoment, curve, film, rounded
from s2s.train.filming import MOMENTS, interval
from s2s.train.loop import Run
from s2s.train.progress import Position
from tests.train import test_loop
from tests.train.test_loop import COMMAND, config, rows

place = test_loop.place


@pytest.mark.parametrize("steps", [1, 99, 100, 101, 12_345, 1_000_000])
@pytest.mark.parametrize("every", [1, 50, 10_000])
def test_a_film_has_a_bounded_number_of_moments(steps: int, every: int) -> None:
    found = interval(steps, TrainConfig(film_every=every))
    assert found >= every and steps // found <= MOMENTS
    assert interval(steps, TrainConfig()) == 0


def test_a_film_shows_what_checkpoints_of_its_steps_would(place: Path, tmp_path: Path) -> None:
    settings = config(place, epochs=2, film_every=6, film_sentences=2)
    run = Run(settings, tmp_path / "run", tmp_path / "copy", COMMAND)
    run.train()
    frames = film(tmp_path / "copy")
    kept = load(tmp_path / "copy")
    last = kept.metrics["training"]["epoch"] * 6  # 6 steps an epoch: the film of a checkpoint ends with its weights
    assert [(f.step, f.sentence) for f in frames] == [(s, i) for s in (0, 6, 12) if s <= last for i in (0, 1)]
    for frame in frames:
        source, target = run.dev[frame.sentence]
        assert frame.trace.mode == "forced" and frame.trace.source_text == source and frame.trace.reference == target
        if frame.step == last:
            now = rounded(trace(kept, source, target, "forced"))
            assert [s.top for s in now.steps] == [s.top for s in frame.trace.steps]
            assert now.attention_TS.tolist() == frame.trace.attention_TS.tolist()
            assert frame.text == trace(kept, source).text
    assert frames[0].trace != frames[-1].trace
    moments = curve(tmp_path / "copy")
    assert [m.step for m in moments] == [s for s in (0, 6, 12) if s <= last] and moments[0].train_loss is None
    ids = [(kept.source.encode(s), kept.target.encode(t)) for s, t in run.dev]
    assert moments[-1].dev_loss == pytest.approx(forced_scores(kept.model, ids)["loss"], abs=1e-4)
    right = [trace(kept, s).text == t for s, t in run.dev]
    assert moments[-1].pairs == len(run.dev) and moments[-1].exact == pytest.approx(sum(right) / len(right), abs=1e-4)
    log = [row["train_loss"] for row in rows(tmp_path / "run")]  # an epoch is as long as the time between two moments
    assert [m.train_loss for m in curve(tmp_path / "run")[1:]] == pytest.approx(log, abs=1e-4)


def test_filming_does_not_change_the_run(place: Path, tmp_path: Path) -> None:
    for name, every in (("off", 0), ("on", 1)):
        Run(config(place, epochs=1, film_every=every), tmp_path / name, tmp_path / f"c-{name}", COMMAND).train()
    off, on = (load_file(tmp_path / name / "state.safetensors") for name in ("off", "on"))
    assert all(off[key].equal(on[key]) for key in off)
    assert film(tmp_path / "c-off") == () and not (tmp_path / "c-off" / "film.jsonl").exists()


def test_sentences_that_cannot_be_shown_are_left_out(place: Path, tmp_path: Path) -> None:
    lines = ["zzz\ta b", f"{'a ' * 31}\ta", "a b\tzzz", "b a\tb a", "c\tc"]
    (tmp_path / "dev.tsv").write_text("\n".join(lines), encoding="utf-8")
    base = config(place, film_every=5)
    settings = dataclasses.replace(base, data=dataclasses.replace(base.data, dev=str(tmp_path / "dev.tsv")))
    assert Run(settings, tmp_path / "run", tmp_path / "copy", COMMAND).film.sentences == [3, 4]


def test_the_greatest_gradient_of_each_moment_and_epoch_is_written_before_it_is_clipped(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    met, clip = list[float](), torch.nn.utils.clip_grad_norm_

    def watched(parameters: Iterable[torch.nn.Parameter], most: float) -> torch.Tensor:
        weights = list(parameters)
        met.append(sum(float(w.grad.double().square().sum()) for w in weights if w.grad is not None) ** 0.5)
        return clip(weights, most)

    monkeypatch.setattr(torch.nn.utils, "clip_grad_norm_", watched)
    Run(config(place, epochs=2, film_every=4, clip=0.01), tmp_path / "run", tmp_path / "copy", COMMAND).train()
    assert len(met) == 12 and min(met) > 0.01
    moments = curve(tmp_path / "run")
    assert moments[0].gradient_norm is None
    assert [m.gradient_norm for m in moments[1:]] == pytest.approx([max(met[n : n + 4]) for n in (0, 4, 8)], rel=1e-3)
    epochs = [row["gradient_norm"] for row in rows(tmp_path / "run")]
    assert epochs == pytest.approx([max(met[:6]), max(met[6:])], rel=1e-4)


def test_a_gradient_that_is_no_number_is_the_greatest_that_a_curve_can_hold() -> None:
    at = Position()
    for norm in (2.0, float("nan"), 1.0, float("inf")):
        at.met_norm(norm)
    moment = FilmMoment(1, 0.0, 1.0, 1.0, 0.0, 1, significant(at.moment_norm, 4))
    assert at.epoch_norm == at.moment_norm == LARGEST and "NaN" not in moment.to_json()
    assert moment.gradient_norm is not None and moment.gradient_norm <= LARGEST
