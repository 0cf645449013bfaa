"""The sentence about a lane: on traces whose truth is known, and for any trace at all."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given

from s2s.api import load
from s2s.checkpoint.examples import EXAMPLES
from s2s.checkpoint.find import find_checkpoint
from s2s.errors import LANGUAGES
from s2s.tasks import date
from s2s.text.subwords import join_pieces, word_spans
from s2s.trace.step import Scored, Step
from s2s.trace.summary import CLAUSES, WORD, Clause, Word, clauses, sentence, summaries, summary
from s2s.trace.trace import Trace
from tests.paths import ROOT
from tests.trace.test_trace import traces

SOURCE = ("我", "骑", "车", "。")
GOLD = ("I", "ride", "a", "bike", ".")


def told(said: str, gold: str | None, row: tuple[float, ...] = (1, 0, 0, 0), p: float = 0.8, **changes: Any) -> Step:
    """A step that says ``said`` with probability ``p``; a reference's word that is another one has rank 7 and 1 %."""
    top = (Scored(said, math.log(p), 1), Scored("other", math.log(0.1), 2))
    target = None if gold is None else top[0] if gold == said else Scored(gold, math.log(0.01), 7)
    return Step("", said, math.log(p), 1, 0.5, np.array(row), np.zeros(4), top, 1.0, target, **changes)


def lane(*steps: Step, gold: tuple[str, ...] = GOLD, **changes: Any) -> Trace:
    chained = tuple(replace(step, input=steps[t - 1].output if t else "<bos>") for t, step in enumerate(steps))
    values = {"mode": "free", "checkpoint": {"attention": "dot"}, "source_text": "我骑车。", "text": ""} | changes
    return Trace(source_tokens=SOURCE, steps=chained, reference=" ".join(gold) or None, reference_tokens=gold, **values)


def say(words: str, *rows: tuple[float, ...], gold: tuple[str, ...] = GOLD, **changes: Any) -> Trace:
    """A lane that says these words; each step has its row of attention, the last row lasts."""
    goal = [*gold, "<eos>"] if gold else []
    given_rows = rows or ((1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0))
    steps = [
        told(word, goal[t] if t < len(goal) else None, given_rows[min(t, len(given_rows) - 1)])
        for t, word in enumerate(words.split())
    ]
    return lane(*steps, gold=gold, **changes)


def found(trace: Trace, key: str, forced: Trace | None = None) -> Clause:
    """The clause with this key; StopIteration where there is none."""
    return next(one for one in clauses(trace, forced) if one.key == key)


def keys(trace: Trace, forced: Trace | None = None) -> list[str]:
    return [one.key for one in clauses(trace, forced)]


def test_a_lane_that_parts_and_comes_back() -> None:
    made = say("I ride the bike . <eos>", (0.99, 0.01, 0, 0), (0, 1, 0, 0), (0, 0.95, 0.05, 0), (0, 0, 1, 0))
    assert summary(made) == (
        "◆ At step 3 it says “the” (80 %) where the reference has “a” (rank 7, 1 %); there, nearly all the "
        "attention is on “骑” (0.95); “骑” also had most of the attention at step 2; from step 4 on it "
        "says the reference's words again."
    )
    assert summaries(made)["zh"] == (
        "◆ 第 3 步它说的是“the”（80 %），参考答案是“a”（第 7 名，1 %）；这一步的注意力几乎全在“骑”上（0.95）；"
        "第 2 步的注意力也大半在“骑”上；从第 4 步起又与参考答案相同，直到结束。"
    )


def test_a_lane_that_says_the_reference() -> None:
    same = say("I ride a bike . <eos>")
    assert keys(same) == ["same", "unsure_second", "all_own"]
    assert keys(replace(same, mode="forced"))[0] == "same_forced"
    steps = [*same.steps[:3], told("bike", "bike", (0.3, 0.3, 0.2, 0.2), 0.41), *same.steps[4:]]
    assert summary(lane(*steps)) == (
        "It matches the reference word for word; it is least sure at step 4: “bike” (41 %), with “other” "
        "(10 %) second; there, the attention is spread out: “我” has 0.30, “骑” 0.30."
    )


