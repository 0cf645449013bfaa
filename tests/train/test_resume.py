"""What survives a kill at any moment and a full disk."""

from __future__ import annotations

import dataclasses
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from s2s import disk
from s2s.checkpoint.open import load
from s2s.errors import UserError
from s2s.trace import film as film_of
from s2s.trace.film import film
from s2s.train import resume
from s2s.train.loop import Run
from tests.train import test_loop
from tests.train.test_loop import COMMAND, ROOT, config, rows, write_toml

place = test_loop.place  # the fixture: a copy task
OFTEN = {"epochs": 4, "save_every": 1, "film_every": 2, "film_sentences": 2}
KILLER = """
import os, random, signal, sys, time
from pathlib import Path
from s2s.checkpoint.open import load
from s2s.config import read_config
from s2s.trace import film
from s2s.train.loop import Run

place, kills, longest, rng = Path(sys.argv[1]), 0, 0.3, random.Random(int(sys.argv[2]))
config = read_config(place.parent / "copy.toml")
while True:
    child = os.fork()
    if not child:
        Run(config, place / "run", place / "copy", "COMMAND").train()
        os._exit(0)
    if kills < 12:
        time.sleep(rng.uniform(0.05, longest))
        os.kill(child, signal.SIGKILL)
    status = os.waitpid(child, 0)[1]
    assert os.WIFSIGNALED(status) or status == 0, status
    if disk_has := (place / "copy").exists():
        load(place / "copy"), film.film(place / "copy")
    if status == 0:
        break
    kills, longest = kills + 1, longest * 1.1
print(kills, disk_has)
"""


@pytest.fixture(scope="module")
def whole(place: Path) -> Path:
    """A run that nothing disturbs."""
    Run(config(place, **OFTEN), place / "undisturbed" / "run", place / "undisturbed" / "copy", COMMAND).train()
    return place / "undisturbed"


def same(one: Path, other: Path) -> None:
    """Both runs ended with the same bits, and told the same of their way."""
    states = [load_file(path / "run" / "state.safetensors") for path in (one, other)]
    assert states[0].keys() == states[1].keys()
    assert all(states[0][key].equal(states[1][key]) for key in states[0])
    for name in ("copy/model.safetensors", "copy/vocab.json", "copy/film.jsonl", "run/film.jsonl"):
        assert (one / name).read_bytes() == (other / name).read_bytes(), name
    curves = [[dataclasses.replace(m, seconds=0) for m in film_of.curve(path / "run")] for path in (one, other)]
    assert curves[0] == curves[1]
    kept = ("epoch", "step", "train_loss", "gradient_norm", "dev_loss", "dev_bleu")
    told = [[[row[key] for key in kept] for row in rows(path / "run")] for path in (one, other)]
    assert told[0] == told[1]


def test_sigkill_at_random_moments_changes_no_bit(place: Path, whole: Path) -> None:
    write_toml(place, config(place, **OFTEN))
    command = [sys.executable, "-c", KILLER.replace("COMMAND", COMMAND), str(place / "random"), "4"]
    (place / "random").mkdir()
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=240, env=environment)
    assert done.returncode == 0, done.stderr
    kills, has = done.stdout.splitlines()[-1].split()
    assert int(kills) >= 1 and has == "True"
    same(place / "random", whole)
    assert sorted(p.name for p in (place / "random").iterdir()) == ["copy", "run"]


class Killed(BaseException):
    """The process ends here, as far as this test goes."""


