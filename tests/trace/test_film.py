from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from s2s.checkpoint.open import load
from s2s.decode.decode import trace
from s2s.errors import UserError
from s2s.trace.film import NAME, TOP, FilmFrame, film, rounded, shares
from tests.paths import ROOT

TEXT, REFERENCE = "我喜欢苹果。", "I like apples."
LONG = ("我喜欢喝茶不喝水" * 5)[:34], " ".join(["like apples tea water you drink"] * 5)  # 30 tokens a side


@given(st.lists(st.floats(1e-6, 1.0), min_size=1, max_size=400), st.integers(400, 20_000))
def test_shares_sum_to_one_and_stay_close(weights: list[float], units: int) -> None:
    exact = np.array(weights) / np.sum(weights)
    found = shares(exact, units)
    assert abs(found.sum() - 1) < 1e-9 and (found >= 0).all()
    assert np.abs(found - exact).max() <= 1 / units + 1e-12


def test_a_rounded_trace_is_close_and_small(tiny_checkpoint: Path) -> None:
    whole = trace(load(tiny_checkpoint), *LONG, "forced")
    small = rounded(whole)
    assert np.abs(whole.attention_TS - small.attention_TS).max() <= 1.01e-4
    for one, other in zip(whole.steps, small.steps, strict=True):
        assert (one.input, one.output, one.rank) == (other.input, other.output, other.rank)
        assert abs(one.log_prob - other.log_prob) <= 5e-5
        assert [s.token for s in other.top] == [s.token for s in one.top[:TOP]]
        assert np.abs(one.scores - other.scores).max() <= 5.1e-4
    assert small.divergence == whole.divergence and rounded(small) == small
    line = FilmFrame(1, 0, whole, "x").to_json()
    assert len(whole.source_tokens) <= 30 and len(whole.steps) == 31 and len(line.encode()) < 40_000  # as the page says
    assert len(line) < 0.6 * len(whole.to_json())


def test_a_film_is_read_back(tiny_checkpoint: Path, tmp_path: Path) -> None:
    assert film(tiny_checkpoint) == ()
    checkpoint = load(tiny_checkpoint)
    frames = [
        FilmFrame(step, i, rounded(trace(checkpoint, TEXT, REFERENCE, "forced")), "茶\u2028 tea")
        for step in (0, 9)
        for i in (2, 5)
    ]
    (tmp_path / NAME).write_text("".join(f.to_json() + "\n" for f in frames), encoding="utf-8")
    assert film(tmp_path) == tuple(frames)


@pytest.mark.parametrize(
    "row", ["{", "5", '{"step": 1, "sentence": 0, "text": "x", "trace": {}}', '{"step": 1}', '{"step": 1e999}']
)
def test_a_row_that_is_no_frame_is_named(tiny_checkpoint: Path, tmp_path: Path, row: str) -> None:
    good = FilmFrame(1, 0, trace(load(tiny_checkpoint), TEXT, REFERENCE, "forced"), "x").to_json()
    (tmp_path / NAME).write_text(f"{good}\n{row}\n", encoding="utf-8")
    with pytest.raises(UserError) as error:
        film(tmp_path)
    assert error.value.key == "error.film_broken" and error.value.values["row"] == 2
    assert NAME in error.value.say("zh")


def test_lines_have_the_documented_keys(tiny_checkpoint: Path) -> None:
    made = trace(load(tiny_checkpoint), TEXT, REFERENCE, "forced")
    values = json.loads(FilmFrame(7, 3, made, "said").to_json())
    assert list(values) == ["step", "sentence", "text", "trace"] and values["trace"]["mode"] == "forced"
    assert (values["step"], values["sentence"], values["text"]) == (7, 3, "said")


def test_reading_a_film_or_a_file_of_pairs_needs_no_torch() -> None:
    code = "import sys, s2s.trace.film, s2s.data.readers; assert 'torch' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0
