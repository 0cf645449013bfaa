"""JoeyNMT 2.3: a model directory (``config.yaml``, ``src_vocab.txt``, ``trg_vocab.txt``, ``*.ckpt``) to a checkpoint.

Both attentions use the current state, in Luong's order: ``luong`` is our ``general``, ``bahdanau`` our ``concat``. One
vector is the first state of every decoder layer, and its first cell state with an LSTM.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
import yaml
from torch import Tensor

from s2s.adapters import weights as conversion
from s2s.adapters.imported import Imported, Origin, Texts
from s2s.adapters.options import Options
from s2s.adapters.weights import Rows, Weights, zero_padded
from s2s.config import Config, ModelConfig, TextConfig
from s2s.errors import UserError, reason
from s2s.text.segmenters import SPACE

LIBRARY = "JoeyNMT"
SPECIALS = {"unk": (0, "<unk>"), "pad": (1, "<pad>"), "bos": (2, "<s>"), "eos": (3, "</s>")}
CUTS = {"word": "spaces", "char": "characters"}  # the library's levels; bpe is subword-nmt or SentencePiece


def read_joeynmt(paths: Sequence[Path], texts: Texts) -> Imported:
    """Read a model directory (its ``best.ckpt``), or one of its ``.ckpt`` files."""
    if len(paths) != 1:
        raise UserError("import_paths", library=LIBRARY, expected="DIR or DIR/N.ckpt")
    file, settings, *lists = input_files(paths[0])
    options = _options(settings)
    source, target = (_rows(words, options, side) for words, side in zip(lists, ("src", "trg"), strict=True))
    config = _config(options, texts)
    tensors = Weights.saved(file, LIBRARY, "model_state")
    weights = _convert(tensors, config.model, options, (source, target))
    tensors.finish()
    files = tuple(path.name for path in (options.file, source.file, target.file, file))
    origin = Origin(LIBRARY, str(options.get("joeynmt_version", "")), files, tuple(_notes(options, config)))
    return Imported(config, (source.vocab, target.vocab), weights, origin)


def input_files(path: Path) -> list[Path]:
    """The weights, the config and the two vocabularies of a model directory or a ``.ckpt`` file."""
    file = path if path.is_file() else path / "best.ckpt"
    return [file, *(file.parent / name for name in ("config.yaml", "src_vocab.txt", "trg_vocab.txt"))]


def _options(file: Path) -> Options:
    try:
        values = yaml.load(file.read_text(encoding="utf-8"), Plain)
    except OSError:
        raise UserError("file_missing", file=str(file)) from None
    except (yaml.YAMLError, ValueError, RecursionError, OverflowError) as error:  # ValueError: also a day 32
        raise UserError("import_broken", file=str(file), reason=reason(error)) from None
    if not isinstance(values, dict):
        raise UserError("import_broken", file=str(file), reason=type(values).__name__)
    return Options(file, values)


class Plain(yaml.SafeLoader):  # type: ignore[misc]  # the library has no types
    """YAML of plain values that refuses aliases: ten lines of them can stand for more values than there is memory."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """As the library's, for an event that is no alias."""
        if self.check_event(yaml.AliasEvent):
            raise yaml.composer.ComposerError(None, None, "aliases are not read", self.peek_event().start_mark)
        return super().compose_node(parent, index)


