"""The vocabulary: tokens to ids and back, with special tokens for padding, unknown, begin and end."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from s2s.errors import UserError
from s2s.text.safe import has_surrogate

PAD, UNK, BOS, EOS = range(4)
SPECIALS = ("<pad>", "<unk>", "<bos>", "<eos>")
FILL = "<fill>"  # padding that the model reads as a token


def matches_reference(output: Sequence[int], gold: Sequence[int]) -> list[bool]:
    """One boolean a reference token: whether the output has the same token at that index.

    ``<unk>`` never counts as a match, as a reader sees a missing word.

    >>> matches_reference([7, 8], [7, 9, 3]), matches_reference([7, 1], [7, 1])
    ([True, False, False], [True, False])
    """
    return [t < len(output) and output[t] == token != UNK for t, token in enumerate(gold)]


def _latin(token: str) -> bool:
    """Whether a token has a Latin letter; such a word is not split into characters, which carry no meaning alone."""
    return any(c.isalpha() and c < "\u0250" for c in token)


@dataclass(frozen=True, repr=False)
class Vocab:
    """An ordered list of tokens; the first four are the specials, the index is the id.

    ``back_off``: a token outside the list is cut into its characters before it is looked up, so
    that a rare Chinese word becomes known characters instead of one ``<unk>``; a word with Latin
    letters stays whole. ``bos``, ``eos``: an encoded text begins with ``<bos>``, ends with ``<eos>``;
    ``fill``: it is then padded to that many tokens with ``<fill>``, a word of the list. ``skip``: a token
    outside the list is left out instead. A word listed in another spelling than the segmenter's
    (``spelt``) is found under both spellings.

    >>> v = Vocab(SPECIALS + ("我", "喜", "欢"), back_off=True)
    >>> v.known(["我", "喜欢", "IBM"])
    ['我', '喜', '欢', 'IBM']
    >>> v.encode(["我", "<pad>", "她"])
    [4, 1, 1]
    >>> v = Vocab(SPECIALS + ("我",), eos=True)
    >>> v.known(["我"]), v.encode(["我", "<eos>"]), v.words(["我", "<eos>"])
    (['我', '<eos>'], [4, 3], ['我'])
    >>> v = Vocab(SPECIALS + ("CAFÉ", "我"), skip=True).spelt(str.lower)
    >>> v.known(["我", "café", "她"]), v.encode(["café", "CAFÉ"])
    (['我', 'café'], [4, 4])
    >>> v = Vocab(SPECIALS + ("我", FILL), eos=True, fill=4)
    >>> v.known(["我"]), v.encode(v.known(["我"])), v.words(v.known(["我"]))
    (['我', '<eos>', '<fill>', '<fill>'], [4, 3, 5, 5], ['我'])
    """

    tokens: tuple[str, ...]
    back_off: bool = False
    bos: bool = False
    eos: bool = False
    fill: int = 0
    skip: bool = False
    spell: Callable[[str], str] = field(default=str, repr=False, compare=False)
    ids: dict[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.tokens[: len(SPECIALS)] != SPECIALS:
            raise UserError("vocab_specials", found=", ".join(self.tokens[:4]), expected=", ".join(SPECIALS))
        if has_surrogate("".join(self.tokens)):
            raise UserError(
                "vocab_surrogate", id=next(i for i, token in enumerate(self.tokens) if has_surrogate(token))
            )
        ids = {token: i for i, token in enumerate(self.tokens)}
        if len(ids) != len(self.tokens):
            repeated = next(t for t, n in Counter(self.tokens).items() if n > 1)
            raise UserError("vocab_repeated", token=repeated)
        if self.fill and FILL not in ids:
            raise UserError("vocab_fill", token=FILL)
        words = {t: i for t, i in ids.items() if i >= len(SPECIALS)}
        others = [(self.spell(t), i) for t, i in words.items()] if self.spell is not str else []
        object.__setattr__(self, "ids", {t: i for t, i in reversed(others) if t and t not in SPECIALS} | words)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {len(self.tokens):,} tokens>"

    def __len__(self) -> int:
        return len(self.tokens)

    def spelt(self, spell: Callable[[str], str]) -> Vocab:
        """The same list for text normalised by ``spell``; if two words then coincide, the first is found."""
        return replace(self, spell=spell)

    def find(self, token: str) -> int | None:
        """A token's id in either spelling, also for uncleaned tokens; None if it is not listed."""
        found = self.ids.get(token)
        if found is None and not (token.isprintable() and unicodedata.is_normalized("NFC", token)):
            return self.ids.get(self.spell(token))
        return found

    @property
    def leading(self) -> int:
        """The number of special tokens before the words."""
        return int(self.bos)

    def known(self, tokens: Iterable[str]) -> list[str]:
        """The tokens as the model reads them: cut into characters where back-off applies, between special tokens."""
        if self.back_off:
            tokens = [part for t in tokens for part in ([t] if t in self.ids or _latin(t) else t)]
        return self.marked(token for token in tokens if not self.skip or self.find(token) is not None)

    def marked(self, tokens: Iterable[str]) -> list[str]:
        """The tokens with the special tokens that the model reads around them, none of them added twice."""
        first, last = ([SPECIALS[i]] if there else [] for i, there in ((BOS, self.bos), (EOS, self.eos)))
        whole = [*first, *self.words(tokens), *last]
        return whole + [FILL] * (self.fill - len(whole))

    def words(self, tokens: Iterable[str]) -> list[str]:
        """The tokens without the special tokens that ``marked`` adds."""
        words = list(tokens)
        while self.fill and words[-1:] == [FILL]:
            del words[-1]
        if self.bos and words[:1] == [SPECIALS[BOS]]:
            del words[0]
        if self.eos and words[-1:] == [SPECIALS[EOS]]:
            del words[-1]
        return words

    def encode(self, tokens: Iterable[str]) -> list[int]:
        """The ids; ``UNK`` for an unlisted token, and for a special token that the model does not read."""
        listed = list(tokens)
        ids = [UNK if (i := self.find(token)) is None else i for token in listed]
        if self.bos and listed[:1] == [SPECIALS[BOS]]:
            ids[0] = BOS
        last = len(listed) - 1
        while self.fill and last > 0 and listed[last] == FILL:
            last -= 1
        if self.eos and last >= 0 and listed[last] == SPECIALS[EOS]:
            ids[last] = EOS
        return ids

    @staticmethod
    def build(sentences: Iterable[Sequence[str]], min_count: int, max_size: int, back_off: bool = False) -> Vocab:
        """The most frequent tokens seen at least ``min_count`` times, ties in code-point order."""
        counts = Counter(token for sentence in sentences for token in sentence)
        if back_off:
            rare = {t: n for t, n in counts.items() if n < min_count and len(t) > 1}
            for token, n in rare.items():
                del counts[token]
                counts.update({c: token.count(c) * n for c in set(token)})
        ranked = sorted((-n, t) for t, n in counts.items() if n >= min_count and t not in SPECIALS)
        return Vocab(SPECIALS + tuple(t for _, t in ranked[: max_size - len(SPECIALS)]), back_off)
