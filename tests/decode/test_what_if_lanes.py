"""Forced words and edited attention in a trace, against naive computation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from s2s.checkpoint.open import load
from s2s.checkpoint.record import Checkpoint
from s2s.decode.decode import trace
from s2s.decode.prefix_cache import PrefixCache
from s2s.decode.strategy import Settings
from s2s.decode.what_if import preview
from s2s.errors import UserError
from s2s.text.vocab import BOS
from s2s.trace.branch import Edit
from s2s.trace.trace import Trace
from tests.factory import make_checkpoint

TEXT, REFERENCE = "我不喜欢喝茶。", "I don't like tea."
KINDS: dict[str, dict[str, Any]] = {
    "additive": {"decoder_layers": 2},
    "general": {"attention": "general"},
    "local-p": {"attention": "local-p", "window": 2},
    "pointer, coverage": {"pointer": True, "coverage": True},
}


@pytest.fixture(scope="module", params=KINDS)
def checkpoint(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    return load(make_checkpoint(tmp_path_factory.mktemp("whatif"), **{"attention": "additive"} | KINDS[request.param]))


def weights(row: np.ndarray) -> Edit:
    return Edit("weights", weights=tuple(row.tolist()))


def test_the_models_own_row_as_an_edit_changes_nothing(checkpoint: Checkpoint) -> None:
    plain = trace(checkpoint, TEXT, REFERENCE)
    edits = {t: weights(step.attention) for t, step in enumerate(plain.steps)}
    edited = trace(checkpoint, TEXT, REFERENCE, attention=edits)
    assert [s.output for s in edited.steps] == [s.output for s in plain.steps]
    for own, other in zip(edited.steps, plain.steps, strict=True):
        assert own.log_prob == pytest.approx(other.log_prob, abs=1e-4) and own.own_attention is not None
        np.testing.assert_allclose(own.attention, other.attention, atol=1e-5)
        np.testing.assert_allclose(own.own_attention, other.attention, atol=1e-5)


def test_a_one_hot_edits_context_is_that_source_state(checkpoint: Checkpoint) -> None:
    ids = checkpoint.source.encode(TEXT)
    with torch.no_grad():
        memory_SM = checkpoint.model.encode(torch.tensor([ids]), torch.tensor([len(ids)]))[0].states_BSM[0].numpy()
    for place in range(len(ids)):
        step = trace(checkpoint, TEXT, attention={0: Edit("only", place)}).steps[0]
        np.testing.assert_allclose(step.context, memory_SM[place, :4], atol=1e-6)
        np.testing.assert_allclose(step.attention, np.eye(len(ids))[place])
    row = np.arange(1.0, len(ids) + 1)
    step = trace(checkpoint, TEXT, attention={0: weights(row)}).steps[0]
    np.testing.assert_allclose(step.context, (row / row.sum() @ memory_SM)[:4], atol=1e-5)


def test_steps_before_an_edit_stay_and_those_after_follow_its_state(checkpoint: Checkpoint) -> None:
    """The tail after an edit is the one that ``Seq2Seq.step`` gives by hand."""
    plain = trace(checkpoint, TEXT, settings=Settings(max_length=6))
    edited = trace(checkpoint, TEXT, settings=Settings(max_length=6), attention={2: Edit("erase", 1)})
    assert edited.to_dict()["steps"][:2] == plain.to_dict()["steps"][:2]
    own = plain.steps[2].attention.astype(np.float64)
    own[1] = 0
    model, ids = checkpoint.model, checkpoint.source.encode(TEXT)
    with torch.no_grad():
        memory, state = model.encode(torch.tensor([ids]), torch.tensor([len(ids)]))
        token = BOS
        for t, step in enumerate(edited.steps):
            row = torch.tensor(own / own.sum(), dtype=torch.float32)[None] if t == 2 else None
            output = model.step(state, torch.tensor([token]), memory, row)
            token, state = checkpoint.target.vocab.tokens.index(step.output), output.state
            assert step.log_prob == pytest.approx(float(output.log_probs_BV[0, token]), abs=1e-5)
            np.testing.assert_allclose(step.attention, output.attention_BS[0].numpy(), atol=1e-6)
    assert [step.own_attention is not None for step in edited.steps] == [t == 2 for t in range(len(edited.steps))]


def test_previous_is_the_row_that_the_step_before_used(checkpoint: Checkpoint) -> None:
    edited = trace(checkpoint, TEXT, prefix=["I", "like"], attention={1: Edit("uniform"), 2: Edit("previous")})
    np.testing.assert_allclose(edited.steps[2].attention, np.full(len(edited.source_tokens), 1 / 6), atol=1e-6)


def test_tokens_force_what_their_text_forces(checkpoint: Checkpoint) -> None:
    typed = trace(checkpoint, TEXT, REFERENCE, prefix="I don't")
    tokens = trace(checkpoint, TEXT, REFERENCE, prefix=["I", "do", "n't"])
    assert typed == tokens and tokens.prefix == 3 and tokens.to_dict()["prefix"] == 3
    forced = trace(checkpoint, TEXT, REFERENCE, mode="forced")
    for own, gold in zip(tokens.steps[:3], forced.steps, strict=False):
        assert (own.output, own.rank) == (gold.output, gold.rank)
        assert own.log_prob == pytest.approx(gold.log_prob, abs=1e-5)


def test_a_trace_without_edits_is_written_as_before(checkpoint: Checkpoint) -> None:
    for values in (
        trace(checkpoint, TEXT, REFERENCE).to_dict(),
        trace(checkpoint, TEXT, REFERENCE, "forced").to_dict(),
    ):
        assert "prefix" not in values and not any("own_attention" in step for step in values["steps"])


def test_an_edited_trace_survives_json(checkpoint: Checkpoint) -> None:
    edited = trace(checkpoint, TEXT, REFERENCE, prefix=["I"], attention={1: Edit("only", 2)})
    again = Trace.from_json(edited.to_json())
    assert again == edited and again.prefix == 1
    np.testing.assert_allclose(again.steps[1].own_attention, edited.steps[1].own_attention, atol=1e-7)


def test_a_forced_lane_can_be_edited_too(checkpoint: Checkpoint) -> None:
    edited = trace(checkpoint, TEXT, REFERENCE, mode="forced", attention={0: Edit("uniform")})
    assert [s.output for s in edited.steps] == ["I", "do", "n't", "like", "tea", ".", "<eos>"]
    np.testing.assert_allclose(edited.steps[0].attention, 1 / 6, atol=1e-6)


def test_sampling_goes_on_as_it_did_when_forced_to_say_what_it_said(checkpoint: Checkpoint) -> None:
    settings = Settings("sampling", temperature=2.5, seed=4, max_length=8)
    plain = trace(checkpoint, TEXT, settings=settings)
    for cut in (1, 3):
        said = [step.output for step in plain.steps[:cut]]
        again = trace(checkpoint, TEXT, settings=settings, prefix=said)
        assert [s.output for s in again.steps] == [s.output for s in plain.steps]


def test_a_forced_end_ends_the_lane(checkpoint: Checkpoint) -> None:
    for settings in (Settings(), Settings("beam", beam=3)):
        ended = trace(checkpoint, TEXT, prefix=["I", "<eos>"], settings=settings)
        assert [s.output for s in ended.steps] == ["I", "<eos>"] and ended.text == "I" and ended.ended == "eos"


@pytest.mark.parametrize(
    ("options", "key"),
    [
        ({"prefix": ["zebra"]}, "prefix_token"),
        ({"prefix": ["<bos>"]}, "prefix_token"),
        ({"prefix": ["<eos>", "I"]}, "prefix_token"),
        ({"prefix": ["I"] * 401}, "prefix_too_long"),
        ({"attention": {0: Edit("uniform")}, "settings": Settings("beam")}, "edit_beam"),
        ({"attention": {0: Edit("previous")}}, "edit_first"),
        ({"attention": {0: Edit("only", 6)}}, "edit_place"),
        ({"attention": {0: Edit("weights", weights=(1, 2))}}, "edit_length"),
        ({"attention": {9: Edit("uniform")}, "settings": Settings(max_length=3)}, "edit_beyond"),
    ],
    ids=str,
)
def test_what_cannot_be_forced_or_edited_is_a_user_error(
    checkpoint: Checkpoint, options: dict[str, Any], key: str
) -> None:
    with pytest.raises(UserError) as error:
        trace(checkpoint, TEXT, **options)
    assert error.value.key == f"error.{key}" and error.value.say("zh") != str(error.value)


def test_a_preview_is_the_step_that_the_branch_will_have(checkpoint: Checkpoint) -> None:
    reading = PrefixCache(checkpoint.model, checkpoint.source.encode(TEXT))
    prefix, edit = ["I", "like"], Edit("only", 3)
    for earlier in ({}, {0: Edit("uniform")}):
        seen = preview(checkpoint, reading, prefix, earlier, edit)
        plain = trace(checkpoint, TEXT, prefix=prefix, attention=earlier).steps[2]
        edited = trace(checkpoint, TEXT, prefix=prefix, attention={**earlier, 2: edit}).steps[2]
        np.testing.assert_allclose(seen.attention, edited.attention, atol=1e-6)
        np.testing.assert_allclose(seen.own, plain.attention, atol=1e-6)
        after = {s.token: s for s in edited.top[:5]}
        before = {s.token: s for s in plain.top[:5]}
        assert {c.token for c in seen.changes} == after.keys() | before.keys()
        assert [c.token for c in seen.changes[:5]] == list(after)
        for change in seen.changes:
            if change.token in after:
                assert (change.rank_after, change.after) == (
                    after[change.token].rank,
                    pytest.approx(after[change.token].log_prob, abs=1e-5),
                )
            if change.token in before:
                assert (change.rank_before, change.before) == (
                    before[change.token].rank,
                    pytest.approx(before[change.token].log_prob, abs=1e-5),
                )


def test_own_attention_must_be_a_distribution_over_the_source(tiny_checkpoint: Path) -> None:
    values = trace(load(tiny_checkpoint), TEXT, attention={0: Edit("uniform")}).to_json()
    own = Trace.from_json(values).to_dict()["steps"][0]["own_attention"]
    import json

    for bad in ([1.0], [0.5] * len(own), []):
        broken = json.loads(values)
        broken["steps"][0]["own_attention"] = bad
        with pytest.raises(ValueError):
            Trace.from_json(json.dumps(broken))
