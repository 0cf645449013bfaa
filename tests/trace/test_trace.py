from __future__ import annotations

import csv
import dataclasses
import io
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from s2s import spreadsheet
from s2s.checkpoint.open import load
from s2s.decode.decode import trace
from s2s.errors import UserError
from s2s.trace.step import UNKNOWN, Scored, Step
from s2s.trace.trace import Trace

OPTIONAL = {"log_prob", "rank", "entropy", "normaliser"}  # of a step that no model made
LABEL = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=4)
LOG_PROB = st.floats(-50, 0)
UNKNOWNS = st.just(UNKNOWN)
SCORED = st.builds(Scored, LABEL, LOG_PROB, st.integers(1, 10_000), st.none() | st.floats(-5, 5))


def step(output: str, source: int = 2, **changes: Any) -> Step:
    values = {
        "input": "<bos>",
        "output": output,
        "log_prob": -0.5,
        "rank": 1,
        "entropy": 0.7,
        "attention": np.full(source, 1 / source),
        "scores": np.zeros(source),
        "top": (Scored(output, -0.5, 1),),
    }
    return Step(**{**values, **changes})


def lane(*steps: Step, tokens: tuple[str, ...] = ("我", "走"), **changes: Any) -> Trace:
    """A trace whose steps read each other's output."""
    chained = [dataclasses.replace(s, input=steps[t - 1].output if t else "<bos>") for t, s in enumerate(steps)]
    values = {"mode": "free", "checkpoint": {"name": "demo"}, "source_text": "我走", "text": "I go"}
    return Trace(source_tokens=tokens, steps=tuple(chained), **{**values, **changes})


@st.composite
def traces(draw: st.DrawFn) -> Trace:
    tokens = draw(st.lists(LABEL, min_size=1, max_size=5))
    steps = []
    for output in draw(st.lists(LABEL, max_size=5)):
        weights = np.array(draw(st.lists(st.floats(0.01, 1), min_size=len(tokens), max_size=len(tokens))))
        given = draw(st.sampled_from([0, len(tokens)]))
        scores = draw(st.lists(st.floats(-30, 30, width=32), min_size=given, max_size=given))
        changes = {
            "attention": weights / weights.sum(),
            "scores": scores,
            "log_prob": draw(LOG_PROB | UNKNOWNS),
            "rank": draw(st.integers(0, 10_000)),
            "entropy": draw(st.floats(0, 9) | UNKNOWNS),
            "normaliser": draw(st.floats(-9, 9) | UNKNOWNS),
            "top": tuple(draw(st.lists(SCORED, max_size=3))),
            "target": draw(st.none() | SCORED),
            "context": tuple(draw(st.lists(st.floats(-1, 1), max_size=4))),
            "score_terms": tuple(draw(st.lists(st.tuples(st.floats(-1, 1), st.floats(-1, 1)), max_size=4))),
        }
        steps.append(step(output, len(tokens), **changes))
    return lane(
        *steps,
        tokens=tuple(tokens),
        source_unknown=tuple(draw(st.lists(st.integers(0, len(tokens) - 1), max_size=2))),
        reference=draw(st.none() | LABEL),
        reference_tokens=tuple(draw(st.lists(LABEL, max_size=3))),
        memory=((0.25, -0.5),) * len(tokens),
        settings={"strategy": "greedy", "top_p": 1.0},
        ended=draw(st.sampled_from(["eos", "length"])),
    )


@given(traces())
def test_json_round_trip(run: Trace) -> None:
    text = run.to_json()
    again = Trace.from_json(text)
    assert again == run and again.to_json() == text
    assert Trace.from_json(run.to_json(indent=1)) == run
    assert again.divergence == run.divergence
    np.testing.assert_allclose(again.attention_TS, run.attention_TS, rtol=1e-6)


