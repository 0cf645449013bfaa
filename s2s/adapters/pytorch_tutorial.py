"""The model of PyTorch's tutorial "NLP from scratch: translation with a sequence to sequence network and attention".

Its batched form: ``EncoderRNN`` (embedding, GRU), ``BahdanauAttention`` (``Va·tanh(Wa s + Ua h)``, all with biases,
from the last state), ``AttnDecoderRNN`` (GRU of ``[embedded; context]``, ``out``). SOS is word 0, EOS word 1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from s2s.adapters import arrays, wordlist
from s2s.adapters import weights as conversion
from s2s.adapters.imported import Imported, ImportOptions, Origin
from s2s.adapters.weights import NEVER, Rows, Weights
from s2s.adapters.wordlist import WordList
from s2s.config import Config, ModelConfig, TextConfig
from s2s.errors import UserError
from s2s.text.segmenters import SEGMENTERS
from s2s.text.vocab import SPECIALS

LIBRARY = "PyTorch's seq2seq tutorial"
SOS, EOS = 0, 1
MARK = "attention.Wa.weight"  # only the decoder has it
UNBATCHED = ("attn.weight", "attn_combine.weight")  # names in the tutorial before 2023
CUTS = ("ascii-marks", "ascii-stops")  # how the tutorial cuts text, its later version first


def read_pytorch_tutorial(paths: Sequence[Path], options: ImportOptions) -> Imported:
    """Read the state dicts of encoder and decoder, from one or two files, and the vocabularies of both sides."""
    if len(options.vocabularies) != 2:
        raise UserError("option_needs", option="import pytorch-tutorial", other="--vocab SOURCE TARGET")
    encoder, decoder = _parts(paths)
    lists = [wordlist.read_word_list(path) for path in options.vocabularies]
    size = decoder.width("out.weight", 1)
    counts = [part.width("embedding.weight", 0) for part in (encoder, decoder)]
    for words, count in zip(lists, counts, strict=True):
        if len(words.words) != count:
            raise UserError("words_count", file=str(words.file), found=len(words.words), expected=count)
    config = _config(
        size, [cut or _cut(words) for cut, words in zip((options.source, options.target), lists, strict=True)]
    )
    source, target = (_rows(words) for words in lists)
    converted = _convert(encoder, decoder, config.model, (source, target))
    encoder.finish()
    decoder.finish()
    files = tuple(path.name for path in (*paths, *options.vocabularies))
    origin = Origin(LIBRARY, "", files, _notes(config), directions=1)
    return Imported(config, (source.vocab, target.vocab), converted, origin)


def _parts(paths: Sequence[Path]) -> tuple[Weights, Weights]:
    """The weights of encoder and decoder; the state dict with attention weights is the decoder's."""
    tables = [(path, table) for path in paths for table in _tables(_load(path))]
    if any(name in table for _, table in tables for name in UNBATCHED):
        raise UserError("pytorch_unbatched", file=str(paths[0]))
    decoders = [entry for entry in tables if MARK in entry[1]]
    encoders = [entry for entry in tables if "gru.weight_ih_l0" in entry[1] and MARK not in entry[1]]
    if len(decoders) != 1 or len(encoders) != 1:
        found = ", ".join(sorted({name for _, table in tables for name in table})[:12])
        raise UserError("pytorch_parts", file=str(paths[0]), found=found)
    return Weights(*encoders[0]), Weights(*decoders[0])


