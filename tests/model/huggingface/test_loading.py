"""A Hugging Face directory that is not whole is refused by name; what outputs depend on makes another digest."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

pytest.importorskip("transformers", reason="Hugging Face models need: pip install -r requirements-extra.txt")

from safetensors.torch import load_file, save_file

from s2s.api import load
from s2s.checkpoint import huggingface
from s2s.errors import UserError
from s2s.explain.token_spans import cut
from tests.model.huggingface.random_models import SENTENCES, network, tokenizer, write

Weights = dict[str, torch.Tensor]
Change = Callable[[Weights], object]
FIRST = "model.decoder.layers.0.fc1"
PLACES = "model.decoder.embed_positions.weight"
BIAS = "decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight"


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Hugging Face's own directory of a kind, written once."""
    folder, made = tmp_path_factory.mktemp("given"), dict[str, Path]()
    return lambda kind: made.setdefault(kind, folder / kind if kind in made else write(folder / kind, kind))


def changed(directory: Path, into: Path, change: Change) -> Path:
    """A copy with other weights."""
    shutil.copytree(directory, into)
    weights = load_file(into / "model.safetensors")
    change(weights)
    save_file(weights, into / "model.safetensors", metadata={"format": "pt"})
    return into


def refusal(origin: Path, tmp_path: Path) -> UserError:
    with pytest.raises(UserError) as caught:
        huggingface.import_huggingface(str(origin), tmp_path / "ours")
    assert not (tmp_path / "ours").exists()
    return caught.value


@pytest.mark.parametrize(
    ("kind", "key", "named", "change"),
    [
        ("bart", "missing", f"{FIRST}.weight", lambda w: w.pop(f"{FIRST}.weight")),
        ("t5", "missing", "decoder.embed_tokens.weight", lambda w: w.pop("shared.weight")),  # and what is tied to it
        ("marian", "missing", "lm_head.weight", lambda w: w.pop("model.shared.weight")),
        ("bart", "missing", PLACES, lambda w: w.pop(PLACES)),
        ("bart", "unknown", "model.decoder.gate", lambda w: w.update({"model.decoder.gate": torch.ones(3)})),
        ("m2m_100", "unknown", "model.encoder.embed_positions.weights",
         lambda w: w.update({"model.encoder.embed_positions.weights": torch.ones(130, 16)})),
        ("bart", "shape", f"{FIRST}.bias", lambda w: w.update({f"{FIRST}.bias": torch.zeros(3)})),
        ("bart", "type", f"{FIRST}.bias", lambda w: w.update({f"{FIRST}.bias": torch.zeros(24, dtype=torch.int8)})),
        ("bart", "not_finite", f"{FIRST}.bias", lambda w: w.update({f"{FIRST}.bias": torch.full((24,), torch.nan)})),
    ],
)  # fmt: skip
def test_a_weight_that_does_not_fit_is_named(
    given: Callable[[str], Path], tmp_path: Path, kind: str, key: str, named: str, change: Change
) -> None:
    error = refusal(changed(given(kind), tmp_path / "theirs", change), tmp_path)
    assert (error.key, error.values["key"]) == (f"error.weight_{key}", named)


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("bart", lambda w: w.update({"lm_head.weight": w["model.shared.weight"].clone()})),  # tied, and there twice
        ("bart", lambda w: w.update({"encoder.version": torch.ones(1)})),
        ("pegasus", lambda w: w.pop(PLACES)),  # computed: sines
        ("m2m_100", lambda w: w.update({"model.encoder.embed_positions.weights": positions()})),
        ("t5", lambda w: w.update({BIAS: torch.ones(8, 4)})),
    ],
)  # fmt: skip
def test_what_the_library_computes_or_ties_or_never_reads_may_differ(
    given: Callable[[str], Path], tmp_path: Path, kind: str, change: Change
) -> None:
    huggingface.import_huggingface(str(given(kind)), tmp_path / "own")
    huggingface.import_huggingface(str(changed(given(kind), tmp_path / "theirs", change)), tmp_path / "ours")
    lanes = [load(tmp_path / name).trace(SENTENCES[0], SENTENCES[1], mode="forced") for name in ("own", "ours")]
    assert [s.log_prob for s in lanes[0].steps] == pytest.approx([s.log_prob for s in lanes[1].steps], abs=1e-6)


