"""OpenNMT-py 3: a saved model (``*.pt``, with its weights inside or in ``*.safetensors`` beside it) to a checkpoint.

All attentions use the current state, in Luong's order: ``dot``, ``general`` and ``mlp``, an additive score with a bias
and a readout without tanh. Each decoder layer starts from the last states of the encoder layer of the same index.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import safetensors
import torch
from safetensors.torch import load_file
from torch import Tensor

from s2s.adapters import weights as conversion
from s2s.adapters.imported import Imported, Origin, Texts
from s2s.adapters.options import Options
from s2s.adapters.weights import Rows, Weights, zero_padded
from s2s.config import Config, ModelConfig, TextConfig
from s2s.errors import UserError, reason

LIBRARY = "OpenNMT-py"
SPECIALS = {"<pad>": "<blank>", "<unk>": "<unk>", "<bos>": "<s>", "<eos>": "</s>"}
BESIDE = ".safetensors"  # suffix of the file that holds the weights if the .pt file does not
# Options that must be off: each adds a computation.
OFF = ("bridge", "copy_attn", "coverage_attn", "position_encoding", "lora_embedding")


def read_opennmt(paths: Sequence[Path], texts: Texts) -> Imported:
    """Read one ``.pt`` file."""
    if len(paths) != 1:
        raise UserError("import_paths", library=LIBRARY, expected="MODEL.pt")
    file = paths[0]
    state = conversion.load_pickled_weights(file)
    opt = state.get("opt")
    if not isinstance(opt, argparse.Namespace):
        raise UserError("import_not_model", file=str(file), library=LIBRARY, key="opt")
    options = Options(file, vars(opt))
    words = conversion.required_table(state, file, LIBRARY, "vocab")
    source, target = (_rows(file, words, side) for side in ("src", "tgt"))
    config = _config(options, words, texts)
    tensors = _weights(file, state)
    weights = _convert(tensors, config.model, options, (source, target))
    tensors.finish()
    files = tuple(dict.fromkeys([file.name, tensors.file.name]))
    directions = 2 if options.get("encoder_type") == "brnn" else 1
    origin = Origin(LIBRARY, "", files, tuple(_notes(options)), directions)
    return Imported(config, (source.vocab, target.vocab), weights, origin)


def _weights(file: Path, state: dict[str, Any]) -> Weights:
    """The tensors of the file, or of the safetensors file of the same name."""
    if "model" in state:
        output = conversion.required_table(state, file, LIBRARY, "generator")
        names = {f"generator.{name.removeprefix('0.')}": tensor for name, tensor in output.items()}
        return Weights(file, conversion.required_table(state, file, LIBRARY, "model") | names)
    beside = file.with_suffix(BESIDE)
    try:
        return Weights(beside, load_file(beside))
    except OSError:
        raise UserError("file_missing", file=str(beside)) from None
    except safetensors.SafetensorError as error:
        raise UserError("weights_broken", file=str(beside), reason=reason(error)) from None


def _rows(file: Path, words: dict[str, Any], side: str) -> Rows:
    tokens = words.get(side)
    if not isinstance(tokens, list) or not all(isinstance(token, str) for token in tokens):
        raise UserError("import_not_model", file=str(file), library=LIBRARY, key=f"vocab.{side}")
    names = dict(SPECIALS)
    if side == "tgt":
        names["<bos>"] = words.get("decoder_start_token", names["<bos>"])
    indices = {ours: tokens.index(theirs) if theirs in tokens else None for ours, theirs in names.items()}
    for special in ("<bos>", "<eos>") if side == "tgt" else ():
        if indices[special] is None:
            raise UserError("import_no_special", file=str(file), token=names[special])
    return Rows(file, tokens, indices)


def _config(options: Options, words: dict[str, Any], texts: Texts) -> Config:
    """The config of the model. UserError for an option that our layers cannot compute."""
    both = options.recurrent("encoder_type", "brnn", "rnn", default="rnn") == "brnn"
    options.recurrent("decoder_type", "rnn", "ifrnn", default="rnn")
    options.recurrent("model_task", "seq2seq", default="seq2seq")
    cell = options.recurrent("rnn_type", "LSTM", "GRU", default="LSTM").lower()
    for key in OFF:
        options.only(key, False, default=False)
    options.only("context_gate", None)
    options.only("global_attention_function", "softmax", default="softmax")
    options.only("generator_function", "softmax", default="softmax")
    for key in ("lora_layers", "quant_layers", "src_feats"):
        options.only(key, None, [], (), {}, "", default=None)
    if "src_feats" in words:
        raise UserError("import_option", file=str(options.file), key="vocab.src_feats", found="[…]", expected="–")
    kind = options.only("global_attention", "dot", "general", "mlp", default="general")
    hidden, layers = _size(options, "enc_hid_size", "hidden_size"), _size(options, "dec_layers", "layers")
    options.only("dec_hid_size", hidden) if options.get("hidden_size", -1) <= 0 else None
    model = ModelConfig(
        attention={"mlp": "concat", "dot": "dot" if both else "general"}.get(kind, "general"),
        embedding_size=max(_size(options, f"{side}_word_vec_size", "word_vec_size") for side in ("src", "tgt")),
        encoder_size=hidden // 2 if both else hidden,
        encoder_layers=_size(options, "enc_layers", "layers"),
        decoder_size=hidden,
        decoder_layers=layers,
        attention_size=hidden,
        input_feeding=options.get("decoder_type") == "ifrnn" or bool(options.get("input_feed", 1)),
        tied_embeddings=False,
        cell=cell,
        bridge="copy",
        readout="linear" if kind == "mlp" else "tanh",
        attention_bias=kind == "mlp",
    )
    return Config(model=model, text=TextConfig(source=texts.source or "spaces", target=texts.target or "spaces"))


def _size(options: Options, key: str, over: str) -> int:
    """A size; the option ``over``, for both sides, takes precedence over the side's own."""
    both = options.need(over, int, -1)
    return both if both > 0 else options.need(key, int)


