"""The search for the worst slices: planted ones are found, none where nothing is, against every permutation."""

from __future__ import annotations

import itertools
import json
import math
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from s2s.evaluate.bootstrap import Bootstrap
from s2s.inspect import worst
from s2s.inspect.table import Examples, Query
from s2s.inspect.worst import candidates, collapsed, max_t, query_of, worst_slices
from tests.inspect.test_table import random_rows, write

WORDS = [f"w{n}" for n in range(12)]


def rows(count: int, seed: int = 0) -> list[dict[str, Any]]:
    """Rows with random words; chrF is worse by 15 with ``Bad``, and in sentences of more than 9 words by 12."""
    rng, out = random.Random(seed), []
    for row in random_rows(count, seed):
        words = [rng.choice(WORDS) for _ in range(rng.randint(2, 12))]
        if rng.random() < 0.1:
            words[0] = rng.choice(["Bad", "bad"])
        low = 15 * ({"Bad", "bad"} & {*words} != set()) + 12 * (len(words) > 9)
        score = min(100.0, max(0.0, rng.gauss(55, 12) - low))
        unknown = [0] if rng.random() < 0.2 else []
        out.append(row | {"source_tokens": words, "source_unknown": unknown, "reference_unknown": [], "chrf": score})
    return out


@pytest.fixture(scope="module")
def examples(tmp_path_factory: pytest.TempPathFactory) -> Examples:
    return write(tmp_path_factory.mktemp("worst"), rows(800))


def test_planted_slices_are_found_with_their_effects(examples: Examples) -> None:
    table = examples.columns("source_tokens", "chrf").to_pylist()
    search = worst_slices(examples, by=Bootstrap(200))
    assert (search.score, search.rows) == ("chrf", 800) and search.least == 20 and search.candidates > 15
    sure = [one for one in search.found if one.p <= 0.05]
    assert ("word", "bad") in [(one.kind, one.value) for one in sure]
    assert any(one.kind == "source_length" and one.value[1] is None for one in sure)
    assert not any(one.kind == "word" and one.value != "bad" for one in sure[:2])
    (bad,) = [one for one in sure if one.value == "bad"]
    inside = [row["chrf"] for row in table if {"Bad", "bad"} & {*row["source_tokens"]}]
    rest = [row["chrf"] for row in table if not {"Bad", "bad"} & {*row["source_tokens"]}]
    assert bad.count == len(inside) and bad.p == 0.001
    assert (bad.mean, bad.rest) == pytest.approx((np.mean(inside), np.mean(rest)), rel=1e-5)
    assert bad.difference == pytest.approx(np.mean(inside) - np.mean(rest), rel=1e-4)
    error = math.sqrt(np.var(inside) / len(inside) + np.var(rest) / len(rest))
    assert bad.low is not None and bad.high is not None and bad.low < -10 and bad.high < 0
    assert bad.high - bad.low == pytest.approx(2 * 1.96 * error, rel=0.2)


def test_only_the_rows_of_a_filter_and_given_masks_count(examples: Examples) -> None:
    short_N = np.array(examples.column("source_length")) <= 9
    search = worst_slices(examples, rows_N=short_N, by=Bootstrap(20))
    assert search.rows == short_N.sum()
    assert [one.value for one in search.found if one.p <= 0.05] == ["bad"]
    score_N = np.array(examples.column("chrf"))
    given = {"mine": score_N < np.quantile(score_N, 0.1), "few": np.arange(800) < 5}
    found = worst_slices(examples, given=given, by=Bootstrap(20)).found
    assert (found[0].kind, found[0].value, found[0].p) == ("given", "mine", 0.001)
    assert "few" not in [one.value for one in found]
    higher = worst_slices(examples, "nll", given={"mine": np.array(examples.column("nll")) > 0.8}, by=Bootstrap(20))
    assert higher.found[0].value == "mine" and higher.found[0].mean > 0.8


def test_where_nothing_is_something_is_found_as_often_as_p_says(examples: Examples) -> None:
    """Of shuffled scores the smallest p is at most 0.2 in a fifth of the cases, however many candidates there are."""
    every = list(candidates(examples, np.ones(800, dtype=bool), {}, 20))
    rows_CN = np.stack([one.rows_N for one in every if 20 <= one.rows_N.sum() <= 780])
    rng, small = np.random.default_rng(0), 0
    score_N = np.array(examples.column("chrf"))
    for seed in range(200):
        small += max_t(rows_CN, rng.permutation(score_N), seed, 99)[1].min() <= 0.2
    assert 22 <= small <= 60  # 40 on average, standard deviation 5.7
    single = np.mean([max_t(rows_CN[:1], rng.permutation(score_N), seed, 99)[1].min() <= 0.2 for seed in range(200)])
    assert 0.11 <= single <= 0.3


