"""Every cause on a model whose answers are known, on rows by hand, and against what it must not depend on."""

from __future__ import annotations

import inspect
import random
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from torch import Tensor

from s2s.checkpoint.open import load
from s2s.decode.search import beam, greedy
from s2s.decode.strategy import Settings
from s2s.inspect import causes as module
from s2s.inspect.causes import CAUSES, Fences, cause_columns, compute_fences
from s2s.inspect.rows import Example, Row, Rows
from s2s.inspect.schema import PART
from s2s.text.vocab import EOS
from tests.factory import make_checkpoint
from tests.inspect.crafted import word_by_word


def row(source: str, reference: str, deaf: bool = False) -> Row:
    """The row that the crafted model gives."""
    rows = Rows(word_by_word(deaf))
    example = rows.example(1, source, reference)
    assert example is not None
    ((made,),) = rows.rows([example])
    return {**dict.fromkeys(PART.names), **made}


def found(made: Row, limits: Fences | None = None) -> set[str]:
    return {name.removeprefix("cause_") for name, value in cause_columns(made, limits or Fences()).items() if value}


def test_a_right_output_has_no_cause() -> None:
    made = row("我喝茶。", "I drink tea")
    assert (made["output"], made["error"], made["divergence"]) == ("I drink tea", False, None)
    assert found(made) == set() and made["wanted"] is None and set(cause_columns(made, Fences()).values()) == {False}


def test_a_word_that_stands_elsewhere_is_attention() -> None:
    made = row("我喝茶。", "tea I drink")
    assert found(made) == {"attention"}
    assert (made["wanted"], made["said"], made["divergence"]) == ("tea", "I", 0)
    assert (made["attended"], made["mended_by"], made["moved_to"]) == (0, [2], 2)
    assert made["moved_probability"] > 0.9 > 0.1 > made["wanted_probability"]


def test_a_word_that_stands_nowhere_is_the_word() -> None:
    made = row("我喝茶。", "water I drink")
    assert found(made) == {"word"} and made["mended_by"] == [] and made["moved_probability"] < 0.1


def test_a_reference_word_outside_the_vocabulary() -> None:
    made = row("我喝茶。", "I sip tea")
    assert found(made) == {"unknown_reference"} and made["wanted"] == "<unk>" and made["reference_unknown"] == [1]


def test_an_unknown_source_word_that_is_looked_at() -> None:
    made = row("我龘茶。", "I drink tea")
    assert made["source_unknown"] == [1] and made["attended"] == 1 and made["output"] == "I <unk> tea"
    assert found(made) == {"unknown_source", "word"}
    other = row("你龘茶。", "I <unk> tea")  # known where the model goes wrong
    assert other["attended"] == 0 and "unknown_source" not in found(other)


def test_a_word_cut_in_the_wrong_way() -> None:
    made = row("苹果。", "green fruit")
    assert found(made) >= {"segmentation"} and made["output"] == "apples"
    assert made["resegmented"] == ["苹", "果", "。"] and made["resegmented_mends"] is True
    assert made["resegmented_gain"] > 5
    other = row("苹果。", "tea")  # cut otherwise it would be wrong, too
    assert "segmentation" not in found(other) and other["resegmented_mends"] is False


def test_an_output_that_ends_too_early_loses_the_rest_of_its_source() -> None:
    made = row("我。喝茶", "I he drink tea")
    assert made["output"] == "I" and made["said"] == "<eos>"
    assert made["uncovered"] == [3]  # 喝 is beside what was looked at
    assert abs(made["uncovered_gain"]) < 0.01 < 0.5 < made["uncovered_reference_gain"]
    assert found(made) >= {"early_end", "lost_source"} and "late_end" not in found(made)


def test_an_output_that_does_not_end() -> None:
    late = row("我喝茶。", "I")
    assert late["wanted"] == "<eos>" and found(late) >= {"late_end"} and "repetition" not in found(late)
    endless = row("我喝", "I drink")
    assert endless["cut_off"] and endless["output_tokens"] == ["I", *["drink"] * 13]
    assert endless["repetition"] == pytest.approx(1 - 2 / 13)
    assert found(endless) >= {"late_end", "repetition"} and "early_end" not in found(endless)


def test_a_model_that_does_not_hear_its_source_makes_things_up() -> None:
    made = row("我喝茶。", "I drink tea", deaf=True)
    assert made["source_gain"] == pytest.approx(0.0, abs=1e-4) and "hallucination" in found(made)
    heard = row("我喝茶。", "tea I drink")
    assert heard["source_gain"] > 5 and "hallucination" not in found(heard)


@pytest.mark.parametrize("kind", [{"attention": "additive"}, {"attention": "general"}], ids=str)
def test_what_a_beam_finds_is_a_search_error(tmp_path: Path, kind: dict[str, Any]) -> None:
    checkpoint = load(make_checkpoint(tmp_path, scale=0.6, **kind))
    rows, rng, seen = Rows(checkpoint), random.Random(0), 0
    words, said = checkpoint.source.vocab.tokens, checkpoint.target.vocab.tokens
    for _ in range(150):
        source = [rng.randrange(4, len(words)) for _ in range(rng.randint(1, 6))]
        best = beam(checkpoint.model, source, Settings(strategy="beam", length_penalty=0.0))[0]
        log_probs = list[Tensor]()
        (own,), ids = greedy(checkpoint.model, [source], log_probs=log_probs), [i for i in best.ids if i != EOS]
        if best.ids[-1] != EOS or not ids or len(own) >= 2 * len(source) + 10:
            continue
        if best.log_prob < float(log_probs[0].sum()) + 1e-3:  # as good, or, of a beam too narrow, worse
            continue
        reference = checkpoint.target.decode(ids)
        if checkpoint.target.encode(reference) != ids:  # a text that is cut otherwise than it was said
            continue
        text = checkpoint.source.decode(source)
        example = Example(
            1, text, reference, tuple(words[i] for i in source), tuple(said[i] for i in ids), (source, ids)
        )
        ((made,),) = rows.rows([example])
        made, seen = {**dict.fromkeys(PART.names), **made}, seen + 1
        assert made["beam_output"] == reference and made["beam_log_prob"] == pytest.approx(best.log_prob, abs=1e-4)
        assert made["reference_log_prob"] == pytest.approx(best.log_prob, abs=1e-4)
        assert found(made) >= {"search", "beam"}, made
        worse = {**made, "reference_log_prob": made["output_log_prob"] - 1, "beam_chrf": made["chrf"]}
        assert not found(worse) & {"search", "beam"}
    assert seen >= 3


