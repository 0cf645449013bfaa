"""Figures by their plain content: the numbers of the trace, labels as text."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from s2s.checkpoint.open import load
from s2s.decode.decode import trace
from s2s.errors import sentences
from s2s.figures import trace as figures
from s2s.trace.grid import Grid
from s2s.trace.trace import Trace

TEXT = {k.removeprefix("figure."): v for k, v in sentences("en").items() if k.startswith("figure.")}


@pytest.fixture(scope="module", params=["free", "forced"])
def example(request: pytest.FixtureRequest, tiny_checkpoint: Path) -> Trace:
    return trace(load(tiny_checkpoint), "我喜欢<b>苹果。", "I like apples.", request.param)


def test_the_heatmap_holds_the_attention_and_the_labels_of_the_trace(example: Trace) -> None:
    (heatmap,) = figures.attention(Grid.of(example), "title", TEXT).data
    assert np.array_equal(np.array(heatmap.z), example.attention_TS)
    assert (heatmap.zmin, heatmap.zmax) == (0, 1)


def test_labels_are_text_even_where_a_token_looks_like_html(example: Trace) -> None:
    layout = figures.attention(Grid.of(example), "<i>", TEXT).to_dict()["layout"]
    across = [t.replace("<br>", "") for t in layout["xaxis"]["ticktext"]]
    assert [t.replace("&lt;", "<").replace("&gt;", ">") for t in across] == [*example.source_tokens]
    assert not any("<" in t for t in [*across, *layout["yaxis"]["ticktext"]])
    assert layout["title"]["text"] == "&lt;i&gt;"
    assert layout["yaxis"]["autorange"] == "reversed"


def test_probabilities_are_those_of_the_steps(example: Trace) -> None:
    lines = {line.name: line for line in figures.probabilities(example, TEXT).data}
    assert list(lines[TEXT["best"]].y) == [math.exp(s.top[0].log_prob) for s in example.steps]
    gold = [math.exp(s.target.log_prob) if s.target else None for s in example.steps]
    assert list(lines[TEXT["gold"]].y) == gold
    assert list(lines[TEXT["entropy"]].y) == [s.entropy for s in example.steps]
    assert (TEXT["chosen"] in lines) == (example.mode == "free")


def test_a_long_axis_names_some_words_upright_and_keeps_their_places(tiny_checkpoint: Path) -> None:
    long = trace(load(tiny_checkpoint), "我喜欢苹果。" * 40)
    axis = figures.attention(Grid.of(long), "title", TEXT).to_dict()["layout"]["xaxis"]
    assert len(axis["tickvals"]) <= 45
    for place, label in zip(axis["tickvals"], axis["ticktext"], strict=True):
        assert label.replace("<br>", "") == long.source_tokens[place]
    assert axis["tickangle"] == 0


def test_numbers_of_steps_never_lie_on_their_side() -> None:
    for count in (3, 60):
        trace = Trace.from_arrays(np.ones((count, 1)), ["好"], ["ha"] * count, log_probs=[-0.1] * count)
        axis = figures.probabilities(trace).to_dict()["layout"]["xaxis"]
        assert axis.get("tickangle") == 0 or min(axis["autotickangles"]) > -90


def test_the_words_on_an_axis_are_those_that_the_model_says(example: Trace) -> None:
    said = [s.top[0].token if example.mode == "forced" else s.output for s in example.steps]
    assert example.mode == "free" or said != [s.output for s in example.steps]
    for shown in (example, Grid.said(example)):
        figure = figures.attention(shown, "title", TEXT)
        axis = figure.to_dict()["layout"]["yaxis"]
        assert axis["title"]["text"] == TEXT["output"]
        assert axis["ticktext"] == [figures.escape(word) for word in said]
        assert [row[0][0] for row in figure.data[0].customdata] == axis["ticktext"]
    below = figures.probabilities(example, TEXT).to_dict()["layout"]["xaxis"]["ticktext"]
    assert [label.partition("<br>")[2] for label in below] == [figures.escape(word) for word in said]


def test_a_forced_lane_by_words_has_a_row_for_every_step() -> None:
    steps = Trace.from_arrays(np.ones((2, 1)), ["好"], ["wo@@", "rd"], mode="forced", log_probs=[-0.1, -0.1])
    assert Grid.said(steps).words().outputs == ("wo@@", "rd") and Grid.of(steps).words().outputs == ("word",)