def _rows(file: Path, options: Options, side: str) -> Rows:
    """The tokens in the library's order: its special tokens first, listed in the file or not."""
    try:
        listed = (
            file.read_text(encoding="utf-8").removesuffix("\n").split("\n")
        )  # a token may contain other line separators
    except OSError:
        raise UserError("file_missing", file=str(file)) from None
    except UnicodeDecodeError as error:
        raise UserError("import_broken", file=str(file), reason=reason(error)) from None
    symbols = "data.special_symbols"
    named = {name: options.need(f"{symbols}.{name}_token", str, word) for name, (_, word) in SPECIALS.items()}
    tags = options.get(f"{symbols}.lang_tags", [])
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        raise UserError(
            "import_type", file=str(options.file), key=f"{symbols}.lang_tags", expected="list", found=repr(tags)[:80]
        )
    tokens = list(
        dict.fromkeys([*named.values(), *filter(None, [options.need(f"{symbols}.sep_token", str, ""), *tags]), *listed])
    )
    for name, (place, _) in SPECIALS.items():
        options.only(f"data.special_symbols.{name}_id", tokens.index(named[name]), default=place)
    if options.get(f"data.{side}.level") == "char":
        tokens = [SPACE if token == "▁" else token for token in tokens]
    return Rows(file, tokens, {f"<{name}>": tokens.index(word) for name, word in named.items()})


def _config(options: Options, texts: Texts) -> Config:
    """The config of the model. UserError for an option that our layers cannot compute."""
    for side, default in (("encoder", "recurrent"), ("decoder", "transformer")):
        options.recurrent(f"model.{side}.type", "recurrent", default=default)
    if not options.need("model.encoder.bidirectional", bool, True):
        raise UserError("import_one_direction", file=str(options.file), key="model.encoder.bidirectional", found=False)
    options.only("model.decoder.activation", "tanh", default="tanh")
    kind = options.recurrent("model.encoder.rnn_type", "gru", "lstm", default="gru")
    options.only("model.decoder.rnn_type", kind, default="gru")
    hidden = options.need("model.decoder.hidden_size", int)
    first = options.only("model.decoder.init_hidden", "bridge", "last", "zero", default="bridge")
    sizes = [options.need(f"model.{side}.embeddings.embedding_dim", int, 64) for side in ("encoder", _other(options))]
    model = ModelConfig(
        attention="general" if _attention(options) == "luong" else "concat",
        embedding_size=max(sizes),
        encoder_size=options.need("model.encoder.hidden_size", int),
        encoder_layers=options.need("model.encoder.num_layers", int, 1),
        decoder_size=hidden,
        decoder_layers=options.need("model.decoder.num_layers", int, 1),
        attention_size=hidden,
        input_feeding=options.need("model.decoder.input_feeding", bool, True),
        tied_embeddings=False,
        cell=kind,
        bridge="linear" if first == "last" else "tanh",
    )
    cuts = [texts.source or _cut(options, "src"), texts.target or _cut(options, "trg")]
    return Config(model=model, text=TextConfig(source=cuts[0], target=cuts[1], source_eos=True))


def _attention(options: Options) -> Any:
    return options.only("model.decoder.attention", "bahdanau", "luong", default="bahdanau")


def _other(options: Options) -> str:
    """The side whose embeddings the decoder reads."""
    return "encoder" if options.get("model.tied_embeddings", False) else "decoder"


def _cut(options: Options, side: str) -> str:
    level = options.get(f"data.{side}.level", "word")
    if level == "bpe":
        return "sentencepiece" if options.get(f"data.{side}.tokenizer_type") == "sentencepiece" else "bpe"
    return CUTS[options.only(f"data.{side}.level", "word", "char", "bpe", default="word")]


