"""Ctrl-C and SIGTERM lose no step, and going on gives the same bits."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file

from s2s.train import loop, resume
from s2s.train.loop import Run
from s2s.train.signals import INTERRUPTED, TERMINATED, Stop, Terminated, status, stoppable
from tests.train import test_loop
from tests.train.test_loop import COMMAND, config, rows

place = test_loop.place  # the fixture: a copy task
uninterrupted = test_loop.uninterrupted  # 12 steps, 6 an epoch, saved every 4


@pytest.mark.parametrize(("number", "expected"), [(signal.SIGINT, INTERRUPTED), (signal.SIGTERM, TERMINATED)])
@pytest.mark.parametrize("at", [5, 6, 11])
def test_the_step_under_way_is_done_and_saved(
    place: Path,
    uninterrupted: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    number: int,
    expected: int,
    at: int,
) -> None:
    step = Run._step

    def interrupted(self: Run, pairs: Any, links: Any) -> tuple[float, int]:
        if self.at.step == at - 1:
            os.kill(os.getpid(), number)
        return step(self, pairs, links)

    run = Run(config(place), tmp_path / "run", tmp_path / "copy", COMMAND)
    with monkeypatch.context() as patch, stoppable() as stop:
        patch.setattr(Run, "_step", interrupted)
        with pytest.raises(KeyboardInterrupt) as ended:
            run.train(stop)
    assert (status(ended.value), stop.saved, run.at.step) == (expected, at, at)
    gone_on(place, uninterrupted, tmp_path, at)


def gone_on(place: Path, uninterrupted: Path, tmp_path: Path, at: int) -> None:
    """The save is of that step, and the rest of the run is as if nothing had happened."""
    again = Run(config(place), tmp_path / "run", tmp_path / "copy", COMMAND)
    resume.restore(tmp_path / "run", config(place), again)
    assert again.at.step == at
    again.train()
    for name in ("run/state.safetensors", "copy/model.safetensors"):
        own, other = load_file(tmp_path / name), load_file(uninterrupted / name)
        assert own.keys() == other.keys() and all(own[key].equal(other[key]) for key in own), name
    kept = ("epoch", "step", "train_loss", "gradient_norm", "dev_loss", "dev_bleu")
    told = [[[row[key] for key in kept] for row in rows(path / "run")] for path in (tmp_path, uninterrupted)]
    assert told[0] == told[1]


def test_scoring_is_broken_off_at_once_and_done_again(
    place: Path, uninterrupted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: Any, **__: Any) -> dict[str, Any]:
        os.kill(os.getpid(), signal.SIGINT)
        raise AssertionError("was not broken off")

    run = Run(config(place), tmp_path / "run", tmp_path / "copy", COMMAND)
    with monkeypatch.context() as patch, stoppable() as stop:
        patch.setattr(loop, "corpus_scores", interrupted)
        with pytest.raises(KeyboardInterrupt):
            run.train(stop)
    assert stop.saved == 6 and not (tmp_path / "run" / "log.jsonl").exists()
    gone_on(place, uninterrupted, tmp_path, 6)


def test_a_second_one_ends_it_at_once(place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def twice(self: Run, pairs: Any, links: Any) -> tuple[float, int]:
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)
        raise AssertionError("went on")

    monkeypatch.setattr(Run, "_step", twice)
    with stoppable() as stop, pytest.raises(KeyboardInterrupt):
        Run(config(place), tmp_path / "run", tmp_path / "copy", COMMAND).train(stop)
    assert stop.saved is None and not (tmp_path / "run" / "state.safetensors").exists()


def test_torchrun_s_sigterm_after_ctrl_c_is_no_second_one() -> None:
    stop = Stop()
    with stop.deferring():
        stop.heard(signal.SIGINT)
        stop.heard(signal.SIGTERM)
        assert isinstance(stop.exception(), Terminated)
        with pytest.raises(Terminated):
            stop.heard(signal.SIGINT)


def test_handlers_are_put_back() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with stoppable(), pytest.raises(Terminated):
        signal.raise_signal(signal.SIGTERM)
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before
