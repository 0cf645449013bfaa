"""Pieces to words."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from s2s.text.subwords import join_pieces, word_spans
from s2s.trace.grid import Grid

PIECES = st.lists(
    st.sampled_from(["▁my", "▁", "s", "ing", "▁我", "们", ".", "</s>", "a@@", "##b", "<unk>"]), min_size=1, max_size=9
)


@pytest.mark.parametrize(
    ("tokens", "words"),
    [
        (["▁my", "▁s", "is", "ter", ",", "▁r", "ides", ".", "</s>"], ["my", "sister", ",", "rides", ".", "</s>"]),
        (["my", "▁sis", "ter", "</s>"], ["my", "sister", "</s>"]),
        (["▁我妹妹", "每天", "早", "▁Tom", "s"], ["我妹妹", "每天", "早", "Toms"]),
        (["▁", "如果", "▁", "Tom"], ["如果", "Tom"]),
        (["un@@", "known", "word"], ["unknown", "word"]),
        (["play", "##ing", "now"], ["playing", "now"]),
        (["我", "喜欢", "tea"], ["我", "喜欢", "tea"]),
        (["<s>", "my", "▁sis", "<unk>", "ter"], ["<s>", "my", "sis", "<unk>", "ter"]),
    ],
)
def test_words_of_every_kind_of_subword(tokens: list[str], words: list[str]) -> None:
    assert [join_pieces(tokens[a:b]) for a, b in word_spans(tokens)] == words


@given(PIECES, PIECES, st.integers(0, 9))
def test_rows_still_sum_to_one_and_nothing_is_lost(outputs: list[str], sources: list[str], seed: int) -> None:
    rng = np.random.default_rng(seed)
    weights = rng.dirichlet(np.ones(len(sources)), (2, len(outputs)))
    grid = Grid(tuple(outputs), tuple(sources), weights)
    rolled = grid.words()
    np.testing.assert_allclose(rolled.weights.sum(axis=-1), 1)
    assert rolled.weights.shape == (2, len(rolled.outputs), len(rolled.sources))
    for tokens in (outputs, sources):
        cuts = word_spans(tokens)
        assert [n for a, b in cuts for n in range(a, b)] == list(range(len(tokens)))
    for t, (a, b) in enumerate(word_spans(outputs)):
        for s, (c, d) in enumerate(word_spans(sources)):
            assert rolled.weights[1, t, s] == pytest.approx(np.mean([sum(weights[1, n, c:d]) for n in range(a, b)]))
    assert grid.subwords == (rolled.weights.shape != weights.shape)
