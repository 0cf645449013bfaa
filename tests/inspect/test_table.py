"""Pages of a table against plain Python over all rows."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from s2s.errors import UserError
from s2s.inspect.causes import CAUSES
from s2s.inspect.schema import SCHEMA, TABLE
from s2s.inspect.table import PAGE_COLUMNS, Examples, Query

TEXTS = ["我喝茶。", "I drink Tea.", "50% (tea)", "茶", "", "TEA", "a.b"]


def random_rows(count: int, seed: int = 0) -> list[dict[str, Any]]:
    rng = random.Random(seed)
    return [
        {
            "id": n + 1,
            "source": rng.choice(TEXTS),
            "reference": rng.choice(TEXTS),
            "output": rng.choice([*TEXTS, None]),
            "bleu": rng.choice([None, 0.0, 25.5, 50.0, 100.0]),
            "chrf": rng.choice([0.0, 12.5, 99.0]),
            "nll": rng.random(),
            "divergence": rng.choice([None, 0, 1, 2]),
            "error": rng.choice([True, False]),
            "missing_names": rng.choice([[], ["Tom"]]),
            **{f"cause_{name}": rng.choice([None, False, True]) for name in CAUSES},
        }
        for n in range(count)
    ]


def write(directory: Path, rows: list[dict[str, Any]], group: int = 7) -> Examples:
    directory.mkdir(exist_ok=True)
    manifest = {"schema": SCHEMA, "checkpoint": {"name": "none", "digest": "0"}, "file": {"sha256": "0"}}
    (directory / "manifest.json").write_text(json.dumps(manifest))
    table = pa.Table.from_pylist(rows, schema=TABLE)
    pq.write_table(table, directory / "examples.parquet", row_group_size=group)
    return Examples(directory)


ROWS = random_rows(60)


@pytest.fixture(scope="module")
def examples(tmp_path_factory: pytest.TempPathFactory) -> Examples:
    return write(tmp_path_factory.mktemp("table"), ROWS)


def fits(row: dict[str, Any], query: Query) -> bool:
    text = query.text.lower()
    return (
        (not query.errors or row["error"])
        and all(row[f"cause_{name}"] for name in query.causes)
        and all(
            row[name] is not None and (low is None or row[name] >= low) and (high is None or row[name] <= high)
            for name, (low, high) in query.ranges.items()
        )
        and (not query.ids or row["id"] in query.ids)
        and (not text or any(text in (row[name] or "").lower() for name in ("source", "reference", "output")))
    )


def expected(query: Query) -> list[int]:
    kept = [row for row in ROWS if fits(row, query)]
    there = [row for row in kept if row[query.sort] is not None]
    there.sort(key=lambda row: float(row[query.sort]) * (-1 if query.descending else 1))
    return [row["id"] for row in [*there, *(row for row in kept if row[query.sort] is None)]]


@given(
    st.builds(
        Query,
        sort=st.sampled_from(["id", "bleu", "chrf", "divergence"]),
        descending=st.booleans(),
        errors=st.booleans(),
        causes=st.lists(st.sampled_from(list(CAUSES)), max_size=2, unique=True).map(tuple),
        ranges=st.dictionaries(
            st.sampled_from(["bleu", "divergence"]),
            st.tuples(st.none() | st.just(1.0), st.none() | st.just(50.0)),
            max_size=2,
        ),
        text=st.sampled_from(["", "tea", "茶", "%", ".", "(", "nothing"]),
        ids=st.just(()) | st.sets(st.integers(1, 70)).map(lambda ids: tuple(sorted(ids))),
    ),
    st.integers(0, 20),
    st.integers(1, 30),
)
def test_a_page_is_what_a_loop_over_all_rows_gives(examples: Examples, query: Query, start: int, count: int) -> None:
    assert Query.unpack(query.pack()) == query
    found = examples.page(query, start, count)
    wanted = [row for id in expected(query) for row in ROWS if row["id"] == id]
    ranges = [name for name, (low, high) in query.ranges.items() if low is None and high is None]
    if not ranges:  # a range without ends says nothing, of rows without a value either
        assert found.total == len(wanted)
        assert [row["id"] for row in found.rows] == [row["id"] for row in wanted][start : start + count]
    for row in found.rows:
        assert list(row) == list(PAGE_COLUMNS)
        held = ROWS[row["id"] - 1]
        assert all(row[name] == pytest.approx(held[name]) for name in ("bleu", "chrf", "nll", "source", "output"))


@pytest.mark.parametrize("ids", ["[0]", "[3,-3]", '["1"]', "[true]", "7", "[[1]]", "[1e400]", "[9223372036854775808]"])
def test_ids_of_a_link_are_whole_numbers(ids: str) -> None:
    with pytest.raises(ValueError, match="ids"):
        Query.unpack(f'{{"ids":{ids}}}')
    assert Query(ids=(3, 5, 9)).pack() == '{"ids":[3,2,4]}' and Query(ids=(3, 5)).without("ids") == Query()


def test_one_row_whole(examples: Examples) -> None:
    row = examples.example(33)
    assert list(row) == TABLE.names and row["source"] == ROWS[32]["source"]
    assert row["missing_names"] == ROWS[32]["missing_names"] and len(examples) == 60
    with pytest.raises(KeyError):
        examples.example(61)


def test_columns_of_choice(examples: Examples) -> None:
    rows = examples.page(Query(), 0, 2, ["missing_names", "id"]).rows
    assert rows == tuple({"missing_names": ROWS[n]["missing_names"], "id": n + 1} for n in (0, 1))
    assert examples.page(Query(text="nothing")).rows == () and examples.page(Query(), 1000).rows == ()


@pytest.mark.parametrize("wrong", [{"sort": "source"}, {"sort": "x"}, {"causes": ("x",)}, {"ranges": {"x": (0, 1)}}])
def test_what_is_no_column_is_named(wrong: dict[str, Any]) -> None:
    with pytest.raises(UserError, match="choose one of"):
        Query(**wrong)


def test_a_directory_that_is_no_inspection(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="not an inspection"):
        Examples(tmp_path)
    (tmp_path / "manifest.json").write_text(json.dumps({"schema": SCHEMA}))
    with pytest.raises(UserError, match="not finished"):
        Examples(tmp_path)
    (tmp_path / "examples.parquet").write_bytes(b"no table")
    with pytest.raises(UserError, match="not finished"):
        Examples(tmp_path)
