"""Which settings may differ when a run is gone on with: every key of a config is decided on."""

from __future__ import annotations

import dataclasses
import functools
from pathlib import Path
from typing import Any

import pytest

from s2s.config import Config, TrainConfig
from s2s.errors import LANGUAGES, UserError
from s2s.train import resume
from s2s.train.differences import FREE, check_differences, differences, settings
from s2s.train.loop import Run
from tests.train import test_loop
from tests.train.test_loop import COMMAND, config, rows

place = test_loop.place  # the fixture: a copy task

# A key that is in neither set has just come: decide whether a run that is under way may be gone on with another value.
FIXED = {
    *(key for key, _ in settings(Config()) if key.startswith("model.")),  # the weights are of it
    *(key for key, _ in settings(Config()) if key.startswith("text.")),  # so are the vocabularies
    *("data.train", "data.dev", "data.format", "data.encoding", "data.source_column", "data.target_column"),
    "data.max_tokens",
    *(f"train.{name}" for name in ("objective", "start", "batch_size", "learning_rate", "warmup_steps", "seed")),
    *(f"train.{name}" for name in ("final_learning_rate", "clip", "dropout", "word_dropout", "label_smoothing")),
    *(f"train.{name}" for name in ("coverage_weight", "weight_decay", "average", "precision")),
    *(f"train.{name}" for name in ("film_sentences", "film_scored")),  # a film is of the same sentences throughout
    *(
        field
        for field, _ in settings(Config())
        if field.startswith(("train.sampling_", "train.reward", "train.mixer_"))
    ),
    *(
        field
        for field, _ in settings(Config())
        if field.startswith(("train.replace_", "train.mask_", "train.fgm_", "train.guided_"))
    ),
    "train.penalty_weight",
}


def test_every_key_is_decided_on() -> None:
    keys = [key for key, _ in settings(Config())]
    assert not FIXED & set(FREE) and set(keys) == FIXED | set(FREE)
    assert all(FREE.values())


def other(value: Any) -> Any:
    return not value if isinstance(value, bool) else value + 1 if isinstance(value, (int, float)) else f"{value}x"


def shown(value: Any) -> str:
    return repr(value) if isinstance(value, str) and (not value or value != value.strip()) else str(value)


@pytest.mark.parametrize("key", [key for key, _ in settings(Config())])
def test_a_key_may_differ_or_is_named_with_both_values(key: str) -> None:
    held, changed = Config(), Config()
    *sections, name = key.split(".")
    record = functools.reduce(getattr, sections, changed)
    was = getattr(record, name)
    object.__setattr__(record, name, other(was))  # some would not be valid, or need others
    assert [found[0] for found in differences(held, changed)] == [key]
    if key in FREE:
        check_differences(held, changed, 0, "runs/x")
        return
    with pytest.raises(UserError) as error:
        check_differences(held, changed, 0, "runs/x")
    for language in LANGUAGES:
        assert f"{key} = {shown(other(was))} ≠ {shown(was)}" in error.value.say(language)


def test_many_differences_and_long_values_make_one_short_sentence() -> None:
    fields = {"seed": 2, "dropout": 0.5, "clip": 2.0, "batch_size": 8, "warmup_steps": 1, "start": "x" * 1000}
    with pytest.raises(UserError) as error:
        check_differences(Config(), dataclasses.replace(Config(), train=TrainConfig(**fields)), 0, "runs/x")  # type: ignore[arg-type]
    assert "; +2" in str(error.value) and len(str(error.value)) < 500


def test_a_finished_run_goes_on_with_more_epochs_and_other_saves(place: Path, tmp_path: Path) -> None:
    def run(**settings: Any) -> Run:
        return Run(config(place, **settings), tmp_path / "run", tmp_path / "copy", COMMAND)

    run(epochs=1).train()
    more = run(epochs=3, patience=9, save_every=2, film_every=3)
    more.train()
    assert (more.at.epoch, [row["epoch"] for row in rows(tmp_path / "run")]) == (3, [1, 2, 3])
    assert resume.check_resumable(tmp_path / "run", config(place, epochs=4))  # and what was changed is what is kept
    with pytest.raises(UserError) as error:
        run(epochs=2).train()
    assert error.value.key == "error.resume_epochs" and error.value.values["done"] == 3
    with pytest.raises(UserError, match=r"train\.seed = 5 ≠ 1"):
        run(epochs=3, seed=5).train()
