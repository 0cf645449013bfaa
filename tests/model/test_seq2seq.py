from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional as F

from s2s.data.batches import Batch, collate, pad
from s2s.errors import UserError
from s2s.model import Seq2Seq
from s2s.text.vocab import BOS, EOS, PAD
from tests.factory import SOURCE, TARGET, make_config, make_model, vocabs

KINDS: dict[str, dict[str, Any]] = {
    "additive": {"attention": "additive"},
    "additive, deep, untied": {
        "attention": "additive",
        "encoder_layers": 2,
        "decoder_layers": 2,
        "tied_embeddings": False,
    },
    "general": {"attention": "general"},
    "general, not fed": {"attention": "general", "input_feeding": False, "decoder_layers": 2},
    "dot": {"attention": "dot", "decoder_size": 12},
    "concat": {"attention": "concat"},
    "location": {"attention": "location"},
    "local-m": {"attention": "local-m", "window": 2},
    "local-p": {"attention": "local-p", "window": 2},
    "LSTM, deep": {"attention": "general", "cell": "lstm", "encoder_layers": 2, "decoder_layers": 2},
    "coverage, LSTM": {"attention": "additive", "cell": "lstm", "coverage": True},
    "none": {"attention": "none"},
    "none, LSTM, deep": {"attention": "none", "cell": "lstm", "encoder_layers": 2, "decoder_layers": 2},
    "pointer": {"attention": "additive", "pointer": True},
    "prior": {"attention": "general", "prior": True},
    "everything": {"coverage": True, "pointer": True, "prior": True, "shared_embeddings": True, "cell": "lstm"},
    "linear": {"attention": "concat", "attention_bias": True, "bridge": "linear", "readout": "linear", "cell": "lstm"},
    "copied": {"attention": "general", "bridge": "copy", "encoder_layers": 2, "decoder_layers": 2, "cell": "lstm"},
    "state": {"readout": "state", "tied_embeddings": False, "attention_bias": True},
}
MODELS = {name: make_model(make_config(**kind)).double() for name, kind in KINDS.items()}  # exact to 1e-10
SOURCES = st.lists(st.integers(4, len(SOURCE) - 1), min_size=1, max_size=8)
TARGETS = st.lists(st.integers(4, len(TARGET) - 1), max_size=6)
PAIRS = st.lists(st.tuples(SOURCES, TARGETS), min_size=1, max_size=4)
each_kind = pytest.mark.parametrize("kind", KINDS)


def forward(model: Seq2Seq, pairs: list[tuple[list[int], list[int]]]) -> list[torch.Tensor]:
    """The logits of each pair, (T, V)."""
    logits_NV = model(collate(pairs))
    return list(logits_NV.split([len(target) + 1 for _, target in pairs]))


@each_kind
@given(PAIRS)
@torch.no_grad()
def test_padding_changes_no_logit(kind: str, pairs: list[tuple[list[int], list[int]]]) -> None:
    model = MODELS[kind]
    for pair, logits_TV in zip(pairs, forward(model, pairs), strict=True):
        torch.testing.assert_close(logits_TV, forward(model, [pair])[0], atol=1e-10, rtol=0)


@each_kind
@given(st.lists(SOURCES, min_size=1, max_size=4), st.integers(0, 4))
@torch.no_grad()
def test_padding_changes_neither_memory_nor_step(kind: str, sources: list[list[int]], extra: int) -> None:
    model = MODELS[kind]
    source_BS = torch.cat([pad(sources), torch.full((len(sources), extra), PAD)], dim=1)
    memory, state = model.encode(source_BS, torch.tensor([len(s) for s in sources]))
    token_B = torch.arange(len(sources)) + 4
    first = model.step(state, torch.full((len(sources),), BOS), memory)
    second = model.step(first.state, token_B, memory)
    assert second.log_probs_BV.exp().sum(dim=1).tolist() == pytest.approx([1] * len(sources), abs=1e-10)
    for b, source in enumerate(sources):
        alone, start = model.encode(torch.tensor([source]), torch.tensor([len(source)]))
        step = model.step(model.step(start, torch.tensor([BOS]), alone).state, token_B[b : b + 1], alone)
        torch.testing.assert_close(memory.states_BSM[b, : len(source)], alone.states_BSM[0], atol=1e-10, rtol=0)
        torch.testing.assert_close(state.hidden_LBH[:, b], start.hidden_LBH[:, 0], atol=1e-10, rtol=0)
        torch.testing.assert_close(second.log_probs_BV[b], step.log_probs_BV[0], atol=1e-10, rtol=0)
        torch.testing.assert_close(second.attention_BS[b, : len(source)], step.attention_BS[0], atol=1e-10, rtol=0)
        assert (second.attention_BS[b, len(source) :] == 0).all()


@each_kind
@given(SOURCES, TARGETS)
@torch.no_grad()
def test_steps_equal_one_batched_forward(kind: str, source: list[int], target: list[int]) -> None:
    model = MODELS[kind]
    batched_TV = torch.log_softmax(forward(model, [(source, target), ([4] * 8, [5] * 6)])[0], dim=1)
    memory, state = model.encode(torch.tensor([source]), torch.tensor([len(source)]))
    for token, expected_V in zip([BOS, *target], batched_TV, strict=True):
        step = model.step(state, torch.tensor([token]), memory)
        torch.testing.assert_close(step.log_probs_BV[0], expected_V, atol=1e-10, rtol=0)
        state = step.state


