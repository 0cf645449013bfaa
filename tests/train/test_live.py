"""The training that a visitor watches: what may be chosen, its pairs, its process."""

from __future__ import annotations

import dataclasses
import io
import json
import math
import subprocess
import sys
from pathlib import Path

import pytest
from safetensors.torch import load_file

from s2s.checkpoint.open import load
from s2s.config import Config, from_dict, to_dict
from s2s.errors import UserError
from s2s.tasks.date import posterior
from s2s.trace import film
from s2s.train import live, worker
from s2s.train.filming import Film
from s2s.train.live import CHOICES, Choice
from s2s.train.progress import Position
from s2s.train.signals import TERMINATED

TINY = Choice(size=32, batch_size=16, epochs=1)
SPLITS = {"train": [(d, d) for d in ("2026-11-22", "1998-05-03", "2031-07-09", "2004-02-29")] * 24, "test": []}
SPLITS |= {"dev": SPLITS["train"][:3]}


@pytest.mark.parametrize("attention", live.ATTENTIONS)
@pytest.mark.parametrize("feeding", live.FEEDING)
def test_every_choice_is_a_config(attention: str, feeding: str) -> None:
    for size in CHOICES["size"]:
        choice = Choice(attention=attention, size=size, feeding=feeding)
        config = live.config(choice, "x")
        assert from_dict(Config, to_dict(config)) == config
        assert live.steps(choice) // config.train.film_every <= live.MOMENTS
        assert config.train.save_every == config.train.film_every  # what is on screen can be gone on from
        assert config.train.threads == 1


def test_what_is_not_offered_is_refused() -> None:
    for name in CHOICES:
        with pytest.raises(UserError):
            Choice(**{name: -1})
    with pytest.raises(UserError):
        Choice(attention="location")


def test_held_out_dates_have_one_reading_and_are_in_no_training_pair(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "PAIRS", 300)
    monkeypatch.setattr(live, "SCORED", 20)
    pairs = live.pairs()
    assert [len(pairs[name]) for name in ("train", "dev", "test")] == [300, 20, 0]
    assert tuple(pairs["dev"][: len(live.FIXED)]) == live.FIXED
    assert not {target for _, target in pairs["dev"]} & {target for _, target in pairs["train"]}
    assert all(posterior(source) == {target: 1.0} for source, target in pairs["dev"])
    assert all(len(source) <= live.LONGEST for split in pairs.values() for source, _ in split)


def ask(directory: Path, choice: Choice = TINY) -> dict[str, object]:
    return {"choice": dataclasses.asdict(choice), "name": "date-x", "directory": str(directory)}


class Interrupted(KeyboardInterrupt):
    """SIGTERM, as far as these tests go."""


def test_stopped_and_gone_on_with_it_is_the_run_that_nobody_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "PAIRS", len(SPLITS["train"]))
    assert worker.train(ask(tmp_path / "whole"), SPLITS) == 0
    take, taken = Film.take, []

    def stop(self: Film, at: Position) -> None:
        take(self, at)
        taken.append(at.step)
        if at.step == 3:
            raise Interrupted

    with monkeypatch.context() as patch:
        patch.setattr(Film, "take", stop)
        assert worker.train(ask(tmp_path / "stopped"), SPLITS) == TERMINATED
    kept = load(tmp_path / "stopped" / "date-x")  # of step 2: the save of step 3 was not reached
    assert kept.config.name == "date-x" and [m.step for m in film.curve(tmp_path / "stopped" / "date-x")] == [0, 1, 2]
    assert worker.train(ask(tmp_path / "stopped"), SPLITS) == 0
    for name in ("run/state.safetensors", "date-x/model.safetensors"):
        whole, stopped = (load_file(tmp_path / which / name) for which in ("whole", "stopped"))
        assert whole.keys() == stopped.keys() and all(whole[key].equal(stopped[key]) for key in whole)
    whole, stopped = (film.curve(tmp_path / which / "run") for which in ("whole", "stopped"))
    assert [dataclasses.replace(m, seconds=0) for m in whole] == [dataclasses.replace(m, seconds=0) for m in stopped]
    assert film.film(tmp_path / "whole" / "run") == film.film(tmp_path / "stopped" / "run")


def test_a_mistake_is_written_for_the_page(tmp_path: Path) -> None:
    assert worker.train(ask(tmp_path), {**SPLITS, "train": []}) == worker.MISTAKE
    error = json.loads((tmp_path / worker.ERROR).read_text(encoding="utf-8"))
    read = UserError.unpacked(error)
    assert read is not None and read.key == "error.data_empty"


def test_who_is_asked_nothing_ends(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(worker, "_modest", lambda: None)
    monkeypatch.setattr(live, "PAIRS", 64)
    monkeypatch.setattr(live, "SCORED", 8)
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    assert worker.main() == 0
    assert capsys.readouterr().out == "ready\n"
    assert math.isfinite(worker.IDLE)


def test_it_ends_with_whoever_started_it() -> None:
    code = "import time; from s2s.train import worker; worker.end_with_starter(); time.sleep(60)"
    assert subprocess.run([sys.executable, "-c", code], input="", text=True, timeout=50).returncode == worker.FAILED