@pytest.mark.parametrize("prefix", [0, 2])
def test_a_drawn_word_is_told_with_the_most_probable_one(prefix: int) -> None:
    drawn = replace(told("a", "a"), output="the", log_prob=math.log(0.002), rank=4)
    same = say("I ride a bike . <eos>")
    left = lane(*same.steps[:2], drawn, *same.steps[3:], prefix=prefix)
    key = "unsure_first_forked" if prefix else "unsure_first"
    told_first = {"step": 3, "output": Word("the", pytest.approx(0.002)), "first": Word("a", pytest.approx(0.8))}
    assert found(left, key).values == told_first
    assert "“the” (<1 %), with “a” (80 %) first" in summary(left)
    assert "“the”（<1 %），最可能的是“a”（80 %）" in summaries(left)["zh"]


@pytest.mark.parametrize(
    ("words", "key"),
    [
        ("I walk a bike . <eos>", "back"),
        ("I walk home <eos>", "lost"),
        ("I ride ride a bike . <eos>", "back_moved"),  # which the lanes underline, a step late
        ("I bike . <eos>", "lost_mark"),
        ("I walk . <eos>", "lost_mark"),  # a full stop alone is no way back
        ("I ride a horse . <eos>", "lost_mark"),
        ("I walk <eos>", None),  # nothing was said after that step
    ],
)
def test_how_it_ends_after_it_parted(words: str, key: str | None) -> None:
    assert [one for one in keys(say(words)) if one.startswith(("back", "lost"))] == ([key] if key else [])


def test_what_the_teacher_forced_lane_does_after_that_step() -> None:
    free = say("I ride the the bike <eos>")
    right = replace(say("I ride the bike . <eos>"), mode="forced")
    assert found(free, "teacher_right", right).values == {}
    wrong = replace(say("I ride the car . <eos>"), mode="forced")
    assert found(free, "teacher", wrong).values == {"missed": 1, "steps": 3}
    assert found(wrong, "missed").values == {"missed": 2, "steps": 6} and keys(wrong)[0] == "parts_forced"


def test_what_the_decoding_chose_is_not_what_was_most_probable() -> None:
    drawn = replace(told("a", "a"), output="the", log_prob=math.log(0.02), rank=4)
    same = say("I ride a bike . <eos>")
    left = lane(*same.steps[:2], drawn, *same.steps[3:])
    assert left.divergence is None
    assert found(left, "left_chosen").values == {"step": 3, "output": Word("the", pytest.approx(0.02))}
    assert keys(replace(left, prefix=3))[0] == "left_made"
    other = replace(told("the", "a"), output="a", log_prob=math.log(0.01), rank=7)
    parted = lane(*same.steps[:2], other, *same.steps[3:])
    assert keys(parted)[0] == "parts_chosen" and keys(replace(parted, prefix=3))[0] == "parts_made"


def test_a_lane_that_goes_on_after_the_reference() -> None:
    longer = [*say("I ride a bike . <eos>").steps[:5], replace(told("<eos>", "<eos>"), output="and"), told("so", None)]
    assert found(lane(*longer), "parts_past").values["step"] == 7
    stops = say("I <eos>")
    assert "<eos>, the end (80 %) where the reference has “ride”" in summary(stops)


def test_repetition_and_the_limit_of_length() -> None:
    made = say("I go and go and go", ended="length")
    assert found(made, "repeats").values == {"step": 2, "words": (Word("go"), Word("and"))}
    assert found(made, "cut").values == {"steps": 6}
    assert "repeats" not in keys(say("I am so so happy <eos>")) and "repeats" in keys(say("no no no <eos>"))
    assert "repeats" not in keys(say("no no no <eos>", gold=("no", "no", "no", "!")))
    assert "repeats" not in keys(say("2 0 0 0 <eos>", gold=()))
    assert keys(say("I ride", ended="length"))[0] == "same_so_far"


def test_source_words_that_are_never_looked_at() -> None:
    made = say("I walk . <eos>", (0.9, 0, 0.05, 0.05))
    assert found(made, "unseen").values["words"] == (Word("骑"), Word("车"))
    pieces = ("自@@", "行车", "自@@", "行车")
    twice = replace(say("I walk . <eos>", (0.6, 0.35, 0.05, 0)), source_tokens=pieces)
    assert "unseen" not in keys(twice)  # the same word at another place has the weight
    assert found(twice, "nearly_all_own").values["word"] == Word("自行车")


def test_a_row_that_was_edited_is_called_so() -> None:
    steps = [*say("I ride").steps, told("the", "a", own_attention=np.array([0, 1, 0, 0]))]
    assert keys(lane(*steps))[1] == "all_edited"


