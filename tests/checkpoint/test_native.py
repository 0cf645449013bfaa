from __future__ import annotations

import dataclasses
import hashlib
import json
import pickle
import shutil
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from s2s.checkpoint import files
from s2s.checkpoint.native import unique_weights, write_checkpoint
from s2s.checkpoint.open import load
from s2s.checkpoint.record import make_side
from s2s.errors import UserError
from s2s.text.vocab import SPECIALS, Vocab
from tests.factory import SCORES, SOURCE, TARGET, make_checkpoint, make_config, make_model


@pytest.fixture
def directory(tiny_checkpoint: Path, tmp_path: Path) -> Path:
    """A copy that a test may break."""
    return Path(shutil.copytree(tiny_checkpoint, tmp_path / "broken"))


def edit_json(path: Path, change: Callable[[Any], Any]) -> None:
    values = json.loads(path.read_text(encoding="utf-8"))
    changed = change(values)
    path.write_text(json.dumps(values if changed is None else changed), encoding="utf-8")


def edit_weights(directory: Path, change: Callable[[dict[str, torch.Tensor]], object]) -> None:
    weights = load_file(directory / "model.safetensors")
    change(weights)
    save_file(weights, directory / "model.safetensors")


def refused(directory: Path, key: str, *named: str) -> None:
    with pytest.raises(UserError) as error:
        load(directory)
    assert error.value.key == f"error.{key}"
    for name in named:
        assert name in str(error.value) and name in error.value.say("zh")


@pytest.mark.parametrize("attention", ["additive", "general"])
@pytest.mark.parametrize("tied", [True, False])
def test_round_trip_at_half_precision(tmp_path: Path, attention: str, tied: bool) -> None:
    config = make_config(attention, tied_embeddings=tied, encoder_layers=2)
    model = make_model(config)
    with torch.no_grad():
        model.bridge.weight += 1e-5  # off the grid of half precision
    write_checkpoint(tmp_path / "mine", config, (SOURCE, TARGET), unique_weights(model), {"dev": SCORES}, "# mine\n")
    loaded = load(tmp_path / "mine")
    assert (loaded.name, loaded.config, loaded.metrics) == ("mine", config, {"dev": SCORES})
    assert (loaded.source.vocab, loaded.target.vocab) == (SOURCE, TARGET)
    assert (loaded.source.segmenter.name, loaded.target.segmenter.name) == ("jieba", "latin")
    own = model.state_dict()
    for name, weight in loaded.model.state_dict().items():
        assert weight.dtype == torch.float32 and weight.equal(own[name].half().float())
    assert (loaded.model.output.weight is loaded.model.embedding.weight) or not tied
    assert not loaded.model.training and not any(p.requires_grad for p in loaded.model.parameters())
    content = (tmp_path / "mine" / "model.safetensors").read_bytes()
    assert loaded.digest == hashlib.sha256(content).hexdigest()[:12]
    assert (tmp_path / "mine" / "README.md").read_text(encoding="utf-8") == "# mine\n"
    names = {"config.json", "vocab.json", "model.safetensors", "metrics.json", "README.md"}
    assert {path.name for path in (tmp_path / "mine").iterdir()} == names


def test_saving_again_replaces_the_whole_directory(tmp_path: Path) -> None:
    path = make_checkpoint(tmp_path)
    (path / "stray").write_text("from before")
    make_checkpoint(tmp_path)
    assert not (path / "stray").exists()
    assert [p.name for p in tmp_path.iterdir()] == [path.name]  # no neighbour is left


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_other_precisions_are_read(directory: Path, dtype: torch.dtype) -> None:
    edit_weights(directory, lambda w: w.update({k: v.to(dtype) for k, v in w.items()}))
    assert {p.dtype for p in load(directory).model.parameters()} == {torch.float32}


def test_metrics_may_be_absent(directory: Path) -> None:
    (directory / "metrics.json").unlink()
    (directory / "README.md").unlink()
    assert load(directory).metrics == {}


def test_a_missing_directory_is_named(tmp_path: Path) -> None:
    refused(tmp_path / "nowhere", "checkpoint_missing", "nowhere")
    (tmp_path / "file").write_text("")
    refused(tmp_path / "file", "checkpoint_missing", "file")


