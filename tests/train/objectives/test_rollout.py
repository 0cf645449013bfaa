from __future__ import annotations

from typing import Any

import pytest
import torch

from s2s.decode.search import greedy
from s2s.text.vocab import BOS, EOS
from s2s.train.objectives.rollout import argmax, drawing, mixed_inputs, rollout
from tests.train.objectives.common import KINDS, PAIRS, batch, generator, tiny, value

LIMIT_B = torch.tensor([2 * len(source) + 10 for source, _ in PAIRS])


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_rolling_the_argmax_is_greedy_decoding(kind: dict[str, Any]) -> None:
    model = tiny(scale=1.0, **kind)
    ids_BT, lengths_B = rollout(model, batch(), torch.zeros(4, dtype=torch.long), LIMIT_B, argmax)
    rows = [ids[:n] for ids, n in zip(ids_BT.tolist(), lengths_B.tolist(), strict=True)]
    assert [[i for i in row if i != EOS] for row in rows] == greedy(model, [source for source, _ in PAIRS])
    for ids, length, row in zip(ids_BT.tolist(), lengths_B.tolist(), rows, strict=True):
        assert not any(ids[length:]) and EOS not in row[:-1]


def test_given_tokens_come_first_and_the_rest_goes_on_from_them() -> None:
    model, given_B = tiny(scale=1.0), torch.tensor([2, 3, 0, 6])
    ids_BT, lengths_B = rollout(model, batch(), given_B, LIMIT_B, argmax)
    assert ids_BT[0, :2].tolist() == [4, 7]
    assert ids_BT[1, :3].tolist() == [5, 9, EOS] and lengths_B[1] == 3
    assert ids_BT[3, :6].tolist() == [6, 6, 7, 10, 11, EOS] and lengths_B[3] == 6
    with torch.no_grad():
        memory, state = model.encode(torch.tensor([PAIRS[0][0]]), torch.tensor([4]))
        for read, said in zip([BOS, *ids_BT[0].tolist()], ids_BT[0, : lengths_B[0]].tolist(), strict=False):
            step = model.step(state, torch.tensor([read]), memory)
            state = step.state
            assert said in (int(step.log_probs_BV.argmax()), 4, 7)


def test_tokens_are_drawn_as_often_as_they_are_likely() -> None:
    p_V = torch.tensor([0.0, 0.5, 0.0, 0.2, 0.3, 0.0])
    drawn_B = drawing(generator(3))(p_V.log().expand(20_000, -1))
    counts_V = torch.bincount(drawn_B, minlength=6) / 20_000
    assert counts_V[p_V == 0].sum() == 0 and torch.allclose(counts_V, p_V, atol=0.015)


def test_own_inputs_are_the_best_tokens_after_the_mixed_ones() -> None:
    model, own_BT = tiny(scale=1.0), torch.zeros_like(batch().target_in_BT, dtype=torch.bool)
    own_BT[0, 2:4] = own_BT[3, 1] = own_BT[3, 4] = True
    inputs_BT = mixed_inputs(model, batch(), own_BT, argmax)
    assert torch.equal(inputs_BT[~own_BT], batch().target_in_BT[~own_BT])
    with torch.no_grad():
        for row in (0, 3):
            source = PAIRS[row][0]
            memory, state = model.encode(torch.tensor([source]), torch.tensor([len(source)]))
            for t, read in enumerate(inputs_BT[row, :-1]):
                step = model.step(state, read.reshape(1), memory)
                state = step.state
                if own_BT[row, t + 1]:
                    assert inputs_BT[row, t + 1] == step.log_probs_BV.argmax()


def test_rollouts_see_the_weights_as_the_optimizer_left_them() -> None:
    """A fused optimizer changes weights in place without telling autograd."""
    model, told = tiny(), (torch.zeros(4, dtype=torch.long), LIMIT_B)
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.5, fused=True)
    before, _ = rollout(model, batch(), *told, argmax)
    value("cross_entropy", model).backward()
    optimizer.step()
    after, _ = rollout(model, batch(), *told, argmax)
    fresh = tiny()
    fresh.load_state_dict(model.state_dict())
    expected, _ = rollout(fresh, batch(), *told, argmax)
    assert torch.equal(after, expected) and not (before.shape == after.shape and torch.equal(before, after))
