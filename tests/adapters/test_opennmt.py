"""OpenNMT-py's file becomes a model with the numbers of its decoder, written here a second time; or is refused."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from s2s.adapters import READERS, Texts
from s2s.adapters.imported import write_imported
from s2s.checkpoint.open import load
from s2s.decode.decode import trace
from s2s.errors import UserError
from tests.adapters.crafted import State, Steps, filled, named, parts, recurrent, unroll

WORDS = ["<unk>", "<blank>", "<s>", "</s>", "a", "b", "c", "d"]
SOURCE, TARGET = ["b", "a", "zz", "d"], ["c", "zz", "a"]
SIZE = 6
VARIANTS: dict[str, dict[str, Any]] = {
    "general": {},
    "general, one direction": {"encoder_type": "rnn", "enc_layers": 2, "dec_layers": 2, "input_feed": 0},
    "dot": {"global_attention": "dot", "rnn_type": "GRU"},
    "dot, one direction": {"global_attention": "dot", "encoder_type": "rnn"},
    "mlp": {"global_attention": "mlp", "rnn_type": "GRU", "input_feed": 0},
    "mlp, one direction, deep": {"global_attention": "mlp", "encoder_type": "rnn", "enc_layers": 3, "dec_layers": 2},
}


def options(**chosen: Any) -> argparse.Namespace:
    """What the library saves of its options, as far as they make the model."""
    sizes = {"layers": -1, "enc_layers": 1, "dec_layers": 1, "hidden_size": SIZE, "enc_hid_size": 500}
    words = {"word_vec_size": -1, "src_word_vec_size": 2, "tgt_word_vec_size": 4}
    off = {"bridge": False, "copy_attn": False, "coverage_attn": False, "context_gate": None, "lora_layers": []}
    kinds = {"encoder_type": "brnn", "decoder_type": "rnn", "rnn_type": "LSTM", "global_attention": "general"}
    return argparse.Namespace(**sizes | words | off | kinds | {"input_feed": 1, **chosen})


def state(opt: argparse.Namespace) -> State:
    """Random weights under the library's names, the generator's too."""
    both, gates, kind = opt.encoder_type == "brnn", 3 if opt.rnn_type == "GRU" else 4, opt.rnn_type.lower()
    lookup = "embeddings.make_embedding.emb_luts.0."
    made = named(f"encoder.{lookup}", nn.Embedding(8, 2)) | named(f"decoder.{lookup}", nn.Embedding(8, 4))
    made |= named("encoder.rnn.", recurrent(kind, 2, SIZE // 2 if both else SIZE, opt.enc_layers, both))
    if opt.input_feed:
        for layer in range(opt.dec_layers):
            cell = nn.GRUCell if gates == 3 else nn.LSTMCell
            made |= named(f"decoder.rnn.layers.{layer}.", cell(SIZE if layer else 4 + SIZE, SIZE))
    else:
        made |= named("decoder.rnn.", recurrent(kind, 4, SIZE, opt.dec_layers, False))
    biased = opt.global_attention == "mlp"
    made |= named("decoder.attn.linear_out.", nn.Linear(2 * SIZE, SIZE, bias=biased)) | named(
        "generator.", nn.Linear(SIZE, 8)
    )
    if opt.global_attention == "general":
        made |= named("decoder.attn.linear_in.", nn.Linear(SIZE, SIZE, bias=False))
    if biased:
        made |= named("decoder.attn.linear_context.", nn.Linear(SIZE, SIZE, bias=False))
        made |= named("decoder.attn.linear_query.", nn.Linear(SIZE, SIZE))
        made |= named("decoder.attn.v.", nn.Linear(SIZE, 1, bias=False))
    return made


def save(file: Path, opt: argparse.Namespace, weights: State, beside: bool = False, **vocab: Any) -> Path:
    """The library's file; ``beside``: with the weights in safetensors."""
    words = {"src": WORDS, "tgt": WORDS, "data_task": "seq2seq", "decoder_start_token": "<s>", **vocab}
    saved: dict[str, Any] = {"vocab": words, "opt": opt, "optim": {"training_step": 1}}
    if beside:
        save_file(weights, file.with_suffix(".safetensors"))
    else:
        output = {name: w for name, w in weights.items() if name.startswith("generator.")}
        saved["model"] = {name: w for name, w in weights.items() if name not in output}
        saved["generator"] = {name.removeprefix("generator."): w for name, w in output.items()}
    torch.save(saved, file)
    return file