@pytest.mark.parametrize("name", ["config.json", "vocab.json", "model.safetensors"])
def test_a_missing_file_is_named(directory: Path, name: str) -> None:
    (directory / name).unlink()
    refused(directory, "checkpoint_file_missing", name)


@pytest.mark.parametrize("name", ["config.json", "vocab.json", "metrics.json"])
@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"3", b'"\xff"', b'{"name": "\\ud800"}', b"[" * 200_000, b'{"a":' * 200_000],
    ids=lambda c: c[:6].hex(),
)
def test_broken_json_is_named(directory: Path, name: str, content: bytes) -> None:
    (directory / name).write_bytes(content)
    refused(directory, "json_broken", name)


@pytest.mark.parametrize("schema", [None, "lookback-checkpoint/2", 1, ["lookback-checkpoint/1"]])
def test_another_schema_is_refused(directory: Path, schema: object) -> None:
    edit_json(directory / "config.json", lambda v: v.update(schema=schema))
    refused(directory, "checkpoint_schema", "config.json", "lookback-checkpoint/1")


@pytest.mark.parametrize(
    ("section", "key", "value", "error"),
    [
        ("model", "dropuot", 1, "config_key"),
        ("model", "encoder_size", "6", "config_type"),
        ("model", "encoder_size", 6.0, "config_type"),
        ("model", "tied_embeddings", 1, "config_type"),
        ("model", "encoder_size", 0, "config_size"),
        ("model", "attention_size", -3, "config_size"),
        ("model", "decoder_size", 10**12, "config_size"),
        ("model", "decoder_layers", 10**9, "config_size"),
        ("model", "encoder_layers", 65, "config_size"),
    ],
)
def test_a_wrong_config_value_is_named(directory: Path, section: str, key: str, value: object, error: str) -> None:
    edit_json(directory / "config.json", lambda v: v[section].update({key: value}))
    refused(directory, error, f"{section}.{key}")


@pytest.mark.parametrize("tied", [True, False])
def test_one_embedding_for_both_sides_is_stored_once(tmp_path: Path, tied: bool) -> None:
    path = make_checkpoint(tmp_path, shared_embeddings=True, tied_embeddings=tied)
    stored, model = load_file(path / "model.safetensors"), load(path).model
    assert "embedding.weight" not in stored and ("output.weight" in stored) != tied
    assert model.embedding.weight is model.encoder.embedding.weight
    assert (model.output.weight is model.embedding.weight) == tied
    assert model.embedding.weight.equal(stored["encoder.embedding.weight"].float())


def test_a_config_from_before_a_key_was_known_means_its_default(directory: Path) -> None:
    new = ("cell", "max_source_length", "window", "coverage", "pointer", "prior", "shared_embeddings")
    whole = load(directory)
    edit_json(directory / "config.json", lambda v: [v["model"].pop(key) for key in new] and v)
    edit_json(
        directory / "config.json", lambda v: {**v, "text": {k: x for k, x in v["text"].items() if "vocab" not in k}}
    )
    assert load(directory).config.model == whole.config.model


def test_sides_that_are_not_shared_are_named(tmp_path: Path) -> None:
    path = make_checkpoint(tmp_path, pointer=True)
    assert load(path).source.vocab.tokens == load(path).target.vocab.tokens
    edit_json(path / "vocab.json", lambda v: v["target"]["tokens"].append("more"))
    refused(path, "vocab_not_shared", "vocab.json", "text.shared_vocab")


def test_unknown_attention_and_segmenter_are_named(directory: Path) -> None:
    edit_json(directory / "config.json", lambda v: v["model"].update(attention="cosine"))
    refused(directory, "attention_unknown", "cosine", "additive, general, dot")
    edit_json(directory / "config.json", lambda v: v["model"].update(attention="additive"))
    edit_json(directory / "config.json", lambda v: v["text"].update(target="klingon"))
    refused(directory, "segmenter_unknown", "klingon", "latin")


