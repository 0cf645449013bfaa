"""A tokenizer's pieces as readable labels and as a segmenter."""

from __future__ import annotations

import functools
import threading
from collections.abc import Collection, Sequence
from typing import Any

from s2s.text.hidden import show_invisible
from s2s.text.segmenters import Segmenter, is_token
from s2s.text.vocab import SPECIALS

BEGIN = "▁"  # SentencePiece's mark of a space before a piece; ours for every tokenizer that marks one
MODE = threading.Lock()  # a tokenizer is switched to another mode to cut a target, and all visitors share it


@functools.cache
def _bytes() -> dict[str, int]:
    """The characters that byte-level BPE writes for bytes (Radford et al. 2019): printable ones stay as they are."""
    plain = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [b for b in range(256) if b not in plain]
    return {**{chr(b): b for b in plain}, **{chr(256 + n): b for n, b in enumerate(others)}}


def readable(piece: str) -> str:
    """A byte-level piece as text, if its bytes are complete, visible characters.

    >>> readable("Ġcaf\\u00c3\\u00a9"), readable("æĪĳ"), readable("æĪ"), readable("âĢĮ")
    ('▁café', '我', 'æĪ', '⟨200C⟩')
    """
    try:
        text = bytes(_bytes()[c] for c in piece).decode("utf-8").replace(" ", BEGIN)
    except (KeyError, UnicodeDecodeError):
        return piece
    return piece if text.isspace() else show_invisible(text)


def labels(tokenizer: Any, size: int, special: Collection[int] = ()) -> list[str]:
    """A unique label for each of the network's ids; ids beyond the tokenizer's are ``<id-123>``.

    Invisible characters are written as their code point, ``⟨200B⟩``. ``special`` are ids that the tokenizer
    knows but may not count, such as M2M's languages.
    """
    backend = getattr(tokenizer, "backend_tokenizer", None)
    spell = readable if "ByteLevel" in type(getattr(backend, "decoder", None)).__name__ else str
    known = min(size, len(tokenizer))
    listed = sorted({*range(known), *(n for n in special if n < size)})
    pieces = dict(zip(listed, tokenizer.convert_ids_to_tokens(listed), strict=True))
    taken, found = set(SPECIALS), list[str]()
    for n in range(size):
        piece = pieces.get(n) or ""
        label = next((x for x in (spell(piece), show_invisible(piece)) if is_token(x) and x not in taken), f"<id-{n}>")
        taken.add(label)
        found.append(label)
    return found


class Pieces:
    """The segmenter of a side, made of the tokenizer.

    A source gets its special tokens and comes after ``prefix``; a target gets none. ``join`` leaves the ids
    ``special`` out.
    """

    def __init__(
        self, tokenizer: Any, names: Sequence[str], special: Collection[int], source: bool, prefix: str = ""
    ) -> None:
        self.tokenizer, self.names, self.source, self.prefix = tokenizer, names, source, prefix
        self.special = frozenset(special)
        self.ids = {name: n for n, name in enumerate(names)}

    def cut(self, text: str) -> list[str]:
        """The labels of a text's pieces; ``<unk>`` where the tokenizer has no piece."""
        with MODE:
            if self.source:
                found = self.tokenizer(self.prefix + text)["input_ids"]
                if not len(self.tokenizer(text, add_special_tokens=False)["input_ids"]):
                    return []
            else:
                found = self.tokenizer(text_target=text, add_special_tokens=False)["input_ids"]
        unknown, size = self.tokenizer.unk_token_id, len(self.names)
        return ["<unk>" if i == unknown or i >= size else self.names[i] for i in found]

    def join(self, tokens: list[str]) -> str:
        """The text of labels, without special tokens."""
        unknown = self.tokenizer.unk_token_id
        found = [self.ids.get(token, unknown) for token in tokens]
        kept = [i for i in found if i is not None and (i == unknown or i not in self.special)]
        return str(self.tokenizer.decode(kept)).strip()

    @property
    def segmenter(self) -> Segmenter:
        """The pair of functions as a ``Segmenter``."""
        return Segmenter("huggingface", self.cut, self.join)
