"""Which tokens of an output and of its reference say the same: case, contraction, number form and inflection aside."""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from nltk.stem.snowball import SnowballStemmer

# English forms that a stemmer does not bring together: auxiliaries, contractions as the segmenters cut them, pronouns
_FORMS = {
    "be": "am are is was were been being 'm 're 's",
    "have": "has had having 've",
    "do": "does did done doing",
    "not": "n't",
    "can": "ca could cannot",
    "will": "wo would 'll 'd shall",
    "a": "an",
    "go": "went gone",
    "come": "came",
    "say": "said",
    "get": "got gotten",
    "make": "made",
    "take": "took taken",
    "give": "gave given",
    "know": "knew known",
    "think": "thought",
    "buy": "bought",
    "i": "me my",
    "he": "him his",
    "she": "her",
    "they": "them their",
    "we": "us our",
    "you": "your",
}
_NUMBERS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty"
)
_ORDINALS = "first second third fourth fifth sixth seventh eighth ninth tenth"
_LEMMAS = {
    **{form: lemma for lemma, forms in _FORMS.items() for form in forms.split()},
    **{word: str(value) for value, word in enumerate(_NUMBERS.split())},
    **{word: f"{value}th" for value, word in enumerate(_ORDINALS.split(), 1)},
    **{"1st": "1th", "2nd": "2th", "3rd": "3th"},
    **{word: str(value) for value, word in enumerate("零一二三四五六七八九十")},
    **{"〇": "0", "两": "2"},
}
_MARKS = str.maketrans("", "", "▁@#")  # that tokenizers of pieces put on them


@functools.lru_cache(maxsize=65536)
def normal(token: str) -> str:
    """The form in which a token is compared: NFKC, lower case, English number words as digits, English stems.

    >>> [normal(word) for word in ("Cats", "cat", "n't", "not", "Three", "３", "两", "茶")]
    ['cat', 'cat', 'not', 'not', '3', '3', '2', '茶']
    """
    text = unicodedata.normalize("NFKC", token).casefold().replace("’", "'")
    text = text.translate(_MARKS) or text
    if found := _LEMMAS.get(text):
        return found
    return _stemmer().stem(text) if text.isascii() and text.isalpha() else text


@functools.cache
def _stemmer() -> SnowballStemmer:
    return SnowballStemmer("english")


@dataclass(frozen=True)
class Matching:
    """Which tokens of an output and of a reference stand for each other.

    ``kept`` pairs an output position with the reference position of an equal token in the same order (a longest
    common subsequence), ``moved`` pairs equal tokens that are left, in another order.
    """

    output: tuple[str, ...]
    reference: tuple[str, ...]
    kept: dict[int, int]
    moved: dict[int, int]

    @property
    def unmatched(self) -> list[int]:
        """The output positions without a partner."""
        return [k for k in range(len(self.output)) if k not in self.kept and k not in self.moved]

    @property
    def missing(self) -> list[int]:
        """The reference positions without a partner."""
        found = {*self.kept.values(), *self.moved.values()}
        return [q for q in range(len(self.reference)) if q not in found]

    @property
    def inflected(self) -> list[int]:
        """The output positions that are kept in another form."""
        return [k for k, q in self.kept.items() if self.output[k].casefold() != self.reference[q].casefold()]

    @property
    def same(self) -> bool:
        """Whether both say the same words in the same order."""
        return not self.moved and not self.unmatched and not self.missing


def match(output: Sequence[str], reference: Sequence[str]) -> Matching:
    """Match the tokens of an output with those of its reference.

    >>> found = match("He bought two cat .".split(), "Two cats he buys .".split())
    >>> found.kept, found.moved, found.missing
    ({2: 0, 3: 1, 4: 4}, {0: 2, 1: 3}, [])
    """
    ours, theirs = [normal(token) for token in output], [normal(token) for token in reference]
    kept = _common(ours, theirs)
    left: dict[str, list[int]] = {}
    for q, word in enumerate(theirs):
        if q not in kept.values():
            left.setdefault(word, []).append(q)
    moved = {k: left[word].pop(0) for k, word in enumerate(ours) if k not in kept and left.get(word)}
    return Matching(tuple(output), tuple(reference), kept, moved)


def _common(ours: Sequence[str], theirs: Sequence[str]) -> dict[int, int]:
    """A longest common subsequence as pairs of positions."""
    rows, columns = len(ours), len(theirs)
    longest = [[0] * (columns + 1) for _ in range(rows + 1)]
    for i in range(rows - 1, -1, -1):
        for j in range(columns - 1, -1, -1):
            same = ours[i] == theirs[j]
            longest[i][j] = longest[i + 1][j + 1] + 1 if same else max(longest[i + 1][j], longest[i][j + 1])
    pairs, i, j = dict[int, int](), 0, 0
    while i < rows and j < columns:
        if ours[i] == theirs[j]:
            pairs[i] = j
            i, j = i + 1, j + 1
        elif longest[i + 1][j] >= longest[i][j + 1]:
            i += 1
        else:
            j += 1
    return pairs
