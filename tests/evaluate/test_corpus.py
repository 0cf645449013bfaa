from __future__ import annotations

import copy
import math
from pathlib import Path

import pytest
import torch
from torch.nn import functional as F

from s2s.__main__ import main
from s2s.checkpoint.record import make_side
from s2s.config import DataConfig
from s2s.data.batches import Batch, collate
from s2s.decode.search import greedy
from s2s.errors import UserError
from s2s.evaluate import corpus
from s2s.evaluate.corpus import corpus_scores, fitting, forced_scores, max_scored_tokens, translate
from s2s.evaluate.metrics import score_outputs
from tests.factory import SOURCE, TARGET, make_checkpoint, make_config, make_model

MODEL = make_model(make_config("general"))
SOURCE_SIDE, TARGET_SIDE = make_side("jieba", SOURCE), make_side("latin", TARGET)
PAIRS = [
    ("我不喜欢喝茶。", "I don't like tea."),
    ("你？", "you?"),
    ("他喝水", "he drink water"),
    ("我喜欢苹果", "I like apples, zebras"),
]
IDS = [(SOURCE_SIDE.encode(s), TARGET_SIDE.encode(t)) for s, t in PAIRS]


@pytest.mark.parametrize("batch_size", [1, 3, 100])
def test_forced_scores_are_means_over_tokens(batch_size: int) -> None:
    nll, hits, tokens = 0.0, 0, 0
    with torch.no_grad():
        for source, target in IDS:
            logits_TV, gold_T = MODEL(collate([(source, target)])), torch.tensor([*target, 3])
            nll += float(F.nll_loss(torch.log_softmax(logits_TV, dim=1), gold_T, reduction="sum"))
            hits += int((logits_TV.argmax(dim=1) == gold_T).sum())
            tokens += len(gold_T)
    found = forced_scores(MODEL, IDS, batch_size)
    assert found["loss"] == pytest.approx(nll / tokens, abs=1e-5)
    assert found["perplexity"] == pytest.approx(math.exp(nll / tokens), rel=1e-4)
    assert found["token_accuracy"] == hits / tokens


def test_batches_of_a_large_vocabulary_are_small(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = list[tuple[int, int]]()

    class Watched(type(MODEL)):  # type: ignore[misc]
        def forward(self, batch: Batch) -> torch.Tensor:
            seen.append(tuple(batch.target_out_BT.shape))
            return super().forward(batch)

    watched = copy.copy(MODEL)
    watched.__class__ = Watched
    whole = forced_scores(watched, IDS)
    monkeypatch.setattr(corpus, "LOGITS", 10 * len(TARGET))
    assert forced_scores(watched, IDS) == pytest.approx(whole, rel=1e-5)
    first, *parts = seen
    assert first[0] == len(IDS) and sum(rows for rows, _ in parts) == len(IDS) and len(parts) > 1
    assert all(rows == 1 or rows * steps <= 10 for rows, steps in parts)


@pytest.mark.parametrize("batch_size", [1, 3, 100])
def test_translate_keeps_the_order_of_the_sources(batch_size: int) -> None:
    sources = [source for source, _ in IDS]
    assert translate(MODEL, sources, batch_size) == [greedy(MODEL, [source])[0] for source in sources]


def test_corpus_scores_join_both() -> None:
    found = corpus_scores(MODEL, SOURCE_SIDE, TARGET_SIDE, PAIRS)
    outputs = [TARGET_SIDE.decode(ids) for ids in translate(MODEL, [source for source, _ in IDS])]
    expected = {**score_outputs(outputs, [t for _, t in PAIRS], TARGET_SIDE), **forced_scores(MODEL, IDS)}
    assert found == {**expected, "sentences": 4, "left_out": 0}


def test_no_pairs_are_no_error() -> None:
    assert forced_scores(MODEL, []) == {"loss": 0.0, "perplexity": 1.0, "token_accuracy": 0.0}
    assert translate(MODEL, []) == []


def test_pairs_that_are_too_long_or_empty_are_left_out_and_counted() -> None:
    book = "喝茶" * 20_000
    pairs = [*PAIRS, (book, "tea"), ("茶", "tea " * 401), ("\u200b", "tea"), ("茶", "\u200b")]
    found = corpus_scores(MODEL, SOURCE_SIDE, TARGET_SIDE, pairs)
    assert found == {**corpus_scores(MODEL, SOURCE_SIDE, TARGET_SIDE, PAIRS), "left_out": 4}
    assert corpus_scores(MODEL, SOURCE_SIDE, TARGET_SIDE, pairs, most=500)["left_out"] == 3
    with pytest.raises(UserError, match="400"):
        corpus_scores(MODEL, SOURCE_SIDE, TARGET_SIDE, pairs[4:])
    assert max_scored_tokens(DataConfig(max_tokens=50)) == 400 and max_scored_tokens(DataConfig(max_tokens=600)) == 600


def test_a_model_that_reads_so_many_tokens_is_measured_on_what_it_can_read() -> None:
    short = make_model(make_config("location", max_source_length=100))
    sources = [([5] * 100, [5]), ([5] * 101, [5])]
    assert fitting(short, sources) == [0] and fitting(MODEL, sources) == [0, 1]


def test_evaluate_says_what_it_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    checkpoint, file = make_checkpoint(tmp_path), tmp_path / "pairs.tsv"
    rows = [*PAIRS, ("茶" * 40_000, "tea")]
    file.write_text("".join(f"{s}\t{t}\n" for s, t in rows), encoding="utf-8")
    assert main(["evaluate", str(checkpoint), str(file), "--card", "test"]) == 0
    assert "4 pairs, greedy" in (out := capsys.readouterr().out) and "skipped" in out and "1: one side is empty" in out
    assert "- left out: 1, " in (checkpoint / "README.md").read_text(encoding="utf-8")