def _load(path: Path) -> dict[str, Any]:
    """The saved values. UserError if they are too large, damaged or not floats."""
    if not path.is_file():
        raise UserError("file_missing", file=str(path))
    with arrays.open_zip(path) as packed:
        if sum(info.file_size for info in packed.infolist()) > arrays.LIMIT:
            raise UserError("file_too_large", file=str(path), limit=arrays.LIMIT // 1_000_000)
    values = conversion.load_pickled_weights(path)
    for table in _tables(values):
        for name, tensor in table.items():
            if tensor.layout != torch.strided or tensor.numel() * tensor.itemsize > tensor.untyped_storage().nbytes():
                raise UserError("array_short", file=str(path), key=arrays.short_printable(name))
            if not tensor.is_floating_point():
                raise UserError("array_type", file=str(path), key=arrays.short_printable(name), found=str(tensor.dtype))
    return values


def _tables(values: Mapping[str, Any]) -> list[dict[str, Tensor]]:
    """All state dicts in the saved values: the dict itself, nested ones, or ones with a common name prefix."""
    inner = [table for value in values.values() if isinstance(value, dict) for table in _tables(value)]
    tensors = {arrays.short_printable(str(name)): value for name, value in values.items() if isinstance(value, Tensor)}
    if "embedding.weight" in tensors or not tensors:
        return [*inner, tensors] if tensors else inner
    prefixes = [name.removesuffix("embedding.weight") for name in tensors if name.endswith(".embedding.weight")]
    parts = [{n.removeprefix(p): t for n, t in tensors.items() if n.startswith(p)} for p in prefixes]
    return [*inner, *parts] if sum(map(len, parts)) == len(tensors) else [*inner, tensors]


def _rows(words: WordList) -> Rows:
    return Rows(words.file, words.words, dict(zip(SPECIALS, (None, None, SOS, EOS), strict=True)))


def _cut(words: WordList) -> str:
    """The segmenter that leaves every listed word whole: one of the tutorial's, else white space."""
    return next((cut for cut in CUTS if all(SEGMENTERS[cut].cut(w) == [w] for w in words.words[2:])), "spaces")


def _config(size: int, cuts: Sequence[str]) -> Config:
    return Config(
        model=ModelConfig(
            attention="additive",
            embedding_size=size,
            encoder_size=size,
            decoder_size=size,
            attention_size=size,
            tied_embeddings=False,
            bridge="copy",
            readout="state",
            attention_bias=True,
        ),
        text=TextConfig(source=cuts[0], target=cuts[1], source_eos=True),
    )


def _convert(encoder: Weights, decoder: Weights, m: ModelConfig, rows: tuple[Rows, Rows]) -> dict[str, Tensor]:
    h, (source, target) = m.decoder_size, rows
    found = {
        "encoder.embedding.weight": source.reorder(encoder.pop("embedding.weight", len(source.vocab) - 2, h)),
        "embedding.weight": target.reorder(decoder.pop("embedding.weight", len(target.vocab) - 2, h)),
        **conversion.convert_encoder(encoder, "gru.", False, m, h),
        "decoder.attention.query.weight": decoder.pop("attention.Wa.weight", h, h),
        "decoder.attention.v.weight": decoder.pop("attention.Va.weight", 1, h),
        "output.weight": target.reorder(decoder.pop("out.weight", len(target.vocab) - 2, h)),
        "output.bias": target.reorder(decoder.pop("out.bias", len(target.vocab) - 2), NEVER),
    }
    key, bias = decoder.pop("attention.Ua.weight", h, h), decoder.pop("attention.Ua.bias", h)
    found["decoder.attention.key.weight"] = conversion.zero_padded(key, h, 2 * h)
    found["decoder.attention.query.bias"] = decoder.pop("attention.Wa.bias", h) + bias
    decoder.pop("attention.Va.bias", 1)  # shifts all scores alike, so attention does not depend on it
    shapes = {"weight_ih": (3 * h, 2 * h), "weight_hh": (3 * h, h), "bias_ih": (3 * h,), "bias_hh": (3 * h,)}
    cell = {name: decoder.pop(f"gru.{name}_l0", *shape) for name, shape in shapes.items()}
    cell["weight_ih"] = torch.cat([cell["weight_ih"], torch.zeros(3 * h, h)], dim=1)  # [word; context], its half
    return found | {f"decoder.cells.0.{name}": weight for name, weight in cell.items()}


def _notes(config: Config) -> tuple[str, ...]:
    return (
        "The source is read with `<eos>` at its end, a column of its own in the heatmap; SOS became `<bos>`.",
        "The encoder has one direction; the other one here has weights of zero, and so have its states.",
        "The biases of Wa and Ua were added into one. The bias of Va shifts every score of a step alike, which no "
        "weight depends on; it was left out, so scores differ from PyTorch's by that number.",
        "The tutorial refuses a word that it does not know. Here it is read as `<unk>`, with an embedding of zeros, "
        "which the model never saw; `<unk>` and `<pad>` are never said.",
        "The tutorial stops after ten words; here an output ends with `<eos>`.",
        f"Texts are cut by `{config.text.source}` (source) and `{config.text.target}` (target).",
    )
