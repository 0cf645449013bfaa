"""Causes and mechanisms: experiments on a model whose answers are known, and the rule by which they are stated."""

from __future__ import annotations

import itertools
import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from s2s.inspect.causes import (
    CAUSES,
    MECHANISMS,
    OUTCOMES,
    PREFERENCE,
    TAGGED_COLUMNS,
    TAGS,
    TRIED,
    Trial,
    sign_test,
    tag_columns,
    trial,
)
from s2s.inspect.experiments import Case, Columns, experiment
from s2s.inspect.judgement import Judgement
from s2s.inspect.passes import ForcedPass, free_lanes
from s2s.inspect.reasons import cause_reason
from s2s.inspect.rows import Rows
from s2s.inspect.schema import PART
from s2s.locations import PACKAGE
from tests.inspect.crafted import word_by_word

STATED = {name: Trial(100, 40, 3, 1e-6) for name in TRIED}
SILENT = {name: Trial(4, 2, 0, 0.25) for name in TRIED}


def tried(source: str, reference: str, wrong: tuple[int, ...] = (), lost: tuple[int, ...] = ()) -> Columns:
    """The evidence that the crafted model gives when these words are judged wrong and lost."""
    rows = Rows(word_by_word())
    example = rows.example(1, source, reference)
    assert example is not None
    forced, (free,) = (
        ForcedPass(rows.checkpoint.model, [example.ids]),
        free_lanes(rows.checkpoint.model, [example.ids[0]]),
    )
    lanes = rows._lanes(example, forced, 0, free)
    none_O, none_S = np.zeros(len(lanes.output)), np.zeros(len(lanes.source))
    judgement = Judgement("error", 1.0, "word", wrong, lost, none_O, none_S, none_O)
    case = Case(0, 1, reference, forced.lanes[0], free, lanes, judgement)
    pool = [([4, 5], [4, 5, 6]), ([5], [7]), ([6, 7], [8, 4, 4])]
    (made,) = experiment(rows.checkpoint, [case], forced, rows.scores, pool)
    assert set(made) <= set(PART.names)
    return {**dict.fromkeys(PART.names), **made}


def test_a_word_that_stands_elsewhere_is_attention() -> None:
    made = tried("我。茶", "I tea", lost=(2,))  # it stops at the full stop, and tea is behind it
    assert (made["wanted"], made["wanted_at"], made["said"]) == ("tea", 1, None)
    assert (made["attended"], made["moved_to"], made["mended_by"]) == (1, 2, [2])
    assert made["moved_probability"] > 0.9 > made["wanted_probability"]
    assert made["experiment_attention"] is True and made["placebo_attention"] is False


def test_a_word_that_stands_nowhere_is_not_attention() -> None:
    made = tried("我喝茶。", "I water tea", wrong=(1,))
    assert (made["wanted"], made["said"], made["said_at"]) == ("water", "drink", 1)
    assert made["experiment_attention"] in (None, False) and made["experiment_prefix"] is False
    assert made["experiment_search"] is False


def test_attention_that_many_words_mend_is_no_reason() -> None:
    made = tried("我。茶茶茶", "I tea", lost=(2, 3, 4))
    assert made["mended_by"] == [2, 3, 4] and made["experiment_attention"] is False


def test_a_word_cut_in_the_wrong_way() -> None:
    made = tried("苹果。", "green fruit", wrong=(0,), lost=(0,))
    assert made["experiment_segmentation"] is True and made["resegmented"] == ["苹", "果", "。"]
    assert made["resegmented_gain"] > 5 and made["resegmented_mends"] is True
    other = tried("苹果。", "tea", wrong=(0,), lost=(0,))  # cut otherwise it would be wrong, too
    assert other["experiment_segmentation"] in (None, False)


def test_a_reference_word_outside_the_vocabulary_is_a_fact() -> None:
    made = tried("我喝茶。", "I sip tea", wrong=(1,))
    assert made["wanted"] == "sip" and made["wanted_unknown"] is True and made["wanted_probability"] is None
    tags = tag_columns({**made, "verdict": "error", "cause": "word", "output_unknown": []}, SILENT)
    assert [name for name in MECHANISMS if tags[TAGS[name]]] == ["unknown"]


def test_an_unknown_source_word_is_held_against_a_known_one() -> None:
    made = tried("我龘茶。", "I drink tea", wrong=(1,), lost=(1,))
    assert made["experiment_unknown"] is True and made["placebo_unknown"] is False
    assert tried("我喝茶。", "I water tea", wrong=(1,))["experiment_unknown"] is None


