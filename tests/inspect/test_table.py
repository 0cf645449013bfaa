"""Pages of a table against plain Python over all rows."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from s2s.errors import UserError
from s2s.inspect.causes import TAGS
from s2s.inspect.query import Query, Search
from s2s.inspect.schema import SCHEMA, TABLE
from s2s.inspect.table import Examples

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
            "verdict": rng.choice(["same", "doubtful", "error", None]),
            "missing_names": rng.choice([[], ["Tom"]]),
            "wanted": rng.choice([None, "tea", "tease"]),
            "source_tokens": rng.choice([["我", "喝", "茶", "。"], ["I", "Drink", "tea"], ["tease"], []]),
            "reference_tokens": rng.choice([["tea"], ["drink", "Tea"]]),
            "output_tokens": rng.choice([None, ["▁Tea", "se"], ["drink", "no", "tea"]]),
            "source_unknown": rng.choice([[], [0]]),
            "output_unknown": rng.choice([None, [], [1]]),
            "rarest_rank": rng.choice([None, 5, 500, 50_000]),
            "extra": rng.choice([[], [("domain", "news")], [("domain", "talk"), ("année", "2020")]]),
            **{column: rng.choice([None, False, True]) for column in TAGS.values()},
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


def test_one_row_whole(examples: Examples) -> None:
    row = examples.example(33)
    assert list(row) == TABLE.names and row["source"] == ROWS[32]["source"]
    assert row["missing_names"] == ROWS[32]["missing_names"] and len(examples) == 60
    with pytest.raises(KeyError):
        examples.example(61)


def test_columns_of_choice(examples: Examples) -> None:
    rows = examples.page(Query(), 0, 2, ["missing_names", "id"]).rows
    assert rows == tuple({"missing_names": ROWS[n]["missing_names"], "id": n + 1} for n in (0, 1))
    assert examples.page(Query(searches=(Search("nothing"),))).rows == () and examples.page(Query(), 1000).rows == ()


def test_a_directory_that_is_no_inspection(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="not an inspection"):
        Examples(tmp_path)
    for schema, told in (("lookback-inspection/1", "another version"), ("lookback-states/1", "not an inspection")):
        (tmp_path / "manifest.json").write_text(json.dumps({"schema": schema}))
        with pytest.raises(UserError, match=told):
            Examples(tmp_path)
    (tmp_path / "manifest.json").write_text(json.dumps({"schema": SCHEMA}))
    with pytest.raises(UserError, match="not finished"):
        Examples(tmp_path)
    (tmp_path / "examples.parquet").write_bytes(b"no table")
    with pytest.raises(UserError, match="not finished"):
        Examples(tmp_path)