@given(traces())
def test_csv_has_a_row_a_step_and_a_column_a_source_token(run: Trace) -> None:
    rows = list(csv.reader(io.StringIO(run.to_csv(), newline="")))
    assert rows[0][8:] == [f"{i}:{token}" for i, token in enumerate(run.source_tokens)]
    assert len(rows) == 1 + len(run.steps)
    for t, (row, shown) in enumerate(zip(rows[1:], run.steps, strict=True)):
        assert [row[0], *map(spreadsheet.unescape_cell, row[1:3])] == [str(t), shown.input, shown.output]
        for cell, number in ((row[3], shown.log_prob), (row[5], shown.entropy)):
            assert float(cell) == pytest.approx(number, rel=1e-7) if cell else math.isnan(number)
        assert int(row[4] or 0) == shown.rank
        target = [shown.target.token, f"{shown.target.log_prob:.6g}"] if shown.target else ["", ""]
        assert [spreadsheet.unescape_cell(row[6]), row[7] and f"{float(row[7]):.6g}"] == target
        np.testing.assert_allclose([float(x) for x in row[8:]], shown.attention, rtol=1e-6)


@pytest.mark.parametrize(
    "attention",
    [[0.5, 0.4], [0.6, 0.6], [1.2, -0.2], [0.0, 0.0], [float("nan"), 1.0], [float("inf"), 0.0]],
)
def test_a_row_that_is_no_distribution_is_refused(attention: list[float]) -> None:
    with pytest.raises(ValueError, match="normalise"):
        step("go", attention=attention)


@pytest.mark.parametrize("name", ["attention", "scores"])
def test_a_row_of_another_length_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name} of step 1"):
        lane(step("I"), step("go", **{name: [0.2, 0.3, 0.5]}))


def test_a_broken_chain_and_an_unknown_mode_are_refused() -> None:
    steps = (step("I"), step("go", input="we"))
    with pytest.raises(ValueError, match="input of step 1 must be the output"):
        Trace("free", {}, "我走", ("我", "走"), steps, "I go")
    with pytest.raises(ValueError, match="mode is forward; choose one of: free, forced"):
        lane(mode="forward")


def test_rows_cannot_be_changed() -> None:
    shown = step("go")
    with pytest.raises(ValueError, match="read-only"):
        shown.attention[0] = 1
    given_row = np.array([0.5, 0.5], dtype=np.float32)
    kept = step("go", attention=given_row)
    given_row[0] = 9
    assert kept.attention[0] == 0.5


@pytest.mark.parametrize(
    ("said", "targets", "reference", "expected"),
    [
        (["I", "go", "<eos>"], ["I", "go", "<eos>"], ["I", "go"], None),
        (["I", "run", "<eos>"], ["I", "go", "<eos>"], ["I", "go"], 1),
        (["we"], ["I"], ["I", "go"], 0),
        (["I", "go", "on", "<eos>"], ["I", "go", "<eos>", None], ["I", "go"], 2),
        (["I", "go"], ["I", None], ["I"], 1),
        (["I", "go"], [None, None], [], None),
        ([], [], ["I"], None),
    ],
)
def test_divergence(said: list[str], targets: list[str | None], reference: list[str], expected: int | None) -> None:
    scored = [Scored(token, -1.0, 1) if token else None for token in targets]
    steps = [step(token, target=target) for token, target in zip(said, scored, strict=True)]
    run = lane(*steps, reference=" ".join(reference) or None, reference_tokens=tuple(reference))
    assert run.divergence == run.to_dict()["divergence"] == expected


def test_divergence_is_of_the_most_probable_token_not_of_the_output() -> None:
    shown = step("go", top=(Scored("run", -0.1, 1), Scored("go", -3.0, 2)), target=Scored("go", -3.0, 2))
    assert lane(shown, mode="forced", reference="go", reference_tokens=("go",)).divergence == 0


def test_another_token_of_the_same_spelling_is_a_divergence_as_in_an_inspection() -> None:
    """Two ids of a vocabulary may be spelt alike; what an inspection compares are ids."""
    for rank, expected in ((2, 0), (1, None)):
        shown = step("go", top=(Scored("go", -0.1, 1), Scored("go", -3.0, 2)), target=Scored("go", -0.1, rank))
        assert lane(shown, mode="forced", reference="go", reference_tokens=("go",)).divergence == expected


