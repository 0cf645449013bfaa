"""Two traces beside each other: nothing left out, no difference where there is none."""

from __future__ import annotations

import csv
import io
import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from s2s.checkpoint.open import load
from s2s.checkpoint.record import Checkpoint
from s2s.decode.decode import trace
from s2s.decode.strategy import Settings
from s2s.trace.compare import compare
from s2s.trace.trace import Trace
from tests.factory import make_checkpoint

TEXT, REFERENCE = "我不喜欢苹果。", "I don't like apples."
TOKENS = st.lists(
    st.sampled_from(["我", "不", "喜欢", "苹果", "喜", "欢", "。", "<unk>", "龘"]), min_size=1, max_size=7
)


@pytest.fixture(scope="module")
def checkpoint(tiny_checkpoint: Path) -> Checkpoint:
    return load(tiny_checkpoint)


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    return load(make_checkpoint(tmp_path_factory.mktemp("other"), "general"))


@pytest.mark.parametrize("mode", ["free", "forced"])
def test_a_trace_beside_itself_differs_in_nothing(checkpoint: Checkpoint, mode: str) -> None:
    made = trace(checkpoint, TEXT, REFERENCE, mode)
    again = trace(checkpoint, made.source_tokens, REFERENCE, mode)
    for found in (compare(made, made), compare(made, again)):
        assert found.identical and found.parting is None
        assert (found.difference_RC == 0).all()
        assert found.log_prob_differences == [0.0] * len(made.steps)
        assert found.rows == tuple((t, t) for t in range(len(made.steps)))


@given(st.data())
def test_every_weight_of_both_sides_is_in_the_comparison(checkpoint: Checkpoint, data: st.DataObject) -> None:
    known = TOKENS.filter(lambda tokens: not set(tokens) <= {"喜", "欢", "<unk>", "龘"})
    a, b = (trace(checkpoint, data.draw(known)) for _ in range(2))
    found = compare(a, b)
    for n, side in enumerate((a, b)):
        rows = [row for row, pair in enumerate(found.rows) if pair[n] is not None]
        sums_T = np.nansum(found.attention_2RC[n, rows], axis=1)
        np.testing.assert_allclose(sums_T, 1, atol=1e-5)
        for c, column in enumerate(found.columns):
            places = list((column.a, column.b)[n])
            expected = side.attention_TS[:, places].sum(axis=1) if places else np.full(len(side.steps), np.nan)
            np.testing.assert_allclose(found.attention_2RC[n, rows, c], expected, atol=1e-6)
    words = [[step.output for step in side.steps] for side in (a, b)]
    if found.parting is None:
        assert words[0] == words[1]
    else:
        assert words[0][: found.parting] == words[1][: found.parting]
        assert words[0][found.parting : found.parting + 1] != words[1][found.parting : found.parting + 1]
    assert found.log_probs_2 == pytest.approx([sum(s.log_prob for s in side.steps) for side in (a, b)])


def test_forced_lanes_part_where_the_most_probable_words_do(checkpoint: Checkpoint, other: Checkpoint) -> None:
    a, b = (trace(c, TEXT, REFERENCE, "forced") for c in (checkpoint, other))
    found = compare(a, b)
    best = [(x.top[0].token, y.top[0].token) for x, y in zip(a.steps, b.steps, strict=True)]
    assert found.parting == next(t for t, (x, y) in enumerate(best) if x != y)
    assert found.rows == tuple((t, t) for t in range(len(a.steps)))
    assert found.difference_RC == pytest.approx(b.attention_TS.astype(float) - a.attention_TS, abs=1e-7)


def test_a_free_and_a_forced_lane_are_not_compared(checkpoint: Checkpoint) -> None:
    with pytest.raises(ValueError, match="cannot be compared"):
        compare(trace(checkpoint, TEXT, REFERENCE, "forced"), trace(checkpoint, TEXT))


def test_the_csv_has_every_cell_of_both_sides(checkpoint: Checkpoint) -> None:
    a = trace(checkpoint, TEXT)
    b = trace(checkpoint, ["你", "不", "喜", "欢", "苹果"], settings=Settings("sampling", seed=3, temperature=2.0))
    found = compare(a, b)
    head, *rows = csv.reader(io.StringIO(found.to_csv()))
    assert len(rows) == len(found.rows) and len(head) == 7 + 3 * len(found.columns)
    assert head[7] == "A 0:我/0:你" and "B-A 2:喜欢/2:喜 3:欢" in head and "A 4:。/" in head
    for n, side in enumerate((a, b)):
        taken = [row for row, pair in zip(rows, found.rows, strict=True) if pair[n] is not None]
        assert [row[3 * n + 1] for row in taken] == [step.output for step in side.steps]
        assert all(cell == "" for row in rows if row not in taken for cell in row[3 * n : 3 * n + 3])
    cells = np.array([[float(c) if c else math.nan for c in row[7:]] for row in rows]).reshape(len(rows), -1, 3)
    np.testing.assert_allclose(cells.transpose(2, 0, 1)[:2], found.attention_2RC, atol=1e-6)
    np.testing.assert_allclose(cells[:, :, 2], found.difference_RC, atol=1e-6)


def test_what_the_page_gets_is_plain_json_with_the_numbers_of_the_traces(
    checkpoint: Checkpoint, other: Checkpoint
) -> None:
    a, b = trace(checkpoint, TEXT), trace(other, ["我", "喜欢", "龘"])
    found = compare(a, b)
    values = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert values["rows"] == [list(pair) for pair in found.rows]
    for n, side in enumerate((a, b)):
        got = values["sides"][n]
        assert (got["tokens"], got["unknown"]) == (list(side.source_tokens), list(side.source_unknown))
        assert [step["output"] for step in got["steps"]] == [step.output for step in side.steps]
        weights = np.array([[math.nan if x is None else x for x in row] for row in got["attention"]])
        np.testing.assert_allclose(weights, found.attention_2RC[n], atol=1e-5)
    assert values["sides"][1]["unknown"] == [2]


def test_both_traces_come_back_from_json_and_compare_the_same(checkpoint: Checkpoint) -> None:
    a, b = trace(checkpoint, TEXT), trace(checkpoint, ["我", "<unk>", "苹果"])
    again = compare(*(Trace.from_json(side.to_json()) for side in (a, b)))
    assert (again.rows, again.columns, again.parting) == (
        compare(a, b).rows,
        compare(a, b).columns,
        compare(a, b).parting,
    )
