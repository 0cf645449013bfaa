"""Aligns two token sequences: the steps of two outputs, or the columns of two sources.

Outputs are aligned by edit distance on tokens, so that a substituted word is paired with the original. Sources are
aligned by edit distance on characters, so that two segmentations of a text share columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from s2s.text.vocab import SPECIALS

Pair = tuple[int | None, int | None]
Token = tuple[str, int]  # the side, a or b, and the index
EDIT_COST = 1 << 16  # the cost of one edit; an equal pair earns 1, which breaks ties between equal distances


def align(a: Sequence[str], b: Sequence[str]) -> list[Pair]:
    """Aligned index pairs in order, None for a missing partner: the fewest edits, then the most equal pairs.

    An edit is an insertion, a deletion or a substitution (Levenshtein 1966). A common prefix is
    paired, and of equally good alignments the one that pairs earlier is returned.

    >>> align(["I", "like", "tea"], ["I", "do", "like", "milk"])
    [(0, 0), (None, 1), (1, 2), (2, 3)]
    """
    same = 0
    while same < min(len(a), len(b)) and a[same] == b[same]:
        same += 1
    price = edit_costs(a[same:][::-1], b[same:][::-1])  # of suffixes, so that the path can be followed from the front
    i, j, pairs = same, same, list[Pair]()
    while i < len(a) or j < len(b):
        left_a, left_b = len(a) - i, len(b) - j
        here = price[left_a, left_b]
        # Prefer a diagonal step, so that a substituted word is paired with the original.
        if left_a and left_b and here == price[left_a - 1, left_b - 1] + (-1 if a[i] == b[j] else EDIT_COST):
            pairs.append((i, j))
            i, j = i + 1, j + 1
        elif left_a and here == price[left_a - 1, left_b] + EDIT_COST:
            pairs.append((i, None))
            i += 1
        else:
            pairs.append((None, j))
            j += 1
    return [*((t, t) for t in range(same)), *pairs]


def edit_costs(a: Sequence[str], b: Sequence[str]) -> np.ndarray:
    """The cost table, ``STEP`` · edits - equal pairs for each pair of prefixes, shape (len(a)+1, len(b)+1)."""
    ids = {token: i for i, token in enumerate(dict.fromkeys((*a, *b)))}
    b_ids = np.array([ids[token] for token in b], dtype=np.int64)
    slope = np.arange(len(b) + 1, dtype=np.int64) * EDIT_COST
    rows = [slope]
    for token in a:
        above = rows[-1]
        best = above + EDIT_COST
        best[1:] = np.minimum(best[1:], above[:-1] + np.where(b_ids == ids[token], -1, EDIT_COST))
        rows.append(np.minimum.accumulate(best - slope) + slope)  # insertions along the row
    return np.array(rows)


@dataclass(frozen=True)
class Column:
    """Aligned source tokens, by their indices on each side; one side may be empty."""

    a: tuple[int, ...]
    b: tuple[int, ...]


def aligned_columns(a: Sequence[str], b: Sequence[str]) -> tuple[Column, ...]:
    """The columns, in text order; every token of both sides is in exactly one.

    Tokens that share an aligned equal character are in one column. Two remaining tokens of which one replaces the
    other are in one column, too. A special token counts as one character.

    >>> aligned_columns(["骑", "自行车", "去"], ["骑", "自行", "车", "慢慢", "去"])[1:3]
    (Column(a=(1,), b=(1, 2)), Column(a=(), b=(3,)))
    """
    letters_a, letters_b = _letters(a), _letters(b)
    pairs = align([letter for letter, _ in letters_a], [letter for letter, _ in letters_b])
    groups: dict[Token, list[Token]] = {
        t: [t] for t in (*(("a", s) for s in range(len(a))), *(("b", r) for r in range(len(b))))
    }

    def link(one: Token, other: Token) -> None:
        if groups[one] is not groups[other]:
            both = groups[one] + groups[other]
            groups.update((token, both) for token in both)

    order, replaced = list[Token](), list[tuple[Token, Token]]()
    for i, j in pairs:
        here = [("a", letters_a[i][1])] if i is not None else []
        here += [("b", letters_b[j][1])] if j is not None else []
        order += here
        if i is not None and j is not None:
            if letters_a[i][0] == letters_b[j][0]:
                link(here[0], here[1])
            else:
                replaced.append((here[0], here[1]))
    for one, other in replaced:
        if len(groups[one]) == len(groups[other]) == 1:
            link(one, other)
    members = {id(groups[token]): groups[token] for token in order}.values()
    indices = ([sorted(index for side, index in group if side == name) for name in "ab"] for group in members)
    return tuple(Column(tuple(of_a), tuple(of_b)) for of_a, of_b in indices)


def _letters(tokens: Sequence[str]) -> list[tuple[str, int]]:
    """Every character with the index of its token; a special token is one character."""
    return [(c, s) for s, token in enumerate(tokens) for c in ([token] if token in SPECIALS else token)]
