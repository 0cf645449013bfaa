"""Text from links, files and visitors inside Streamlit's Markdown: escaped and shortened."""

from __future__ import annotations

import re

from s2s.text.safe import shortened

LONGEST = 400  # characters of one such text in a sentence
# Characters that have a meaning in Streamlit's Markdown: some anywhere; an underscore, a colon, a dot, a dash and the
# mark after a digit only where they begin emphasis, a colour or an icon, an address, a list.
MARKS = re.compile(
    r"[\\`*\[\]<>$~|&@!#]|(?<!\w)_|_(?!\w)|:(?=[A-Za-z/])|(?<=www)\.|^[-+=](?=\s|$)|(?<=\d)[.)](?=\s|$)",
    re.IGNORECASE,
)
# Places in an escaped text where addresses and names of emoji would be found all the same.
_LIVE = re.compile(r"(?<=:)(?=//|[\w+-]+\\?:)|(?<=www)(?=\\\.)|(?=\\@)", re.IGNORECASE)
JOINER = "\u2060"  # has no width, and breaks them
# Characters that reverse the text after them, and all other control characters.
_UNSEEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def _seen(text: str) -> str:
    """The text with U+FFFD in place of characters that are not seen and change how others are."""
    return _UNSEEN.sub("\ufffd", text)


def plain(text: str) -> str:
    r"""Escape a text for a sentence or a label in Markdown, and put it on one line.

    >>> plain("data.tsv"), plain("[a](https://b)"), plain(":red[a_b]")
    ('data.tsv', '\\[a\\](https\\:\u2060//b)', '\\:red\\[a_b\\]')
    >>> plain("exe.\u202egnp")
    'exe.�gnp'
    """
    line = re.sub(r"\s*[\r\n\u2028\u2029]+\s*", " ", _seen(text))
    return _LIVE.sub(JOINER, MARKS.sub(lambda mark: f"\\{mark[0]}" if mark[0] else "", line))


def quoted(text: str) -> str:
    """As ``plain``, in quotation marks: a title within a sentence."""
    return f"“{plain(text)}”"


def short(text: str) -> str:
    """Cut a text to ``LONGEST`` characters."""
    return shortened(text, LONGEST)


def code(text: str) -> str:
    """A text as inline code in Markdown, on one line; the fence is longer than any row of backticks in it.

    >>> code("*"), code("a`b"), code("a``b")
    ('`*`', '`` a`b ``', '``` a``b ```')
    """
    line = re.sub(r"[\r\n\u2028\u2029]+", " ", _seen(text))
    fence = "`" * (1 + max(map(len, re.findall("`+", line)), default=0))
    return f"`{line}`" if len(fence) == 1 else f"{fence} {line} {fence}"