@pytest.mark.parametrize("key", ["embedding_size", "encoder_size", "decoder_size", "attention_size"])
def test_a_claim_of_a_huge_size_is_held_against_the_file(directory: Path, key: str) -> None:
    edit_json(directory / "config.json", lambda v: v["model"].update({key: 65_536}))
    refused(directory, "weight_shape", "model.safetensors", "196608" if key == "encoder_size" else "65536")


def test_a_wrong_count_of_layers_names_the_weight(directory: Path) -> None:
    edit_json(directory / "config.json", lambda v: v["model"].update(decoder_layers=2))
    refused(directory, "weight_shape", "bridge.weight")
    edit_json(directory / "config.json", lambda v: v["model"].update(decoder_layers=1, encoder_layers=2))
    refused(directory, "weight_missing", "encoder.rnn.weight_ih_l1")


@pytest.mark.parametrize(
    "tokens",
    [None, {}, "abc", *([*SPECIALS, other] for other in (3, "", None, ["a"], "a" * 10_001))],
    ids=lambda t: type(t).__name__,
)
@pytest.mark.parametrize("name", ["source", "target"])
def test_a_broken_vocabulary_is_named(directory: Path, name: str, tokens: object) -> None:
    edit_json(directory / "vocab.json", lambda v: v[name].update(tokens=tokens))
    refused(directory, "vocab_broken", "vocab.json", f"{name}.tokens")


def test_a_missing_side_is_named(directory: Path) -> None:
    edit_json(directory / "vocab.json", lambda v: v.update(source=[]))
    refused(directory, "vocab_broken", "source.tokens")


def test_a_repeated_token_and_wrong_specials_are_named(directory: Path) -> None:
    edit_json(directory / "vocab.json", lambda v: v["target"]["tokens"].__setitem__(9, "tea"))
    refused(directory, "vocab_repeated", "tea")
    edit_json(directory / "vocab.json", lambda v: v["target"]["tokens"].insert(0, "first"))
    refused(directory, "vocab_specials", "first", "<pad>")


def test_a_vocabulary_of_another_length_names_the_weight(directory: Path) -> None:
    edit_json(directory / "vocab.json", lambda v: v["source"]["tokens"].append("更"))
    refused(directory, "weight_shape", "encoder.embedding.weight", "16")


def test_wrong_weights_are_named(directory: Path) -> None:
    kept = (directory / "model.safetensors").read_bytes()
    changes: list[tuple[str, str, Callable[[dict[str, torch.Tensor]], object]]] = [
        ("weight_missing", "bridge.bias", lambda w: w.pop("bridge.bias")),
        ("weight_unknown", "extra.weight", lambda w: w.update({"extra.weight": torch.zeros(1)})),
        ("weight_unknown", "output.weight", lambda w: w.update({"output.weight": torch.zeros(16, 8)})),
        ("weight_shape", "bridge.weight", lambda w: w.update({"bridge.weight": w["bridge.weight"].T.contiguous()})),
        ("weight_type", "bridge.bias", lambda w: w.update({"bridge.bias": torch.zeros(10, dtype=torch.int64)})),
        ("weight_type", "bridge.bias", lambda w: w.update({"bridge.bias": torch.zeros(10, dtype=torch.float64)})),
        ("weight_not_finite", "output.bias", lambda w: w["output.bias"].__setitem__(5, torch.nan)),
        ("weight_not_finite", "bridge.weight", lambda w: w["bridge.weight"].__setitem__((0, 0), -torch.inf)),
    ]
    for error, key, change in changes:
        (directory / "model.safetensors").write_bytes(kept)
        edit_weights(directory, change)
        refused(directory, error, "model.safetensors", key)


def claiming(header: dict[str, Any], body: bytes = b"") -> bytes:
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + body


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00" * 8,
        struct.pack("<Q", 2**62) + b"{}",
        struct.pack("<Q", 2) + b"[]",
        claiming({"bridge.bias": {"dtype": "F32", "shape": [2**40], "data_offsets": [0, 2**42]}}),
        claiming({"bridge.bias": {"dtype": "F32", "shape": [2**62, 2**62], "data_offsets": [0, 4]}}, b"\0" * 4),
        claiming({"bridge.bias": {"dtype": "F32", "shape": [1], "data_offsets": [4, 0]}}, b"\0" * 4),
    ],
    ids=["empty", "zeros", "huge header", "no header", "huge weight", "overflow", "backwards"],
)
def test_a_file_that_is_no_safetensors_is_named(directory: Path, content: bytes) -> None:
    (directory / "model.safetensors").write_bytes(content)
    refused(directory, "weights_broken", "model.safetensors")