def _convert(tensors: Weights, m: ModelConfig, options: Options, rows: tuple[Rows, Rows]) -> dict[str, Tensor]:
    hidden, memory = m.decoder_size, 2 * m.encoder_size
    tables, sizes = [], []
    for name, side, listed in (("src", "encoder", rows[0]), ("trg", _other(options), rows[1])):
        size = options.need(f"model.{side}.embeddings.embedding_dim", int, 64)
        table = tensors.pop(f"{name}_embed.lut.weight", listed.size, size)
        if options.get(f"model.{side}.embeddings.scale", False):
            table = table * math.sqrt(size)
        tables.append(zero_padded(listed.reorder(table), len(listed.vocab), m.embedding_size))
        sizes.append(size)
    weights = {"encoder.embedding.weight": tables[0], "embedding.weight": tables[1]}
    weights |= conversion.convert_encoder(tensors, "encoder.rnn.", True, m, sizes[0])
    weights |= conversion.convert_decoder(tensors, "decoder.rnn.{part}_l{layer}", m, sizes[1])
    weights["decoder.attention.key.weight"] = tensors.pop("decoder.attention.key_layer.weight", hidden, memory)
    if m.attention == "concat":
        weights["decoder.attention.query.weight"] = tensors.pop("decoder.attention.query_layer.weight", hidden, hidden)
        weights["decoder.attention.v.weight"] = tensors.pop("decoder.attention.energy_layer.weight", 1, hidden)
    joint = tensors.pop("decoder.att_vector_layer.weight", hidden, hidden + memory)  # [state context]
    weights["decoder.readout.weight"] = torch.cat([joint[:, hidden:], joint[:, :hidden]], dim=1)
    weights["decoder.readout.bias"] = tensors.pop("decoder.att_vector_layer.bias", hidden)
    weights["output.weight"] = rows[1].reorder(tensors.pop("decoder.output_layer.weight", rows[1].size, hidden))
    weights["output.bias"] = torch.zeros(len(rows[1].vocab))
    return weights | _bridge(tensors, m, options)


def _bridge(tensors: Weights, m: ModelConfig, options: Options) -> dict[str, Tensor]:
    """The bridge's weights, repeated for every layer and for an LSTM's cells; the encoder's cells are not used."""
    hidden, memory, parts = m.decoder_size, 2 * m.encoder_size, 2 if m.cell == "lstm" else 1
    weight, bias = torch.zeros(hidden, memory), torch.zeros(hidden)
    match options.get("model.decoder.init_hidden", "bridge"):
        case "bridge":
            weight = tensors.pop("decoder.bridge_layer.weight", hidden, memory)
            bias = tensors.pop("decoder.bridge_layer.bias", hidden)
        case "last" if hidden in (memory, m.encoder_size):  # both directions, or the forward one
            weight = torch.eye(hidden, memory)
        case "last":
            raise UserError(
                "import_option",
                file=str(options.file),
                key="model.decoder.hidden_size",
                found=hidden,
                expected=f"{memory} / {m.encoder_size}",
            )
    weight = zero_padded(weight, hidden, parts * memory).repeat(parts * m.decoder_layers, 1)
    return {"bridge.weight": weight, "bridge.bias": bias.repeat(parts * m.decoder_layers)}


def _notes(options: Options, config: Config) -> list[str]:
    score = {"bahdanau": "additive score of the current state, here `concat`", "luong": "here `general`"}
    first = options.get("model.decoder.init_hidden", "bridge")
    notes = [
        f"Attention `{_attention(options)}`: {score[_attention(options)]}.",
        "The source is read with `<eos>` at its end, a column of its own in the heatmap.",
        f"First state `{first}`: the same vector for every decoder layer"
        + (" and its cell." if config.model.cell == "lstm" else "."),
        "The columns of the readout are exchanged to [context; state]; the output layer has no bias, here zeros.",
        "The four special tokens of the vocabularies come first; all other words keep their order.",
    ]
    for side in ("src", "trg"):
        for key in ("lowercase", "normalize", "pretokenizer"):
            value = options.get(f"data.{side}.{key}", options.get(f"data.{side}.tokenizer_cfg.{key}"))
            if value not in (None, False, "none"):
                notes.append(f"JoeyNMT preprocesses the {side} side with `{key}: {value}`; type preprocessed text.")
        if options.get(f"data.{side}.level") == "bpe":
            notes.append(f"The {side} side is read as subwords: type them separated by spaces.")
    if not options.get("testing.generate_unk", True):
        notes.append("The search of JoeyNMT never outputs `<unk>` (`generate_unk: false`); here it can be output.")
    return notes
