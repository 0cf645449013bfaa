"""The source's share of many outputs at once, beside the evidence of one step after the other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as some

from s2s.errors import UserError
from s2s.explain.prefix import origins
from s2s.explain.replay import Lane
from s2s.inspect.query import Query
from s2s.inspect.run import Input, Inspection
from s2s.inspect.source_share import LONGEST, METHODS_AUC, PROBABILITY_AUC, mean_share, source_shares
from s2s.inspect.summary import summary
from s2s.inspect.table import Examples
from s2s.model import Seq2Seq
from s2s.text.vocab import BOS, UNK
from tests.explain.common import ALL, tiny
from tests.inspect.corpus import ONE, inspected, write_pairs

NONE: list[dict[str, Any]] = [{"attention": "none"}]
ids = some.lists(some.integers(4, 9), min_size=1, max_size=6)
words = some.lists(some.one_of(some.just(UNK), some.integers(4, 9)), max_size=6)


def one_by_one(model: Seq2Seq, source: list[int], output: list[int]) -> list[float | None]:
    """The shares of an output's words by the evidence of the prefix."""
    if not output:
        return []
    lane = Lane(tuple(source), (BOS, *output[:-1]), tuple(output))
    return [found.rows["unknown"].share for found in origins(model, lane, range(len(output)))]


@given(some.sampled_from([*ALL, *NONE]), some.lists(some.tuples(ids, words), max_size=5), some.booleans())
def test_outputs_together_have_the_shares_of_each_step_alone(
    kind: dict[str, Any], pairs: list[tuple[list[int], list[int]]], apart: bool
) -> None:
    model = tiny(**kind)
    with pytest.MonkeyPatch.context() as patch:
        if apart:
            patch.setattr("s2s.inspect.source_share.rows_together", lambda model, length: 1)
        found = source_shares(model, pairs)
    for (source, output), shares in zip(pairs, found, strict=True):
        assert shares == pytest.approx(one_by_one(model, source, output), abs=2e-3)
        assert not shares or shares[0] == pytest.approx(1)  # nothing was said before the first word


def test_a_long_output_is_left_out_and_a_mean_is_of_the_words_after_the_first() -> None:
    model, side = tiny(attention="general"), int(LONGEST**0.5)
    long, fits = source_shares(model, [([5] * side, [6] * (side + 1)), ([5] * side, [6] * side)])
    assert long == [] and len(fits) == side
    assert mean_share([1.0, 0.25, None, 0.75]) == 0.5
    assert mean_share([1.0]) is None is mean_share([])


def test_an_inspection_has_the_shares_if_it_is_asked_for_them(tmp_path: Path) -> None:
    without, checkpoint = inspected(tmp_path)
    source = Input(write_pairs(tmp_path / "pairs.tsv", 23))
    Inspection(tmp_path / "shares", checkpoint, source, shares=True).run(ONE, lambda done: None)
    examples = Examples(tmp_path / "shares")
    assert without.column("source_share").null_count == len(without)
    assert summary(without)["distributions"]["source_share"] is None
    assert "source_share" not in without.manifest["settings"] and examples.manifest["settings"]["source_share"]
    for id in examples.column("id").to_pylist():
        row = examples.example(id)
        sides = (checkpoint.source, row["source_tokens"]), (checkpoint.target, row["output_tokens"])
        shares = one_by_one(checkpoint.model, *(side.vocab.encode(tokens) for side, tokens in sides))
        assert (row["source_share_words"] or []) == pytest.approx(shares, abs=2e-3)
        assert row["source_share"] == pytest.approx(mean_share(shares), abs=2e-3)
    least_first = Query(sort="source_share", ranges={"source_share": (None, 0.9)})
    values = [row["source_share"] for row in examples.page(least_first, columns=["source_share"]).rows]
    assert values and values == sorted(values) and values[-1] <= 0.9
    told = summary(examples)["distributions"]["source_share"]
    assert told["count"] == len(examples) - examples.column("source_share").null_count
    with pytest.raises(UserError, match="settings"):
        Inspection(tmp_path / "shares", checkpoint, source)


def test_a_table_of_an_earlier_version_has_no_shares(tmp_path: Path) -> None:
    examples, _ = inspected(tmp_path)
    row, fresh = examples.example(3), tmp_path / "fresh"
    table = pq.read_table(examples.path).drop_columns(["source_share", "source_share_words"])
    pq.write_table(table, fresh, row_group_size=5)
    fresh.replace(examples.path)
    older = Examples(examples.directory)
    assert older.example(3) == row
    assert older.column("source_share").null_count == len(older) == 23
    assert len(older.page(Query(sort="source_share")).rows) == 23


def test_what_is_said_of_its_reliability_fits_the_numbers() -> None:
    assert METHODS_AUC["integrated"][1] < 0.5 < METHODS_AUC["integrated"][2]  # "no better than chance"
    assert 0.5 < METHODS_AUC["unknown"][1] < METHODS_AUC["unknown"][2] < PROBABILITY_AUC
