"""The model of TensorFlow's tutorial "nmt with attention" in its classic form, which many courses copy.

``Encoder``: Embedding, GRU, perhaps Bidirectional. ``BahdanauAttention``: ``v·tanh(W s + U h)``, all Dense with biases,
from the decoder's last state. ``Decoder``: ``[context; embedded]`` to a GRU, its output to a Dense of the vocabulary.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from s2s.adapters import arrays, keras_config, wordlist
from s2s.adapters.imported import Imported, ImportOptions, Origin
from s2s.adapters.keras_layers import Layer, Roles, assign_roles, group_layers
from s2s.adapters.weights import NEVER, Rows, zero_padded
from s2s.adapters.wordlist import WordList
from s2s.config import Config, ModelConfig, TextConfig
from s2s.errors import UserError
from s2s.text.keras_tokenizer import KerasConfig
from s2s.text.segmenters import SEGMENTERS, SPACE
from s2s.text.vocab import FILL, SPECIALS, Vocab

MARKS = (
    *(("<start>", "<end>"), ("<START>", "<STOP>"), ("<START>", "<END>"), ("<s>", "</s>"), ("[START]", "[END]")),
    *(("<bos>", "<eos>"), ("<BOS>", "<EOS>"), ("<sos>", "<eos>"), ("<SOS>", "<EOS>"), ("<GO>", "<EOS>")),
)
# The same marks after the Tokenizer's filters.
BARE = (("start", "end"), ("startseq", "endseq"), ("sos", "eos"), ("bos", "eos"))
UNKNOWN = ("<unk>", "<UNK>", "[UNK]", "<OOV>", "<oov>")
EMBEDDINGS = ("encoder.embedding", "decoder.embedding")
SUFFIX = re.compile(r"(\.weights)?\.(h5|hdf5|keras|npz)$")
HAN = re.compile("[\u3400-\u9fff]")


def read_keras(paths: Sequence[Path], options: ImportOptions) -> Imported:
    """Read a model from one file, or one file each for encoder and decoder; ``options`` has what the files do not say.

    UserError for layers that are missing, ambiguous or compute something that ours cannot.
    """
    if len(options.vocabularies) != 2:
        raise UserError("option_needs", option="import keras", other="--vocab SOURCE TARGET")
    if options.carries_state is None:
        raise UserError("keras_carries")
    version = keras_config.check_layer_settings(paths)
    lists = [wordlist.read_word_list(path) for path in options.vocabularies]
    found = [layer for path, prefix in zip(paths, _prefixes(paths), strict=True) for layer in _read(path, prefix)]
    way = assign_roles(paths[0], found, options.layers, (len(lists[0].words), len(lists[1].words)))
    _check(paths[0], way)
    sides = [words.sized(way[role].kernel.shape[0]) for words, role in zip(lists, EMBEDDINGS, strict=True)]
    source, target = (_rows(words, options, n == 1) for n, words in enumerate(sides))
    config = _config(way, options, source, sides)
    weights = _encoder(way, source) | _decoder(way, target)
    read = source.vocab
    if options.padded_to:
        read = Vocab((*read.tokens, FILL))
        table = weights["encoder.embedding.weight"]
        weights["encoder.embedding.weight"] = torch.cat([table, table[:1]])  # row 0 is the padding's
    directions = 1 + ("encoder.backward" in way)
    files = tuple(path.name for path in paths)
    origin = Origin("Keras", version, files, _notes(config, way, source, target), directions)
    return Imported(config, (read, target.vocab), weights, origin)


def _prefixes(paths: Sequence[Path]) -> list[str]:
    """Prefixes that keep the layer paths of several files apart: the file names, or numbers."""
    names = [SUFFIX.sub("", path.name) for path in paths]
    if len(set(names)) < len(names):
        names = [str(n) for n in range(1, len(paths) + 1)]
    return [""] if len(paths) == 1 else [f"{name}/" for name in names]


def _read(path: Path, prefix: str) -> list[Layer]:
    return group_layers(path, {prefix + name: array for name, array in arrays.read_arrays(path).items()})


def _check(file: Path, way: Roles) -> None:
    """UserError for shapes of a model that our layers would compute differently."""
    units, state, memory = way["encoder.gru"].size, way["decoder.gru"].size, way["attention.key"].kernel.shape[0]
    both = "encoder.backward" in way
    if memory != units * (1 + both):
        raise UserError("keras_merge", file=str(file), units=units, found=memory)
    if state != memory:
        raise UserError("keras_first", file=str(file), encoder=memory, decoder=state)


def _rows(words: WordList, options: ImportOptions, must: bool) -> Rows:
    """The vocabulary in our order. With ``must``, UserError without tokens that begin and end a sentence."""
    listed = {word: place for place, word in enumerate(words.words)}
    known = MARKS + (BARE if words.rules is not None and "<" in words.rules.filters else ())
    pairs = [tuple(options.marks)] if options.marks else [pair for pair in known if set(pair) <= set(listed)]
    bos, eos = (listed.get(word) for word in (*pairs, ("", ""))[0])
    if must and not (bos and eos):
        raise UserError(
            "keras_marks", file=str(words.file), found=", ".join(map(arrays.short_printable, words.words[1:9]))
        )
    unknown = next((listed[word] for word in (words.unknown, *UNKNOWN) if word and word in listed), None)
    shown = [SPACE if word == " " and SPACE not in listed else word for word in words.words]
    return Rows(words.file, shown, dict(zip(SPECIALS, (0, unknown, bos or None, eos or None), strict=True)))


def _config(way: Roles, options: ImportOptions, source: Rows, sides: Sequence[WordList]) -> Config:
    cuts = [cut or _cut(words) for cut, words in zip((options.source, options.target), sides, strict=True)]
    rules = [_rules(words) for words in sides]
    bos, eos = (place >= 0 for place in source.order[2:4])
    return Config(
        model=ModelConfig(
            attention="additive",
            embedding_size=max(way[role].size for role in EMBEDDINGS),
            encoder_size=way["encoder.gru"].size,
            decoder_size=way["decoder.gru"].size,
            attention_size=way["attention.key"].size,
            tied_embeddings=False,
            bridge="copy",
            readout="state",
            attention_bias=True,
            carry_state=bool(options.carries_state),
        ),
        text=TextConfig(
            source=cuts[0],
            target=cuts[1],
            source_bos=bos,
            source_eos=eos,
            source_fill=options.padded_to,
            source_keras=rules[0],
            target_keras=rules[1],
        ),
    )


def _plain(words: WordList) -> list[str]:
    """The words that can occur in a text: without padding and special tokens."""
    listed = words.words[1 : words.used]
    return [word for word in listed if not re.fullmatch(r"<.*>|\[.*\]|</.*", word) and word != words.unknown]


def _chinese(words: Sequence[str]) -> bool:
    return 2 * sum(bool(HAN.search(word)) for word in words) > len(words)


def _cut(words: WordList) -> str:
    """The segmenter: the tutorial's if it and the Tokenizer leave every word whole.

    Otherwise the Tokenizer's rules if the file states them, else a choice by the words' script.
    """
    plain, rules = _plain(words), words.rules
    prepared = rules is None or not (rules.characters or set("?.!,¿") & set(rules.filters) or rules.split != " ")
    if prepared and all(SEGMENTERS["ascii"].cut(word) == [word] for word in plain):
        return "ascii"
    if rules is not None:
        return "keras"
    return "jieba" if _chinese(plain) else "spaces"


def _rules(words: WordList) -> KerasConfig:
    """The Tokenizer's settings; ``jieba`` for Chinese, which must be cut into words before."""
    if words.rules is None:
        return KerasConfig()
    return replace(words.rules, jieba=not words.rules.characters and _chinese(_plain(words)))


