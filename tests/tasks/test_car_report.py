from __future__ import annotations

import random
import re
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s2s.tasks import car_report
from s2s.tasks.car_report import (
    combinations,
    draw_dialogue,
    examples,
    names_cause,
    names_part,
    split_combinations,
    turn_spans,
    word_lists,
)
from s2s.text.segmenters import clean, jieba_words

COMBINATIONS = st.sampled_from(combinations())


@given(COMBINATIONS, st.booleans(), st.integers(0, 99))
def test_lengths_and_marks(combination: car_report.Combination, hard: bool, seed: int) -> None:
    example = draw_dialogue(combination, hard, random.Random(seed))
    assert 60 <= len(jieba_words(example.source)) <= 250
    for text in (example.source, example.target):
        assert clean(text) == text and not re.search(r"[{}\t]|[，。；：？]{2}|，[。；？]", text), text
    assert all(turn.startswith((car_report.DRIVER, car_report.MECHANIC)) for turn in example.source.split("|"))


@given(COMBINATIONS, st.booleans(), st.integers(0, 99))
def test_one_turn_alone_says_the_cause(combination: car_report.Combination, hard: bool, seed: int) -> None:
    example = draw_dialogue(combination, hard, random.Random(seed))
    facts = example.facts
    turns = example.source.split("|")
    says = [i for i, turn in enumerate(turns) if facts["part"] in turn and facts["fault"] in turn]
    assert says == [facts["turn"]] and turns[facts["turn"]].startswith(car_report.MECHANIC)
    assert facts["repair"] in turns[facts["repair_turn"]]
    assert facts["part"] not in facts["ruled_out"] and all(part in example.source for part in facts["ruled_out"])
    assert len(facts["ruled_out"]) >= 2 or not hard


@given(COMBINATIONS, st.integers(0, 99))
def test_spans_are_the_turns(combination: car_report.Combination, seed: int) -> None:
    example = draw_dialogue(combination, False, random.Random(seed))
    tokens = jieba_words(example.source)
    spans = turn_spans(tokens)
    turns = example.source.split("|")
    assert len(spans) == len(turns)
    start, end = spans[example.facts["turn"]]
    assert "".join(tokens[start:end]) == "".join(jieba_words(turns[example.facts["turn"]]))
    assert example.facts["part"] in "".join(tokens[start:end])


@given(COMBINATIONS, COMBINATIONS, st.booleans(), st.integers(0, 99))
def test_the_checker_knows_right_from_wrong(
    combination: car_report.Combination, other: car_report.Combination, hard: bool, seed: int
) -> None:
    example = draw_dialogue(combination, hard, random.Random(seed))
    target, facts = example.target, example.facts
    assert names_cause(target, facts) and names_part(target, facts)
    assert names_cause(" ".join(target), facts)
    wrong = draw_dialogue(other, hard, random.Random(seed))
    if wrong.facts["cause"] != facts["cause"]:
        assert not names_cause(wrong.target, facts) and not names_part(wrong.target, facts)
        assert not names_cause(f"{target}{wrong.facts['cause']}。", facts)
        assert not names_cause(f"{wrong.facts['cause']}，已排除{facts['cause']}。", facts)
    assert (
        names_cause(f"{facts['cause']}，已排除{wrong.facts['cause']}。", facts) or wrong.facts["part"] == facts["part"]
    )


@pytest.mark.parametrize("hard", [False, True])
def test_combinations_are_held_out_and_examples_repeat(hard: bool) -> None:
    parts = split_combinations(3)
    seen = {name: set(part) for name, part in parts.items()}
    assert sum(map(len, seen.values())) == len(set().union(*seen.values())) == len(combinations())
    for name in parts:
        found = list(examples(name, 12, 3, hard))
        assert found == list(examples(name, 14, 3, hard))[:12] != list(examples(name, 12, 4, hard))
        causes = [cause["part"] for cause in word_lists()["causes"]]
        for facts in (example.facts for example in found):
            assert (causes.index(facts["part"]), facts["car"], facts["symptom"]) in seen[name]


def test_the_word_lists_are_rich_and_sound() -> None:
    lists = word_lists()
    causes, phrases = lists["causes"], lists["phrases"]
    assert len(causes) >= 40 and len({cause["system"] for cause in causes}) >= 12
    assert sum(len(cars) for cars in lists["cars"].values()) >= 40
    names = [cause["part"] + cause["fault"] for cause in causes]
    assert not [(a, b) for a in names for b in names if a != b and a in b]
    parts = [cause["part"] for cause in causes]
    assert not [(a, b) for a in parts for b in parts if a != b and a in b]
    assert {symptom for cause in causes for symptom in cause["symptoms"]} == set(lists["symptoms"])
    for kind in lists["cars"]:  # no symptom settles the cause
        cars = {(cause, symptom) for cause, car, symptom in combinations() if car in lists["cars"][kind]}
        counts = Counter(symptom for _, symptom in cars)
        assert min(counts.values()) >= 2, counts
    assert all(len(said) >= 3 for said in lists["symptoms"].values())
    values = {"car", "symptom", "said", "part", "fault", "repair", "finding", "price", "excluded"}
    values |= {"wrong_part", "wrong_fault"}
    places = {place for several in phrases.values() for text in several for place in re.findall(r"{(\w+)}", text)}
    assert places <= values | set(phrases)
    assert all(len(set(several)) == len(several) for several in phrases.values())
