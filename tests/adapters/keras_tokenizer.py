"""Keras' Tokenizer a second time, as its documentation and behaviour say; Keras itself is not needed."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence

FILTERS = '!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n'


def text_to_word_sequence(text: str, filters: str, lower: bool, split: str) -> list[str]:
    if lower:
        text = text.lower()
    for character in filters:
        text = text.replace(character, split) if character not in split else text
    return [word for word in text.split(split) if word]


class Tokenizer:
    """Words by how often they come, from 1; the ``oov_token`` is the first of them."""

    def __init__(
        self,
        num_words: int | None = None,
        filters: str = FILTERS,
        lower: bool = True,
        split: str = " ",
        char_level: bool = False,
        oov_token: str | None = None,
    ) -> None:
        self.num_words, self.filters, self.lower, self.split = num_words, filters, lower, split
        self.char_level, self.oov_token = char_level, oov_token
        self.word_index: dict[str, int] = {}

    def sequence(self, text: str) -> list[str]:
        if self.char_level:
            return list(text.lower() if self.lower else text)
        return text_to_word_sequence(text, self.filters, self.lower, self.split)

    def fit_on_texts(self, texts: Sequence[str]) -> None:
        counts = Counter(word for text in texts for word in self.sequence(text))
        listed = [] if self.oov_token is None else [self.oov_token]
        listed += [word for word, _ in counts.most_common()]
        self.word_index = {word: i for i, word in enumerate(dict.fromkeys(listed), start=1)}

    def texts_to_sequences(self, texts: Sequence[str]) -> list[list[int]]:
        unknown = None if self.oov_token is None else self.word_index[self.oov_token]
        out = []
        for text in texts:
            found = [self.word_index.get(word) for word in self.sequence(text)]
            ids = [unknown if i is None or (self.num_words and i >= self.num_words) else i for i in found]
            out.append([i for i in ids if i is not None])
        return out

    def to_json(self) -> str:
        tables = {"word_index": json.dumps(self.word_index), "index_docs": "{}", "document_count": 3}
        names = ("num_words", "filters", "lower", "split", "char_level", "oov_token")
        values = {name: getattr(self, name) for name in names} | tables
        return json.dumps({"class_name": "Tokenizer", "config": values})