@pytest.mark.parametrize("share", [0.1, 0.5, 0.999])
def test_truncated_weights_are_named(directory: Path, share: float) -> None:
    content = (directory / "model.safetensors").read_bytes()
    (directory / "model.safetensors").write_bytes(content[: int(len(content) * share)])
    refused(directory, "weights_broken", "model.safetensors")


class Bomb:
    """Unpickling it leaves a file behind."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (self.path,))


def test_a_pickle_is_refused_and_nothing_in_it_runs(directory: Path, tmp_path: Path) -> None:
    went_off = tmp_path / "went off"
    (directory / "model.safetensors").write_bytes(pickle.dumps(Bomb(went_off)))
    refused(directory, "weights_broken", "model.safetensors")
    torch.save({"bridge.bias": Bomb(went_off)}, directory / "model.safetensors")
    refused(directory, "weights_broken", "model.safetensors")
    assert not went_off.exists()
    pickle.loads(pickle.dumps(Bomb(went_off)))
    assert went_off.exists()  # it would have


def test_files_over_the_limit_are_refused_unread(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MAX_JSON_BYTES", 100)
    refused(directory, "file_too_large", "config.json")
    monkeypatch.undo()
    monkeypatch.setattr(files, "MAX_WEIGHT_BYTES", 100)
    refused(directory, "file_too_large", "model.safetensors")


def test_a_side_reads_and_writes_its_text() -> None:
    chinese = make_side("jieba", SOURCE)
    assert chinese.tokens("他喝水果") == ["他", "喝", "水", "果"]
    assert chinese.encode("他喝水果") == [6, 9, 11, 1]
    assert make_side("latin", TARGET).decode([4, 9, 10, 7, 12, 14]) == "I don't like tea."
    assert make_side("latin", Vocab(SPECIALS)).decode([1]) == "<unk>"


def test_a_digest_covers_whatever_outputs_depend_on(tmp_path: Path) -> None:
    """The same weights under another config or vocabulary are another model; their labels are not shared."""
    config = make_config("additive")
    weights, told = unique_weights(make_model(config)), []
    other = dataclasses.replace(config, text=dataclasses.replace(config.text, source="characters"))
    reset = dataclasses.replace(config, model=dataclasses.replace(config.model, carry_state=False))
    renamed = dataclasses.replace(TARGET, tokens=(*TARGET.tokens[:-1], "other"))
    for n, (made, target) in enumerate([(config, TARGET), (other, TARGET), (reset, TARGET), (config, renamed)]):
        write_checkpoint(tmp_path / str(n), made, (SOURCE, target), weights, {}, "")
        told.append(load(tmp_path / str(n)).digest)
    assert len(set(told)) == 4
    file = tmp_path / "0" / "model.safetensors"
    assert told[0] == hashlib.sha256(file.read_bytes()).hexdigest()[:12]  # as docs/FORMATS.md says
    counted = dataclasses.replace(config, name="b", text=dataclasses.replace(config.text, source_min_count=7))
    write_checkpoint(tmp_path / "same", counted, (SOURCE, TARGET), weights, {"dev": SCORES}, "other card")
    assert load(tmp_path / "same").digest == told[0]
    edit_json(tmp_path / "same" / "config.json", lambda c: c["text"].update(source="spaces"))
    edited = load(tmp_path / "same").digest
    assert edited not in told
    edit_json(tmp_path / "same" / "config.json", lambda c: c["text"].update(source=config.text.source))
    assert load(tmp_path / "same").digest == told[0] != edited


def test_a_digest_from_before_identities_were_written_stays(directory: Path) -> None:
    """Labels and inspections of a checkpoint that was there before are found under it."""
    edit_weights(directory, lambda _: None)  # without metadata
    old = load(directory).digest
    assert old == hashlib.sha256((directory / "model.safetensors").read_bytes()).hexdigest()[:12]