@pytest.mark.parametrize("exchange", [True, False])
def test_a_kill_between_any_two_steps_of_writing_changes_no_bit(
    place: Path, whole: Path, tmp_path: Path, exchange: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every file operation of the first checkpoint's replacement and of the saves around it, one after the other."""
    kept, when, real = Run._keep, {"kill": 0, "done": 0}, os.replace

    def replace(*arguments: Any) -> None:
        when["done"] += 1
        if when["done"] == when["kill"]:
            raise Killed
        real(*arguments)
        if -when["done"] == when["kill"]:
            raise Killed

    def keep(self: Run, scores: dict[str, Any]) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(os, "replace", replace)
            kept(self, scores)

    if not exchange:
        monkeypatch.setattr(disk, "_exchange", lambda *_: False)
    monkeypatch.setattr(Run, "_keep", keep)
    settings = config(place, **OFTEN)
    killed = 0
    for kill in (2, -4, 5, -5, 6, -6, 7, 0):
        when.update(kill=kill, done=0)
        run = Run(settings, tmp_path / "run", tmp_path / "copy", COMMAND)
        try:
            run.train()
        except Killed:
            killed += 1
        if disk.readable(tmp_path / "copy").exists():
            load(tmp_path / "copy")
    assert killed >= (4 if exchange else 6)
    same(tmp_path, whole)


def test_rows_after_the_save_and_half_rows_are_taken_back(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    whole_rows = [json.dumps({"epoch": epoch, "name": "茶"}) + "\n" for epoch in (1, 2, 3)]
    half = whole_rows[2].encode()[:-6]
    for content, left in (("".join(whole_rows).encode(), 2), ("".join(whole_rows[:2]).encode() + half, 2), (half, 0)):
        log.write_bytes(content)
        resume._drop_later_rows(log, "epoch", 2)
        assert log.read_text(encoding="utf-8") == "".join(whole_rows[:left])


def test_a_run_killed_before_its_first_save_starts_its_logs_anew(place: Path, tmp_path: Path) -> None:
    settings = config(place, epochs=1, save_every=100, film_every=2)
    Run(settings, tmp_path / "run", tmp_path / "copy", COMMAND).train()
    first = (tmp_path / "run" / "film.jsonl").read_bytes()
    (tmp_path / "run" / "state.safetensors").unlink()
    Run(settings, tmp_path / "run", tmp_path / "copy", COMMAND).train()
    assert len(rows(tmp_path / "run")) == 1 and (tmp_path / "run" / "film.jsonl").read_bytes() == first


def test_a_run_of_an_earlier_version_goes_on(place: Path, whole: Path, tmp_path: Path) -> None:
    """Its config lacks the settings that came later; they have their defaults."""
    shutil.copytree(whole, tmp_path / "old")
    path = tmp_path / "old" / "run" / "state.safetensors"
    with safe_open(path, framework="pt") as file:
        header, tensors = file.metadata(), {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    earlier = json.loads(header["config"])
    for key in ("test", "format", "source_column", "target_column"):
        del earlier["data"][key]
    save_file(tensors, path, metadata={**header, "config": json.dumps(earlier)})
    run = Run(config(place, **OFTEN), tmp_path / "old" / "run", tmp_path / "old" / "copy", COMMAND)
    assert run.train() and run.at.step == 24
    other = Run(config(place, **OFTEN, seed=2), tmp_path / "old" / "run", tmp_path / "old" / "copy", COMMAND)
    with pytest.raises(UserError, match="a different config"):
        other.train()


@contextmanager
def full_disk(size: int) -> Iterator[None]:
    """No file may grow beyond ``size`` bytes."""
    before, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


@pytest.mark.parametrize("size", [0, 100, 3000, 9000])
def test_a_full_disk_leaves_the_last_good_checkpoint(
    place: Path, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    validate = Run._validate

    def second(self: Run, start: float) -> None:
        if self.at.epoch == 1:
            return validate(self, start)
        self.at.best["bleu"] = -1.0  # so that a checkpoint must be written
        with full_disk(size):
            validate(self, start)
            resume.save_state(self.directory, self.config, self)

    settings = config(place, **OFTEN)
    with monkeypatch.context() as patch:
        patch.setattr(Run, "_validate", second)
        with pytest.raises(UserError) as error:
            Run(settings, tmp_path / "run", tmp_path / "copy", COMMAND).train()
    assert error.value.key == "error.disk_write"
    assert load(tmp_path / "copy").metrics["training"]["epoch"] == 1  # the last good one
    assert sorted(p.name for p in tmp_path.iterdir()) == ["copy", "run"]
    assert not list((tmp_path / "run").glob("*.new"))
    Run(settings, tmp_path / "run", tmp_path / "copy", COMMAND).train()  # there is room again
    same(tmp_path, whole)
    assert film(tmp_path / "copy")
