"""Rows against traces of one sentence at a time, sacrebleu and loops."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sacrebleu
import torch
from rouge_score import rouge_scorer

from s2s.checkpoint.open import load
from s2s.checkpoint.record import Checkpoint
from s2s.data.batches import MAX_TOKENS
from s2s.decode.decode import follow, trace
from s2s.decode.strategy import Settings, chooser, forcing
from s2s.inspect.experiments import alternatives
from s2s.inspect.lexical import is_word
from s2s.inspect.passes import ForcedPass, forced_lanes
from s2s.inspect.rows import Example, Row, Rows
from s2s.text.vocab import EOS, PAD, UNK
from tests.exposure.common import KINDS
from tests.factory import make_checkpoint
from tests.inspect.crafted import word_by_word

PAIRS = [
    ("我喜欢苹果。", "I like apples."),
    ("你喝水？", "do you drink water?"),
    ("他不喝茶。", "he doesn't drink tea."),
    ("水。", "water."),
    ("我不喜欢你。", "I do n't like you."),
    ("他喝我喜欢水。", "he he he."),
    ("茶", "tea"),
]


@pytest.fixture(scope="module", params=KINDS, ids=str)
def checkpoint(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    return load(make_checkpoint(tmp_path_factory.mktemp("checkpoint"), scale=0.7, **request.param))


def made(checkpoint: Checkpoint, mode: str = "both") -> list[Row]:
    rows = Rows(checkpoint, mode)
    examples = [e for n, pair in enumerate(PAIRS) if (e := rows.example(n, *pair)) is not None]
    assert len(examples) == len(PAIRS)
    return sorted((row for batch in rows.rows(examples) for row in batch), key=lambda row: int(row["id"]))


def test_lanes_and_measures_are_those_of_traces(checkpoint: Checkpoint) -> None:
    for row, (text, reference) in zip(made(checkpoint), PAIRS, strict=True):
        forced, free = (trace(checkpoint, text, reference, mode) for mode in ("forced", "free"))
        assert row["source_tokens"] == forced.source_tokens and row["reference_tokens"] == forced.reference_tokens
        log_probs = [step.target.log_prob for step in forced.steps if step.target]
        assert row["nll"] == pytest.approx(-np.mean(log_probs), abs=1e-4)
        assert row["perplexity"] == pytest.approx(math.exp(row["nll"]))
        assert row["reference_log_prob"] == pytest.approx(sum(log_probs), abs=1e-3)
        gold = [*forced.reference_tokens, "<eos>"]
        hits = [step.top[0].token == token for step, token in zip(forced.steps, gold, strict=True)]
        assert row["forced_hits"] == hits and row["accuracy_forced"] == np.mean(hits)
        assert row["divergence"] == forced.divergence == free.divergence or row["cut_off"]
        said = [step.output for step in free.steps]
        own = [t < len(said) and said[t] == token for t, token in enumerate(gold)]
        assert row["free_hits"] == own and row["accuracy_free"] == np.mean(own)
        assert row["output"] == free.text and row["cut_off"] == (free.ended == "length")
        words = [word for word in said if word != "<eos>"]
        assert row["output_tokens"] == words and row["differs"] == (words != gold[:-1])
        assert row["length_ratio"] == len(words) / (len(gold) - 1)
        values = [step.log_prob for step in free.steps]
        assert row["output_log_prob"] == pytest.approx(sum(values), abs=1e-3)
        assert row["mean_probability"] == pytest.approx(np.mean(np.exp(values)), abs=1e-4)
        assert row["lowest_probability"] == pytest.approx(min(np.exp(values)), abs=1e-4)
        weights = free.attention_TS
        covered = weights.sum(axis=0)
        np.testing.assert_allclose(row["coverage"], covered, atol=1e-4)
        assert row["never_looked"] == [s for s, c in enumerate(row["coverage"]) if c < 0.1]
        assert row["looked_often"] == [s for s, c in enumerate(row["coverage"]) if c > 2.5]
        entropies = [-sum(w * math.log(w) for w in step.attention.tolist() if w > 0) for step in free.steps]
        assert row["attention_entropy"] == pytest.approx(np.mean(entropies), abs=1e-4)
        assert row["attention_last"] == pytest.approx(weights[:, -1].mean(), abs=1e-4)
        assert row["repetition"] == pytest.approx(repeated(words)) and row["output_unknown"] == []
        assert row["reference_repetition"] == pytest.approx(repeated(gold[:-1]))


def repeated(words: list[str]) -> float:
    seen, again = Counter[tuple[str, str]](), 0
    for a, b in itertools.pairwise(words):
        again += seen[a, b] > 0
        seen[a, b] += 1
    return again / max(1, len(words) - 1)


def test_scores_are_those_of_the_libraries(checkpoint: Checkpoint) -> None:
    rouge = rouge_scorer.RougeScorer(["rougeL"])
    for row in made(checkpoint):
        reference = checkpoint.target.decode(checkpoint.target.encode(row["reference"]))
        if "<unk>" in reference:
            reference = checkpoint.target.segmenter.join(row["reference_tokens"])
        assert row["bleu"] == sacrebleu.sentence_bleu(row["output"], [reference]).score
        assert row["chrf"] == pytest.approx(sacrebleu.sentence_chrf(row["output"], [reference]).score, abs=1e-9)
        if "n't" not in row["output"] + reference and not set(".?") & set(row["output"] + reference):
            assert row["rouge_l"] == pytest.approx(100 * rouge.score(reference, row["output"])["rougeL"].fmeasure)


def test_evidence_is_that_of_one_sentence_at_a_time(checkpoint: Checkpoint) -> None:
    seen = moved = 0
    for row, (text, reference) in zip(made(checkpoint), PAIRS, strict=True):
        forced = trace(checkpoint, text, reference, "forced")
        if not row["error"] or row["wanted_at"] is None or row["wanted_unknown"]:
            continue
        seen, t = seen + 1, row["wanted_at"]
        step = forced.steps[t]
        assert step.target and row["wanted"] == step.target.token == row["reference_tokens"][t]
        assert row["said_at"] is None or row["said"] == row["output_tokens"][row["said_at"]]
        assert row["wanted_probability"] == pytest.approx(math.exp(step.target.log_prob), abs=1e-4)
        assert row.get("experiment_prefix") in (None, step.top[0].token == row["wanted"])
        if row.get("moved_to") is None:
            continue
        moved += 1
        assert row["attended"] == step.attention.argmax()
        assert row["attended_weight"] == pytest.approx(step.attention.max(), abs=1e-4)
        probability, best = one_hots(checkpoint, text, reference, t)
        assert row["mended_by"] == [s for s in best if is_word(row["source_tokens"][s])]
        assert row["moved_probability"] == pytest.approx(probability[row["moved_to"]], abs=1e-4)
        assert row["moved_to"] == most_needed(checkpoint, text, reference, t)
        empty = [UNK] * len(row["source_tokens"])
        ids = [*checkpoint.target.encode(reference), EOS]
        gain = log_prob(checkpoint, checkpoint.source.encode(text), ids) - log_prob(checkpoint, empty, ids)
        assert row.get("reference_gain") in (None, pytest.approx(gain / len(ids), abs=1e-4))
    assert seen >= 3 and moved >= 1


def most_needed(checkpoint: Checkpoint, text: str, reference: str, t: int) -> int:
    """The known source word without which the reference's token at step t loses most."""
    ids, gold = checkpoint.source.encode(text), [*checkpoint.target.encode(reference), EOS][: t + 1]
    left = dict[int, float]()
    for s, token in enumerate(checkpoint.source.tokens(text)):
        if is_word(token) and ids[s] != UNK:
            without = [UNK if place == s else known for place, known in enumerate(ids)]
            left[s] = log_prob(checkpoint, without, gold) - log_prob(checkpoint, without, gold[:-1])
    return min(left, key=left.__getitem__)


