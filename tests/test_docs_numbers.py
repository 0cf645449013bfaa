"""What docs/FORMATS.md states beside the computation, computed from the page: draws, words of scores, links, limits."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path

import numpy as np
import pytest
import torch

from s2s.__main__ import main
from s2s.checkpoint.open import load
from s2s.decode.decode import trace
from s2s.decode.inputs import reference_ids, source_ids
from s2s.decode.strategy import Settings
from s2s.errors import UserError
from s2s.evaluate import metrics
from s2s.evaluate.bootstrap import Bootstrap
from s2s.explain.alignment_error import diagonal_links
from s2s.explain.counterfactual import moments, permuted
from s2s.explain.replay import Lane
from s2s.explain.token_spans import cut
from s2s.exposure.distractor import draw_distractors
from s2s.exposure.lanes import Lane as SentenceLanes
from s2s.exposure.lanes import positions
from s2s.model import Seq2Seq
from s2s.text.segmenters import SEGMENTERS
from s2s.trace.film import film
from s2s.trace.trace import Trace
from tests.numpy_model import NumpyModel
from tests.paths import ROOT, SHIPPED

PAGE = (ROOT / "docs" / "FORMATS.md").read_text(encoding="utf-8")
DATE = SHIPPED / "date"


def filtered(log_probs: np.ndarray, temperature: float, top_k: int, top_p: float) -> np.ndarray:
    """The section Sampling."""
    p = np.exp(log_probs / temperature)
    p /= p.sum()
    if top_k > 0:
        p[p < np.sort(p)[-top_k]] = 0
        p /= p.sum()
    if top_p < 1:
        order = np.argsort(-p)
        before = np.cumsum(p[order]) - p[order]
        p[order[before >= top_p]] = 0
        p /= p.sum()
    return p


@pytest.mark.parametrize("prefix", [0, 3])
def test_a_sampled_lane_is_drawn_as_stated(prefix: int) -> None:
    checkpoint, numbers = load(DATE), NumpyModel(DATE)
    settings = Settings(strategy="sampling", temperature=9.0, top_k=8, top_p=0.9, seed=11)
    words = checkpoint.target.vocab.tokens
    run = trace(checkpoint, "2025年3月9日", settings=settings, prefix=["1", "9", "9"][:prefix])
    ids = [words.index(step.output) for step in run.steps]
    _, steps = numbers.run(checkpoint.source.encode("2025年3月9日"), [2, *ids[:-1]], {})
    twister, drawn = np.random.RandomState(11), list[int]()  # init_genrand
    for step in steps:
        a, b = (int(word) for word in twister.randint(2**32, size=2, dtype=np.uint32))
        below = np.cumsum(filtered(step.log_probs, 9.0, 8, 0.9))
        drawn.append(int(np.argmax(below > (a * 2**32 + b) % 2**53 / 2**53 * below[-1])))
    assert drawn[prefix:] == ids[prefix:] and run.text != trace(checkpoint, "2025年3月9日").text


def test_resamples_are_drawn_as_stated() -> None:
    values = np.random.default_rng(5).random((3000, 1))
    generator, means = np.random.default_rng(7), list[float]()
    while len(means) < 1000:
        rows = min(max(1, 2_000_000 // 3000), 1000 - len(means))
        means += values[generator.integers(3000, size=(rows, 3000)), 0].mean(axis=1).tolist()
    estimate = Bootstrap(seed=7).mean(values[:, 0], np.ones(3000))
    assert (estimate.low, estimate.high) == pytest.approx(tuple(np.quantile(means, [0.025, 0.975])), rel=1e-5)


def test_distractors_are_drawn_as_stated() -> None:
    targets = [[7, 8], [5, 6], [5, 6], [4], [4, 5, 6, 7], [9, 9, 9, 9, 9, 9]]
    generator, expected = random.Random(3), list[list[int]]()
    for target in targets:
        others = [other for other in sorted(map(list, {tuple(t) for t in targets})) if other != target]
        nearest = min((abs(len(other) - len(target)), len(other)) for other in others)[1]
        expected.append(generator.choice([other for other in others if len(other) == nearest]))
    assert draw_distractors(targets, targets, 3) == expected


def test_permuted_weights_are_drawn_as_stated() -> None:
    checkpoint = load(DATE)
    assert isinstance(checkpoint.model, Seq2Seq)
    run = trace(checkpoint, "2025年3月9日")
    lane = Lane(tuple(checkpoint.source.encode("2025年3月9日")), (2, 6), (6, 6))
    (moment,) = moments(checkpoint.model, lane, [0])
    generator, drops = torch.Generator().manual_seed(0), list[float]()
    p = moment.log_probs_V.exp()
    for _ in range(20):
        order = torch.randperm(len(run.source_tokens), generator=generator)
        row_1S = moment.attention_S[order].unsqueeze(0)
        other = checkpoint.model.step(moment.state, torch.tensor([2]), moment.memory, row_1S).log_probs_BV[0].exp()
        drops.append(float(p[6] - other[6]))
    change = permuted(checkpoint.model, moment, 6, torch.Generator().manual_seed(0))
    assert change.drop == pytest.approx(np.mean(drops), abs=1e-6)


@pytest.mark.parametrize(("tokenizer", "tokens"), [("13a", 3), ("zh", 3), ("char", 5)])
def test_bleu_takes_an_unknown_word_as_stated(tokenizer: str, tokens: int) -> None:
    import sacrebleu

    assert len(sacrebleu.BLEU(tokenize=tokenizer).tokenizer("<unk>").split()) == tokens
    assert sacrebleu.__version__.startswith(PAGE.split("those of sacrebleu ")[1].split(",")[0])


@pytest.mark.parametrize(
    ("cut_by", "output", "reference", "shares"),
    [
        ("latin", "I like Tea.", "I like tea.", (2 * 3 / 8, 2 * 1 / 6, 2 * 3 / 8)),
        ("characters", "我<unk>茶", "我喝茶", (2 * 2 / 10, 0, 2 * 2 / 10)),
        ("spaces", "b a", "a b", (1, 0, 2 * 1 / 4)),
    ],
)
def test_rouge_counts_as_stated(cut_by: str, output: str, reference: str, shares: tuple[float, ...]) -> None:
    scores = metrics.rouge([output], [reference], SEGMENTERS[cut_by])
    assert [scores[name] for name in metrics.ROUGE] == pytest.approx([100 * share for share in shares])


@pytest.mark.parametrize(("source", "target"), [(1, 1), (3, 7), (7, 3), (4, 4), (1, 5), (6, 1)])
def test_the_diagonal_is_as_stated(source: int, target: int) -> None:
    assert diagonal_links(source, target) == {
        (min(source - 1, int((2 * t + 1) * source / (2 * target))), t) for t in range(target)
    }


def test_gold_tokens_are_written_together_and_matched_as_stated() -> None:
    luong = load(SHIPPED / "zh-en-luong")
    source = cut(luong.source, ["我们", "明天", "去看", "電影", "。"])
    assert source is not None
    tokens, own, gold = source
    assert tokens == luong.source.words("我们明天去看電影。") and "电影" in tokens  # without spaces
    assert own[-1] == gold[-1] == (8, 9) and gold[2] == (4, 6)
    target = cut(luong.target, ["do", "n't", "go", "."])
    assert target is not None and target[1] == target[2] == [(0, 2), (2, 5), (5, 7), (7, 8)]  # with spaces


def test_a_prefix_may_be_longer_than_the_limit_by_one() -> None:
    run = trace(load(DATE), "2025年3月9日", prefix="2025-03", settings=Settings(max_length=2))
    assert (len(run.steps), run.prefix, run.ended) == (8, 7, "length")
    whole = trace(load(DATE), "2025年3月9日", prefix=["1", "<eos>"], settings=Settings(strategy="beam"))
    assert (whole.text, whole.ended, len(whole.steps)) == ("1", "eos", 2)


@pytest.mark.parametrize(
    ("source", "allowed"),
    [
        ("5" * 401, False),
        ("5" * 400, True),
        (["5", "5 5"], False),
        (["5", ""], False),
        ("𠮷", False),
        (" ", False),
    ],
)
def test_sources_are_refused_as_stated(source: str | list[str], allowed: bool) -> None:
    assert "more than 400 tokens" in PAGE
    if allowed:
        assert len(source_ids(load(DATE), source)[1]) == 400
    else:
        with pytest.raises(UserError):
            source_ids(load(DATE), source)


@pytest.mark.parametrize(
    ("reference", "allowed"),
    [("2025x", True), ("20xxx", False), ("--", True), ("xy-----", False), ("", True), ("5" * 401, False)],
)
def test_references_are_refused_as_stated(reference: str, allowed: bool) -> None:
    if allowed:
        reference_ids(load(DATE), reference)
    else:
        with pytest.raises(UserError):
            reference_ids(load(DATE), reference)


def test_ranges_of_settings_are_those_of_the_page() -> None:
    row = re.search(r"^\| a setting \| (.*) \|$", PAGE, re.MULTILINE)
    assert row is not None
    listed = re.sub(r"(?<=\d),(?=\d{3})", "", row[1])
    for names, low, high in re.findall(r"((?:`\w+`(?: and )?)+) (?:outside )?([\d.]+) to ([\d.]+)", listed):
        for name in re.findall(r"`(\w+)`", names):
            kind = type(getattr(Settings(), name))
            for edge in (low, high):
                Settings(**{name: kind(edge)})
            for beyond in (float(low) - 0.005 if kind is float else int(low) - 1, kind(high) + 1):
                with pytest.raises(UserError):
                    Settings(**{name: beyond})


def test_evaluate_writes_the_keys_of_the_page(tmp_path: Path) -> None:
    pairs, out = tmp_path / "pairs.tsv", tmp_path / "scores.json"
    pairs.write_text("2025年3月9日\t2025-03-09\n", encoding="utf-8")
    assert main(["evaluate", str(DATE), str(pairs), "--beam", "2", "--json", str(out)]) == 0
    made = json.loads(out.read_text(encoding="utf-8"))
    assert (made["checkpoint"].keys(), made["decoding"]) == ({"name", "digest"}, "beam 2")
    section = (ROOT / "docs" / "formats" / "MEASURES.md").read_text(encoding="utf-8").split("\n## ")[1]
    assert [key for key in made if f"`{key}`" not in section + PAGE] == []


def test_arrays_have_no_memory() -> None:
    own = Trace.from_arrays(np.eye(2), ["a", "b"], ["c", "<eos>"])
    assert json.loads(own.to_json())["source"]["memory"] == []


def test_a_film_has_the_decimals_and_keys_of_the_page() -> None:
    step = json.loads(film(DATE)[-1].to_json())["trace"]["steps"][0]
    assert np.float32([round(x, 3) for x in step["scores"]]).tolist() == np.float32(step["scores"]).tolist()
    assert len(step["top"]) == 5
    for name in ("log_prob", "entropy", "normaliser"):
        assert round(step[name], 4) == step[name]
    assert not step.keys() & {"coverage", "position", "factors", "p_gen"} and step["context"] == []


def test_overall_measures_are_of_the_first_100_positions() -> None:
    gold = tuple(range(10, 130))
    right, wrong = np.zeros(120), np.full(120, -1.0)
    lanes = [SentenceLanes(gold, right, gold[:100] + (4,) * 20, np.ones(120), gold, wrong)]
    assert positions(lanes, Bootstrap(resamples=1)).overall["accuracy_forced"].value == 1.0
