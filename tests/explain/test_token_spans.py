from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from s2s.checkpoint.record import make_side
from s2s.explain.token_spans import cut, overlap, project, spans
from tests.factory import SOURCE, TARGET

TOKENS = some.lists(some.text("ab", min_size=1, max_size=4), min_size=1, max_size=6)


@given(TOKENS)
def test_every_character_is_in_one_token(tokens: list[str]) -> None:
    found = spans(tokens)
    assert "".join("".join(tokens)[a:b] for a, b in found) == "".join(tokens)
    assert overlap(found, found) == [[n] for n in range(len(tokens))]


@given(some.text("ab", min_size=2, max_size=12), some.data())
def test_links_there_and_back_contain_the_links(text: str, data: some.DataObject) -> None:
    def some_cut() -> list[tuple[int, int]]:
        ends = sorted({*data.draw(some.lists(some.integers(1, len(text)), max_size=5)), len(text)})
        return list(zip([0, *ends], ends, strict=False))

    mine, theirs = some_cut(), some_cut()
    links = frozenset((s, t) for s in range(len(mine)) for t in range(s, len(mine)))
    there = project(links, overlap(mine, theirs), overlap(mine, theirs))
    assert links <= project(there, overlap(theirs, mine), overlap(theirs, mine))
    naive = {
        (i, j)
        for s, t in links
        for i, j in ((i, j) for i in range(len(theirs)) for j in range(len(theirs)))
        if set(range(*mine[s])) & set(range(*theirs[i])) and set(range(*mine[t])) & set(range(*theirs[j]))
    }
    assert there == naive


def test_words_that_are_cut_otherwise_are_found_again() -> None:
    found = cut(make_side("jieba", SOURCE), ["我喜", "欢", "喝", "茶", ","])
    assert found is not None
    tokens, own, given_spans = found
    assert tokens == ["我", "喜欢", "喝", "茶", "，"]
    assert overlap(own, given_spans) == [[0], [0, 1], [2], [3], [4]]
    latin = cut(make_side("latin", TARGET), ["do", "n't", "I", "don't"])
    assert latin is not None and latin[0] == ["do", "n't", "I", "do", "n't"]
    assert overlap(latin[1], latin[2]) == [[0], [1], [2], [3], [3]]


@pytest.mark.parametrize("text", [["\u200b"], []])
def test_a_side_with_nothing_to_read_has_no_map(text: list[str]) -> None:
    assert cut(make_side("latin", TARGET), text) is None
