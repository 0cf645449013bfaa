"""A report and an export of hostile texts, read back."""

from __future__ import annotations

import csv
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from s2s.checkpoint.open import load
from s2s.data.readers import Columns, read_pairs
from s2s.errors import LANGUAGES, UserError
from s2s.inspect.label_export import export_labels
from s2s.inspect.report.charts import FAINT, Bar, bars, heatmap
from s2s.inspect.report.content import choose_examples, frequent_confusions, make_report, trace_decoder
from s2s.inspect.report.render import render_report
from s2s.inspect.table import Examples
from s2s.store.database import connect
from s2s.store.labels import Labels
from tests.factory import make_checkpoint
from tests.inspect.test_summary import inspected

EVIL = "<script>alert('我')</script>"


@pytest.fixture(scope="module")
def examples(tmp_path_factory: pytest.TempPathFactory) -> Examples:
    place = tmp_path_factory.mktemp("report")
    text = f"我喜欢苹果。\tI like apples.\n{EVIL}水。\twater {EVIL}\n他喝茶。\t=he drink tea.\n"
    (place / "pairs.tsv").write_text(text, encoding="utf-8")
    return inspected(place, "first", make_checkpoint(place, "general", scale=0.7))


@pytest.fixture
def labels(examples: Examples, tmp_path: Path) -> Labels:
    made = Labels(connect(f"sqlite:///{tmp_path / 'labels.sqlite'}"), examples.manifest)
    made.set_verdict(2, "Ann", "wrong")
    made.set_note(2, "Ann", "=HYPERLINK(0)")
    made.set_note(2, EVIL, 'two\nlines, "quoted"; 再看')
    made.set_category(2, "Ann", made.add_category("<b>时态"), True)
    return made


class Reader(HTMLParser):
    """Collects tags, attributes and text."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.names: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.names |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_is_there_and_nothing_runs(examples: Examples, labels: Labels, language: str) -> None:
    checkpoint = load(examples.directory.parent / "tiny-general")
    ids = [2, *choose_examples(examples, 2)]
    page = render_report(make_report(examples, ids, trace_decoder(checkpoint), labels.all()), language)
    reader = Reader()
    reader.feed(page)
    assert not reader.tags & {"script", "img", "link", "iframe", "b2"}
    assert not any(name.startswith("on") or name in ("src", "href") for name in reader.names)
    for shown in (EVIL, "<b>时态", "再看", "tiny-general", "我喜欢苹果。"):
        assert shown in reader.text
    assert page.count('class="cell"') >= 2 and len(page.encode()) < 500_000


def test_an_id_that_is_not_there_is_named(examples: Examples) -> None:
    with pytest.raises(UserError, match="no example 9 in"):
        make_report(examples, [9], lambda row: None, {})


def test_a_heatmap_draws_each_weight_once() -> None:
    attention = np.random.default_rng(0).dirichlet(np.ones(5), 3).astype(np.float32)
    drawn = heatmap(attention, list("我喜欢<。"), ["a", "b", "c"], "t")
    assert drawn.count("h1v1h-1") == (attention >= 0.03).sum() and "&lt;" in drawn


@pytest.mark.parametrize(("steps", "tokens"), [(24, 223), (60, 2), (60, 1), (41, 61)])
def test_of_a_large_heatmap_everything_looked_at_is_drawn(steps: int, tokens: int) -> None:
    rng = np.random.default_rng(1)
    attention = rng.dirichlet(np.full(tokens, 0.01), steps).astype(np.float32)
    source = [f"<{n}>" for n in range(tokens)]
    drawn = heatmap(attention, source, ["a"] * steps, "t")
    shown = attention[:40] >= FAINT
    assert drawn.count("h1v1h-1") == shown.sum() > 0
    seen = [n for n in range(tokens) if any(shown[:, s].any() for s in (n - 1, n, n + 1) if 0 <= s < tokens)]
    named = [int(n) for n in re.findall(r"&lt;(\d+)&gt;", drawn)]
    assert named == seen and (("…" in drawn) == (len(seen) < tokens))


def test_bars_are_as_long_as_their_values_and_say_them() -> None:
    drawn = bars([Bar("<a>", 10, "10 ×", 5, 20), Bar("b", 0, "0")], "t")
    assert "width:50.00%" in drawn and "left:25.00%;width:75.00%" in drawn and "width:0.00%" in drawn
    assert "&lt;a&gt;" in drawn and "10 ×" in drawn and drawn.count("<b ") == 1


def test_only_pairs_that_meet_twice_are_confusions(tmp_path: Path) -> None:
    (tmp_path / "pairs.tsv").write_text("他喝茶。\tapples\n" * 2 + "水\tyou\n", encoding="utf-8")
    examples = inspected(tmp_path, "made", make_checkpoint(tmp_path, "general", scale=0.7))
    row = examples.example(1)
    assert frequent_confusions(examples) == [(row["wanted"], row["said"], 2)]


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
def test_an_export_reads_back(examples: Examples, labels: Labels, tmp_path: Path, form: str) -> None:
    path = tmp_path / f"rows.{form}"
    assert export_labels(examples, labels.all(), path) == len(examples)
    rows: list[dict[str, Any]]
    if form == "csv":
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
        assert rows[1]["verdict (Ann)"] == "wrong" and json.loads(rows[1]["categories (Ann)"]) == ["<b>时态"]
        assert rows[1][f"note ({EVIL})"] == 'two\nlines, "quoted"; 再看' and rows[1]["note (Ann)"] == "'=HYPERLINK(0)"
        assert float(rows[2]["output_log_prob"]) == examples.example(3)["output_log_prob"] < 0
        pairs = list(read_pairs(path, Columns("source", "reference")))
        assert pairs == [(row["source"], row["reference"]) for row in map(examples.example, (1, 2, 3))]
    else:
        lines = path.read_text(encoding="utf-8").splitlines() if form == "jsonl" else []
        rows = [json.loads(line) for line in lines] or pq.read_table(path).to_pylist(maps_as_pydicts="strict")
        assert [label["person"] for label in rows[1]["labels"]] == sorted(["Ann", EVIL])
        assert rows[0] == examples.example(1) | {"labels": []}
    assert [row["source"] for row in rows] == [examples.example(n)["source"] for n in (1, 2, 3)]
    assert export_labels(examples, labels.all(), path, only=True) == 1


def test_another_end_is_refused(examples: Examples, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="must end in"):
        export_labels(examples, {}, tmp_path / "rows.xlsx")