@torch.no_grad()
def numbers(opt: argparse.Namespace, weights: State) -> Steps:
    """The library's computation for ``SOURCE``, ``TARGET`` forced."""
    both, kind = opt.encoder_type == "brnn", opt.rnn_type.lower()
    source, read = ([WORDS.index(w) if w in WORDS else 0 for w in words] for words in (SOURCE, ["<s>", *TARGET]))
    lookup = "embeddings.make_embedding.emb_luts.0.weight"
    encoder = filled(recurrent(kind, 2, SIZE // 2 if both else SIZE, opt.enc_layers, both), weights, "encoder.rnn.")
    memory_SH, ends = encoder(weights[f"encoder.{lookup}"][source])
    hidden = [torch.cat([end[0::2], end[1::2]], dim=1) if both else end for end in parts(ends)]
    hidden = [end[: opt.dec_layers].unsqueeze(1) for end in hidden]
    attn = {name.removeprefix("decoder.attn."): w for name, w in weights.items() if ".attn." in name}

    def look(query: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        scores = memory_SH @ query
        if opt.global_attention == "general":
            scores = memory_SH @ (attn["linear_in.weight"] @ query)
        if opt.global_attention == "mlp":
            projected = attn["linear_query.weight"] @ query + attn["linear_query.bias"]
            scores = torch.tanh(projected + memory_SH @ attn["linear_context.weight"].t()) @ attn["v.weight"][0]
        row = scores.softmax(0)
        joint = attn["linear_out.weight"] @ torch.cat([row @ memory_SH, query])
        return row, joint + attn["linear_out.bias"] if opt.global_attention == "mlp" else joint.tanh()

    rnn = recurrent(kind, 4 + SIZE * opt.input_feed, SIZE, opt.dec_layers, False)
    under = {re.sub(r"layers\.(\d)\.(\w+)", r"\2_l\1", name): w for name, w in weights.items()}
    filled(rnn, under, "decoder.rnn.")
    table, fed = weights[f"decoder.{lookup}"], torch.zeros(SIZE) if opt.input_feed else None
    output, bias = weights["generator.weight"], weights["generator.bias"]
    return unroll(rnn, lambda i: table[i], read, hidden, fed, look, lambda readout: output @ readout + bias)


@pytest.mark.parametrize("variant", VARIANTS)
def test_numbers_are_those_of_the_decoder(tmp_path: Path, variant: str) -> None:
    opt = options(**VARIANTS[variant])
    weights = state(opt)
    file = save(tmp_path / "model.pt", opt, weights, beside="dot" in variant)
    imported = READERS["opennmt"]([file], Texts())
    assert imported.origin.directions == (1 if "one direction" in variant else 2)
    write_imported(imported, tmp_path / "ours")
    run = trace(load(tmp_path / "ours"), " ".join(SOURCE), " ".join(TARGET), "forced", top=len(WORDS))
    assert run.source_tokens == tuple(SOURCE) and run.source_unknown == (2,)
    attention, log_probs = numbers(opt, weights)
    np.testing.assert_allclose(run.attention_TS, torch.stack(attention), atol=1e-5)
    names = {"<s>": "<bos>", "</s>": "<eos>", "<blank>": "<pad>"}
    for step, theirs in zip(run.steps, log_probs, strict=True):
        ours = {scored.token: scored.log_prob for scored in step.top}
        np.testing.assert_allclose([ours[names.get(word, word)] for word in WORDS], theirs, atol=1e-4)


def test_a_special_that_the_library_lacks_is_never_said(tmp_path: Path) -> None:
    opt = options()
    words = ["<s>", "</s>", "<unk>", "a", "b", "c", "d", "e"]
    write_imported(
        READERS["opennmt"]([save(tmp_path / "m.pt", opt, state(opt), tgt=words)], Texts()), tmp_path / "ours"
    )
    checkpoint = load(tmp_path / "ours")
    run = trace(checkpoint, "a b", top=9)
    assert len(checkpoint.target.vocab) == 9
    assert all(step.top[-1].token == "<pad>" and np.exp(step.top[-1].log_prob) == 0 for step in run.steps)
    assert all(abs(np.exp([s.log_prob for s in step.top]).sum() - 1) < 1e-5 for step in run.steps)


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "transformer": ({"encoder_type": "transformer"}, "encoder_type is 'transformer'.*brnn / rnn"),
    "sru": ({"rnn_type": "SRU"}, "rnn_type is 'SRU'.*LSTM / GRU"),
    "copy attention": ({"copy_attn": True}, "copy_attn is True, which the models here cannot compute"),
    "coverage": ({"coverage_attn": True}, "coverage_attn is True"),
    "context gate": ({"context_gate": "both"}, "context_gate is 'both'"),
    "bridge": ({"bridge": True}, "bridge is True"),
    "sparsemax": ({"global_attention_function": "sparsemax"}, "global_attention_function is 'sparsemax'.*softmax"),
    "no attention": ({"global_attention": "none"}, "global_attention is 'none'.*dot / general / mlp"),
    "adapters": ({"lora_layers": ["linear"]}, "lora_layers is"),
    "features": ({"vocab": {"src_feats": [["x"]]}}, "src_feats"),
    "no end": ({"vocab": {"tgt": WORDS[:3]}}, "</s> is missing from the target vocabulary"),
    "one word for two": ({"vocab": {"decoder_start_token": "</s>"}}, "four different words"),
    "another size": ({"hidden_size": -1, "enc_hid_size": 4, "dec_hid_size": 6}, "dec_hid_size is 6.*4"),
    "a language model": ({"model_task": "lm"}, "model_task is 'lm'"),
    "no vocabulary": ({"vocab": {"src": "abc"}}, r"not a file that OpenNMT-py saves: vocab\.src is missing"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_ours_is_refused_with_a_sentence(tmp_path: Path, case: str) -> None:
    chosen, sentence = REFUSED[case]
    opt, weights = options(**{key: value for key, value in chosen.items() if key != "vocab"}), state(options())
    file = save(tmp_path / "model.pt", opt, weights, **chosen.get("vocab", {}))
    with pytest.raises(UserError, match=sentence) as caught:
        READERS["opennmt"]([file], Texts())
    assert re.search("[\u4e00-\u9fff]", caught.value.say("zh"))


@pytest.mark.parametrize("change", [lambda w: w.pop("generator.bias"), lambda w: w.update(more=torch.zeros(2))])
def test_every_weight_is_there_and_none_is_left(tmp_path: Path, change: Callable[[State], object]) -> None:
    weights = state(opt := options())
    change(weights)
    with pytest.raises(UserError, match=r"weight generator\.bias is missing|does not have: more"):
        READERS["opennmt"]([save(tmp_path / "model.pt", opt, weights)], Texts())
    with pytest.raises(UserError, match=r"Cannot read .*model\.safetensors"):
        file = save(tmp_path / "model.pt", opt, weights, beside=True)
        file.with_suffix(".safetensors").unlink()
        READERS["opennmt"]([file], Texts())
