from __future__ import annotations

import json
from pathlib import Path

import pytest

from s2s.__main__ import main
from s2s.config import read_config
from s2s.data.batches import read_pairs
from s2s.tasks import generate
from s2s.text.segmenters import SEGMENTERS
from tests.paths import ROOT

SIZES = {"train": 12, "dev": 3, "test": 4}


@pytest.mark.parametrize("task", generate.TASKS)
@pytest.mark.parametrize("hard", [False, True])
def test_files_hold_the_examples(tmp_path: Path, task: str, hard: bool) -> None:
    written = [generate.generate(task, tmp_path / name, SIZES, 2, hard) for name in ("a", "b")]
    for split, count in SIZES.items():
        pairs = [(e.source, e.target) for e in generate.TASKS[task](split, count, 2, hard)]
        assert list(read_pairs(tmp_path / "a" / f"{split}.tsv")) == pairs
        assert written[0][tmp_path / "a" / f"{split}.tsv"] == count
    assert sorted(path.name for path in written[0]) == sorted(p.name for p in (tmp_path / "a").iterdir())
    for path in written[0]:
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()


def test_facts_name_their_rows(tmp_path: Path) -> None:
    generate.generate("car-report", tmp_path, SIZES, 2)
    pairs = {split: list(read_pairs(tmp_path / f"{split}.tsv")) for split in SIZES}
    lines = (tmp_path / generate.FACTS).read_text(encoding="utf-8").splitlines()
    assert len(lines) == sum(SIZES.values())
    for facts in map(json.loads, lines):
        source, report = pairs[facts["split"]][facts["row"] - 1]
        assert facts["part"] in source.split("|")[facts["turn"]] and facts["cause"] in report


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sizes = ["--train", "5", "--dev", "2", "--test", "2"]
    assert main(["generate", "date", "--out", str(tmp_path / "d"), *sizes, "--seed", "3", "--hard"]) == 0
    assert "train.tsv: 5 examples" in capsys.readouterr().out
    (tmp_path / "file").write_text("")
    assert main(["generate", "car-report", "--out", str(tmp_path / "file"), *sizes]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
    for wrong in (["--train", "0"], ["--dev", "x"], ["--seed", "-1"]):
        with pytest.raises(SystemExit) as stopped:
            main(["generate", "date", *wrong])
        assert stopped.value.code == 2 and len(capsys.readouterr().err.splitlines()) == 1


def test_a_failure_leaves_the_old_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "train.tsv").write_text("old\told\n")

    def broken(split: str, count: int, seed: int, hard: bool):  # type: ignore[no-untyped-def]
        yield from generate.date.examples(split, 2, seed, hard)
        raise OSError("full")

    monkeypatch.setitem(generate.TASKS, "date", broken)
    with pytest.raises(OSError, match="full"):
        generate.generate("date", tmp_path, SIZES, 1)
    assert [(p.name, p.read_text()) for p in tmp_path.iterdir()] == [("train.tsv", "old\told\n")]


@pytest.mark.parametrize("task", generate.TASKS)
def test_the_config_fits_the_task(task: str) -> None:
    config = read_config(ROOT / "configs" / f"{task}.toml")
    assert (config.name, config.data.train) == (task, f"data/{task}/train.tsv")
    for hard in (False, True):
        for example in generate.TASKS[task]("dev", 20, 1, hard):
            assert len(SEGMENTERS[config.text.source].cut(example.source)) <= config.data.max_tokens
            assert len(SEGMENTERS[config.text.target].cut(example.target)) <= config.data.max_tokens