@each_kind
@torch.no_grad()
def test_steps_equal_one_batched_forward_in_float32(kind: str) -> None:
    torch.manual_seed(3)
    config = make_config(**KINDS[kind])
    model = Seq2Seq(config.model, *map(len, vocabs(config))).eval()
    source, target = [4, 7, 12, 9, 10], [4, 7, 11, 12, 14]
    batched_TV = torch.log_softmax(forward(model, [([5] * 30, [5] * 20), (source, target)])[1], dim=1)
    memory, state = model.encode(torch.tensor([source]), torch.tensor([5]))
    for token, expected_V in zip([BOS, *target], batched_TV, strict=True):
        step = model.step(state, torch.tensor([token]), memory)
        torch.testing.assert_close(step.log_probs_BV[0], expected_V, atol=1e-5, rtol=0)
        assert float(step.attention_BS.sum()) == pytest.approx(0 if config.model.attention == "none" else 1, abs=1e-5)
        state = step.state


@torch.no_grad()
def test_input_feeding_matters_from_the_second_step_on() -> None:
    model = make_model(make_config("general"))
    pair = ([4, 7, 8], [4, 5, 6])
    fed_TV = forward(model, [pair])[0]
    cell = model.decoder.cells[0]
    cell.weight_ih[:, model.config.embedding_size :] = 0  # the columns that read the last readout
    cut_TV = forward(model, [pair])[0]
    assert fed_TV[0].equal(cut_TV[0])  # the first is zeros
    assert not torch.isclose(fed_TV[1:], cut_TV[1:]).all(dim=1).any()


@each_kind
def test_tied_weights_are_one_tensor(kind: str) -> None:
    model, tied = MODELS[kind], KINDS[kind].get("tied_embeddings", True)
    assert (model.output.weight is model.embedding.weight) == tied
    names = {name for name, _ in model.named_parameters()}
    assert ("output.weight" in names) == (not tied)
    shared = KINDS[kind].get("shared_embeddings", False)
    assert (model.encoder.embedding.weight is model.embedding.weight) == shared
    assert ("embedding.weight" in names) == (not shared)
    assert model.output.weight.shape == (
        len(vocabs(make_config(**KINDS[kind]))[1]),
        model.config.embedding_size if tied else model.config.decoder_size,
    )


@each_kind
def test_gradients_reach_every_parameter(kind: str) -> None:
    model = make_model(make_config(**KINDS[kind])).train()
    batch = collate([([4, 7, 8], [4, 5, 6]), ([5, 9], [7])])
    F.cross_entropy(model(batch), batch.target_out_BT[batch.target_out_BT != PAD]).backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None and bool(parameter.grad.any()), name
    padded = model.embedding.weight.grad[PAD] if not KINDS[kind].get("tied_embeddings", True) else None
    if not KINDS[kind].get("shared_embeddings"):
        assert model.encoder.embedding.weight.grad[PAD].eq(0).all()
    assert padded is None or padded.eq(0).all()


@pytest.mark.parametrize("kind", [kind for kind in KINDS if not kind.startswith("none")])
@torch.no_grad()
def test_an_edited_attention_is_used(kind: str) -> None:
    model = MODELS[kind]
    memory, state = model.encode(torch.tensor([[4, 7, 8]]), torch.tensor([3]))
    own = model.step(state, torch.tensor([BOS]), memory)
    edited_BS = torch.tensor([[0.0, 0.0, 1.0]], dtype=torch.float64)
    edited = model.step(state, torch.tensor([BOS]), memory, edited_BS)
    assert edited.attention_BS.equal(edited_BS)
    torch.testing.assert_close(edited.attention.context_BM, memory.states_BSM[:, 2])
    assert not torch.allclose(edited.log_probs_BV, own.log_probs_BV)


@each_kind
@torch.no_grad()
def test_a_step_changes_neither_its_state_nor_the_memory(kind: str) -> None:
    model = MODELS[kind]
    memory, state = model.encode(torch.tensor([[4, 7, 8]]), torch.tensor([3]))
    kept = [t.clone() for t in (*memory, *state) if t is not None]
    once, again = (model.step(state, torch.tensor([EOS]), memory).log_probs_BV for _ in range(2))
    assert once.equal(again)
    assert all(a.equal(b) for a, b in zip(kept, (t for t in (*memory, *state) if t is not None), strict=True))


def test_word_dropout_acts_in_training_alone() -> None:
    config = make_config()
    torch.manual_seed(0)
    model = Seq2Seq(config.model, len(SOURCE), len(TARGET), dropout=0.0, word_dropout=0.9)
    batch: Batch = collate([([4, 7, 8, 9, 10], [4, 5, 6, 7])])
    with torch.no_grad():
        assert not torch.allclose(model(batch), model(batch))
        model.eval()
        assert model(batch).equal(model(batch))


def test_first_state_comes_from_the_encoders_ends() -> None:
    model = MODELS["additive, deep, untied"]
    with torch.no_grad():
        _, state = model.encode(torch.tensor([[4, 7, 8]]), torch.tensor([3]))
        _, ends_PLBM = model.encoder(torch.tensor([[4, 7, 8]]), torch.tensor([3]))
        first = torch.tanh(model.bridge.weight @ ends_PLBM[0, -1, 0] + model.bridge.bias)
    torch.testing.assert_close(state.hidden_LBH[:, 0].flatten(), first)
    assert state.readout_BR.eq(0).all()


def test_an_unknown_attention_is_named() -> None:
    with pytest.raises(UserError, match="additive, general, dot"):
        Seq2Seq(make_config("cosine").model, 8, 8)
