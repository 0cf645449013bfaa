"""How the Tokenizer of Keras cuts a text, from the settings that its ``to_json`` writes. Pure functions."""

from __future__ import annotations

FILTERS = '!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n'  # Keras' own default


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