def positions() -> torch.Tensor:
    """Those that the library computes, of more places than the config asks for."""
    table: Any = network("m2m_100", tokenizer("m2m_100"), max_position_embeddings=140).model.encoder.embed_positions
    return table.weights.clone()  # type: ignore[no-any-return]


def test_weights_in_several_files_are_read_whole_or_refused(tmp_path: Path) -> None:
    pieces = tokenizer("bart")
    network("bart", pieces).save_pretrained(tmp_path / "theirs", max_shard_size="10KB")
    pieces.save_pretrained(tmp_path / "theirs")
    files = sorted((tmp_path / "theirs").glob("model-*.safetensors"))
    assert len(files) > 2
    huggingface.import_huggingface(str(tmp_path / "theirs"), tmp_path / "whole")
    for lost in (f"{FIRST}.weight", "final_logits_bias"):  # the second would be zeros, though its place is listed
        (file,) = (file for file in files if lost in load_file(file))
        kept = file.read_bytes()
        save_file({name: w for name, w in load_file(file).items() if name != lost}, file, metadata={"format": "pt"})
        assert refusal(tmp_path / "theirs", tmp_path).values["key"] == lost
        file.write_bytes(kept)
    files[1].unlink()
    assert refusal(tmp_path / "theirs", tmp_path).key == "error.huggingface_broken"


def test_a_checkpoint_that_lost_a_weight_since_is_refused_too(marian: Path, tmp_path: Path) -> None:
    shutil.copytree(marian, tmp_path / "ours")
    file = tmp_path / "ours" / "model" / "model.safetensors"
    weights = load_file(file)
    del weights["model.decoder.layers.1.fc2.weight"]
    save_file(weights, file, metadata={"format": "pt"})
    with pytest.raises(UserError, match=r"weight model.* is missing from"):
        load(tmp_path / "ours")


def edit(file: Path, **values: object) -> None:
    file.write_text(json.dumps(json.loads(file.read_text(encoding="utf-8")) | values), encoding="utf-8")


def test_a_digest_covers_whatever_outputs_depend_on(given: Callable[[str], Path], tmp_path: Path) -> None:
    """Prefix, languages, config, settings of generation, tokenizer; not where or by which version it was written."""
    told: list[dict[str, str]] = [
        {},
        {"prefix": "a "},
        {"source_language": "zh_CN", "target_language": "en_XX"},
        {"source_language": "zh_CN", "target_language": "ro_RO"},
    ]
    found = []
    for n, one in enumerate(told):
        huggingface.import_huggingface(str(given("mbart")), tmp_path / str(n), **one)
        found.append(load(tmp_path / str(n)).digest)
    for name, values in {
        "config.json": {"scale_embedding": False},
        "generation_config.json": {"bad_words_ids": [[7]]},
        "tokenizer_config.json": {"do_lower_case": True},
    }.items():
        shutil.copytree(tmp_path / "0", tmp_path / name)
        edit(tmp_path / name / "model" / name, **values)
        found.append(load(tmp_path / name).digest)
    assert len(set(found)) == len(found) == 7
    shutil.copytree(given("mbart"), tmp_path / "elsewhere")
    edit(tmp_path / "elsewhere" / "config.json", transformers_version="0", _name_or_path="other")
    huggingface.import_huggingface(str(tmp_path / "elsewhere"), tmp_path / "same")
    assert load(tmp_path / "same").digest == load(tmp_path / "0@1.2").digest == found[0]


def test_a_mark_before_the_words_moves_no_link(brought: Callable[[str], Path]) -> None:
    """Links of gold tokens go to the words that they were drawn to, after the language that the source begins with."""
    found = load(brought("mbart50"))
    whole = cut(found.source, ["my", "sister", "rides"])
    assert whole is not None
    tokens, own, given = whole
    assert len(tokens) == len(own) and own[0] == (0, 0) and own[-1][0] == own[-1][1]
    text = "".join(tokens[1:-1])
    assert [text[a:b] for a, b in own[1:-1]] == tokens[1:-1] and text[slice(*given[0])] == "▁my"
