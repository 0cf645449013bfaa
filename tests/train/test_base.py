"""Training on from a checkpoint, with every objective, killed and resumed."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from s2s.checkpoint.open import load
from s2s.config import Config
from s2s.errors import UserError
from s2s.train import resume
from s2s.train.loop import Run
from s2s.train.objectives import OBJECTIVES
from tests.train import test_loop
from tests.train.test_loop import COMMAND, config, rows

place = test_loop.place  # the fixture: a copy task
SETTINGS: dict[str, dict[str, Any]] = {
    "scheduled_sampling": {"sampling_k": 0.8, "sampling_slope": 0.05},
    "self_critical": {"reward_weight": 0.6},
}


@pytest.fixture(scope="module")
def base(place: Path) -> Path:
    """A checkpoint to start from."""
    Run(config(place, epochs=1), place / "base" / "run", place / "base" / "copy", COMMAND).train()
    return place / "base" / "copy"


def onward(place: Path, base: Path, objective: str, **train: Any) -> Config:
    settings = {"start": str(base), "objective": objective, "epochs": 1, "save_every": 2, "seed": 5}
    return config(place, **{**settings, **SETTINGS.get(objective, {}), **train})


class Killed(BaseException):
    """The process ends here, as far as this test goes."""


@pytest.mark.parametrize("objective", [*OBJECTIVES, "mixer"])
def test_a_killed_run_of_any_objective_changes_no_bit(
    place: Path, base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, objective: str
) -> None:
    mixer = {"mixer_tokens": 1, "mixer_every": 2} if objective == "mixer" else {}
    settings = onward(place, base, "self_critical" if mixer else objective, **mixer)
    Run(settings, tmp_path / "whole" / "run", tmp_path / "whole" / "copy", COMMAND).train()
    save = resume.save_state

    def once(directory: Path, config: Config, run: Run) -> None:
        save(directory, config, run)
        if run.at.step == 2:
            raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(resume, "save_state", once)
        with pytest.raises(Killed):
            Run(settings, tmp_path / "cut" / "run", tmp_path / "cut" / "copy", COMMAND).train()
    again = Run(settings, tmp_path / "cut" / "run", tmp_path / "cut" / "copy", COMMAND)
    again.train()
    assert again.at.step == 6
    for name in ("run/state.safetensors", "copy/model.safetensors"):
        own, other = (load_file(tmp_path / path / name) for path in ("cut", "whole"))
        assert own.keys() == other.keys() and all(own[key].equal(other[key]) for key in own), name
    assert rows(tmp_path / "cut" / "run")[0]["train_loss"] == rows(tmp_path / "whole" / "run")[0]["train_loss"]


def test_it_begins_with_the_weights_and_words_of_the_checkpoint(place: Path, base: Path, tmp_path: Path) -> None:
    found = load(base)
    other = dataclasses.replace(config(place).data, train=str(place / "dev.tsv"))  # not all letters, in other order
    settings = dataclasses.replace(onward(place, base, "cross_entropy"), data=other)
    run = Run(settings, tmp_path / "run", tmp_path / "copy", COMMAND)
    assert (run.source.vocab, run.target.vocab) == (found.source.vocab, found.target.vocab)
    for own, average, weight in zip(run.model.parameters(), run.average, found.model.parameters(), strict=True):
        assert own.equal(weight) and average.equal(weight) and own.requires_grad
    assert run.model.output.weight is run.model.embedding.weight
    run.train()
    assert load(tmp_path / "copy").target.vocab == found.target.vocab
    assert not any(
        p.equal(w) for p, w in zip(run.model.parameters(), found.model.parameters(), strict=True) if p.dim() > 1
    )


@pytest.mark.parametrize(
    ("section", "key", "changed"),
    [("model", "decoder_size", 20), ("model", "tied_embeddings", False), ("text", "target", "characters")],
)
def test_another_model_or_text_is_named(
    place: Path, base: Path, tmp_path: Path, section: str, key: str, changed: object
) -> None:
    settings = onward(place, base, "fgm")
    other = dataclasses.replace(getattr(settings, section), **{key: changed})
    with pytest.raises(UserError, match=rf"{section}\.{key} is {changed}") as error:
        Run(dataclasses.replace(settings, **{section: other}), tmp_path / "run", tmp_path / "copy", COMMAND)
    assert str(base) in error.value.say("zh")
    counts = dataclasses.replace(settings.text, target_min_count=7, max_vocab=50)  # it has its vocabulary already
    Run(dataclasses.replace(settings, text=counts), tmp_path / "run", tmp_path / "copy", COMMAND)


def test_a_start_that_is_none_or_itself_is_named(place: Path, base: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="nowhere"):
        Run(onward(place, tmp_path / "nowhere", "mask"), tmp_path / "run", tmp_path / "copy", COMMAND)
    with pytest.raises(UserError, match="another --name"):
        Run(onward(place, base, "mask"), tmp_path / "run", base, COMMAND)


def test_a_model_with_everything_trains_on_with_every_objective(place: Path, tmp_path: Path) -> None:
    plain = config(place, epochs=1, precision="bf16", batch_size=30)
    parts = dict.fromkeys(("coverage", "pointer", "prior", "shared_embeddings"), True)
    model = dataclasses.replace(plain.model, cell="lstm", **parts)
    text = dataclasses.replace(plain.text, shared_vocab=True)
    for objective in OBJECTIVES:
        train = dataclasses.replace(plain.train, objective=objective, replace_from="both", reward_weight=0.5)
        settings = dataclasses.replace(plain, model=model, text=text, train=train)
        run = Run(settings, tmp_path / objective, tmp_path / "made" / objective, COMMAND)
        run.train()
        assert all(torch.isfinite(p).all() for p in run.model.parameters()), objective
