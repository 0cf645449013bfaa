"""Comparisons of texts without a model: numbers, names and scripts; and other segmentations of a word."""

from __future__ import annotations

import functools
import re
import unicodedata
from collections import Counter
from collections.abc import Container, Iterable, Sequence

NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
WORD = re.compile(r"[^\W\d_\u0250-\U0010ffff]+|[^\W\d_\x00-\u024f]+")  # Latin letters, or others: Tom|走了
SENTENCE_ENDS = ".!?。！？"
SPAN = 12  # characters, at most, of a text that is segmented again


def is_word(token: str) -> bool:
    """True if a token has a letter or a digit; punctuation has none.

    >>> is_word("苹果"), is_word("？")
    (True, False)
    """
    return any(c.isalnum() for c in token)


def numbers(text: str) -> list[str]:
    """Numbers in digits, without the commas between thousands.

    >>> numbers("１,000 people at 10:30")
    ['1000', '10:30']
    """
    found = NUMBER.findall(unicodedata.normalize("NFKC", text))
    return [re.sub(r",(?=\d{3}(?!\d))", "", number) for number in found]


def _latin(word: str) -> bool:
    return all(c < "\u0250" for c in word)


def names(text: str, source: str = "") -> list[str]:
    """Words in Latin letters, except ``I``, that begin with a capital inside a sentence or are in the source, too.

    >>> names("The teacher met Tom's sister in Paris. I'm glad.")
    ['Tom', 'Paris']
    >>> names("Tom left.", source="Tom走了。")
    ['Tom']
    """
    copied, out = {word.casefold() for word in WORD.findall(source) if _latin(word)}, []
    for match in WORD.finditer(text):
        word, before = match[0], text[: match.start()].rstrip(" \"'“‘(")
        inside = before and before[-1] not in SENTENCE_ENDS
        if _latin(word) and word != "I" and (word.casefold() in copied or (word[0].isupper() and inside)):
            out.append(word)
    return out


def missing(wanted: Sequence[str], found: Iterable[str]) -> list[str]:
    """The words of ``wanted`` that ``found`` lacks, with multiplicity; upper and lower case are equal.

    >>> missing(["Tom", "7", "7"], ["tom", "7"])
    ['7']
    """
    left, out = Counter(word.casefold() for word in found), []
    for word in wanted:
        if left[word.casefold()] > 0:
            left[word.casefold()] -= 1
        else:
            out.append(word)
    return out


@functools.lru_cache(maxsize=65536)
def script(character: str) -> str:
    """The first word of a letter's Unicode name: LATIN, CJK, CYRILLIC …; empty for other characters."""
    return unicodedata.name(character, "").partition(" ")[0] if character.isalpha() else ""


def main_script(texts: Iterable[str]) -> str:
    """The most frequent script of the letters; empty if there are no letters."""
    counts = Counter(found for text in texts for c in text if (found := script(c)))
    return max(counts, key=lambda name: (counts[name], name)) if counts else ""


def script_share(text: str, expected: str) -> float | None:
    """The share of the letters in the script ``expected``; None if there are no letters or no script.

    >>> script_share("abc 苹", "LATIN")
    0.75
    """
    scripts = [found for c in text if (found := script(c))]
    return sum(found == expected for found in scripts) / len(scripts) if scripts and expected else None


def segmentations(text: str, known: Container[str], but: Sequence[str], most: int) -> list[list[str]]:
    """Up to ``most`` segmentations of a text into known words other than ``but``, those with the fewest words first.

    None for a text of more than 12 characters.

    >>> segmentations("发展中国", {"发", "展", "发展", "中", "国", "中国"}, ["发展", "中国"], 2)
    [['发', '展', '中国'], ['发展', '中', '国']]
    """
    if not 0 < len(text) <= SPAN:
        return []
    ways: list[list[list[str]]] = [[[]]]  # of the first characters of the text
    for end in range(1, len(text) + 1):
        last = [(start, text[start:end]) for start in range(end) if text[start:end] in known]
        ways.append([[*way, word] for start, word in last for way in ways[start]])
    return sorted((way for way in ways[-1] if way != list(but)), key=lambda way: (len(way), way))[:most]
