"""A step as HTML: tokens stay text."""

from __future__ import annotations

import math

import numpy as np

from s2s.errors import sentences
from s2s.figures import step as panel
from s2s.trace.step import Scored, Step

TEXT = {k.removeprefix("player."): v for k, v in sentences("en").items() if k.startswith("player.")}
TOP = tuple(Scored(word, math.log(p), rank) for rank, (word, p) in enumerate([("<i>", 0.5), ("b", 0.2), ("c", 0.1)], 1))


def step(target: Scored | None) -> Step:
    return Step("<bos>", "<i>", TOP[0].log_prob, 1, 1.0, np.array([0.75, 0.25]), np.zeros(2), TOP, target=target)


def test_words_are_escaped_and_marked() -> None:
    html = panel.word_table(step(TOP[1]), "<i>", TEXT)
    assert "&lt;i&gt; <b" in html and "<i>" not in html.replace("<i style", "")
    assert html.count("●") == html.count("★") == 1
    assert html.index("●") < html.index("★")
    assert "50.0 %" in html


def test_a_reference_word_that_ranks_low_is_added() -> None:
    html = panel.word_table(step(Scored("z", -9.0, 812)), "<i>", TEXT, most=2)
    assert html.count("<tr") == 3
    assert '<td class="rank">812</td>' in html and "&lt;0.1 %" in html


def test_of_a_long_source_only_what_was_looked_at_is_shown() -> None:
    weights = np.zeros(200)
    weights[[100, 150]] = 0.75, 0.25
    long = Step("<bos>", "a", -0.1, 1, 1.0, weights, np.zeros(200), TOP)
    html = panel.attention_row([f"w{s}" for s in range(200)], long, "")
    assert [s for s in range(200) if f">w{s}<" in html] == [99, 100, 101, 149, 150, 151]
    assert html.count("…") == 3


def test_attention_names_every_source_word() -> None:
    html = panel.attention_row(["<b>", "苹果"], step(None), 'a "label"')
    assert "&lt;b&gt;<small>0.75</small>" in html and "苹果<small>0.25</small>" in html
    assert 'aria-label="a &quot;label&quot;"' in html


def test_a_tables_cells_are_text_and_its_numbers_named() -> None:
    html = panel.step_table(["", "text", "F1"], [["a", "<b>", "0.5"]])
    assert "<td>&lt;b&gt;</td>" in html and '<td data-name="F1">0.5</td>' in html
