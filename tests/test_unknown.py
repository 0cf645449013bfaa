"""``<unk>`` in place of an unknown word counts as wrong in every part of the program."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from s2s.checkpoint.record import Checkpoint
from s2s.decode.decode import trace
from s2s.evaluate.bootstrap import Bootstrap
from s2s.evaluate.corpus import forced_scores
from s2s.exposure.calibration import calibration
from s2s.exposure.lanes import lanes, positions
from s2s.exposure.recovery import recoveries
from s2s.exposure.sentence import rests_after_divergence, sentence_recovery
from s2s.inspect.causes import MECHANISMS, OUTCOMES, TAGS, TRIED, Trial, tag_columns
from s2s.inspect.reasons import cause_reason
from s2s.inspect.rows import Row, Rows
from s2s.text.vocab import UNK
from s2s.trace.trace import Trace
from tests.inspect.crafted import word_by_word

TEXT, REFERENCE = "我龘 茶。", "I sip tea"  # the second word is unknown on both sides, and is said as <unk>
MODEL = word_by_word()
PAIR = MODEL.source.encode(TEXT), MODEL.target.encode(REFERENCE)


def row(checkpoint: Checkpoint, text: str, reference: str, mode: str = "both") -> Row:
    """The inspection's row of one pair."""
    rows = Rows(checkpoint, mode)
    example = rows.example(1, text, reference)
    assert example is not None
    ((found,),) = rows.rows([example])
    return found


def test_the_model_says_unk_where_the_word_is_unknown() -> None:
    assert PAIR[1].count(UNK) == 1
    assert [step.output for step in trace(MODEL, TEXT).steps] == ["I", "<unk>", "tea", "<eos>"]


def test_the_trace_is_left_there_and_stays_so_when_it_was_saved() -> None:
    for mode in ("free", "forced"):
        made = trace(MODEL, TEXT, REFERENCE, mode)
        assert made.divergence == 1 == Trace.from_json(made.to_json()).divergence
    typed = trace(MODEL, TEXT, "I <unk> tea")  # cut into < unk >
    assert typed.divergence == 1


def test_a_reference_that_is_spelt_like_a_special_is_not_said_by_it() -> None:
    made = trace(MODEL, TEXT, REFERENCE, "forced")
    target = dataclasses.replace(made.steps[1].target, token="<unk>")  # as a tokenizer's own pieces have it
    steps = (made.steps[0], dataclasses.replace(made.steps[1], target=target), *made.steps[2:])
    assert dataclasses.replace(made, steps=steps).divergence == 1


def test_the_inspection_has_it_as_an_error_of_the_vocabulary() -> None:
    found = row(MODEL, TEXT, REFERENCE)
    assert found["divergence"] == 1 and found["error"]
    assert found["forced_hits"] == found["free_hits"] == [True, False, True, True]
    assert (found["wanted"], found["said"], found["wanted_unknown"]) == ("sip", "<unk>", True)
    assert found["accuracy_forced"] == found["accuracy_free"] == 0.75
    tags = tag_columns({**dict.fromkeys(OUTCOMES), **found}, {name: Trial() for name in TRIED})
    assert [name for name in MECHANISMS if tags[TAGS[name]]] == ["unknown"]
    assert cause_reason("unknown", found, {})[0] == "unknown_reference"


def test_the_measures_of_exposure_have_no_hit_there() -> None:
    (lane,) = lanes(MODEL.model, [PAIR])
    assert lane.forced_hits.tolist() == lane.free_hits.tolist() == [1, 0, 1, 1]
    found = positions([lane], Bootstrap(20)).overall
    assert found["accuracy_forced"].value == found["accuracy_free"].value == 0.75
    reliable = calibration([lane], Bootstrap(20)).all
    assert sum(n * (a or 0) for n, a in zip(reliable.count, reliable.accuracy, strict=True)) == pytest.approx(3)
    (recovered,) = recoveries(MODEL.model, [PAIR])
    np.testing.assert_allclose(recovered.accuracy, [3 / 4, 2 / 3, 1, 1])
    np.testing.assert_allclose(recovered.f1, [2 / 3, 1 / 2, 1, 1])
    both = rests_after_divergence(sentence_recovery(MODEL, TEXT, REFERENCE), 0, MODEL.target)
    assert both is not None and both[0].accuracy == pytest.approx(2 / 3)


def test_token_accuracy_counts_it_as_wrong() -> None:
    assert forced_scores(MODEL.model, [PAIR])["token_accuracy"] == 0.75


SAID = st.lists(st.sampled_from(["我", "你", "喝", "茶", "水", "龘"]), min_size=1, max_size=5)
WANTED = st.lists(st.sampled_from(["I", "you", "drink", "tea", "water", "sip"]), min_size=1, max_size=5)


@given(SAID, WANTED)
def test_one_meaning_of_where_the_reference_is_left(said: list[str], wanted: list[str]) -> None:
    text, reference = "，".join(said) + "。", " ".join(wanted)
    pair = MODEL.source.encode(text), MODEL.target.encode(reference)
    (lane,) = lanes(MODEL.model, [pair])
    misses = np.flatnonzero(lane.forced_hits == 0)
    first = int(misses[0]) if len(misses) else None
    assert row(MODEL, text, reference, "forced")["divergence"] == first
    if sum(i == UNK for i in pair[1]) * 2 <= len(pair[1]) and any(i != UNK for i in pair[0]):
        assert trace(MODEL, text, reference, "forced").divergence == first
