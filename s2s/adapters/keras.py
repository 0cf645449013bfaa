"""The model of TensorFlow's tutorial "nmt with attention" in its classic form, which many courses copy.

``Encoder``: Embedding, GRU, perhaps Bidirectional. ``BahdanauAttention``: ``v·tanh(W s + U h)``, all Dense with biases,
from the decoder's last state. ``Decoder``: ``[context; embedded]`` to a GRU, its output to a Dense of the vocabulary.
In other forms the output layer reads ``[state; context]``, and the GRU perhaps the word alone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import torch

from s2s.adapters import arrays, keras_config, wordlist
from s2s.adapters.imported import Imported, ImportOptions, Origin
from s2s.adapters.keras_layers import (
    Layer,
    Roles,
    assign_roles,
    group_layers,
    gru_reads_context,
    output_reads_context,
)
from s2s.adapters.keras_text import choose_cut, order_rows, text_rules
from s2s.adapters.keras_weights import EMBEDDINGS, convert_weights, embedded_size, state_size
from s2s.adapters.weights import Rows
from s2s.adapters.wordlist import WordList
from s2s.config import Config, ModelConfig, TextConfig
from s2s.errors import UserError
from s2s.text.vocab import FILL, Vocab

SUFFIX = re.compile(r"(\.weights)?\.(h5|hdf5|keras|npz)$")


def read_keras(paths: Sequence[Path], options: ImportOptions) -> Imported:
    """Read a model from one file, or one file each for encoder and decoder; ``options`` has what the files do not say.

    UserError for layers that are missing, ambiguous or compute something that ours cannot.
    """
    if len(options.vocabularies) != 2:
        raise UserError("option_needs", option="import keras", other="--vocab SOURCE TARGET")
    check_stated(options)
    version = keras_config.check_layer_settings(paths)
    found = [layer for path, prefix in zip(paths, _prefixes(paths), strict=True) for layer in _read(path, prefix)]
    return convert("Keras", version, paths, found, options)


def check_stated(options: ImportOptions) -> None:
    """UserError unless the options say whether the decoder carries its state, which no file tells."""
    if options.carries_state is None:
        raise UserError("keras_carries")


def convert(
    library: str, version: str, paths: Sequence[Path], found: Sequence[Layer], options: ImportOptions
) -> Imported:
    """The model of these layers; ``paths`` are the files they are from, for messages. One vocabulary is both sides'."""
    lists = [wordlist.read_word_list(path) for path in (options.vocabularies * 2)[:2]]
    way = assign_roles(paths[0], found, options.layers, (len(lists[0].words), len(lists[1].words)))
    _check(paths[0], way, options)
    sides = [words.sized(way[role].kernel.shape[0]) for words, role in zip(lists, EMBEDDINGS, strict=True)]
    source, target = (order_rows(words, options, n == 1) for n, words in enumerate(sides))
    config = _config(way, options, source, sides)
    weights = convert_weights(way, options, source, target)
    read = source.vocab
    if options.padded_to:
        read = Vocab((*read.tokens, FILL))
        table = weights["encoder.embedding.weight"]
        weights["encoder.embedding.weight"] = torch.cat([table, table[:1]])  # row 0 is the padding's
    directions = 1 + ("encoder.backward" in way)
    files = tuple(path.name for path in paths)
    origin = Origin(library, version, files, _notes(config, way, options, source, target), directions)
    return Imported(config, (read, target.vocab), weights, origin)


def _prefixes(paths: Sequence[Path]) -> list[str]:
    """Prefixes that keep the layer paths of several files apart: the file names, or numbers."""
    names = [SUFFIX.sub("", path.name) for path in paths]
    if len(set(names)) < len(names):
        names = [str(n) for n in range(1, len(paths) + 1)]
    return [""] if len(paths) == 1 else [f"{name}/" for name in names]


def _read(path: Path, prefix: str) -> list[Layer]:
    return group_layers(path, {prefix + name: array for name, array in arrays.read_arrays(path).items()})


def _check(file: Path, way: Roles, options: ImportOptions) -> None:
    """UserError for a model that our layers would compute differently, or of which the options say too little."""
    units, state, memory = way["encoder.gru"].size, way["decoder.gru"].size, way["attention.key"].kernel.shape[0]
    both = "encoder.backward" in way
    if memory != units * (1 + both):
        raise UserError("keras_merge", file=str(file), units=units, found=memory)
    if state != memory:
        raise UserError("keras_first", file=str(file), encoder=memory, decoder=state)
    for role in ("encoder.gru", "encoder.backward", "decoder.gru"):
        resets_before = role in way and way[role].arrays[2].ndim == 1
        if resets_before and (role != "decoder.gru" or options.carries_state):
            raise UserError("keras_reset", file=str(file), key=arrays.short_printable(way[role].path))
    reads, joins = gru_reads_context(way), output_reads_context(way)
    if joins and not options.output_reads:
        raise UserError("keras_output_reads", file=str(file))
    if not reads and not options.query:
        raise UserError("keras_which_state", file=str(file))
    if reads and options.query == "current":
        raise UserError("keras_current", file=str(file))
    for option, given, used in (("gru", options.gru_reads, reads), ("output", options.output_reads, joins)):
        if given and not used:
            raise UserError("keras_reads_unused", file=str(file), option=f"--{option}-reads")


def _config(way: Roles, options: ImportOptions, source: Rows, sides: Sequence[WordList]) -> Config:
    cuts = [cut or choose_cut(words) for cut, words in zip((options.source, options.target), sides, strict=True)]
    rules = [text_rules(words) for words in sides]
    bos, eos = (place >= 0 and options.source_marks for place in source.order[2:4])
    joins, current = output_reads_context(way), options.query == "current"
    return Config(
        model=ModelConfig(
            attention="concat" if current else "additive",
            embedding_size=embedded_size(way),
            encoder_size=way["encoder.gru"].size,
            decoder_size=state_size(way),
            attention_size=way["attention.key"].size,
            tied_embeddings=False,
            input_feeding=not current,
            bridge="linear" if joins else "copy",
            readout="linear" if joins else "state",
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


def _form(way: Roles, options: ImportOptions) -> list[str]:
    """Notes on where the context goes."""
    notes = ["The gates z, r, h of Keras became r, z, n."]
    if gru_reads_context(way):
        notes[0] = notes[0][:-1] + "; columns for [context; word] became [word; context]."
        if options.gru_reads == "word,context":
            notes = ["The gates z, r, h of Keras became r, z, n; its decoder reads [word; context], as ours does."]
    if not output_reads_context(way):
        return notes
    state = "the state after" if options.query == "current" else "the state before"
    order = "context and state" if options.output_reads == "context,state" else "state and context"
    notes.append(
        f"As set at the import, the output layer reads {order}, in this order. Here the decoder's state has as many "
        "more numbers, always 0, as the context has, so that a layer which only hands on numbers can give the output "
        "layer both."
    )
    if not gru_reads_context(way):
        notes.append(f"The decoder's GRU reads the word alone; as set at the import, {state} its step looks back.")
    return notes


def _notes(config: Config, way: Roles, options: ImportOptions, source: Rows, target: Rows) -> tuple[str, ...]:
    """Notes for the model card."""
    notes = [
        "The layers were found at " + ", ".join(f"`{layer.path}` ({role})" for role, layer in way.items()) + ".",
        *_form(way, options),
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