PLAIN: Row = {
    **dict.fromkeys(PART.names),
    "error": True,
    "nll": 1.0,
    "divergence": 0,
    "wanted": "a",
    "said": "b",
    "wanted_unknown": False,
    "mended_by": [1],
    "cut_off": False,
    "reference_log_prob": -5.0,
    "output_log_prob": -1.0,
    "repetition": 0.0,
    "reference_repetition": 0.0,
    "length_ratio": 1.0,
    "source_gain": 3.0,
    "reference_ratio": 1.0,
    "reference_script": 1.0,
}
LIMITS = Fences(nll=4.0, ratio_low=0.5, ratio_high=2.0)


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({"attended_unknown": True}, "unknown_source"),
        ({"resegmented_mends": True, "resegmented_gain": 1.0}, "segmentation"),
        ({"wanted": "<unk>", "wanted_unknown": True, "reference_unknown": [2]}, "unknown_reference"),
        ({"mended_by": []}, "word"),
        ({"reference_log_prob": -0.9}, "search"),
        ({"beam_output": "c", "beam_log_prob": -0.5, "beam_chrf": 9.0, "chrf": 8.0}, "beam"),
        ({"repetition": 0.2}, "repetition"),
        ({"said": "<eos>"}, "early_end"),
        ({"length_ratio": 0.6}, "early_end"),
        ({"wanted": "<eos>"}, "late_end"),
        ({"length_ratio": 1.6}, "late_end"),
        ({"cut_off": True}, "late_end"),
        ({"uncovered": [1], "uncovered_gain": 0.0, "uncovered_reference_gain": 0.1}, "lost_source"),
        ({"source_gain": 0.9}, "hallucination"),
        ({"missing_numbers": ["7"]}, "numbers"),
        ({"missing_names": ["Tom"]}, "names"),
        ({"nll": 4.1}, "doubtful_reference"),
        ({"reference_ratio": 2.1}, "doubtful_reference"),
        ({"reference_ratio": 0.4}, "doubtful_reference"),
        ({"reference_script": 0.4}, "doubtful_reference"),
    ],
)
def test_one_fact_more_is_one_cause_more(changes: Row, cause: str) -> None:
    assert found(PLAIN, LIMITS) == {"attention"}
    expected = {cause} if {"mended_by", "wanted_unknown"} & set(changes) else {"attention", cause}
    assert found({**PLAIN, **changes}, LIMITS) == expected
    assert not found({**PLAIN, **changes, "error": False}, LIMITS)


@pytest.mark.parametrize(
    "changes",
    [
        {"resegmented_mends": True, "resegmented_gain": 0.9},
        {"resegmented_mends": False, "resegmented_gain": 3.0},
        {"reference_log_prob": -0.9, "reference_unknown": [0]},
        {"beam_output": "c", "output": "c", "beam_log_prob": -0.5, "beam_chrf": 9.0, "chrf": 8.0},
        {"beam_output": "c", "beam_log_prob": -1.5, "beam_chrf": 9.0, "chrf": 8.0},
        {"beam_output": "c", "beam_log_prob": None, "beam_chrf": 9.0, "chrf": 8.0},
        {"repetition": 0.3, "reference_repetition": 0.3},
        {"uncovered": [1], "uncovered_gain": 0.2, "uncovered_reference_gain": 1.0},
        {"uncovered": [1], "uncovered_gain": 0.0, "uncovered_reference_gain": 0.05},
        {"reference_script": None},
        {"source_gain": None},
    ],
)
def test_half_of_a_test_is_not_enough(changes: Row) -> None:
    assert found({**PLAIN, **changes}, LIMITS) == {"attention"}


def test_a_cause_reads_no_column_but_its_evidence() -> None:
    for name, cause in CAUSES.items():
        read = set(re.findall(r'row\["(\w+)"\]', inspect.getsource(cause.test)))
        assert read <= set(cause.evidence) <= set(PART.names), name
        assert getattr(module, name) is cause.test and cause.test.__doc__


def test_fences_leave_the_bulk_inside() -> None:
    rng = np.random.default_rng(0)
    nll, ratio = rng.normal(2, 0.5, 2000), np.exp(rng.normal(0, 0.3, 2000))
    made = compute_fences([*nll, 40.0], [*ratio, 30.0])
    assert 3.5 < made.nll < 6 and 0.1 < made.ratio_low < 0.5 < 2 < made.ratio_high < 10
    assert made.ratio_high == pytest.approx(1 / made.ratio_low, rel=0.2)
    low, high = np.quantile([*nll, 40.0], [0.25, 0.75])
    assert made.nll == pytest.approx(high + 3 * (high - low))
    assert compute_fences([1.0] * 10, [1.0] * 10) == compute_fences([], []) == Fences()


def test_one_lane_alone_has_no_causes() -> None:
    made = cause_columns({**dict.fromkeys(PART.names), "error": True}, Fences())
    assert set(made.values()) == {None} and len(made) == len(CAUSES)