def test_traces_that_lack_something() -> None:
    assert keys(say("I walk . <eos>", gold=()))[0] == "alone"
    assert summary(replace(say("I", gold=()), steps=())) == "No step was decoded."
    steps = tuple(replace(step, attention=np.array([]), scores=np.array([])) for step in say("I walk . <eos>").steps)
    assert keys(lane(*steps, checkpoint={"attention": "none"})) == ["parts", "lost_mark"]
    arrays = Trace.from_arrays([[0.9, 0.1], [0.2, 0.8]], ["你", "好"], ["hello", "there"])
    assert summary(arrays) == "It is compared with no reference."
    odds = Trace.from_arrays([[0.9, 0.1], [0.2, 0.8]], ["你", "好"], ["hello", "there"], log_probs=[-0.1, -2.3])
    assert keys(odds) == ["alone", "unsure", "most_own"]
    assert "does not know “骑” and reads <unk>" in summary(say("I walk . <eos>", source_unknown=(1,)))


def test_a_long_word_is_cut_and_a_control_character_is_not_printed() -> None:
    text = summary(lane(told("x" * 500 + "\x1b[31m", "I")))
    assert len(text) < 300 and f"{'x' * (WORD - 1)}…" in text
    assert "\x1b" not in summary(lane(told("\x1b[31m{word}", "I"))) and "{word}" in summary(lane(told("{word}", "I")))


def named(value: object) -> list[str]:
    """The words of a clause's value."""
    words = value if isinstance(value, tuple) else (value,)
    return [word.text for word in words if isinstance(word, Word)]


def holds(trace: Trace, forced: Trace | None = None) -> None:
    """What is true of the sentence about any trace."""
    made = clauses(trace, forced)
    parting = [one for one in made if one.key.startswith("parts")]
    assert [one.values["step"] for one in parting] == ([] if trace.divergence is None else [trace.divergence + 1])
    known = {*trace.source_tokens, *(join_pieces(trace.source_tokens[a:b]) for a, b in word_spans(trace.source_tokens))}
    for step in trace.steps:
        known |= {step.output, *(one.token for one in step.top), *([step.target.token] if step.target else [])}
    assert {word for one in made for value in one.values.values() for word in named(value)} <= known
    for one in made:  # what the lanes underline
        outputs, gold = [step.output for step in trace.steps if step.output != "<eos>"], trace.reference_tokens
        at = one.values.get("step", 1) - 1
        if one.key == "back":
            assert tuple(outputs[at:]) == gold[at:]
        if one.key == "back_moved":
            assert tuple(outputs[at:]) == gold[one.values["gold"] - 1 :] and at != one.values["gold"] - 1
    steps = [one.values["step"] for one in made if "step" in one.values]
    assert all(isinstance(step, int) and 1 <= step <= len(trace.steps) for step in steps)
    assert 0 < len(made) <= CLAUSES
    for language in LANGUAGES:
        text = sentence(made, language)
        assert text.isprintable() and len(text) < 900 and ("◆" in text) >= bool(parting)


@given(traces())
def test_any_trace_has_a_sentence_that_names_only_what_is_there(trace: Trace) -> None:
    holds(trace)
    holds(trace, replace(trace, mode="forced"))


@pytest.mark.parametrize("name", sorted(path.parent.name for path in ROOT.glob("checkpoints/*/config.json")))
def test_the_examples_of_every_checkpoint_in_the_repository(name: str) -> None:
    for text, reference in next(pairs for task, pairs in EXAMPLES.items() if name.startswith(task)):
        lanes = load(find_checkpoint(name)).lanes(text, reference)
        holds(lanes["free"], lanes["forced"])
        holds(lanes["forced"])
        if lanes["free"].looks:
            holds(lanes.fork(min(2, len(lanes["free"].steps) - 1), attention="uniform")["b1"])


def test_dates_whose_answer_is_known() -> None:
    """It says that the reference was said exactly where the answer of the task is the output."""
    checkpoint = load(find_checkpoint("date"))
    for example in itertools.islice(date.examples("test", 20, 3), 20):
        lanes = checkpoint.lanes(example.source, example.target)
        same = lanes["free"].text == example.target
        assert keys(lanes["free"])[0] == ("same" if same else "parts")
        if same:
            wrong = checkpoint.lanes(example.source, example.target[:-1] + "x")["free"]
            assert found(wrong, "parts").values["step"] == len(example.target)