def one_hots(checkpoint: Checkpoint, text: str, reference: str, t: int) -> tuple[list[float], list[int]]:
    """The reference's probability at step t with all attention on one token, for each; where it is the greatest."""
    model, ids = checkpoint.model, checkpoint.source.encode(text)
    gold = [*checkpoint.target.encode(reference), EOS]
    probability, best = [], []
    for s in range(len(ids)):
        with torch.inference_mode():
            memory, state = model.encode(torch.tensor([ids]), torch.tensor([len(ids)]))
            for token in [2, *gold][:t]:
                state = model.step(state, torch.tensor([token]), memory).state
            hot = torch.eye(len(ids))[[s]]
            step = model.step(state, torch.tensor([[2, *gold][t]]), memory, hot)
        probability.append(float(step.log_probs_BV[0, gold[t]].exp()))
        if int(step.log_probs_BV.argmax()) == gold[t]:
            best.append(s)
    return probability, best


def log_prob(checkpoint: Checkpoint, source: list[int], ids: list[int]) -> float:
    _, steps, _ = follow(checkpoint.model, source, forcing(ids, chooser(Settings())), len(ids))
    return sum(float(step.log_probs_BV[0, i]) for step, i in zip(steps, ids, strict=False))


def test_batches_and_padding_change_nothing(checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    together = made(checkpoint)
    monkeypatch.setattr("s2s.evaluate.batching.ROWS", 1)
    for one, other in zip(made(checkpoint), together, strict=True):
        assert one.keys() == other.keys()
        for name, value in one.items():
            if isinstance(value, float) or name in ("coverage", "wrong_probability", "suspicion"):
                assert value == pytest.approx(other[name], abs=2e-4, rel=1e-4), name
            else:
                assert value == other[name], name


def test_one_lane_alone_has_its_columns_only(checkpoint: Checkpoint) -> None:
    both, forced, free = (made(checkpoint, mode) for mode in ("both", "forced", "free"))
    for whole, one, other in zip(both, forced, free, strict=True):
        assert "output" not in one and "nll" not in other and "wanted" not in one.keys() | other.keys()
        assert {n: v for n, v in whole.items() if n in one} == one
        assert {n: v for n, v in whole.items() if n in other} == other


def test_attention_given_to_the_pass_itself_changes_nothing(checkpoint: Checkpoint) -> None:
    ids = [(checkpoint.source.encode(s), checkpoint.target.encode(t)) for s, t in PAIRS]
    made = ForcedPass(checkpoint.model, ids)
    for row, (source, target) in enumerate(ids):
        (only,) = forced_lanes(checkpoint.model, [(source, target)])
        np.testing.assert_allclose(made.lanes[row].log_prob_T, only.log_prob_T, atol=1e-4)
        for t in range(len(target) + 1):
            assert made.attention(row, t).sum() == pytest.approx(1.0, abs=1e-5)
    assert (made.read_BT == PAD).any() and ForcedPass.one_hot(made, []) == []


def test_a_pair_that_the_model_cannot_take_is_left_out(tmp_path: Path) -> None:
    rows = Rows(word_by_word())
    assert rows.example(1, "我" * MAX_TOKENS, "tea") is not None
    assert rows.example(1, "我" * (MAX_TOKENS + 1), "tea") is None
    assert rows.example(1, "我", "tea " * (MAX_TOKENS + 1)) is None
    assert rows.example(1, "\u200b", "tea") is None
    short = Rows(load(make_checkpoint(tmp_path, "location", max_source_length=100)))
    assert short.example(1, "我" * 100, "tea") is not None and short.example(1, "我" * 101, "tea") is None


def test_other_segmentations_are_of_the_word_and_its_neighbours() -> None:
    side = word_by_word().source
    assert alternatives(side, ["我", "苹果", "。"], 1) == [["我", "苹", "果", "。"]]
    assert alternatives(side, ["我", "苹", "果", "。"], 2) == [["我", "苹果", "。"]]
    assert alternatives(side, ["苹果", "。", "我", "我"], 3) == []
    assert alternatives(word_by_word().target, ["green", "fruit"], 0) == []


def test_example_is_what_the_file_says() -> None:
    example = Rows(word_by_word()).example(7, "我龘 茶。", "I sip tea")
    assert example == Example(
        7, "我龘 茶。", "I sip tea", ("我", "龘", "茶", "。"), ("I", "sip", "tea"), ([4, UNK, 7, 12], [4, UNK, 7])
    )


def test_every_value_fits_its_column(checkpoint: Checkpoint) -> None:
    import pyarrow as pa

    from s2s.inspect.schema import PART

    rows: list[dict[str, Any]] = made(checkpoint)
    assert {name for row in rows for name in row} <= set(PART.names)
    table = pa.Table.from_pylist(rows, schema=PART)
    assert table["source_tokens"].to_pylist() == [list(row["source_tokens"]) for row in rows]
