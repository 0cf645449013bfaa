"""The command ``import``: foreign files reach a confined process only, and nothing is left of what fails."""

from __future__ import annotations

import json
import os
import shutil
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import pytest
import safetensors
import safetensors.torch
import torch

from s2s.__main__ import main
from s2s.adapters import READERS, ImportOptions
from s2s.adapters.imported import write_imported
from s2s.checkpoint.open import load
from tests.adapters.test_tf_checkpoint import FORMS
from tests.fuzz.formats import FORMATS
from tests.setting import Setting

KERAS = ["--vocab", "source.json", "target.json", "--carries-state", "yes", "--map", "attention.query=W1"]
TENSORFLOW = ["--carries-state=yes", "--map=attention.query=W2", "--query=previous", "--output-reads=context,state"]
ARGUMENTS = {  # of a format's example in tests.fuzz
    "joeynmt": ["joeynmt", "model"],
    "opennmt-safetensors": ["opennmt", "m.pt"],
    "tutorial": ["pytorch-tutorial", "encoder.pt", "decoder.pt", "--vocab", "source.json", "target.json"],
    "m.keras": ["keras", "m.keras", *KERAS],
    "m.h5": ["keras", "m.h5", *KERAS],
    "tf-checkpoint": ["tf-checkpoint", "theirs", *KERAS[:3], *TENSORFLOW],
}


