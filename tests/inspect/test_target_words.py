"""Words by frequency and n-grams of two systems against counts in plain Python."""

from __future__ import annotations

import random
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from s2s.checkpoint.open import load
from s2s.config import TrainConfig
from s2s.evaluate.bootstrap import Bootstrap
from s2s.inspect import target_words
from s2s.inspect.ngrams import ngrams
from s2s.inspect.target_words import read_ranks, word_accuracy, write_ranks
from tests.factory import make_checkpoint

RANKS = {f"w{n}": n for n in range(1, 31)}
Texts = list[list[str]]


def corpus(count: int, seed: int = 0) -> tuple[Texts, Texts, Texts]:
    """References with words of falling frequency, some unknown; the first system changes fewer of them."""
    rng = random.Random(seed)

    def words(number: int) -> list[str]:
        return [f"w{min(40, int(1 / (rng.random() + 0.025)))}" for _ in range(number)]

    references = [words(rng.randint(1, 9)) for _ in range(count)]
    first, second = (
        [[words(1)[0] if rng.random() < rate else word for word in row][: rng.randint(0, 10)] for row in references]
        for rate in (0.2, 0.5)
    )
    return references, first, second


def lists(*columns: Texts) -> list[pa.ChunkedArray]:
    return [pa.chunked_array([column[:7], column[7:]], pa.list_(pa.string())) for column in columns]


def counted(references: Texts, outputs: Texts, order: int) -> tuple[Counter[tuple[str, ...]], ...]:
    """How often each n-gram is right, said, and in the references."""
    right, said, wanted = (Counter[tuple[str, ...]]() for _ in range(3))
    for row in zip(references, outputs, strict=True):
        reference, output = (Counter(tuple(r[i : i + order]) for i in range(len(r) - order + 1)) for r in row)
        right, said, wanted = right + (reference & output), said + output, wanted + reference
    return right, said, wanted


@pytest.mark.parametrize("ends", [(3, 10), (5, 1000)])
def test_words_by_frequency(ends: tuple[int, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(target_words, "LAST_RANKS", ends)
    references, *systems = corpus(400)
    made = word_accuracy(*lists(references), lists(*systems), RANKS, Bootstrap(100))
    spans = [(1, 3), (4, 10), (11, 30)] if ends[0] == 3 else [(1, 5), (6, 30)]
    assert [(one["first"], one["last"]) for one in made] == [*spans, (None, None)]
    for one in made:
        first, last = one["first"], one["last"]
        every = [f"w{n}" for n in range(41)]
        inside = {(w,) for w in every if (w not in RANKS if first is None else first <= RANKS.get(w, 0) <= last)}
        f1 = []
        for output in systems:
            right, said, wanted = (
                sum(n for gram, n in part.items() if gram in inside) for part in counted(references, output, 1)
            )
            f1.append(2 * right / (said + wanted))
            assert one["reference"] == wanted
        assert [part["value"] for part in one["f1"]] == pytest.approx(f1, rel=1e-4)
        assert one["difference"]["value"] == pytest.approx(f1[0] - f1[1], rel=1e-3)
        assert all(part["low"] < part["value"] < part["high"] for part in [*one["f1"], one["difference"]])
    alone = word_accuracy(*lists(references), lists(systems[0]), RANKS, Bootstrap(100))
    assert [one["f1"][0]["value"] for one in alone] == [one["f1"][0]["value"] for one in made]
    assert "difference" not in alone[0]


def test_nothing_and_rows_without_outputs() -> None:
    empty = pa.chunked_array([], pa.list_(pa.string()))
    assert word_accuracy(empty, [empty], {}) == []
    (reference,) = lists([["a", "b"], ["a"]])
    none = pa.chunked_array([[None, ["a"]]], pa.list_(pa.string()))
    (one,) = word_accuracy(reference, [none], {"a": 1, "b": 2}, Bootstrap(5))
    assert (one["reference"], one["f1"][0]["value"]) == (3, 0.5)


def test_ranks_are_kept_where_the_vocabulary_is_sorted_by_frequency(tmp_path: Path) -> None:
    schema = pa.schema({name: pa.list_(pa.string()) for name in ("reference_tokens", "output_tokens")})
    rows = [{"reference_tokens": ["tea", "zebra"], "output_tokens": ["<unk>", "I"]}, {"reference_tokens": ["I"]}]
    pq.write_table(pa.Table.from_pylist(rows, schema), tmp_path / "part.parquet")
    checkpoint = load(make_checkpoint(tmp_path))
    words = checkpoint.target.vocab.tokens
    write_ranks(tmp_path, [tmp_path / "part.parquet"], checkpoint)
    assert read_ranks(tmp_path) == {word: words.index(word) - 3 for word in ("I", "tea")}
    assert read_ranks(tmp_path / "none") == {}
    for name, other in (
        ("imported", replace(checkpoint, metrics={"imported": {}})),
        ("started", replace(checkpoint, config=replace(checkpoint.config, train=TrainConfig(start="zh-en")))),
    ):
        (tmp_path / name).mkdir()
        write_ranks(tmp_path / name, [tmp_path / "part.parquet"], other)
        assert [*(tmp_path / name).iterdir()] == []


def test_2000_rows_take_less_than_half_a_second() -> None:
    columns, seconds = lists(*corpus(2000)), list[float]()
    while len(seconds) < 5 and min(seconds, default=1.0) >= 0.4:
        start = time.thread_time()
        word_accuracy(columns[0], columns[1:], RANKS)
        ngrams(*columns)
        seconds.append(time.thread_time() - start)
    assert min(seconds) < 0.5, seconds