def _tensor(array: np.ndarray) -> Tensor:
    return torch.from_numpy(np.array(array, dtype=np.float32))


def reorder_gates(array: np.ndarray) -> Tensor:
    """Reorder Keras' gates z, r, h (thirds of the last axis) to our rows r, z, n."""
    z, r, h = np.split(array, 3, axis=-1)
    return _tensor(np.concatenate([r, z, h], axis=-1).T)


def _recurrent(layer: Layer, weight_ih: Tensor) -> dict[str, Tensor]:
    """A GRU's weights by the suffixes of our names; with ``reset_after`` the biases are torch's."""
    _, hidden, bias = layer.arrays
    ours = {
        "weight_ih": weight_ih,
        "weight_hh": reorder_gates(hidden),
        "bias_ih": reorder_gates(bias[0]),
        "bias_hh": reorder_gates(bias[1]),
    }
    return ours


def _encoder(way: Roles, rows: Rows) -> dict[str, Tensor]:
    embedded, forward = max(way[role].size for role in EMBEDDINGS), way["encoder.gru"]
    found = {"encoder.embedding.weight": rows.reorder(_wide(way["encoder.embedding"], embedded))}
    for end, layer in (("", forward), ("_reverse", way.get("encoder.backward"))):
        weights = _recurrent(
            layer or forward, zero_padded(reorder_gates((layer or forward).kernel), 3 * forward.size, embedded)
        )
        for name, weight in weights.items():
            found[f"encoder.rnn.{name}_l0{end}"] = weight if layer else torch.zeros_like(weight)
    return found


