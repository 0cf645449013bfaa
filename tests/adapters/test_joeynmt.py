"""JoeyNMT's files become a model with the numbers of its decoder, written here a second time; or are refused."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from torch import nn

from s2s.adapters import READERS, Texts, joeynmt
from s2s.adapters.imported import write_imported
from s2s.adapters.options import Options
from s2s.checkpoint.open import load
from s2s.decode.decode import trace
from s2s.errors import UserError
from tests.adapters.crafted import State, Steps, filled, named, parts, recurrent, unroll

WORDS = ["<unk>", "<pad>", "<s>", "</s>", "a", "b", "c", "d"]
SOURCE, TARGET = ["b", "a", "zz", "d"], ["c", "zz", "a"]
VARIANTS: dict[str, dict[str, Any]] = {
    "bahdanau": {},
    "bahdanau, LSTM, deep": {"rnn_type": "lstm", "num_layers": 2},
    "luong": {"attention": "luong"},
    "luong, not fed": {"attention": "luong", "input_feeding": False, "num_layers": 2},
    "last": {"init_hidden": "last", "hidden_size": 6},
    "forward alone": {"init_hidden": "last", "hidden_size": 3, "rnn_type": "lstm", "num_layers": 2},
    "zero, LSTM": {"init_hidden": "zero", "rnn_type": "lstm"},
    "tied": {"tied": True, "hidden_size": 4},
}


def configuration(**options: Any) -> dict[str, Any]:
    """A ``config.yaml`` of small sizes; the options are the decoder's."""
    tied = options.pop("tied", False)
    kind = options.get("rnn_type", "gru")
    encoder = {"type": "recurrent", "rnn_type": kind, "hidden_size": 3, "num_layers": 2, "bidirectional": True}
    decoder = {"type": "recurrent", "hidden_size": 5, "num_layers": 1, "attention": "bahdanau", **options}
    encoder["embeddings"] = {"embedding_dim": 4, "scale": True}
    decoder["embeddings"] = {"embedding_dim": 2}
    model = {"encoder": encoder, "decoder": decoder, "tied_embeddings": tied, "tied_softmax": tied}
    return {"joeynmt_version": "2.3.0", "data": {"src": {"lang": "x"}, "trg": {"lang": "y"}}, "model": model}


def state(values: dict[str, Any]) -> State:
    """Random weights under the library's names."""
    encoder, decoder = values["model"]["encoder"], values["model"]["decoder"]
    size, width, memory = decoder["hidden_size"], 4 if values["model"]["tied_embeddings"] else 2, 6
    fed = size if decoder.get("input_feeding", True) else 0
    made = named("src_embed.lut.", nn.Embedding(len(WORDS), 4))
    made |= named("trg_embed.lut.", nn.Embedding(len(WORDS), width))
    made |= named("encoder.rnn.", recurrent(encoder["rnn_type"], 4, 3, 2, True))
    made |= named("decoder.rnn.", recurrent(encoder["rnn_type"], width + fed, size, decoder["num_layers"], False))
    made |= named("decoder.att_vector_layer.", nn.Linear(size + memory, size))
    made |= named("decoder.output_layer.", nn.Linear(size, len(WORDS), bias=False))
    made |= named("decoder.attention.key_layer.", nn.Linear(memory, size, bias=False))
    if decoder["attention"] == "bahdanau":
        made |= named("decoder.attention.query_layer.", nn.Linear(size, size, bias=False))
        made |= named("decoder.attention.energy_layer.", nn.Linear(size, 1, bias=False))
    if decoder.get("init_hidden", "bridge") == "bridge":
        made |= named("decoder.bridge_layer.", nn.Linear(memory, size))
    if values["model"]["tied_embeddings"]:
        made["trg_embed.lut.weight"] = made["decoder.output_layer.weight"] = made["src_embed.lut.weight"]
    return made


def save(directory: Path, values: dict[str, Any], weights: State, words: list[str] = WORDS) -> Path:
    """The library's model directory."""
    directory.mkdir()
    (directory / "config.yaml").write_text(yaml.safe_dump(values), encoding="utf-8")
    for side in ("src", "trg"):
        (directory / f"{side}_vocab.txt").write_text("\n".join(words) + "\n", encoding="utf-8")
    torch.save({"model_state": weights, "stats_state": {"best": np.float64(1.5)}}, directory / "best.ckpt")
    return directory