@pytest.mark.parametrize(
    "text", ["[]", "{}", "null", '{"schema": "lookback-trace/0"}', "{", '{"schema": "lookback-trace/1"}', "[" * 100_000]
)
def test_other_text_is_refused(text: str) -> None:
    with pytest.raises(UserError, match=r"^This is not a complete trace: (?!maximum)"):
        Trace.from_json(text)


def test_every_missing_key_is_named(tiny_checkpoint: Path) -> None:
    values = trace(load(tiny_checkpoint), "我喝茶。", "I drink tea.").to_dict()
    step, scored = values["steps"][0], [values["steps"][0]["target"], values["steps"][0]["top"][0]]
    for place in (values, values["source"], step, *scored):
        optional = OPTIONAL if place is step else {"divergence"}  # which follows from the steps
        for key in set(place) - optional:
            value = place.pop(key)
            with pytest.raises(UserError, match=r"^This is not a complete trace: "):
                Trace.from_json(json.dumps(values))
            place[key] = value
    assert Trace.from_json(json.dumps(values)).to_dict() == values


def test_json_nested_too_deeply_is_a_value_error() -> None:
    with pytest.raises(ValueError):
        Trace.from_json('{"schema":' + "[" * 100_000)


def test_what_only_some_models_have_is_left_out_elsewhere() -> None:
    plain = lane(step("a")).to_dict()["steps"][0]
    assert not plain.keys() & {"coverage", "factors", "position", "p_gen"} and "prior" not in plain["top"][0]
    parts = {"coverage": (0.5, 1.5), "factors": (1.0, 0.0), "position": 0.25, "p_gen": 0.75}
    whole = lane(step("a", **parts, top=(Scored("a", -0.5, 1, prior=1.5),)))
    found = whole.to_dict()["steps"][0]
    assert {name: found[name] for name in parts} == {**parts, "coverage": [0.5, 1.5], "factors": [1.0, 0.0]}
    assert found["top"][0]["prior"] == 1.5
    assert Trace.from_json(whole.to_json()) == whole


@pytest.mark.parametrize("name", ["coverage", "factors"])
def test_an_optional_row_of_another_length_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name} of step a needs one number"):
        step("a", **{name: (1.0, 0.0, 0.0)})


def test_numbers_that_nobody_gave_are_left_out_and_no_others() -> None:
    unknown = {"log_prob": UNKNOWN, "rank": 0, "entropy": UNKNOWN, "normaliser": UNKNOWN}
    bare = lane(step("a", **unknown, top=(), scores=[]), step("b"))
    first, second = bare.to_dict()["steps"]
    assert not first.keys() & OPTIONAL and first["top"] == first["scores"] == []
    assert second.keys() & OPTIONAL == OPTIONAL - {"normaliser"}
    assert [shown.whole for shown in bare.steps] == [False, False]
    assert bare.steps[0].said == "a" and bare.to_csv().splitlines()[1].startswith("0,<bos>,a,,,,,,")
    assert Trace.from_json(bare.to_json()) == bare
    values = bare.to_dict()
    values["steps"][0]["entropy"] = math.nan  # written, and no number
    with pytest.raises(ValueError, match="entropy is not a number"):
        Trace.from_json(json.dumps(values))


def test_a_trace_of_a_model_is_whole(tiny_checkpoint: Path) -> None:
    assert all(shown.whole for shown in trace(load(tiny_checkpoint), "我喝茶。").steps)


def test_a_trace_names_itself_in_one_line() -> None:
    assert repr(lane(step("a"))) == "<Trace free: 我走 → I go, 1 steps>"


def test_a_memory_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="one row per source token"):
        lane(step("a"), memory=((0.5,),))


@pytest.mark.parametrize("key", ["text", "reference"])
@pytest.mark.parametrize("value", [1, ["a"], {}])
def test_a_number_or_a_list_where_a_text_should_stand_is_refused(key: str, value: object) -> None:
    values = lane(step("a")).to_dict() | {key: value}
    with pytest.raises(ValueError, match="where text should be"):
        Trace.from_json(json.dumps(values))
