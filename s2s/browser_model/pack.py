"""What the browser's model needs to cut Chinese: jieba's dictionary and OpenCC's tables, compact."""

from __future__ import annotations

import functools
import math
import shutil
import subprocess
import tempfile
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import opencc

from s2s.config import TextConfig
from s2s.errors import UserError
from s2s.text.segmenters import dictionary, simplify

PHRASES = "TSPhrases"  # OpenCC's list for traditional to simplified characters
BASE = "0123456789abcdefghijklmnopqrstuvwxyz"


def needs_tools(config: TextConfig) -> bool:
    """Whether texts are cut with jieba's dictionary."""
    keras = ((config.source, config.source_keras), (config.target, config.target_keras))
    return any(name == "jieba" or (name == "keras" and rules.jieba) for name, rules in keras)


def tools(config: TextConfig) -> dict[str, Any] | None:
    """What ``openCheckpoint`` of checkpoint.js calls tools; None for texts that are cut without them."""
    return every_tool() if needs_tools(config) else None


def every_tool() -> dict[str, Any]:
    """jieba's dictionary and OpenCC's tables. Raises UserError if OpenCC's cannot be read."""
    return {"dictionary": dictionary_values(), "simplifier": simplifier_values()}


@functools.cache
def dictionary_values() -> dict[str, Any]:
    """jieba's words and frequencies, as jieba.js reads them: 1.7 MB in base64 after gzip.

    Logarithms are Python's: another library's may differ in the last bit, which would choose between equal paths.
    """
    tokenizer = dictionary()
    found = {word: frequency for word, frequency in tokenizer.FREQ.items() if frequency}
    words = sorted(found, key=utf16_order)
    frequencies = [frequency for frequency, _ in Counter(found.values()).most_common()]
    places = {frequency: place for place, frequency in enumerate(frequencies)}
    return {
        "words": "\n".join(_front_coded(words)),
        "places": [places[found[word]] for word in words],
        "logs": [math.log(frequency) for frequency in frequencies],
        "log_total": math.log(tokenizer.total),
    }


def utf16_order(text: str) -> bytes:
    """A key that sorts as JavaScript compares strings: by UTF-16 code units."""
    return text.encode("utf-16-be")


def _front_coded(words: list[str]) -> list[str]:
    """Each word without the beginning that it shares with the last one, after that beginning's length in base 36.

    >>> _front_coded(["苹果", "苹果树", "茶"])
    ['0苹果', '2树', '0茶']
    """
    lines = []
    for last, word in pairwise(["", *words]):
        same = (n for n, (one, other) in enumerate(zip(last, word, strict=False)) if one != other)
        shared = next(same, min(len(last), len(word)))
        lines.append(BASE[shared] + word[shared:])
    return lines


@functools.cache
def simplifier_values() -> dict[str, Any]:
    """OpenCC's t2s: its phrases, and the characters that it changes, each with what it becomes."""
    every = (chr(code) for code in range(0x80, 0x110000) if not 0xD800 <= code < 0xE000)
    changed = ((character, simplify(character)) for character in every)
    return {
        "phrases": [[phrase, simplify(phrase)] for phrase in _phrases()],
        "characters": [[character, simple] for character, simple in changed if character != simple],
    }


def _phrases() -> list[str]:
    """The phrases of OpenCC's own file, which the tool beside it writes out as text."""
    package = Path(opencc.__file__).parent / "clib"
    tool = shutil.which("opencc_dict", path=package / "bin") or shutil.which("opencc_dict")
    with tempfile.TemporaryDirectory() as directory:
        listed = Path(directory) / "phrases.txt"
        arguments = ["-i", str(package / "share" / "opencc" / f"{PHRASES}.ocd2"), "-o", str(listed)]
        try:
            command = [tool or "opencc_dict", "-f", "ocd2", "-t", "text", *arguments]
            subprocess.run(command, check=True, capture_output=True, timeout=60)
            lines = listed.read_text(encoding="utf-8").splitlines()
        except (OSError, subprocess.SubprocessError) as error:
            raise UserError("browser_opencc", reason=str(error)) from None
    return [line.partition("\t")[0] for line in lines if "\t" in line]
