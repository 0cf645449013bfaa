"""N-grams of two systems against counts in plain Python, and their test against every swap there is."""

from __future__ import annotations

import itertools
import math
import random
from collections import Counter

import pyarrow as pa
import pytest

from s2s.inspect import ngrams as module
from s2s.inspect.ngrams import ngrams
from tests.inspect.test_target_words import Texts, corpus, counted, lists

Gram = tuple[str, ...]


def grams(row: list[str]) -> Counter[Gram]:
    return Counter(tuple(row[i : i + n]) for n in range(1, 5) for i in range(len(row) - n + 1))


def statistics(references: Texts, first: Texts, second: Texts) -> dict[Gram, tuple[float, int]]:
    """By how many standard deviations the first is ahead in each n-gram, and the number of rows that differ."""
    ahead: dict[Gram, list[int]] = {}
    for reference, *outputs in zip(references, first, second, strict=True):
        a, b = (grams(output) & grams(reference) for output in outputs)
        for gram in {*a, *b}:
            if a[gram] != b[gram]:
                ahead.setdefault(gram, []).append(a[gram] - b[gram])
    return {gram: (sum(d) / math.sqrt(sum(x * x for x in d)), len(d)) for gram, d in ahead.items()}


def test_ngrams_are_counted_and_the_most_certain_come_first() -> None:
    references, *systems = corpus(150, 1)
    made, wanted = ngrams(*lists(references, *systems), most=20), statistics(references, *systems)
    counts = [[counted(references, system, order) for system in systems] for order in range(1, 5)]
    for side, sign in enumerate((1, -1)):
        z_values = [sign * wanted[tuple(one["tokens"])][0] for one in made[side]]
        assert len(z_values) == 20 and z_values == pytest.approx(sorted(z_values, reverse=True))
        for one in made[side]:
            of_order = counts[len(one["tokens"]) - 1]
            right, said = ([count[i][tuple(one["tokens"])] for count in of_order] for i in (0, 1))
            assert (one["right"], one["said"]) == (right, said)
            assert one["share"] == (right[side] + 1) / (sum(right) + 2) > 0.5
        listed = [(tuple(one["tokens"]), one["right"]) for one in made[side]]
        for gram, (z, _) in wanted.items():  # what is better than the last is listed, or part of a longer one
            if sign * z > z_values[-1] + 1e-9 and gram not in [other for other, _ in listed]:
                right = [count[0][gram] for count in counts[len(gram) - 1]]
                longer = [other for other, numbers in listed if numbers == right]
                assert any(gram == other[i : i + len(gram)] for other in longer for i in range(len(other)))


def test_p_is_the_share_of_all_swaps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LEAST", 3)
    monkeypatch.setattr(module, "TRIALS", 3_000)
    references, first, second = corpus(9, 4)
    tested = {gram for gram, (_, rows) in statistics(references, first, second).items() if rows >= 3}
    largest = []
    for swaps in itertools.product([False, True], repeat=9):
        sides = zip(first, second, swaps, strict=True)
        a, b = zip(*((y, x) if swap else (x, y) for x, y, swap in sides), strict=True)
        found = statistics(references, [*a], [*b])
        largest.append(max(abs(found[gram][0]) for gram in tested))
    observed, p_values = statistics(references, first, second), []
    for one in itertools.chain(*ngrams(*lists(references, first, second), most=100)):
        z, rows = observed[tuple(one["tokens"])]
        share = sum(value >= abs(z) - 1e-9 for value in largest) / len(largest) if rows >= 3 else 1
        assert one["p"] == pytest.approx(share, abs=0.04)
        p_values.append(one["p"])
    assert min(p_values) < 0.8 and max(p_values) == 1


def test_a_planted_difference_is_certain_and_equal_systems_seldom_differ() -> None:
    references, first, _ = corpus(300, 2)
    second = [["other" if word == "w3" else word for word in row] for row in first]
    made = ngrams(*lists(references, first, second))
    assert made[0][0]["tokens"] == ["w3"] and made[0][0]["p"] == 0.001 and made[0][0]["right"][1] == 0
    small = 0
    for seed in range(60):
        _, a, _ = corpus(60, seed)
        references, b, _ = corpus(60, seed)
        rng = random.Random(seed)
        b = [[rng.choice(["w1", "w2", "w5"]) if rng.random() < 0.5 else word for word in row] for row in b]
        a = [[rng.choice(["w1", "w2", "w5"]) if rng.random() < 0.5 else word for word in row] for row in a]
        small += any(one["p"] <= 0.2 for one in itertools.chain(*ngrams(*lists(references, a, b), seed=seed)))
    assert small <= 24  # 12 on average at most, standard deviation 3.1


def test_of_ngrams_with_equal_counts_the_longest_is_kept_and_none_is_none() -> None:
    empty = pa.chunked_array([], pa.list_(pa.string()))
    none = pa.chunked_array([[None, ["a"]]], pa.list_(pa.string()))
    (reference,) = lists([["a", "b"], ["a"]])
    assert ngrams(empty, empty, empty) == ngrams(reference, none, none) == [[], []]
    first, second = ngrams(*lists([["a", "b"], ["c"]], [["a", "b"], []], [[], ["a"]]))
    assert ([one["tokens"] for one in first], second) == ([["a", "b"]], [])
