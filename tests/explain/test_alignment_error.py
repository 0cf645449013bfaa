from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as some

from s2s.checkpoint.open import load
from s2s.data.batches import Links, collate
from s2s.decode.decode import trace
from s2s.errors import UserError
from s2s.evaluate.bootstrap import Bootstrap
from s2s.explain import alignment_error
from s2s.explain.alignment_error import (
    attention_links,
    diagonal_links,
    forced_attention,
    measure_alignment,
)
from s2s.explain.alignment_score import error_rate, gold_pair
from s2s.explain.evidence import ROWS, examine
from s2s.explain.gold_links import read_gold
from s2s.explain.replay import Lane
from s2s.text.vocab import BOS
from tests.exposure.common import KINDS, some_pairs, tiny
from tests.test_docs import ROOT

GOLD = "我 喜欢 苹果 。\tI like apples .\t0-0 1-1 2-2\t3-3\n你 喝 茶\tyou drink tea\t0-0 1-1 2-2\n"
LINKS = some.frozensets(some.tuples(some.integers(0, 3), some.integers(0, 3)), max_size=8)


@pytest.fixture
def gold(tmp_path: Path) -> Path:
    path = tmp_path / "gold.tsv"
    path.write_text(GOLD, encoding="utf-8")
    return path


def test_a_perfect_alignment_has_0_and_an_empty_one_1() -> None:
    sure, possible = frozenset({(0, 0), (1, 2)}), frozenset({(0, 0), (1, 2), (2, 1)})
    assert error_rate([sure], [(sure, possible)]) == 0
    assert error_rate([possible], [(sure, possible)]) == 0
    assert error_rate([frozenset()], [(sure, possible)]) == 1
    assert error_rate([frozenset()], [(frozenset(), frozenset())]) is None
    assert error_rate([frozenset({(2, 1), (3, 3)})], [(sure, possible)]) == pytest.approx(1 - 1 / 4)


@given(some.lists(some.tuples(LINKS, LINKS, LINKS), min_size=1, max_size=4))
def test_the_rate_is_counted_link_by_link(rows: list[tuple[frozenset[tuple[int, int]], ...]]) -> None:
    above = below = 0
    for made, sure, more in rows:
        for link in made:
            above += (link in sure) + (link in sure or link in more)
        below += len(made) + len(sure)
    found = error_rate([made for made, _, _ in rows], [(sure, sure | more) for _, sure, more in rows])
    assert found is None if below == 0 else found == pytest.approx(1 - above / below)


def test_gold_files_are_read(gold: Path) -> None:
    first, second = read_gold(gold)
    assert first.source == ("我", "喜欢", "苹果", "。") and first.sure == {(0, 0), (1, 1), (2, 2)}
    assert first.possible == first.sure | {(3, 3)} and second.possible == second.sure


@pytest.mark.parametrize("odd", ["\u00a0", "\u0085", "\u3000", "\u2028", "\x1c", "\x0b"])
def test_only_a_space_parts_gold_tokens(tmp_path: Path, tiny_checkpoint: Path, odd: str) -> None:
    """Any other white space is inside a token, or one: else every later link would be of the word before."""
    path = tmp_path / "odd.tsv"
    path.write_text(GOLD.replace("苹果", f"苹{odd}果").replace("drink", odd), encoding="utf-8", newline="\n")
    first, second = read_gold(path)
    assert first.source == ("我", "喜欢", f"苹{odd}果", "。") and second.target == ("you", odd, "tea")
    path.write_text(GOLD.replace("苹果", f"苹{odd}果"), encoding="utf-8", newline="\n")
    plain = tmp_path / "plain.tsv"
    plain.write_text(GOLD, encoding="utf-8")
    made = [measure_alignment(load(tiny_checkpoint), read_gold(file), bootstrap=Bootstrap(5)) for file in (path, plain)]
    assert made[0].left_out == made[1].left_out == 0


@pytest.mark.parametrize(
    ("row", "key"),
    [
        ("我\tI", "alignment_row"),
        ("\tI\t0-0", "alignment_row"),
        ("我\tI\t0-0\t\tx", "alignment_row"),
        ("我\tI\t0-1", "alignment_link"),
        ("我\tI\t0", "alignment_link"),
        ("我\tI\t0-0\t-1-0", "alignment_link"),
        ("", "file_no_pairs"),
    ],
)
def test_a_wrong_row_is_named(tmp_path: Path, row: str, key: str) -> None:
    path = tmp_path / "gold.tsv"
    path.write_text(row + "\n", encoding="utf-8")
    with pytest.raises(UserError) as error:
        read_gold(path)
    assert error.value.key == f"error.{key}" and "gold.tsv" in error.value.say("zh")


