"""Cuts text as Keras' Tokenizer does, by the settings that its ``to_json`` writes. Pure functions."""

from __future__ import annotations

from dataclasses import dataclass

from s2s.errors import UserError

FILTERS = '!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n'  # Keras' own default


@dataclass(frozen=True)
class KerasConfig:
    """The settings of Keras' Tokenizer (its ``to_json``) for a side whose segmenter is ``keras``."""

    lower: bool = True
    filters: str = ""  # each of these characters is replaced by ``split``
    split: str = " "
    characters: bool = False  # Keras' char_level: one token a character, without filters
    skip: bool = False  # for any segmenter: unlisted words are left out, as in Keras without oov_token
    jieba: bool = False  # first cut a text without ``split`` into Chinese words

    def __post_init__(self) -> None:
        if not self.split:
            raise UserError("config_choice", key="text.source_keras.split", found="", known="split ≠ ''")


def keras_words(text: str, lower: bool = True, filters: str = FILTERS, split: str = " ") -> list[str]:
    """Replace each character of ``filters`` by ``split``, split there, and drop empty words.

    >>> keras_words("Don't stop, Tom!"), keras_words("Stop|Tom.", lower=False, filters="", split="|")
    (["don't", 'stop', 'tom'], ['Stop', 'Tom.'])
    """
    text = text.lower() if lower else text
    parted = text.translate({ord(character): split for character in filters})
    return [word for word in parted.split(split) if word]


def keras_letters(text: str, lower: bool = True) -> list[str]:
    """One token a character, unfiltered.

    >>> keras_letters("Hi!")
    ['h', 'i', '!']
    """
    return list(text.lower() if lower else text)