@pytest.fixture
def example(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[[str], Path]:
    """A function that makes an example of a format in a directory, which becomes the current one."""

    def make(format: str) -> Path:
        directory = tmp_path / "theirs"
        directory.mkdir()
        FORMATS[format].make(directory)
        monkeypatch.chdir(directory)
        capsys.readouterr()  # a library's progress bars
        return directory

    return make


def bring(*arguments: str) -> int:
    """The command's exit status; the checkpoint is ``out/mine``."""
    return main(["import", *arguments, "--name", "mine", "--out", "out"])


def refusal(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The one line that a refused import prints; nothing is left of it."""
    assert bring(*arguments) == 2
    assert list(Path("out").glob("*")) + list(Path("out").glob(".*")) == []
    (line,) = capsys.readouterr().err.splitlines()
    assert len(line) < 500
    return line


def forbid_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this process read no binary."""

    def read(*_: object, **__: object) -> None:
        raise AssertionError("a foreign file was read in this process")

    for module, name in ((torch, "load"), (h5py, "File"), (safetensors, "safe_open"), (safetensors.torch, "load_file")):
        monkeypatch.setattr(module, name, read)


@pytest.mark.parametrize("format", ARGUMENTS)
def test_another_process_converts_to_the_same_files(
    example: Callable[[str], Path], format: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    example(format)
    kind, *paths = [argument for argument in ARGUMENTS[format] if argument[-4:] != "json"]
    stated = ImportOptions()
    if kind in ("keras", "pytorch-tutorial"):
        paths = paths[: paths.index("--vocab")]
        words = Path("source.json"), Path("target.json")
        keras: dict[str, Any] = {"carries_state": True, "layers": {"attention.query": "W1"}} if kind == "keras" else {}
        stated = ImportOptions(vocabularies=words, **keras)
    if kind == "tf-checkpoint":
        paths, words = paths[:1], (Path("source.json"), Path("target.json"))
        stated = ImportOptions(vocabularies=words, **FORMS["after-2"])
    imported = READERS[kind](list(map(Path, paths)), stated)
    write_imported(imported, Path("here/mine"))
    forbid_reading(monkeypatch)
    assert bring(*ARGUMENTS[format]) == 0
    notes = [f"- {note}" for note in imported.origin.notes]
    assert capsys.readouterr().err.splitlines() == [*notes, f"Wrote {Path('out/mine')}."]
    written = {path.name: path.read_bytes() for path in Path("out/mine").iterdir()}
    assert written == {path.name: path.read_bytes() for path in Path("here/mine").iterdir()}
    assert [path.name for path in Path("out").iterdir()] == ["mine"]


def test_links_are_followed_to_files_elsewhere(example: Callable[[str], Path]) -> None:
    directory = example("joeynmt")
    shutil.move(directory / "model" / "best.ckpt", directory / "9000.ckpt")
    (directory / "model" / "best.ckpt").symlink_to(directory / "9000.ckpt")
    assert bring("joeynmt", "model") == 0


@pytest.mark.parametrize("special", ["fifo", "socket", "device", "link"])
@pytest.mark.parametrize("format", ["joeynmt", "opennmt-safetensors", "tutorial", "huggingface"])
def test_special_files_are_refused(
    example: Callable[[str], Path], format: str, special: str, capsys: pytest.CaptureFixture[str]
) -> None:
    directory = example(format)
    names = {"joeynmt": "model/src_vocab.txt", "tutorial": "target.json", "huggingface": "theirs/vocab.json"}
    file = directory / names.get(format, "m.safetensors")
    file.unlink()
    if special == "fifo":
        os.mkfifo(file)
    elif special == "socket":
        with socket.socket(socket.AF_UNIX) as bound:
            bound.bind(os.path.relpath(file))
    elif special == "device":
        file.symlink_to("/dev/zero")
    else:
        os.mkfifo(directory / "elsewhere")
        file.symlink_to(directory / "elsewhere")
    line = refusal(capsys, *ARGUMENTS.get(format, ["huggingface", "theirs"]))
    assert "is a pipe, a socket or a device" in line and file.name in line


@pytest.mark.parametrize("given", ["huggingface model", "opennmt model", "joeynmt theirs", "opennmt m.h5"])
def test_another_kind_is_recognised(
    example: Callable[[str], Path], given: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    example("joeynmt")
    Path("m.h5").touch()
    Path("theirs").mkdir()
    for name in ("config.json", "tokenizer_config.json"):
        (Path("theirs") / name).touch()
    monkeypatch.setattr("sys.argv", ["/usr/bin/lookback"])
    kind, path = given.split()
    found = {"model": "joeynmt", "theirs": "huggingface", "m.h5": "keras"}[path]
    line = refusal(capsys, kind, path)
    assert line == (
        f"lookback: {path} looks like a {found} model, not {kind}. Try `lookback import {found} {path} --name mine`."
    )


@pytest.mark.parametrize("content", [b"", b"x" * 100, b"PK\x03\x04", b"\x80\x02}", b"\x80\x04N."])
def test_a_damaged_file_is_no_excerpt_of_the_library(
    example: Callable[[str], Path], content: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    file = example("opennmt-safetensors") / "m.pt"
    file.write_bytes(content if content else file.read_bytes()[:-100])
    assert refusal(capsys, "opennmt", "m.pt").startswith("python -m s2s: m.pt is not a complete torch.save file")


class TestHuggingFace:
    """Models of transformers."""

    pytest.importorskip("transformers", reason="Hugging Face models need: pip install -r requirements-extra.txt")

    def test_a_directory(self, example: Callable[[str], Path], capsys: pytest.CaptureFixture[str]) -> None:
        example("huggingface")
        assert bring("huggingface", "theirs", "--prefix", "translate: ") == 0
        config = json.loads(Path("out/mine/config.json").read_text(encoding="utf-8"))
        assert (config["origin"], config["prefix"]) == ("theirs", "translate: ")
        assert capsys.readouterr().err.splitlines()[-1] == f"Wrote {Path('out/mine')}."
        assert load("out/mine").name == "mine"

    def test_a_model_of_the_hub(self, example: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch) -> None:
        """As the hub's own cache keeps it: a snapshot of links to blobs."""
        from huggingface_hub import constants

        directory = example("huggingface")
        model = directory / "cache" / "models--org--small"
        (model / "blobs").mkdir(parents=True)
        (model / "refs").mkdir()
        (model / "refs" / "main").write_text("1" * 40)
        snapshot = model / "snapshots" / ("1" * 40)
        snapshot.mkdir(parents=True)
        for path in (directory / "theirs").iterdir():
            path.rename(model / "blobs" / path.name)
            (snapshot / path.name).symlink_to(Path("../../blobs") / path.name)
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(directory / "cache"))
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
        assert bring("huggingface", "org/small") == 0
        assert json.loads(Path("out/mine/config.json").read_text(encoding="utf-8"))["origin"] == "small"

    def test_a_million_layers_end_within_the_limits(
        self, example: Callable[[str], Path], setting: Setting, capsys: pytest.CaptureFixture[str]
    ) -> None:
        config = example("huggingface") / "theirs" / "config.json"
        config.write_text(json.dumps(json.loads(config.read_text()) | {"encoder_layers": 10**6}))
        setting(import_seconds=100, import_memory_mb=300)
        assert "memory" in refusal(capsys, "huggingface", "theirs")

    def test_a_normaliser_that_grows_without_end_is_stopped(
        self, example: Callable[[str], Path], setting: Setting, capsys: pytest.CaptureFixture[str]
    ) -> None:
        from tests.model.huggingface import random_models

        example("joeynmt")
        file = random_models.write(Path("theirs"), "t5") / "tokenizer.json"
        capsys.readouterr()
        values = json.loads(file.read_text(encoding="utf-8"))
        twice = {"type": "Replace", "pattern": {"String": "a"}, "content": "aa"}
        values["normalizer"] = {"type": "Sequence", "normalizers": [twice] * 50}
        values["added_tokens"].append({**values["added_tokens"][0], "id": 1_000, "content": "a", "normalized": True})
        file.write_text(json.dumps(values), encoding="utf-8")
        setting(import_seconds=100, import_memory_mb=300)
        assert "exceeded its limits" in refusal(capsys, "huggingface", "theirs")