def test_p_is_the_share_of_all_permutations() -> None:
    bad = [3.0, 1.0, 4.0, 1.0, 5.0, 9.0, 2.0]
    slices = np.array([[0, 0, 0, 1, 1, 1, 0], [1, 0, 0, 0, 0, 1, 0], [0, 1, 1, 0, 1, 1, 1]], dtype=bool)

    def statistics(values: tuple[float, ...]) -> list[float]:
        mean, out = sum(values) / 7, []
        variance = sum((value - mean) ** 2 for value in values) / 7
        for one in slices:
            k = int(one.sum())
            total = sum(value - mean for value, inside in zip(values, one, strict=True) if inside)
            out.append(total / math.sqrt(variance * k * (7 - k) / 6))
        return out

    largest = [max(statistics(values)) for values in itertools.permutations(bad)]
    z_C, p_C = max_t(slices, np.array(bad), 0, 20_000)
    assert z_C == pytest.approx(statistics(tuple(bad)), rel=1e-5)
    for z, p in zip(z_C, p_C, strict=True):
        assert p == pytest.approx(np.mean([value >= z - 1e-4 for value in largest]), abs=0.012)


def test_slices_of_almost_the_same_rows_are_one(examples: Examples) -> None:
    a, b, c = np.arange(20) < 10, np.arange(20) < 14, np.arange(20) >= 10
    assert collapsed(np.stack([a, b, c]), [0, 1, 2]) == {0: [1], 2: []}
    bad_N = np.array(
        [bool({"Bad", "bad"} & {*row["source_tokens"]}) for row in examples.columns("source_tokens").to_pylist()]
    )
    found = worst_slices(examples, given={"twin": bad_N}, by=Bootstrap(20)).found
    (one,) = [one for one in found if ("given", "twin") in one.also or one.value == "twin"]
    assert {(one.kind, one.value), *one.also} >= {("word", "bad"), ("given", "twin")}


def test_bins_of_lengths_part_the_rows(examples: Examples) -> None:
    every = list(candidates(examples, np.ones(800, dtype=bool), {}, 20))
    bins = [one for one in every if one.kind == "source_length"]
    assert len(bins) == worst.BINS and (np.sum([one.rows_N for one in bins], axis=0) == 1).all()
    for one in bins:
        assert (
            sorted(examples.order(Query(ranges={"source_length": one.value})).tolist())
            == np.flatnonzero(one.rows_N).tolist()
        )
        assert 80 < one.rows_N.sum() < 240


def test_the_conditions_of_a_slice_choose_its_rows(tmp_path: Path) -> None:
    evil = ['"a"', "ǅ", "x.y", "İ", "**"]
    given = [
        row
        | {
            "source_tokens": [*row["source_tokens"], evil[n % 5]],
            "rarest_rank": [None, 3, 100, 101, 5000, 20_000][n % 6],
            "extra": [("domain", "news" if n % 3 else "talk"), *([("year", "2024")] if n % 2 else [])],
        }
        for n, row in enumerate(rows(120))
    ]
    examples = write(tmp_path / "all", given)
    every = list(candidates(examples, np.ones(120, dtype=bool), {}, 20))
    assert {one.kind for one in every} == {"word", "source_length", "rarest_rank", "unknown", "extra"}
    assert ("year", "2024") in [one.value for one in every]
    assert {"bad", *(word.lower() for word in evil[:3])} <= {one.value for one in every if one.kind == "word"} | {"bad"}
    for one in every:
        query = query_of(one.kind, one.value)
        assert examples.mask(query).tolist() == one.rows_N.tolist(), (one.kind, one.value)
        assert Query.unpack(query.pack()) == query
    values = worst_slices(examples, given={}, by=Bootstrap(20)).as_dict()
    assert all(Query.unpack(json.dumps(one["slice"])) == query_of(one["kind"], one["value"]) for one in values["found"])


def test_few_rows_or_equal_scores_give_nothing(tmp_path: Path) -> None:
    few = write(tmp_path / "few", rows(30))
    assert worst_slices(few).found == () and worst_slices(few, rows_N=np.zeros(30, dtype=bool)).rows == 0
    equal = write(tmp_path / "equal", [row | {"chrf": 50.0} for row in rows(100)])
    assert worst_slices(equal).found == () and worst_slices(equal).candidates > 0
