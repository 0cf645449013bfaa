"""Corpus scores against the libraries, counts against loops, comparisons by hand."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
import sacrebleu
import torch

from s2s.checkpoint.open import load
from s2s.checkpoint.record import make_side
from s2s.commands.inspect import summary_rows
from s2s.data.readers import read_pairs
from s2s.errors import UserError
from s2s.evaluate.bootstrap import Bootstrap
from s2s.evaluate.corpus import corpus_scores
from s2s.evaluate.randomisation import holm
from s2s.inspect.causes import CAUSES, MECHANISMS, TAGS
from s2s.inspect.comparison import ATTENTION, comparison, comparisons, other_causes, same_model
from s2s.inspect.judgement import VERDICTS
from s2s.inspect.pair_findings import pair_findings, pair_words
from s2s.inspect.paired import Paired
from s2s.inspect.report.content import make_report
from s2s.inspect.report.render import render_report
from s2s.inspect.run import Input, Inspection
from s2s.inspect.scores import SentenceScores, chrf
from s2s.inspect.summary import SCORES, summary
from s2s.inspect.table import Examples
from s2s.inspect.target_words import read_ranks, word_accuracy
from s2s.inspect.worst import worst_slices
from s2s.text.vocab import SPECIALS, Vocab
from s2s.train.distributed import Group
from tests.factory import make_checkpoint

WORDS = ("reference_tokens", "output_tokens")
ONE = Group(0, 1, torch.device("cpu"))
PAIRS = (
    "我喜欢苹果。\tI like apples.\n你喝水？\tdo you drink water?\n他喝茶。\the drink tea.\n"
    "水。\twater.\n我不喝茶。\tI do n't.\n"
)


def inspected(place: Path, name: str, directory: Path, mode: str = "both", limit: int | None = None) -> Examples:
    source = Input(place / "pairs.tsv", limit=limit)
    Inspection(place / name, load(directory), source, mode).run(ONE, lambda count: None)
    return Examples(place / name)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("summary")
    (place / "pairs.tsv").write_text(PAIRS, encoding="utf-8")
    return place


@pytest.fixture(scope="module")
def first(place: Path) -> Examples:
    return inspected(place, "first", make_checkpoint(place, "general", scale=0.7))


@pytest.fixture(scope="module")
def second(place: Path) -> Examples:
    return inspected(place, "second", make_checkpoint(place, "additive", scale=0.5))


def test_corpus_scores_are_those_of_evaluate(first: Examples, place: Path) -> None:
    held = load(place / "tiny-general")
    wanted = corpus_scores(held.model, held.source, held.target, list(read_pairs(place / "pairs.tsv")))
    made = summary(first)["scores"]
    assert set(made) == set(SCORES)
    names = {"accuracy_forced": "token_accuracy", "nll": "loss"}
    for name in ("bleu", "chrf", "rouge_l", "nll", "perplexity", "accuracy_forced"):
        assert made[name]["value"] == pytest.approx(wanted[names.get(name, name)], rel=1e-4, abs=1e-6), name
        assert made[name]["low"] <= made[name]["value"] + 1e-3 and made[name]["high"] >= made[name]["low"]


def test_chrf_of_summed_counts_is_that_of_the_corpus() -> None:
    outputs = ["I like tea.", "", "he drinks the water", "x", "苹果 tea", "no"]
    references = ["I like the tea.", "water", "he drinks water", "yes yes", "苹果", "nothing at all"]
    scores = SentenceScores(make_side("latin", Vocab(SPECIALS)))
    counts = [scores.columns(o, r)["chrf_counts"] for o, r in zip(outputs, references, strict=True)]
    for n in range(1, 7):
        wanted = sacrebleu.corpus_chrf(outputs[:n], [references[:n]]).score
        assert chrf(np.array(counts[:n], dtype=float).sum(axis=0, keepdims=True))[0, 0] == pytest.approx(wanted)
    for output, reference in zip(outputs, references, strict=True):
        assert scores.chrf(output, reference) == pytest.approx(sacrebleu.sentence_chrf(output, [reference]).score)


def test_causes_and_distributions_are_counted(first: Examples) -> None:
    rows, made = first.columns("verdict", "error", "nll", *TAGS.values()).to_pylist(), summary(first)
    errors = [row for row in rows if row["error"]]
    assert made["errors"] == len(errors) > 2 and made["examples"] == len(rows) == 5
    assert made["verdicts"] == {verdict: sum(row["verdict"] == verdict for row in rows) for verdict in VERDICTS}
    assert set(made["causes"]) == set(CAUSES) and set(made["mechanisms"]) == set(MECHANISMS)
    for name, told in (made["causes"] | made["mechanisms"]).items():
        have = [row for row in errors if row[TAGS[name]]]
        assert told["count"] == len(have)
        if name in MECHANISMS:
            alone = [row for row in have if sum(bool(row[TAGS[other]]) for other in MECHANISMS) == 1]
            assert told["alone"] == len(alone)
        assert told["share"]["value"] == pytest.approx(len(have) / len(errors), rel=1e-5)
        assert 0 <= told["share"]["low"] <= told["share"]["value"] <= told["share"]["high"] <= 1
    nll = made["distributions"]["nll"]
    assert nll["quantiles"]["0.5"] == pytest.approx(np.median([row["nll"] for row in rows]), rel=1e-5)
    assert sum(nll["histogram"]["counts"]) == nll["count"] == 5 and len(nll["histogram"]["edges"]) == 21
    json.dumps(made, allow_nan=False)


def test_one_lane_has_its_scores_only(place: Path, first: Examples) -> None:
    free = summary(inspected(place, "free", place / "tiny-general", "free"))
    forced = summary(inspected(place, "forced", place / "tiny-general", "forced"))
    whole = summary(first)
    assert set(free["scores"]) == {"bleu", "chrf", "rouge_l", "accuracy_free"}
    assert set(forced["scores"]) == {"nll", "perplexity", "accuracy_forced"}
    assert "causes" not in free and "errors" not in forced and free["distributions"]["nll"] is None
    for made in (free, forced):
        assert made["scores"] == {name: whole["scores"][name] for name in made["scores"]}


def test_two_inspections_by_hand(first: Examples, second: Examples) -> None:
    for name in SCORES:
        made = comparison(first, second, name, Bootstrap(300))
        a, b = (examples.columns(name)[name].to_pylist() for examples in (first, second))
        sign = -1 if name in ("nll", "perplexity") else 1
        ahead = [sign * round(x - y, 4) for x, y in zip(a, b, strict=True)]
        counts = [sum(x > 0 for x in ahead), sum(x < 0 for x in ahead), sum(x == 0 for x in ahead)]
        assert [made["wins"], made["losses"], made["ties"]] == counts and made["examples"] == 5
        assert made["first"]["value"] == pytest.approx(summary(first)["scores"][name]["value"])
        difference = made["first"]["value"] - made["second"]["value"]
        assert made["difference"]["value"] == pytest.approx(difference, rel=1e-3, abs=1e-3)
        other = comparison(second, first, name, Bootstrap(300))
        assert other["difference"]["low"] == pytest.approx(-made["difference"]["high"], rel=1e-4)
        assert (other["wins"], other["p"]) == (made["losses"], made["p"])
        differ = [n for n, x in enumerate(ahead) if x]
        assert 2 / 2 ** len(differ) - 0.02 <= made["p_randomisation"] == other["p_randomisation"] <= 1
        assert made["trials"] == 10_000


def test_several_inspections_in_pairs(first: Examples, second: Examples, place: Path) -> None:
    systems = [first, second, inspected(place, "some-3", place / "tiny-general", limit=3)]
    made = comparisons(systems, "nll", Bootstrap(200))
    assert [pair["systems"] for pair in made] == [[0, 1], [0, 2], [1, 2]]
    for pair in made:
        alone = comparison(*(systems[n] for n in pair["systems"]), "nll", Bootstrap(200))
        assert {name: pair[name] for name in alone} == alone
    for key in ("p", "p_randomisation"):
        assert [pair[f"{key}_holm"] for pair in made] == holm([pair[key] for pair in made])


def test_words_and_worst_slices_of_one_and_two(first: Examples, second: Examples, place: Path) -> None:
    made = summary(first, Bootstrap(20))
    assert made["worst"] == worst_slices(first, "chrf", by=Bootstrap(20)).as_dict() and made["worst"]["rows"] == 5
    assert made["words"] == word_accuracy(
        *(first.columns(name)[name] if name == "reference_tokens" else [first.columns(name)[name]] for name in WORDS),
        read_ranks(first.directory),
    )
    assert sum(one["reference"] for one in made["words"]) == sum(
        map(len, first.columns(WORDS[0])[WORDS[0]].to_pylist())
    )
    for name in SCORES:
        found = pair_findings(Paired(first, second, name))
        assert found["worst"]["first"]["score"] == "difference" and found["worst"]["second"]["rows"] == 5
        assert [one["f1"][0]["value"] for one in found["words"]] == [one["f1"][0]["value"] for one in made["words"]]
        assert all(one["right"][side] > one["right"][1 - side] for side in (0, 1) for one in found["ngrams"][side])
    some = inspected(place, "some-5", place / "tiny-additive", limit=3)
    for rows_N in (None, np.array([True, True, False, True, True])):
        kept = np.arange(5) < 3 if rows_N is None else rows_N & (np.arange(5) < 3)
        few = pair_words(Paired(first, some, "chrf"), rows_N)
        tokens = first.columns(WORDS[0])[WORDS[0]].to_pylist()
        assert sum(one["reference"] for one in few["words"]) == sum(len(tokens[n]) for n in np.flatnonzero(kept))
    json.dumps([made, found, few], allow_nan=False)


def test_other_causes_and_means_of_attention_by_hand(first: Examples, second: Examples, place: Path) -> None:
    few = inspected(place, "few", place / "tiny-additive", limit=3)
    rows = [[one.example(id) for id in range(1, 6)] for one in (first, second)]
    apart = [
        a["id"] for a, b in zip(*rows, strict=True) if any(a[f"cause_{name}"] != b[f"cause_{name}"] for name in CAUSES)
    ]
    assert other_causes(first, second) == tuple(apart) and apart
    assert other_causes(first, few) == tuple(id for id in apart if id <= 3) and other_causes(first, first) == ()
    told = comparison(first, second, "nll", Bootstrap(10))["attention"]
    for name in ATTENTION:
        means = [np.mean([row[name] for row in side if row[name] is not None]) for side in rows]
        assert [told[name]["first"], told[name]["second"]] == pytest.approx(means)
    assert not same_model(first, second) and not same_model(first, first)


def test_a_system_against_itself_is_a_draw(first: Examples) -> None:
    made = comparison(first, first)
    assert (made["wins"], made["losses"], made["ties"], made["p"]) == (0, 0, 5, 1.0)
    assert made["difference"] == {"value": 0.0, "low": 0.0, "high": 0.0}
    assert all(n["first"] == n["second"] for n in made["causes"].values())


def test_what_cannot_be_compared_is_said(place: Path, first: Examples, tmp_path: Path) -> None:
    (tmp_path / "pairs.tsv").write_text("茶\ttea\n", encoding="utf-8")
    other = inspected(tmp_path, "other", place / "tiny-general")
    with pytest.raises(UserError, match="two different files"):
        comparison(first, other)
    forced = inspected(place, "forced-2", place / "tiny-general", "forced")
    with pytest.raises(UserError, match="No example has the score chrf"):
        comparison(first, forced)
    assert comparison(first, forced, "nll")["ties"] == 5
    some = inspected(place, "some", place / "tiny-general", limit=2)
    assert comparison(first, some)["examples"] == 2
    assert not math.isnan(comparison(first, some)["p"])


def test_of_a_script_without_spaces_characters_are_counted_and_said_to_be(tmp_path: Path) -> None:
    """As ``evaluate`` counts; the summary, the terminal and the page of a report say so."""
    (tmp_path / "pairs.tsv").write_text("我喜欢苹果。\tผมชอบแอปเปิ้ล\n你喝水？\tคุณดื่มน้ำไหม\n", encoding="utf-8")
    directory = make_checkpoint(tmp_path)
    examples = inspected(tmp_path, "thai", directory)
    held = load(directory)
    wanted = corpus_scores(held.model, held.source, held.target, list(read_pairs(tmp_path / "pairs.tsv")))
    made = summary(examples, Bootstrap(5))
    assert examples.manifest["bleu_tokenizer"] == made["bleu_tokenizer"] == "char"
    assert "tok:char" in wanted["signatures"]["bleu"]
    assert made["scores"]["bleu"]["value"] == pytest.approx(wanted["bleu"], abs=1e-3)
    assert ["bleu", "by character"] in [[row[0], row[3]] for row in summary_rows(made)]
    report = make_report(examples, [], lambda row: None, {})
    assert "character BLEU" in render_report(report, "en") and "字符级 BLEU" in render_report(report, "zh")
