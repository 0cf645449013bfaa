"""How the Tokenizer of Keras cuts a text, from the settings that its ``to_json`` writes. Pure functions."""

from __future__ import annotations

from dataclasses import dataclass

from s2s.errors import UserError

FILTERS = '!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n'  # Keras' own default


@dataclass(frozen=True)
class KerasConfig:
    """How Keras' Tokenizer reads a side whose cut is ``keras``: what its ``to_json`` says."""

    lower: bool = True
    filters: str = ""  # each of these characters becomes ``split``
    split: str = " "
    characters: bool = False  # char_level: one token a character, nothing is filtered
    skip: bool = False  # whatever the cut, a word that is not listed is left out, as where there is no oov_token
    jieba: bool = False  # a text without ``split`` in it is cut into Chinese words first

    def __post_init__(self) -> None:
        if not self.split:
            raise UserError("config_choice", key="text.source_keras.split", found="", known="split ≠ ''")


def words(text: str, lower: bool = True, filters: str = FILTERS, split: str = " ") -> list[str]:
    """Each character of ``filters`` becomes ``split``, and words are what stands between; empty ones are none.

    >>> words("Don't stop, Tom!"), words("Stop|Tom.", lower=False, filters="", split="|")
    (["don't", 'stop', 'tom'], ['Stop', 'Tom.'])
    """
    text = text.lower() if lower else text
    parted = text.translate({ord(character): split for character in filters})
    return [word for word in parted.split(split) if word]


def letters(text: str, lower: bool = True) -> list[str]:
    """One token a character; nothing is filtered.

    >>> letters("Hi!")
    ['h', 'i', '!']
    """
    return list(text.lower() if lower else text)
