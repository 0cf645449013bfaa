from __future__ import annotations

import pytest
import torch
from torch import Tensor

from s2s.model.decoder import Decoder, DecoderState, Memory
from tests.factory import make_config

H, M, E, R = 10, 12, 8, 8
KINDS = [{"attention": "additive"}, {"attention": "general"}, {"attention": "general", "input_feeding": False}]


def random(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def decoder(**model: object) -> Decoder:
    torch.manual_seed(0)
    return Decoder(make_config(**{"attention": "additive", **model}).model, R, dropout=0.0)


def memory_of(module: Decoder, batch: int = 2, source: int = 4) -> Memory:
    states_BSM = random(batch, source, M, seed=1)
    mask_BS = torch.ones(batch, source, dtype=torch.bool)
    mask_BS[-1, -1] = False
    return Memory(states_BSM, module.attention.keys(states_BSM), mask_BS)


@torch.no_grad()
def test_additive_looks_back_from_the_previous_state() -> None:
    module = decoder(decoder_layers=2)
    memory, state, embedded_BE = (
        memory_of(module),
        DecoderState(random(2, 2, H), torch.zeros(2, R)),
        random(2, E, seed=2),
    )
    new, step_attention = module(embedded_BE, state, memory)
    assert step_attention.query_BH.equal(state.hidden_LBH[-1])
    torch.testing.assert_close(step_attention.scores_BS, module.attention.scores(state.hidden_LBH[-1], memory.keys_BSA))
    first_BH = module.cells[0](torch.cat([embedded_BE, step_attention.context_BM], dim=1), state.hidden_LBH[0])
    second_BH = module.cells[1](first_BH, state.hidden_LBH[1])
    torch.testing.assert_close(new.hidden_LBH, torch.stack([first_BH, second_BH]))
    readout_BR = torch.tanh(module.readout(torch.cat([second_BH, step_attention.context_BM, embedded_BE], dim=1)))
    torch.testing.assert_close(new.readout_BR, readout_BR)


@pytest.mark.parametrize("feeding", [True, False])
@torch.no_grad()
def test_general_looks_back_from_the_current_state(feeding: bool) -> None:
    module = decoder(attention="general", input_feeding=feeding)
    memory, state, embedded_BE = memory_of(module), DecoderState(random(1, 2, H), random(2, R)), random(2, E, seed=2)
    new, step_attention = module(embedded_BE, state, memory)
    read_BI = torch.cat([embedded_BE, state.readout_BR], dim=1) if feeding else embedded_BE
    hidden_BH = module.cells[0](read_BI, state.hidden_LBH[0])
    torch.testing.assert_close(new.hidden_LBH[0], hidden_BH)
    assert step_attention.query_BH.equal(new.hidden_LBH[-1])
    torch.testing.assert_close(step_attention.scores_BS, module.attention.scores(hidden_BH, memory.keys_BSA))
    readout_BR = torch.tanh(module.readout(torch.cat([step_attention.context_BM, hidden_BH], dim=1)))
    torch.testing.assert_close(new.readout_BR, readout_BR)


@pytest.mark.parametrize(("kind", "matters"), [(KINDS[0], False), (KINDS[1], True), (KINDS[2], False)])
@torch.no_grad()
def test_only_input_feeding_reads_the_last_readout(kind: dict[str, object], matters: bool) -> None:
    module = decoder(**kind)
    memory, hidden_LBH, embedded_BE = memory_of(module), random(1, 2, H), random(2, E, seed=2)
    runs = [
        module(embedded_BE, DecoderState(hidden_LBH, readout_BR), memory)
        for readout_BR in (random(2, R), -random(2, R))
    ]
    differs = not torch.allclose(runs[0][0].readout_BR, runs[1][0].readout_BR)
    assert differs == matters


@pytest.mark.parametrize("kind", KINDS)
@torch.no_grad()
def test_a_given_attention_replaces_the_weights_not_the_scores(kind: dict[str, object]) -> None:
    module = decoder(**kind)
    memory, state, embedded_BE = memory_of(module), DecoderState(random(1, 2, H), random(2, R)), random(2, E, seed=2)
    free, own = module(embedded_BE, state, memory)
    given_BS = torch.tensor([[0.0, 1.0, 0.0, 0.0], [0.25, 0.25, 0.5, 0.0]])
    edited, step_attention = module(embedded_BE, state, memory, given_BS)
    assert step_attention.attention_BS.equal(given_BS)
    torch.testing.assert_close(step_attention.scores_BS, own.scores_BS)
    torch.testing.assert_close(step_attention.context_BM[0], memory.states_BSM[0, 1])
    assert not torch.allclose(edited.readout_BR, free.readout_BR)
    same, _ = module(embedded_BE, state, memory, own.attention_BS)
    torch.testing.assert_close(same.readout_BR, free.readout_BR)


@pytest.mark.parametrize("kind", KINDS)
@torch.no_grad()
def test_what_stands_under_the_mask_is_never_read(kind: dict[str, object]) -> None:
    module = decoder(**kind)
    memory, state, embedded_BE = memory_of(module), DecoderState(random(1, 2, H), random(2, R)), random(2, E, seed=2)
    new, step_attention = module(embedded_BE, state, memory)
    assert float(step_attention.attention_BS[1, 3]) == 0
    assert step_attention.attention_BS.sum(dim=1).tolist() == pytest.approx([1, 1], abs=1e-6)
    changed_BSM = memory.states_BSM.clone()
    changed_BSM[1, 3] = 7.0
    other, _ = module(embedded_BE, state, Memory(changed_BSM, module.attention.keys(changed_BSM), memory.mask_BS))
    assert other.readout_BR.equal(new.readout_BR)


@torch.no_grad()
def test_an_lstm_hands_its_cells_on() -> None:
    module = decoder(attention="general", input_feeding=False, cell="lstm", decoder_layers=2)
    memory, embedded_BE = memory_of(module), random(2, E, seed=2)
    state = module.start(random(2, 2, H), random(2, 2, H, seed=3), memory)
    assert state.cell_LBH is not None
    new, step_attention = module(embedded_BE, state, memory)
    first = module.cells[0](embedded_BE, (state.hidden_LBH[0], state.cell_LBH[0]))
    second = module.cells[1](first[0], (state.hidden_LBH[1], state.cell_LBH[1]))
    torch.testing.assert_close(new.hidden_LBH, torch.stack([first[0], second[0]]))
    torch.testing.assert_close(new.cell_LBH, torch.stack([first[1], second[1]]))
    assert step_attention.query_BH.equal(new.hidden_LBH[-1])


@torch.no_grad()
def test_coverage_is_the_attention_so_far_an_edited_one_too() -> None:
    module = decoder(coverage=True)
    memory, embedded_BE = memory_of(module), random(2, E, seed=2)
    state = module.start(random(1, 2, H), None, memory)
    first, step_attention = module(embedded_BE, state, memory)
    assert step_attention.coverage_BS is not None and not step_attention.coverage_BS.any()
    assert first.coverage_BS.equal(step_attention.attention_BS)
    given_BS = torch.tensor([[0.0, 1.0, 0.0, 0.0], [0.25, 0.25, 0.5, 0.0]])
    second, edited = module(embedded_BE, first, memory, given_BS)
    assert edited.coverage_BS.equal(first.coverage_BS)
    torch.testing.assert_close(second.coverage_BS, step_attention.attention_BS + given_BS)
    blind = module.attention.scores(edited.query_BH, memory.keys_BSA, torch.zeros(2, 4))
    assert not torch.allclose(edited.scores_BS, blind)


@pytest.mark.parametrize("attention", ["local-m", "local-p"])
@torch.no_grad()
def test_local_attention_sees_no_word_outside_its_window(attention: str) -> None:
    module = decoder(attention=attention, window=1)
    memory, embedded_BE = memory_of(module, source=9), random(2, E, seed=2)
    state = module.start(random(1, 2, H), None, memory)
    for t in range(11):
        state, step_attention = module(embedded_BE, state, memory)
        assert state.time_B.tolist() == [t + 1, t + 1]
        assert step_attention.attention_BS.sum(dim=1).tolist() == pytest.approx([1, 1], abs=1e-6)
        for b, length in enumerate((9, 8)):
            p = float(step_attention.focus.position_B[b])
            assert attention == "local-p" or p == min(t, length - 1)
            seen = [s for s in range(9) if step_attention.attention_BS[b, s] > 0]
            assert seen and all(abs(s - p) <= 1 and s < length for s in seen)


def test_select_names_rows() -> None:
    module = decoder()
    memory, state = memory_of(module), DecoderState(random(1, 2, H), random(2, R))
    index_N = torch.tensor([1, 1, 0])
    picked, chosen = memory.select(index_N), state.select(index_N)
    assert picked.states_BSM.equal(memory.states_BSM[[1, 1, 0]]) and picked.mask_BS.equal(memory.mask_BS[[1, 1, 0]])
    assert chosen.hidden_LBH.equal(state.hidden_LBH[:, [1, 1, 0]]) and chosen.readout_BR[0].equal(state.readout_BR[1])
    whole = DecoderState(*state[:2], random(1, 2, H, seed=3), random(2, 4), torch.tensor([3, 4])).select(index_N)
    assert whole.cell_LBH.equal(random(1, 2, H, seed=3)[:, [1, 1, 0]]) and whole.time_B.tolist() == [4, 4, 3]
    assert whole.coverage_BS.equal(random(2, 4)[[1, 1, 0]]) and chosen.cell_LBH is chosen.time_B is None
    ids = memory._replace(source_BS=torch.tensor([[4, 5], [6, 7]]), prior_BV=random(2, 9)).select(index_N)
    assert ids.source_BS.tolist() == [[6, 7], [6, 7], [4, 5]] and ids.prior_BV.equal(random(2, 9)[[1, 1, 0]])
