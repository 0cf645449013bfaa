"""What the browser's model needs besides a checkpoint's own files: jieba's dictionary and OpenCC's tables, compact."""

from __future__ import annotations

import functools
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import opencc

from s2s.errors import UserError
from s2s.text.segmenters import dictionary, simplify

PHRASES = "TSPhrases"  # OpenCC's list for traditional to simplified characters


def utf16_order(text: str) -> bytes:
    """A key that sorts as JavaScript compares strings: by UTF-16 code units."""
    return text.encode("utf-16-be")


@functools.cache
def dictionary_values() -> dict[str, Any]:
    """jieba's words sorted by code unit, one a line, their frequencies in the same order, and the sum of all."""
    tokenizer = dictionary()
    words = sorted((word for word, frequency in tokenizer.FREQ.items() if frequency), key=utf16_order)
    frequencies = [tokenizer.FREQ[word] for word in words]
    return {"words": "\n".join(words), "frequencies": frequencies, "total": tokenizer.total}


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
    """The phrases of OpenCC's own file, which its own tool writes out as text."""
    package = Path(opencc.__file__).parent / "clib"
    with tempfile.TemporaryDirectory() as directory:
        listed = Path(directory) / "phrases.txt"
        command = [str(package / "bin" / "opencc_dict"), "-f", "ocd2", "-t", "text"]
        command += ["-i", str(package / "share" / "opencc" / f"{PHRASES}.ocd2"), "-o", str(listed)]
        try:
            subprocess.run(command, check=True, capture_output=True, timeout=60)
            lines = listed.read_text(encoding="utf-8").splitlines()
        except (OSError, subprocess.SubprocessError) as error:
            raise UserError("browser_opencc", reason=str(error)) from None
    return [line.partition("\t")[0] for line in lines if "\t" in line]
