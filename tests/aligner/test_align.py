from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from s2s.aligner.align import align_words
from s2s.aligner.pharaoh import format_links, read_links
from s2s.aligner.symmetrise import grow_diag_final_and
from s2s.data.batches import Links
from s2s.errors import UserError
from s2s.explain.alignment_score import error_rate

LINKS = some.frozensets(some.tuples(some.integers(0, 4), some.integers(0, 4)), max_size=9)


def reordered(seed: int, count: int = 200) -> tuple[list[tuple[list[str], list[str]]], list[Links]]:
    """A language whose words each have one translation, with neighbours swapped at random and some words dropped."""
    rng, pairs, golds = random.Random(seed), list[tuple[list[str], list[str]]](), list[Links]()
    for _ in range(count):
        source = [f"s{word}" for word in rng.sample(range(40), rng.randint(3, 8))]
        order = list(range(len(source)))
        for s in range(len(order) - 1):
            if rng.random() < 0.4:
                order[s], order[s + 1] = order[s + 1], order[s]
        order = [s for s in order if rng.random() < 0.9] or order[:1]
        pairs.append((source, [f"t{source[s][1:]}" for s in order]))
        golds.append(frozenset((s, t) for t, s in enumerate(order)))
    return pairs, golds


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_it_finds_the_links_of_a_language_in_another_order(seed: int) -> None:
    pairs, golds = reordered(seed)
    shares = list[float]()
    found = align_words(pairs, shares.append)
    rate = error_rate(found, [(gold, gold) for gold in golds])
    assert rate is not None and rate < 0.02
    assert shares == sorted(shares) and shares[-1] == 1
    assert align_words(pairs) == found  # nothing is drawn at random


def test_a_pair_without_words_has_no_links() -> None:
    assert align_words([]) == []
    assert align_words([([], ["x"]), (["a"], ["x"]), (["a"], [])]) == [frozenset(), {(0, 0)}, frozenset()]


@given(LINKS, LINKS)
def test_symmetrised_links_lie_between_intersection_and_union(one: Links, other: Links) -> None:
    found = grow_diag_final_and(one, other)
    assert one & other <= found <= one | other
    sources, targets = {s for s, _ in found}, {t for _, t in found}
    assert not any(s not in sources and t not in targets for s, t in one | other)
    assert grow_diag_final_and(one, one) == one


def test_growing_takes_neighbours_of_words_without_link_alone() -> None:
    both = {(0, 0), (3, 3)}
    forward, backward = frozenset(both | {(1, 1), (0, 3)}), frozenset(both | {(1, 0), (2, 2), (5, 0)})
    # (1, 0) grows beside (0, 0), (1, 1) beside it, (2, 2) beside that; (5, 0) is far, and target word 0 has its link
    assert grow_diag_final_and(forward, backward) == both | {(1, 0), (1, 1), (2, 2)}


def test_links_are_read_as_they_were_written(tmp_path: Path) -> None:
    links, path = [frozenset({(0, 1), (2, 0)}), frozenset[tuple[int, int]](), frozenset({(10, 0)})], tmp_path / "l.txt"
    path.write_text(format_links(links), encoding="utf-8")
    assert path.read_text(encoding="utf-8") == "0-1 2-0\n\n10-0\n"
    assert read_links(path, [(3, 2), (4, 4), (11, 1)]) == links


@pytest.mark.parametrize(
    ("text", "key", "named"),
    [("0-0\n", "links_lines", "2"), ("0-0\n0-1\n", "alignment_link", "0-1"), ("0-0\n0:0\n", "alignment_link", "0:0")],
)
def test_a_file_that_does_not_fit_is_named(tmp_path: Path, text: str, key: str, named: str) -> None:
    path = tmp_path / "l.txt"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UserError) as error:
        read_links(path, [(1, 1), (1, 1)])
    assert error.value.key == f"error.{key}"
    for language in ("en", "zh"):
        assert named in error.value.say(language) and "l.txt" in error.value.say(language)
