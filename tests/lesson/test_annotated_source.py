"""The code as it ran: the lines are those of the modules, the numbers those of the trace."""

from __future__ import annotations

import inspect
import sys
from pathlib import Path

import numpy as np
import pytest

from s2s.checkpoint.open import load
from s2s.config import ATTENTIONS
from s2s.decode.decode import trace
from s2s.lesson.annotated_source import Piece, Value, step_as_it_runs
from s2s.model import attention
from tests.factory import make_checkpoint

TEXT = "我喜欢茶。"


def value(pieces: dict[str, Piece], piece: str, name: str) -> Value:
    """The last tensor of a name that a function made."""
    return [v for line in pieces[piece].lines for v in line.values if v.name == name][-1]


@pytest.mark.parametrize("kind", ATTENTIONS)
@pytest.mark.parametrize("step", [0, 2])
def test_numbers_beside_the_lines_are_the_traces(tmp_path: Path, kind: str, step: int) -> None:
    sizes = {"encoder_size": 5} if kind == "dot" else {}
    checkpoint = load(make_checkpoint(tmp_path, kind, **sizes))
    pieces = {piece.name: piece for piece in step_as_it_runs(checkpoint, TEXT, step)}
    lane = trace(checkpoint, TEXT)
    shown = lane.steps[min(step, len(lane.steps) - 1)]
    if kind == "none":
        assert not {"attention.weights", "attention.context"} & pieces.keys()
        return
    weights = value(pieces, "attention.weights", "return")
    assert weights.shape == (1, len(lane.source_tokens))
    np.testing.assert_allclose(weights.numbers, shown.attention[:3], atol=1e-4)
    np.testing.assert_allclose(value(pieces, "attention.context", "return").numbers, shown.context[:3], atol=1e-4)
    np.testing.assert_allclose(
        value(pieces, "decoder.Decoder.attend", "scores_BS").numbers, shown.scores[:3], atol=1e-4
    )
    logits = value(pieces, "seq2seq.Seq2Seq.step", "logits_BV")
    assert logits.shape == (1, len(checkpoint.target.vocab.tokens))


def test_the_lines_are_the_modules_own_and_those_passed_over_are_known(tiny_checkpoint: Path) -> None:
    before = sys.gettrace()
    pieces = {piece.name: piece for piece in step_as_it_runs(load(tiny_checkpoint), TEXT, 0)}
    assert sys.gettrace() is before
    lines = pieces["attention.weights"].lines
    assert "\n".join(line.text for line in lines) == inspect.getsource(attention.weights).rstrip("\n")
    taken = {line.text.strip(): line.ran for line in pieces["decoder.Decoder.forward"].lines}
    assert taken["read = [hidden_LBH[-1], step_attention.context_BM, embedded_BE]"]
    assert not taken["read = [step_attention.context_BM, hidden_LBH[-1]]"]
