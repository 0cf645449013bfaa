"""Two tables beside each other, and the bins to brush, against plain Python."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from s2s.inspect import bins
from s2s.inspect.paired import OTHER, Paired
from s2s.inspect.query import Query
from s2s.inspect.schema import TABLE
from s2s.inspect.table import Examples
from tests.inspect.test_table import random_rows, write


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Paired:
    folder = tmp_path_factory.mktemp("pair")
    second = [row for row in random_rows(60, seed=1) if row["id"] % 5]  # some the first has alone
    return Paired(write(folder / "a", random_rows(60)), write(folder / "b", second), "chrf")


def test_no_column_is_named_like_one_of_the_second_table() -> None:
    assert not [name for name in TABLE.names if name.startswith(OTHER)]


def test_rows_stand_beside_those_of_the_same_id(pair: Paired) -> None:
    others = {row["id"]: row for row in random_rows(60, seed=1) if row["id"] % 5}
    found = pair.page(Query(sort="difference"), 0, 60, ("id", "chrf", "other_chrf", "other_output", "difference")).rows
    for row in found:
        other = others.get(row["id"])
        assert row["other_output"] == (other["output"] if other else None)
        assert row["difference"] == (row["chrf"] - other["chrf"] if other else None)
    known = [row["difference"] for row in found if row["difference"] is not None]
    assert known == sorted(known) and len(known) == 48
    assert pair.rows(np.array([0]), ["other_chrf"])[0]["other_chrf"] == others[1]["chrf"]


@pytest.mark.parametrize("name", ["chrf", "bleu", "nll", "divergence", "difference"])
def test_a_bin_holds_what_its_bounds_find(pair: Paired, name: str) -> None:
    made = bins.bins_of(pair, name)
    assert made is not None
    for (low, high), count in zip(made.bounds, made.counts(np.ones(len(pair), dtype=bool)), strict=True):
        assert len(pair.order(Query(ranges={name: (low, high)}))) == count


def test_confused_words_are_counted(tmp_path: Path) -> None:
    words = [("a", "b"), ("a", "b"), ("a", "c"), (None, None), ("d", "b")]
    rows = [row | {"wanted": w, "said": s} for row, (w, s) in zip(random_rows(5), words, strict=True)]
    examples = write(tmp_path / "words", rows)
    query = Query(words={"said": "c"})
    found = bins.confusion_counts(examples, query, examples.masks(query), most=1)
    assert (found["wanted"], found["said"], found["counts"]) == (["a"], ["c"], [["a", "c", 1]])
    whole = bins.confusion_counts(examples, Query(), {})
    assert sorted(map(tuple, whole["counts"])) == [("a", "b", 2), ("a", "c", 1), ("d", "b", 1)]


def test_lengths_are_columns(tmp_path: Path) -> None:
    rows = [row | {"source_tokens": ["x"] * n} for n, row in enumerate(random_rows(4))]
    examples: Examples = write(tmp_path / "lengths", rows)
    assert [row["id"] for row in examples.page(Query(ranges={"source_length": (1, 2)})).rows] == [2, 3]
