"""Every kind of foreign file that is read: a small good example, and the function that reads it."""

from __future__ import annotations

import functools
import io
import json
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from s2s.adapters.imported import ImportOptions
from s2s.checkpoint.archive import load_archive
from s2s.checkpoint.open import load
from s2s.data.readers import Columns, read_pairs
from s2s.explain.gold_links import read_gold
from s2s.sandbox.convert import convert_huggingface, convert_model
from s2s.trace.search_tree import SearchTree
from s2s.trace.trace import Trace
from tests.adapters import keras_model, test_joeynmt, test_opennmt, test_pytorch_tutorial, test_tf_checkpoint
from tests.factory import make_checkpoint

PAIRS = [("we met in 2019 .", "wir trafen uns 2019 ."), ("a « b »", "甲 乙"), ("one, two", "eins, zwei")]


@dataclass(frozen=True)
class Format:
    """``make`` writes an example into an empty directory; ``read`` reads the directory, or raises UserError."""

    make: Callable[[Path], object]
    read: Callable[[Path], object]
    patience: bool = False  # whether a file may take all its time: a tokenizer's own pattern can run for ever


def _zipped(directory: Path) -> None:
    made = make_checkpoint(directory / "made")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(made.iterdir()):
            archive.write(path, path.name)
    shutil.rmtree(made)
    (directory / "mine.zip").write_bytes(packed.getvalue())


def _unzip(directory: Path) -> None:
    out = directory / "out"
    try:
        load_archive("mine.zip", (directory / "mine.zip").read_bytes(), out)
    finally:
        shutil.rmtree(out, ignore_errors=True)


def _keras(name: str, directory: Path) -> None:
    named = keras_model.KerasModel.random(both=True).named()
    keras_model.save_words(directory)
    if name == "m.npz":
        np.savez_compressed(directory / name, **named)
    else:
        (keras_model.save_keras if name == "m.keras" else keras_model.save_h5)(directory / name, named)


def _convert(kind: str, directory: Path, names: list[str], **options: Any) -> None:
    """What the command ``import`` does in its child process."""
    words = [str(directory / name) for name in ("source.json", "target.json")] if options.pop("words", False) else []
    stated = {**asdict(ImportOptions()), **options, "vocabularies": words}
    out = directory / "out"
    try:
        convert_model(kind, [str(directory / name) for name in names], stated, str(out))
    finally:
        shutil.rmtree(out, ignore_errors=True)


def _read_keras(name: str, directory: Path) -> None:
    _convert("keras", directory, [name], words=True, carries_state=True, layers={"attention.query": "W1"})


def _tensorflow(directory: Path) -> None:
    shutil.copytree(test_tf_checkpoint.FIXTURES / "after-2", directory / "theirs")
    for name in ("source.json", "target.json"):
        (directory / name).write_text(json.dumps(test_tf_checkpoint.WORDS), encoding="utf-8")


def _read_tensorflow(directory: Path) -> None:
    _convert("tf-checkpoint", directory, ["theirs"], words=True, **test_tf_checkpoint.FORMS["after-2"])


def _joeynmt(directory: Path) -> None:
    values = test_joeynmt.configuration()
    test_joeynmt.save(directory / "model", values, test_joeynmt.state(values))


def _opennmt(beside: bool, directory: Path) -> None:
    options = test_opennmt.options()
    test_opennmt.save(directory / "m.pt", options, test_opennmt.state(options), beside)


def _tutorial(directory: Path) -> None:
    test_pytorch_tutorial.options(directory)
    test_pytorch_tutorial.files(directory)


def _read_tutorial(directory: Path) -> None:
    for names in (["encoder.pt", "decoder.pt"], ["both.pt"], ["flat.pt"]):
        _convert("pytorch-tutorial", directory, names, words=True)


def _text(name: str, directory: Path) -> None:
    rows = {
        "a.tsv": "".join(f"{source}\t{target}\n" for source, target in PAIRS),
        "a.csv": "source,target\n" + "".join(f'"{source}","{target}"\n' for source, target in PAIRS),
        "a.jsonl": "".join(json.dumps({"source": source, "target": target}) + "\n" for source, target in PAIRS),
        "gold.tsv": "we met\twir trafen\t1-1 2-2\nin 2019\t2019\t2-1 1?1\n",
    }
    (directory / name).write_text(rows[name], encoding="utf-8")


def _read_text(name: str, directory: Path) -> None:
    list(read_pairs(directory / name, Columns()))


def _trace(directory: Path) -> None:
    from s2s.decode.decode import trace
    from s2s.decode.record_search import search_tree
    from s2s.decode.strategy import Settings

    checkpoint = load(make_checkpoint(directory / "made"))
    (directory / "trace.json").write_text(trace(checkpoint, "我 喜欢 茶 。").to_json(), encoding="utf-8")
    (directory / "tree.json").write_text(
        search_tree(checkpoint, "我 喜欢 茶 。", Settings("beam", beam=3)).to_json(), encoding="utf-8"
    )
    shutil.rmtree(directory / "made")


def _read_trace(directory: Path) -> None:
    Trace.from_json((directory / "trace.json").read_text(encoding="utf-8", errors="replace"))
    SearchTree.from_json((directory / "tree.json").read_text(encoding="utf-8", errors="replace"))


def _hugging_face(directory: Path) -> None:
    from tests.model.huggingface import random_models

    random_models.write(directory / "theirs", "marian")


def _read_hugging_face(directory: Path) -> None:
    out = directory / "out"
    try:
        convert_huggingface(str(directory / "theirs"), "theirs", {}, str(out))
    finally:
        shutil.rmtree(out, ignore_errors=True)


part = functools.partial
FORMATS = {
    "checkpoint": Format(lambda d: make_checkpoint(d / "made"), lambda d: load(d / "made")),
    "zip": Format(_zipped, _unzip),
    **{name: Format(part(_keras, name), part(_read_keras, name)) for name in ("m.h5", "m.keras", "m.npz")},
    "tf-checkpoint": Format(_tensorflow, _read_tensorflow),
    "joeynmt": Format(_joeynmt, lambda d: _convert("joeynmt", d, ["model"])),
    "opennmt": Format(part(_opennmt, False), lambda d: _convert("opennmt", d, ["m.pt"])),
    "opennmt-safetensors": Format(part(_opennmt, True), lambda d: _convert("opennmt", d, ["m.pt"])),
    "tutorial": Format(_tutorial, _read_tutorial),
    "huggingface": Format(_hugging_face, _read_hugging_face, patience=True),
    **{name: Format(part(_text, name), part(_read_text, name)) for name in ("a.tsv", "a.csv", "a.jsonl")},
    "alignment": Format(part(_text, "gold.tsv"), lambda d: read_gold(d / "gold.tsv")),
    "trace": Format(_trace, _read_trace),
}
torch.set_num_threads(1)