def _wide(layer: Layer, size: int) -> Tensor:
    """An embedding padded with zeros to ``size`` columns."""
    return zero_padded(_tensor(layer.kernel), layer.kernel.shape[0], size)


def _decoder(way: Roles, rows: Rows) -> dict[str, Tensor]:
    gru, key, query, output = (way[r] for r in ("decoder.gru", "attention.key", "attention.query", "decoder.output"))
    embedded, memory = max(way[role].size for role in EMBEDDINGS), key.kernel.shape[0]
    width = 2 * way["encoder.gru"].size
    kernel = reorder_gates(gru.kernel)  # columns: context, embedded
    context = zero_padded(kernel[:, :memory], 3 * gru.size, width)
    read = torch.cat([zero_padded(kernel[:, memory:], 3 * gru.size, embedded), context], dim=1)
    return {
        "embedding.weight": rows.reorder(_wide(way["decoder.embedding"], embedded)),
        "decoder.attention.query.weight": _tensor(query.kernel.T),
        "decoder.attention.query.bias": _tensor(query.bias + key.bias),
        "decoder.attention.key.weight": zero_padded(_tensor(key.kernel.T), key.size, width),
        "decoder.attention.v.weight": _tensor(way["attention.v"].kernel.T),
        **{f"decoder.cells.0.{name}": weight for name, weight in _recurrent(gru, read).items()},
        "output.weight": rows.reorder(_tensor(output.kernel.T)),
        "output.bias": rows.reorder(_tensor(output.bias), NEVER),
    }


def _notes(config: Config, way: Roles, source: Rows, target: Rows) -> tuple[str, ...]:
    """Notes for the model card."""
    notes = [
        "The layers were found at " + ", ".join(f"`{layer.path}` ({role})" for role, layer in way.items()) + ".",
        "The gates z, r, h of Keras became r, z, n; columns for [context; word] became [word; context].",
        "The biases of the two attention layers were added into one. The bias of the third shifts all scores of a "
        "step equally and changes no weight; it was left out, so scores differ from those of Keras by that number.",
    ]
    if "encoder.backward" not in way:
        notes.append("The encoder has one direction; here the weights and states of the other direction are zero.")
    if config.model.carry_state:
        notes.append("As set at the import, the decoder's GRU is called with its last state.")
    else:
        notes.append(
            "As set at the import, the decoder's GRU is called without its state, as in the tutorial: each step "
            "starts from zeros, and earlier words reach it only through attention and the last word."
        )
    for side, rows in (("source", source), ("target", target)):
        if rows.order[1] < 0:
            notes.append(
                f"The {side} vocabulary has no unknown token: `<unk>` has an embedding of zeros"
                + (" and is never said." if side == "target" else "; Keras would leave such a word out.")
                if not getattr(config.text, f"{side}_keras").skip
                else f"The {side} vocabulary has no token for unknown words: as in Keras, they are left out."
            )
    notes.append(f"Texts are segmented by `{config.text.source}` (source) and `{config.text.target}` (target).")
    for side in ("source", "target"):
        if getattr(config.text, side) == "keras":
            rules = asdict(getattr(config.text, f"{side}_keras"))
            said = ", ".join(f"{key} = `{json.dumps(value, ensure_ascii=False)}`" for key, value in rules.items())
            notes.append(f"Segmentation of the {side} follows its Tokenizer: {said}.")
    unmasked = (
        "The tutorial pads the source without masking the padding: its encoder reads the padding, and its attention "
        "looks at it. "
    )
    if config.text.source_fill:
        notes.append(
            f"{unmasked}The same is done here, up to {config.text.source_fill} tokens; padding is called `{FILL}`."
        )
    else:
        notes.append(
            f"{unmasked}Here the source is read without padding, as Keras can also read it; a model that was "
            "trained on padded sources then gives other outputs than in its notebook (`--padded-to`)."
        )
    return tuple(notes)
