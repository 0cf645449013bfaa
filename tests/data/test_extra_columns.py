"""Further columns of a file of pairs: read from every format, bounded, kept by an inspection."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s2s.checkpoint.open import load
from s2s.data.extra_columns import MOST_EXTRA, MOST_EXTRA_NAME, MOST_EXTRA_VALUE, bounded
from s2s.data.readers import Columns, read_pairs, read_rows
from s2s.inspect.table import Examples
from s2s.text.vocab import SPECIALS
from tests.factory import make_checkpoint
from tests.inspect.test_summary import inspected

FILES = {
    "a.tsv": "domain\tsource\ttarget\tnote\nnews\t水\twater\t\ntalk\t茶\ttea\t 'x\n",
    "a.csv": "source,target,domain,note\n水,water,news,\n茶,tea,talk,'x\n",
    "a.jsonl": '{"source":"水","target":"water","domain":"news","tags":["a"],"none":null}\n'
    '{"source":"茶","target":"tea","domain":"talk","note":"\'x","half":"\\ud800"}\n',
}


@pytest.mark.parametrize("name", FILES)
def test_every_format_has_them(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text(FILES[name], encoding="utf-8")
    rows = [("水", "water", {"domain": "news"}), ("茶", "tea", {"domain": "talk", "note": "'x"})]
    assert list(read_rows(path)) == rows
    assert list(read_pairs(path)) == [row[:2] for row in rows]
    assert next(read_rows(path, Columns("target", "source")))[2] == {"domain": "news"}


def test_a_file_without_a_header_has_none(tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_text("水\twater\n", encoding="utf-8")
    assert list(read_rows(tmp_path / "a.tsv")) == [("水", "water", {})]


@given(st.lists(st.tuples(st.text(max_size=80), st.none() | st.booleans() | st.integers() | st.text(max_size=300))))
def test_they_are_bounded(fields: list[tuple[str, object]]) -> None:
    extra = bounded(fields)
    assert len(extra) <= MOST_EXTRA
    assert all(0 < len(name) <= MOST_EXTRA_NAME and 0 < len(value) <= MOST_EXTRA_VALUE for name, value in extra.items())
    json.dumps(extra, ensure_ascii=False).encode()  # no half characters


def test_an_inspection_keeps_them_and_the_rank_of_the_rarest_source_word(tmp_path: Path) -> None:
    checkpoint = make_checkpoint(tmp_path, "general", scale=0.7)
    (tmp_path / "pairs.tsv").write_text("source\ttarget\tdomain\n我喝茶。\ttea\tnews\n囧囧\tx\t\n", encoding="utf-8")
    examples = inspected(tmp_path, "a", checkpoint)
    rows = [examples.example(n) for n in (1, 2)]
    assert [row["extra"] for row in rows] == [{"domain": "news"}, {}]
    ranks = {token: n for n, token in enumerate(load(checkpoint).source.vocab.tokens[len(SPECIALS) :], 1)}
    assert rows[0]["rarest_rank"] == max(ranks[token] for token in rows[0]["source_tokens"])
    assert rows[1]["rarest_rank"] is None and rows[1]["source_unknown"]
    (checkpoint / "metrics.json").write_text('{"imported": {}}')  # another library sorted its list some other way
    assert inspected(tmp_path, "b", checkpoint).column("rarest_rank").null_count == len(Examples(tmp_path / "b"))
