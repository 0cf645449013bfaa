"""The vocabularies of a Keras model: their special tokens, and how texts are cut into their words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from s2s.adapters import arrays
from s2s.adapters.imported import ImportOptions
from s2s.adapters.weights import Rows
from s2s.adapters.wordlist import PADDING, WordList
from s2s.errors import UserError
from s2s.text.keras_tokenizer import KerasConfig
from s2s.text.segmenters import SEGMENTERS, SPACE
from s2s.text.vocab import SPECIALS

MARKS = (
    *(("<start>", "<end>"), ("<START>", "<STOP>"), ("<START>", "<END>"), ("<s>", "</s>"), ("[START]", "[END]")),
    *(("<bos>", "<eos>"), ("<BOS>", "<EOS>"), ("<sos>", "<eos>"), ("<SOS>", "<EOS>"), ("<GO>", "<EOS>")),
)
# The same marks after the Tokenizer's filters.
BARE = (("start", "end"), ("startseq", "endseq"), ("sos", "eos"), ("bos", "eos"))
UNKNOWN = ("<unk>", "<UNK>", "[UNK]", "<OOV>", "<oov>")
HAN = re.compile("[\u3400-\u9fff]")


def order_rows(words: WordList, options: ImportOptions, must: bool) -> Rows:
    """The vocabulary in our order. With ``must``, UserError without tokens that begin and end a sentence."""
    listed = {word: place for place, word in enumerate(words.words)}
    known = MARKS + (BARE if words.rules is not None and "<" in words.rules.filters else ())
    pairs = [tuple(options.marks)] if options.marks else [pair for pair in known if set(pair) <= set(listed)]
    pad = _padding(words.words)
    bos, eos = (None if listed.get(word) == pad else listed.get(word) for word in (*pairs, ("", ""))[0])
    if must and (bos is None or eos is None):
        raise UserError(
            "keras_marks", file=str(words.file), found=", ".join(map(arrays.short_printable, words.words[1:9]))
        )
    unknown = next((listed[word] for word in (words.unknown, *UNKNOWN) if word and word in listed), None)
    shown = [SPACE if word == " " and SPACE not in listed else word for word in words.words]
    return Rows(words.file, shown, dict(zip(SPECIALS, (pad, unknown, bos, eos), strict=True)))


def _padding(words: Sequence[str]) -> int:
    """The id of padding: 0, unless another word has it and a later one is spelt as padding."""
    spelt = (place for place, word in enumerate(words) if word.lower() in PADDING)
    return next(spelt, 0)


def _plain(words: WordList) -> list[str]:
    """The words that can occur in a text: without padding and special tokens."""
    listed = words.words[1 : words.used]
    return [word for word in listed if not re.fullmatch(r"<.*>|\[.*\]|</.*", word) and word != words.unknown]


def _chinese(words: Sequence[str]) -> bool:
    return 2 * sum(bool(HAN.search(word)) for word in words) > len(words)


def choose_cut(words: WordList) -> str:
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


def text_rules(words: WordList) -> KerasConfig:
    """The Tokenizer's settings; ``jieba`` for Chinese, which must be cut into words before."""
    if words.rules is None:
        return KerasConfig()
    return replace(words.rules, jieba=not words.rules.characters and _chinese(_plain(words)))