def _convert(tensors: Weights, m: ModelConfig, options: Options, rows: tuple[Rows, Rows]) -> dict[str, Tensor]:
    hidden, memory, both = m.decoder_size, 2 * m.encoder_size, options.get("encoder_type") == "brnn"
    tables, sizes = [], []
    for name, side, listed in (("encoder", "src", rows[0]), ("decoder", "tgt", rows[1])):
        size = _size(options, f"{side}_word_vec_size", "word_vec_size")
        table = tensors.pop(f"{name}.embeddings.make_embedding.emb_luts.0.weight", listed.size, size)
        tables.append(zero_padded(listed.reorder(table), len(listed.vocab), m.embedding_size))
        sizes.append(size)
    weights = {"encoder.embedding.weight": tables[0], "embedding.weight": tables[1]}
    weights |= conversion.convert_encoder(tensors, "encoder.rnn.", both, m, sizes[0])
    cells = "decoder.rnn.layers.{layer}.{part}" if m.input_feeding else "decoder.rnn.{part}_l{layer}"
    weights |= conversion.convert_decoder(tensors, cells, m, sizes[1])
    if m.attention == "concat":
        key = tensors.pop("decoder.attn.linear_context.weight", hidden, hidden)
        weights["decoder.attention.query.weight"] = tensors.pop("decoder.attn.linear_query.weight", hidden, hidden)
        weights["decoder.attention.query.bias"] = tensors.pop("decoder.attn.linear_query.bias", hidden)
        weights["decoder.attention.v.weight"] = tensors.pop("decoder.attn.v.weight", 1, hidden)
    elif options.get("global_attention", "general") == "dot":
        key = torch.eye(hidden)
    else:  # the library multiplies the decoder's state: h_s (W h_t) = h_t (W^T h_s)
        key = tensors.pop("decoder.attn.linear_in.weight", hidden, hidden).t()
    if m.attention != "dot":
        weights["decoder.attention.key.weight"] = zero_padded(key, hidden, memory)
    joint = tensors.pop("decoder.attn.linear_out.weight", hidden, 2 * hidden)  # [context state]
    context, state = joint[:, :hidden], joint[:, hidden:]
    weights["decoder.readout.weight"] = torch.cat([zero_padded(context, hidden, memory), state], dim=1)
    bias = tensors.pop("decoder.attn.linear_out.bias", hidden) if m.attention == "concat" else torch.zeros(hidden)
    weights["decoder.readout.bias"] = bias
    output = (
        tensors.pop("generator.weight", rows[1].size, hidden),
        tensors.pop("generator.bias", rows[1].size),
    )
    weights["output.weight"] = rows[1].reorder(output[0])
    weights["output.bias"] = rows[1].reorder(output[1], conversion.NEVER)
    return weights


def _notes(options: Options) -> list[str]:
    kind, both = options.get("global_attention", "general"), options.get("encoder_type") == "brnn"
    score = {
        "mlp": "the additive score of the current state, here `concat` with a bias; its readout is linear",
        "general": "here `general`, its weight transposed",
        "dot": "here `dot`" if both else "here `general` with the identity as its weight",
    }
    notes = [
        f"Attention `{kind}`: {score[kind]}.",
        'Each decoder layer starts from the last states of the encoder layer beside it (`bridge = "copy"`).',
        "The four special tokens of the vocabularies come first; all other words keep their order.",
        "As in the library, the text is read as words separated by spaces; its transforms are not applied.",
    ]
    if not both:
        notes.append("The encoder has one direction; here the weights and states of the other direction are zero.")
    return notes
