"""Other segmentations: against brute force over jieba's lattice, and against jieba itself."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s2s.text.alternatives import Lattice, alternatives, best_paths, lattice, path_words, token_splits
from s2s.text.segmenters import SEGMENTERS, SPACE, dictionary, jieba_words, normalised, spelling
from s2s.text.vocab import SPECIALS, Vocab

VOCAB = Vocab((*SPECIALS, "我", "研究", "生命", "起", "源", "自行", "车"), back_off=True)
TEXTS = ["我研究生命起源。", "南京市长江大桥", "骑自行车 Tom 去学校, iPhone15!", "May 5, 2020", "喜歡蘋果", "龘", "a"]
PIECES = st.lists(
    st.sampled_from([*"我研究生命起源自行车早上好 ,。x7", "iPhone", "T恤", "喜歡", "<unk>"]), min_size=1, max_size=7
)


def every_path(edges: Lattice, start: int = 0) -> Iterator[tuple[float, list[int]]]:
    if start == len(edges):
        yield 0.0, []
        return
    for end, weight in edges[start]:
        for score, rest in every_path(edges, end):
            yield weight + score, [end, *rest]


@given(st.text("南京市长江大桥研究生命起源的a1，", max_size=9), st.integers(1, 6))
def test_the_best_paths_are_those_of_brute_force(text: str, k: int) -> None:
    edges = lattice(text)
    found = best_paths(edges, k)
    every = list(every_path(edges))
    expected = sorted((score for score, _ in every), reverse=True)[:k]
    assert [score for score, _ in found] == pytest.approx(expected, abs=1e-9)
    ends = [tuple(ends) for _, ends in found]
    assert len(set(ends)) == len(ends)
    scores = {tuple(ends): score for score, ends in every}
    assert [scores[e] for e in ends] == pytest.approx([score for score, _ in found], abs=1e-9)


def test_an_edge_is_a_word_of_the_dictionary_with_its_frequency() -> None:
    tokenizer = dictionary()
    edges = lattice("长江大桥")
    assert {end for end, _ in edges[0]} == {1, 2, 4}
    assert dict(edges[0])[4] == pytest.approx(math.log(tokenizer.FREQ["长江大桥"] / tokenizer.total))


@given(PIECES.map("".join))
def test_the_first_path_is_jiebas_own_segmentation(text: str) -> None:
    plain = normalised(text)
    assert [path_words(plain, ends) for _, ends in best_paths(lattice(plain), 1)] == [jieba_words(text)]


@pytest.mark.parametrize("name", [name for name, segmenter in SEGMENTERS.items() if not segmenter.exact])
def test_a_cut_that_changes_characters_has_no_alternative(name: str) -> None:
    (own,) = alternatives(SEGMENTERS[name], VOCAB, "May 5, 2020!")
    assert own.kind == "model" and list(own.tokens) == VOCAB.known(SEGMENTERS[name].cut("May 5, 2020!"))


@pytest.mark.parametrize("name", [name for name, segmenter in SEGMENTERS.items() if segmenter.exact])
@pytest.mark.parametrize("text", TEXTS)
def test_every_alternative_spells_the_text_and_the_first_is_the_models(name: str, text: str) -> None:
    segmenter = SEGMENTERS[name]
    found = alternatives(segmenter, VOCAB, text)
    assert found[0].kind == "model"
    assert list(found[0].tokens) == VOCAB.known(segmenter.cut(text))
    assert tuple(jieba_words(text)) in [s.tokens for s in found]
    assert len({s.tokens for s in found}) == len(found)
    for segmentation in found:
        assert spelling("".join(segmentation.tokens)) == spelling(text), segmentation
        assert not any(token.isspace() or not token for token in segmentation.tokens)


@given(PIECES)
def test_a_mask_stays_one_token_in_every_alternative(tokens: list[str]) -> None:
    for segmentation in alternatives(SEGMENTERS["jieba"], VOCAB, "".join(tokens)):
        assert segmentation.tokens.count("<unk>") == tokens.count("<unk>")


def test_the_kinds_are_what_they_are_called() -> None:
    found = {s.kind: s.tokens for s in reversed(alternatives(SEGMENTERS["jieba"], VOCAB, "南京市长江大桥在这里"))}
    assert found["model"] == tuple("南京市长江大桥在这里")  # the vocabulary knows none of these words
    assert found["words"] == ("南京市", "长江大桥", "在", "这里")
    assert found["search"] == ("南京", "市", "长江", "大桥", "在", "这里")
    by_characters = {s.kind: s.tokens for s in alternatives(SEGMENTERS["characters"], VOCAB, "南京市 a")}
    assert by_characters["model"] == ("南", "京", "市", SPACE, "a")
    assert by_characters["jieba"] == ("南京市", "a")


def test_a_path_has_jiebas_log_probability() -> None:
    tokenizer = dictionary()
    for segmentation in alternatives(SEGMENTERS["jieba"], VOCAB, "研究生命起源"):
        if segmentation.log_prob is not None:
            expected = sum(math.log((tokenizer.FREQ.get(w) or 1) / tokenizer.total) for w in segmentation.tokens)
            assert segmentation.log_prob == pytest.approx(expected)


def test_splits_spell_the_token_and_end_with_its_characters() -> None:
    found = token_splits("自行车")
    assert found[0] == ("自行", "车") and found[-1] == ("自", "行", "车")
    assert token_splits("well-known")[-1] == tuple("well-known")
    assert token_splits("车") == token_splits("<unk>") == token_splits("") == []
    for token in ("中华人民共和国", "T恤", "2020"):
        for pieces in token_splits(token):
            assert "".join(pieces) == token and len(pieces) > 1


def test_an_empty_text_has_no_words() -> None:
    assert all(s.tokens == () for s in alternatives(SEGMENTERS["jieba"], VOCAB, ""))
    assert list(itertools.chain(*(s.tokens for s in alternatives(SEGMENTERS["latin"], VOCAB, "")))) == []
