"""A source read once gives what reading it anew gives, and remembers only so much."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from s2s.checkpoint.open import load
from s2s.decode import prefix_cache as module
from s2s.decode.decode import trace
from s2s.decode.prefix_cache import PrefixCache
from s2s.text.vocab import BOS
from s2s.trace.branch import Edit
from tests.factory import make_checkpoint

TEXT = "我不喜欢喝茶。"


@pytest.mark.parametrize("attention", ["additive", "general"])
def test_what_is_remembered_is_what_a_fresh_run_gives(tmp_path: Path, attention: str) -> None:
    checkpoint = load(make_checkpoint(tmp_path, attention))
    shared = PrefixCache(checkpoint.model, checkpoint.source.encode(TEXT))
    runs = [((), {}), (("I",), {}), (("I", "like"), {1: Edit("uniform")}), ((), {0: Edit("only", 2)}), ((), {})]
    for prefix, edits in runs:
        again = trace(checkpoint, TEXT, prefix=prefix, attention=edits, cache=shared)
        assert again == trace(checkpoint, TEXT, prefix=prefix, attention=edits)


def test_a_step_is_decoded_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checkpoint = load(make_checkpoint(tmp_path))
    shared = PrefixCache(checkpoint.model, checkpoint.source.encode(TEXT))
    first = shared.step(shared.start, BOS)
    assert shared.step(shared.start, BOS) is first
    edited = shared.step(shared.start, BOS, Edit("uniform"))
    assert edited is not first and edited.own is not None and first.own is None
    torch.testing.assert_close(edited.own.log_probs_BV, first.output.log_probs_BV)  # type: ignore[union-attr]


def test_the_oldest_steps_are_forgotten_and_nothing_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KEPT", 3)
    checkpoint = load(make_checkpoint(tmp_path))
    shared = PrefixCache(checkpoint.model, checkpoint.source.encode(TEXT))
    for prefix in (["I", "like", "tea", "."], ["I", "like", "water"], ["I", "like", "tea", "."]):
        assert trace(checkpoint, TEXT, prefix=prefix, cache=shared) == trace(checkpoint, TEXT, prefix=prefix)
        assert len(shared.steps) <= 3