def test_a_reference_of_another_sentence_is_doubtful() -> None:
    own = tried("我喝茶。", "I drink water", wrong=(2,))
    assert own["experiment_reference"] is False and own["reference_gain"] > own["random_gain"]
    strange = tried("我喝茶。", "he he he", wrong=(0, 1, 2))
    assert strange["experiment_reference"] is True and strange["placebo_reference"] is False


@given(st.integers(0, 7), st.integers(0, 7))
def test_the_sign_test_counts_outcomes(wins: int, losses: int) -> None:
    outcomes = [sum(one) for one in itertools.product((0, 1), repeat=wins + losses)]
    assert sign_test(wins, losses) == pytest.approx(sum(heads >= wins for heads in outcomes) / len(outcomes))


def test_the_sign_test_of_many_is_close_to_the_exact_one() -> None:
    assert sign_test(520, 480) == pytest.approx(sign_test(521, 481), rel=0.02)
    assert sign_test(700, 302) < 1e-30 < 0.999 < sign_test(302, 700)


@given(st.lists(st.tuples(st.sampled_from([True, False, None]), st.sampled_from([True, False, None])), max_size=30))
def test_a_trial_counts_rows_in_which_both_were_tried(rows: list[tuple[bool | None, bool | None]]) -> None:
    made = trial([a for a, _ in rows], [b for _, b in rows])
    both = [row for row in rows if None not in row]
    assert (made.tried, made.mended, made.placebo) == (
        len(both),
        sum(bool(a) for a, _ in both),
        sum(bool(b) for _, b in both),
    )
    if made.stated:
        assert made.mended > made.placebo and made.mended >= 5  # fewer cannot be significant


def row(**changes: Any) -> dict[str, Any]:
    empty = dict.fromkeys(TAGGED_COLUMNS)
    return {**empty, "verdict": "error", "cause": "word", "output_unknown": [], "wanted_unknown": False, **changes}


def found(made: dict[str, Any], trials: dict[str, Trial]) -> set[str]:
    tags = tag_columns(made, trials)
    return {name for name, column in TAGS.items() if tags[column]}


@pytest.mark.parametrize("name", TRIED)
def test_a_mechanism_is_stated_only_where_its_experiment_beats_its_placebo(name: str) -> None:
    mends = {f"experiment_{name}": True, f"placebo_{name}": False}
    assert found(row(**mends), STATED) == {"word", name}
    assert found(row(**mends), SILENT) == {"word", PREFERENCE}  # not in this file
    assert found(row(**{**mends, f"placebo_{name}": True}), STATED) == {"word", PREFERENCE}  # not in this row
    assert found(row(**{f"experiment_{name}": False}), STATED) == {"word", PREFERENCE}
    assert found(row(**mends, verdict="doubtful"), STATED) == found(row(**mends, verdict="same"), STATED) == set()


def test_every_unknown_word_of_an_output_is_accounted_for() -> None:
    assert found(row(output_unknown=[2]), SILENT) == {"word", "unknown"}
    assert found(row(wanted_unknown=True, cause=None), SILENT) == {"unknown"}


def test_one_lane_alone_has_neither() -> None:
    assert set(tag_columns(row(verdict=None), STATED).values()) == {None}
    assert set(OUTCOMES) <= set(PART.names) and len(TAGS) == len(CAUSES) + len(MECHANISMS)


@pytest.mark.parametrize("name", list(TAGS))
def test_every_reason_has_its_sentence_with_its_values(name: str) -> None:
    held = {
        **dict.fromkeys(PART.names),
        **row(),
        "output_tokens": ["a", "b"],
        "source_tokens": ["x", "y"],
        "source_unknown": [1],
        "moved_to": 0,
        "attended": 1,
        "wanted": "w",
    }
    for wrong, lost, said, unknown in itertools.product(([], [1]), ([], [0]), (None, "b"), (None, True)):
        changes = {"wrong_output": wrong, "lost_source": lost, "said": said, "experiment_unknown": unknown}
        key, values = cause_reason(name, {**held, **changes}, {name: {"tried": 9, "mended": 5, "placebo": 1}})
        for language in ("en", "zh"):
            texts = json.loads((PACKAGE / "locales" / f"{language}.json").read_text(encoding="utf-8"))
            assert texts[f"why.{key}"].format(**{place: str(value) for place, value in values.items()})
