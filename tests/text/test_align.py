"""Alignment against a naive recursion; columns that hold every token once."""

from __future__ import annotations

import functools
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from s2s.text.align import Column, Pair, align, aligned_columns

WORDS = st.lists(st.sampled_from("abc"), max_size=7)
TOKENS = st.lists(st.sampled_from(["我", "喜", "喜欢", "欢", "苹果", "果", "<unk>", "a", "ab"]), max_size=6)


def naive(a: Sequence[str], b: Sequence[str]) -> tuple[int, int]:
    """The fewest edits, and the most equal pairs with that many (negated)."""

    @functools.cache
    def cost(i: int, j: int) -> tuple[int, int]:
        if i == len(a) or j == len(b):
            return len(a) - i + len(b) - j, 0
        equal = a[i] == b[j]
        options = [
            (cost(i + 1, j), (1, 0)),
            (cost(i, j + 1), (1, 0)),
            (cost(i + 1, j + 1), (0, -1) if equal else (1, 0)),
        ]
        return min((x[0] + y[0], x[1] + y[1]) for x, y in options)

    return cost(0, 0)


def paid(a: Sequence[str], b: Sequence[str], pairs: Sequence[Pair]) -> tuple[int, int]:
    equal = sum(i is not None and j is not None and a[i] == b[j] for i, j in pairs)
    return len(pairs) - equal, -equal


@given(WORDS, WORDS)
def test_the_alignment_is_the_best_of_a_naive_recursion(a: list[str], b: list[str]) -> None:
    pairs = align(a, b)
    assert [i for i, _ in pairs if i is not None] == list(range(len(a)))
    assert [j for _, j in pairs if j is not None] == list(range(len(b)))
    assert paid(a, b, pairs) == naive(a, b)


@given(WORDS, WORDS, WORDS)
def test_what_both_begin_with_is_paired(same: list[str], a: list[str], b: list[str]) -> None:
    assert align([*same, *a], [*same, *b])[: len(same)] == [(t, t) for t in range(len(same))]


def test_a_word_that_stands_for_another_is_its_partner() -> None:
    assert align(["我", "爱", "你"], ["我", "恨", "你"]) == [(0, 0), (1, 1), (2, 2)]
    assert align([], ["a"]) == [(None, 0)]


@given(TOKENS, TOKENS)
def test_every_token_is_in_one_column(a: list[str], b: list[str]) -> None:
    found = aligned_columns(a, b)
    assert sorted(s for column in found for s in column.a) == list(range(len(a)))
    assert sorted(s for column in found for s in column.b) == list(range(len(b)))
    assert all(column.a or column.b for column in found)
    firsts = [column.a[0] for column in found if column.a]
    assert firsts == sorted(firsts)


@given(TOKENS)
def test_a_source_beside_itself_has_a_column_a_token(tokens: list[str]) -> None:
    assert aligned_columns(tokens, tokens) == tuple(Column((s,), (s,)) for s in range(len(tokens)))


def test_edits_give_the_columns_that_one_expects() -> None:
    a = ["他", "骑", "自行车", "去", "学校"]
    cases = {
        ("他", "骑", "自行车", "学校"): [((3,), ())],
        ("他", "骑", "自行车", "<unk>", "学校"): [((3,), (3,))],
        ("他", "骑", "脚踏车", "去", "学校"): [((2,), (2,))],
        ("他", "骑", "马", "去", "学校"): [((2,), (2,))],
        ("他", "骑", "自行", "车", "去", "学校"): [((2,), (2, 3))],
        ("他", "骑", "自行车去", "学校"): [((2, 3), (2,))],
        ("他", "慢慢", "骑", "自行车", "去", "学校"): [((), (1,))],
    }
    for b, expected in cases.items():
        plain = {(column.a, column.b) for column in aligned_columns(a, list(b))}
        assert set(expected) <= plain, b
        same = [(s, b.index(token)) for s, token in enumerate(a) if token in b]
        assert {((s,), (r,)) for s, r in same} <= plain, b


def test_two_segmentations_share_the_columns_that_both_can_be_cut_into() -> None:
    found = aligned_columns(["研究", "生命", "的", "起源"], ["研究生", "命", "的", "起", "源"])
    assert [(c.a, c.b) for c in found] == [((0, 1), (0, 1)), ((2,), (2,)), ((3,), (3, 4))]
