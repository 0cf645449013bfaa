"""Every command answers one sentence for an input that is a pipe, which it does not wait for, or is not there."""

from __future__ import annotations

import os
import re
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.commands.test_commands import inside

INPUTS = [  # FIFO stands for the pipe, MODEL for a checkpoint, PAIRS for a good file
    "trace FIFO/config.json 我",
    "trace FIFO/model.safetensors 我",
    "trace FIFO/vocab.json 我",
    "export FIFO --html -",
    "train FIFO",
    "train --data FIFO --name new --runs new --out new",
    "train --data PAIRS --dev FIFO --name new --runs new --out new",
    "evaluate MODEL FIFO",
    "exposure MODEL FIFO",
    "evidence MODEL FIFO",
    "align MODEL FIFO",
    "inspect MODEL FIFO --out new",
    "compare FIFO/manifest.json FIFO/manifest.json",
    "labels export FIFO/manifest.json --out new.csv",
    "labels export FIFO/examples.parquet --out new.csv",
    "report FIFO/manifest.json --html -",
    "neighbours FIFO/manifest.json --example 1 --step 1",
    "prepare tatoeba FIFO",
    "prepare automaster FIFO",
    "submit MODEL FIFO --out new.csv",
    "import joeynmt FIFO --name new --out new",
    "import opennmt FIFO --name new --out new",
    "import keras FIFO --vocab PAIRS PAIRS --carries-state no --name new --out new",
    "import keras PAIRS --vocab PAIRS FIFO --carries-state no --name new --out new",
    "import tf-checkpoint FIFO --vocab PAIRS --carries-state no --name new --out new",
    "import tf-checkpoint PAIRS --vocab FIFO --carries-state no --name new --out new",
    "import huggingface FIFO/config.json --name new --out new",
]


@pytest.fixture(autouse=True)
def patience() -> Iterator[None]:
    """A test that waits for the pipe fails after a while, where it would hang."""

    def give_up(*_: object) -> None:
        raise AssertionError("the command waits for the pipe")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(60)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize("words", INPUTS)
def test_a_pipe_is_refused(
    words: str,
    tiny_checkpoint: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("pairs.tsv").write_text("我\tI\n" * 20, encoding="utf-8")
    arguments = words.replace("MODEL", str(tiny_checkpoint)).replace("PAIRS", "pairs.tsv").split()
    for place, argument in enumerate(arguments):
        if "FIFO" in argument:
            directory, inner = Path(f"given-{place}"), argument.removeprefix("FIFO").strip("/")
            shutil.copytree(tiny_checkpoint, directory)
            pipe = directory / (inner or "pipe")
            pipe.unlink(missing_ok=True)
            os.mkfifo(pipe)
            arguments[place] = str(directory if inner else pipe)
    status, out, err = inside(capsys, *arguments)
    assert (status, out) == (2, "")
    assert err.splitlines()[-1].endswith("is a pipe, a socket or a device. Give a regular file.")
    assert not list(tmp_path.glob("new*/**/*.json"))


@pytest.mark.parametrize("path", ["gone", "/gone/gone", "gone" * 2_000, "pairs.tsv/gone"], ids=lambda path: path[:20])
@pytest.mark.parametrize("words", INPUTS)
def test_a_path_of_nothing_is_named_in_one_sentence(
    words: str,
    path: str,
    tiny_checkpoint: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    if "huggingface" in words:
        monkeypatch.setattr(pytest.importorskip("huggingface_hub.constants"), "HF_HUB_OFFLINE", True)
    Path("pairs.tsv").write_text("我\tI\n" * 20, encoding="utf-8")
    words = re.sub(r"FIFO\S*", path, words).replace("MODEL", str(tiny_checkpoint)).replace("PAIRS", "pairs.tsv")
    status, out, err = inside(capsys, *words.split())
    (line,) = err.splitlines()
    assert (status, out) == (2, "") and "gone" in line and len(line) < 500
    assert not re.search(r"Errno|Error|repo id|huggingface_hub|Traceback", line)
    assert not list(tmp_path.glob("new*"))
