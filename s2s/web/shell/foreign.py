"""Text that is not ours (of links, files, names, visitors) within Streamlit's Markdown: shown as it is, and bounded."""

from __future__ import annotations

import re

from s2s.text.safe import shortened

LONGEST = 400  # characters of one such text within a sentence
# What Streamlit's Markdown would take for more than itself: marks anywhere; an underscore, a colon, a dot and a digit
# only where they begin something (emphasis, a colour or an icon, an address, a list).
MARKS = re.compile(
    r"[\\`*\[\]<>$~|&@!#]|(?<!\w)_|_(?!\w)|:(?=[A-Za-z/])|(?<=www)\.|^[-+=](?=\s|$)|(?<=\d)[.)](?=\s|$)",
    re.IGNORECASE,
)


def plain(text: str) -> str:
    r"""A text inside a sentence or a label, which Markdown leaves as it is.

    >>> plain("data.tsv"), plain("[a](https://b)"), plain(":red[a_b]")
    ('data.tsv', '\\[a\\](https\\://b)', '\\:red\\[a_b\\]')
    """
    line = re.sub(r"\s*[\r\n\u2028\u2029]+\s*", " ", text)
    return MARKS.sub(lambda mark: f"\\{mark[0]}" if mark[0] else "", line)


def short(text: str) -> str:
    """At most ``LONGEST`` characters of it."""
    return shortened(text, LONGEST)


def code(text: str) -> str:
    """A text as code, whatever backticks are in it.

    >>> code("*"), code("a`b"), code("a``b")
    ('`*`', '`` a`b ``', '``` a``b ```')
    """
    line = re.sub(r"[\r\n\u2028\u2029]+", " ", text)
    fence = "`" * (1 + max(map(len, re.findall("`+", line)), default=0))
    return f"`{line}`" if len(fence) == 1 else f"{fence} {line} {fence}"
