"""From files of pairs to what a run trains on: splits, vocabularies and ids."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from s2s.checkpoint.record import Side, make_side
from s2s.config import Config, DataConfig, TextConfig
from s2s.data.batches import Ids, Pair
from s2s.data.readers import Columns, Note, read_pairs, silent
from s2s.text.vocab import SPECIALS, Vocab

SPLITS = ("train", "dev", "test")
Splits = Mapping[str, Sequence[Pair]]  # pairs by split


def read_splits(data: DataConfig, note: Note = silent) -> dict[str, list[Pair]]:
    """The pairs of the config's files; a split without a file is empty."""
    columns, files = Columns(data.source_column, data.target_column), {n: getattr(data, n) for n in SPLITS}

    def read(file: str) -> list[Pair]:
        return list(read_pairs(file, columns, data.format, encoding=data.encoding, note=note)) if file else []

    return {name: read(file) for name, file in files.items()}


def prepare_sides(pairs: Sequence[Pair], config: Config) -> tuple[Side, Side]:
    """The vocabularies of both sides, made of the training pairs; one if the config shares it."""
    text, out = config.text, []
    if text.shared_vocab:
        source = make_side(text.source, Vocab(SPECIALS), text.source_keras)
        target = make_side(text.target, Vocab(SPECIALS), text.target_keras)
        both = (cut for s, t in pairs for cut in (source.segmenter.cut(s), target.segmenter.cut(t)))
        vocab = Vocab.build(both, text.source_min_count, text.max_vocab, text.source_back_off)
        source = make_side(text.source, marked(vocab, text), text.source_keras)
        return source, make_side(text.target, Vocab(vocab.tokens), text.target_keras)
    for column, name, rules, count, back_off in (
        (0, text.source, text.source_keras, text.source_min_count, text.source_back_off),
        (1, text.target, text.target_keras, text.target_min_count, False),
    ):
        cut = make_side(name, Vocab(SPECIALS), rules).segmenter.cut
        vocab = Vocab.build((cut(pair[column]) for pair in pairs), count, text.max_vocab, back_off)
        out.append(make_side(name, marked(vocab, text) if column == 0 else vocab, rules))
    return out[0], out[1]


def marked(vocab: Vocab, text: TextConfig) -> Vocab:
    """The source's vocabulary with the config's tokens around every source (``source_bos``, ``source_eos``)."""
    return dataclasses.replace(vocab, bos=text.source_bos, eos=text.source_eos, fill=text.source_fill)


def encode_pairs(pairs: Sequence[Pair], source: Side, target: Side, max_tokens: int) -> list[Ids]:
    """The ids of all pairs with 1 to ``max_tokens`` tokens on either side."""
    ids = ((source.encode(s), target.encode(t)) for s, t in pairs)
    return [(s, t) for s, t in ids if 0 < len(s) <= max_tokens and 0 < len(t) <= max_tokens]