def test_links_of_shifts_and_thresholds() -> None:
    rows = torch.tensor([[0.6, 0.4], [0.1, 0.9], [0.5, 0.5]])  # two words and <eos>
    assert attention_links(rows, 2, 0) == {(0, 0), (1, 1)}
    assert attention_links(rows, 2, 1) == {(1, 0), (0, 1)}
    assert attention_links(rows, 2, -1) == {(0, 1)}
    assert attention_links(rows, 2, 0, threshold=0.4) == {(0, 0), (1, 0), (1, 1)}
    assert diagonal_links(2, 4) == {(0, 0), (0, 1), (1, 2), (1, 3)} and diagonal_links(3, 1) == {(1, 0)}


@pytest.mark.parametrize("kind", KINDS)
def test_a_batchs_attention_is_that_of_each_pair(kind: dict[str, str]) -> None:
    model, pairs = tiny(**kind), some_pairs()
    batch = forced_attention(model, collate(pairs))
    for row, (source, target) in zip(batch, pairs, strict=True):
        (alone,) = forced_attention(model, collate([(source, target)]))
        torch.testing.assert_close(row[: len(target) + 1, : len(source)], alone, atol=1e-5, rtol=0)


def test_it_scores_the_attention_of_the_traces(tiny_checkpoint: Path, gold: Path) -> None:
    checkpoint, by = load(tiny_checkpoint), Bootstrap(20)
    golds = read_gold(gold)
    found = measure_alignment(checkpoint, golds, bootstrap=by)
    texts = [("我喜欢苹果。", "I like apples."), ("你喝茶", "you drink tea")]
    lanes = [trace(checkpoint, *text, mode="forced") for text in texts]
    for shift in (-1, 0, 1):
        made = [
            frozenset(
                (int(lane.steps[t + shift].attention.argmax()), t)
                for t in range(len(one.target))
                if 0 <= t + shift < len(lane.steps)
            )
            for lane, one in zip(lanes, golds, strict=True)
        ]
        expected = error_rate(made, [(one.sure, one.possible) for one in golds])
        assert found.forced[str(shift)].error_rate.value == pytest.approx(expected, abs=1e-5)
        assert found.by_token[str(shift)].error_rate.value == pytest.approx(expected, abs=1e-5)
    assert (found.sentences, found.left_out, found.unknown_source) == (2, 0, 0)
    text = (ROOT / "docs" / "EVIDENCE.md").read_text(encoding="utf-8")
    values = json.loads(found.to_json())
    assert {key for key in values if f"`{key}`" not in text} == set()


def test_a_file_that_cannot_be_mapped_is_named(tiny_checkpoint: Path, tmp_path: Path) -> None:
    path = tmp_path / "gold.tsv"
    path.write_text("我\t\u200b\t0-0\n", encoding="utf-8")
    with pytest.raises(UserError) as error:
        measure_alignment(load(tiny_checkpoint), read_gold(path))
    assert error.value.key == "error.alignment_no_pairs"


@pytest.mark.parametrize("threshold", [None, 0.3])
def test_every_row_of_evidence_is_scored(tiny_checkpoint: Path, gold: Path, threshold: float | None) -> None:
    """Each target word's link is where its own evidence, given the words before it, counts most for it."""
    checkpoint, golds = load(tiny_checkpoint), read_gold(gold)
    found = measure_alignment(checkpoint, golds, threshold, Bootstrap(20))
    assert (found.row_sentences, list(found.rows)) == (2, ["attention", *ROWS])
    assert found.rows["attention"] == found.forced["0"]
    made: dict[str, list[Links]] = {name: [] for name in ROWS}
    for one in golds:
        pair = gold_pair(checkpoint.source, checkpoint.target, one)
        assert pair is not None
        source, target = pair.ids
        steps = examine(checkpoint.model, Lane(tuple(source), (BOS, *target[:-1]), tuple(target)), range(len(target)))
        for name, predicted in made.items():
            links = set()
            for t, step in enumerate(steps):
                values = np.array(getattr(step, name))
                if threshold is None:
                    links.add((int(values.argmax()), t))
                else:
                    links |= {(int(s), t) for s in (values / np.abs(values).sum() >= threshold).nonzero()[0]}
            predicted.append(frozenset(links))
    for name, links_N in made.items():
        expected = error_rate(links_N, [(one.sure, one.possible) for one in golds])
        assert found.rows[name].error_rate.value == pytest.approx(expected, abs=1e-5), name


def test_rows_are_limited_by_number_and_length(
    tiny_checkpoint: Path, gold: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoint, golds, shares = load(tiny_checkpoint), read_gold(gold), list[float]()
    found = measure_alignment(checkpoint, golds, bootstrap=Bootstrap(20), progress=shares.append, rows=1)
    assert found.row_sentences == 1 and shares == sorted(shares) and shares[-1] == 1
    none = measure_alignment(checkpoint, golds, bootstrap=Bootstrap(20), rows=0)
    assert (none.rows, none.row_sentences) == ({}, 0) and none.forced == found.forced
    monkeypatch.setattr(alignment_error, "LONGEST", 3)
    assert measure_alignment(checkpoint, golds, bootstrap=Bootstrap(20)).row_sentences == 1