@torch.no_grad()
def numbers(values: dict[str, Any], weights: State) -> Steps:
    """The library's computation for ``SOURCE`` and its ``</s>``, ``TARGET`` forced."""
    decoder, kind = values["model"]["decoder"], values["model"]["encoder"]["rnn_type"]
    size, layers, first = decoder["hidden_size"], decoder["num_layers"], decoder.get("init_hidden", "bridge")
    ids = [WORDS.index(word) if word in WORDS else 0 for word in [*SOURCE, "</s>"]]
    shared = math.sqrt(4) if values["model"]["tied_embeddings"] else 1.0
    encoder = filled(recurrent(kind, 4, 3, 2, True), weights, "encoder.rnn.")
    memory, ends = encoder((weights["src_embed.lut.weight"][ids] * math.sqrt(4)).unsqueeze(0))
    final = torch.cat([parts(ends)[0][-2, 0], parts(ends)[0][-1, 0]])
    start = torch.zeros(size)
    if first == "bridge":
        start = torch.tanh(weights["decoder.bridge_layer.weight"] @ final + weights["decoder.bridge_layer.bias"])
    elif first == "last":
        start = final[:size]
    keys = memory[0] @ weights["decoder.attention.key_layer.weight"].t()

    def look(query: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        scores = keys @ query
        if decoder["attention"] == "bahdanau":
            projected = weights["decoder.attention.query_layer.weight"] @ query
            scores = torch.tanh(projected + keys) @ weights["decoder.attention.energy_layer.weight"][0]
        row = scores.softmax(0)
        joint = torch.cat([query, row @ memory[0]])
        layer = "decoder.att_vector_layer."
        return row, torch.tanh(weights[f"{layer}weight"] @ joint + weights[f"{layer}bias"])

    fed = torch.zeros(size) if decoder.get("input_feeding", True) else None
    table = weights["trg_embed.lut.weight"]
    width = table.size(1) + (0 if fed is None else size)
    rnn = filled(recurrent(kind, width, size, layers, False), weights, "decoder.rnn.")
    read = [WORDS.index(word) if word in WORDS else 0 for word in ["<s>", *TARGET]]
    hidden = (start.expand(layers, 1, size).contiguous(),) * (2 if kind == "lstm" else 1)
    output = weights["decoder.output_layer.weight"]
    return unroll(rnn, lambda i: table[i] * shared, read, hidden, fed, look, lambda readout: output @ readout)


@pytest.mark.parametrize("variant", VARIANTS)
def test_numbers_are_those_of_the_decoder(tmp_path: Path, variant: str) -> None:
    values = configuration(**VARIANTS[variant])
    weights = state(values)
    write_imported(READERS["joeynmt"]([save(tmp_path / "theirs", values, weights)], Texts()), tmp_path / "ours")
    checkpoint = load(tmp_path / "ours")
    run = trace(checkpoint, " ".join(SOURCE), " ".join(TARGET), "forced", top=len(WORDS))
    assert run.source_tokens == (*SOURCE, "<eos>") and run.source_unknown == (2,)
    attention, log_probs = numbers(values, weights)
    np.testing.assert_allclose(run.attention_TS, torch.stack(attention), atol=1e-5)
    names = {"<s>": "<bos>", "</s>": "<eos>"}
    for step, theirs in zip(run.steps, log_probs, strict=True):
        ours = {scored.token: scored.log_prob for scored in step.top}
        np.testing.assert_allclose([ours[names.get(word, word)] for word in WORDS], theirs, atol=1e-4)


def test_specials_where_the_configuration_puts_them_and_letters(tmp_path: Path) -> None:
    values = configuration()
    symbols = {"unk_id": 3, "pad_id": 1, "bos_id": 2, "eos_id": 0, "eos_token": "END"}
    values["data"] |= {"special_symbols": symbols, "src": {"level": "char"}}
    with pytest.raises(UserError, match=r"special_symbols.unk_id is 3"):  # the library puts unk, pad, bos, eos first
        READERS["joeynmt"]([save(tmp_path / "other", values, state(values))], Texts())
    values["data"]["special_symbols"] = {"eos_token": "END", "lang_tags": ["<de>"]}
    words = ["<unk>", "<pad>", "<s>", "END", "<de>", "▁", "a", "b"]
    imported = READERS["joeynmt"]([save(tmp_path / "letters", values, state(values), words)], Texts(target="bpe"))
    assert imported.vocabs[0].tokens == ("<pad>", "<unk>", "<bos>", "<eos>", "<de>", "␣", "a", "b")
    assert (imported.config.text.source, imported.config.text.target) == ("characters", "bpe")
    assert imported.config.text.source_eos and not imported.config.text.source_bos
    rows = imported.weights["output.weight"]
    torch.testing.assert_close(rows[3], state(values)["decoder.output_layer.weight"][3])  # END


def drop(name: str) -> Callable[[dict[str, Any], State], object]:
    return lambda values, weights: weights.pop(name)


def put(path: str, value: object) -> Callable[[dict[str, Any], State], object]:
    def change(values: dict[str, Any], weights: State) -> None:
        *way, last = path.split(".")
        for key in way:
            values = values[key]
        values[last] = value

    return change


REFUSED: dict[str, tuple[Callable[[dict[str, Any], State], object], str]] = {
    "transformer": (put("model.encoder.type", "transformer"), "model.encoder.type is 'transformer'"),
    "one direction": (put("model.encoder.bidirectional", False), "bidirectional is False"),
    "activation": (put("model.decoder.activation", "relu"), "model.decoder.activation is 'relu'.*tanh"),
    "attention": (put("model.decoder.attention", "dot"), "model.decoder.attention is 'dot'.*bahdanau / luong"),
    "two kinds of cell": (put("model.decoder.rnn_type", "lstm"), "model.decoder.rnn_type is 'lstm'.*gru"),
    "no size": (put("model.decoder.hidden_size", None), "config.yaml has no entry model.decoder.hidden_size"),
    "a size in words": (put("model.encoder.num_layers", "two"), "num_layers should be of type int, but is 'two'"),
    "too small": (put("model.decoder.init_hidden", "last"), "model.decoder.hidden_size is 5.*6 / 3"),
    "missing": (drop("decoder.output_layer.weight"), "weight decoder.output_layer.weight is missing from .*best.ckpt"),
    "shape": (put("model.encoder.hidden_size", 4), r"weight encoder.rnn.weight_ih_l0 .*\(12, 4\), but has \(9, 4\)"),
    "left": (lambda _, w: w.update(extra=torch.zeros(1)), "does not have: extra"),
    "infinite": (lambda _, w: w["decoder.output_layer.weight"].fill_(torch.inf), "infinite or undefined"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_ours_is_refused_with_a_sentence(tmp_path: Path, case: str) -> None:
    change, sentence = REFUSED[case]
    values = configuration()
    weights = state(values)
    change(values, weights)
    with pytest.raises(UserError, match=sentence) as caught:
        READERS["joeynmt"]([save(tmp_path / "theirs", values, weights)], Texts())
    assert re.search("[\u4e00-\u9fff]", caught.value.say("zh"))


class Bomb:
    """Unpickled, it leaves a file."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.file,)


def test_a_checkpoint_that_would_execute_something_is_refused(tmp_path: Path) -> None:
    directory = save(tmp_path / "theirs", values := configuration(), state(values))
    torch.save({"model_state": Bomb(tmp_path / "went off")}, directory / "best.ckpt")
    with pytest.raises(UserError, match="could run code"):
        READERS["joeynmt"]([directory], Texts())
    assert not (tmp_path / "went off").exists()
    (directory / "config.yaml").write_text("!!python/object/apply:os.getcwd []", encoding="utf-8")
    with pytest.raises(UserError, match=r"config.yaml cannot be read"):
        READERS["joeynmt"]([directory], Texts())
    (directory / "best.ckpt").write_bytes(b"not a checkpoint")
    (directory / "config.yaml").write_text(yaml.safe_dump(values), encoding="utf-8")
    with pytest.raises(UserError, match=r"best.ckpt"):
        READERS["joeynmt"]([directory], Texts())
    (directory / "best.ckpt").unlink()
    with pytest.raises(UserError, match=r"Cannot read .*best.ckpt"):
        READERS["joeynmt"]([directory], Texts())


def test_a_word_of_the_list_may_be_a_line_separator(tmp_path: Path) -> None:
    """Only a newline ends a line: cut at U+2028, every later word would have the next one's weights."""
    file = tmp_path / "src_vocab.txt"
    words = ["a", "\u2028", "\x85b", "c\x1cd"]
    file.write_text("\n".join(words) + "\n", encoding="utf-8", newline="\n")
    rows = joeynmt._rows(file, Options(tmp_path / "config.yaml", {}), "src")
    assert list(rows.vocab.tokens[-4:]) == words
