from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from s2s.data.batches import pad
from s2s.model.encoder import Encoder

ROWS = st.lists(st.lists(st.integers(4, 10), min_size=1, max_size=7), min_size=1, max_size=4)


def encoder(layers: int, dropout: float = 0.0) -> Encoder:
    torch.manual_seed(0)
    return Encoder(11, 5, 3, layers, dropout).eval()


@pytest.mark.parametrize("layers", [1, 2])
@torch.no_grad()
def test_equals_a_gru_on_the_unpadded_row(layers: int) -> None:
    model = encoder(layers)
    rows = [[4, 5, 6, 7, 8], [9, 10], [4]]
    memory_BSM, ends_PLBM = model(pad(rows), torch.tensor([5, 2, 1]))
    assert ends_PLBM.shape == (1, layers, 3, 6)
    plain = nn.GRU(5, 3, layers, batch_first=True, bidirectional=True)
    plain.load_state_dict(model.rnn.state_dict())
    for b, row in enumerate(rows):
        outputs, last = plain(model.embedding(torch.tensor([row])))
        torch.testing.assert_close(memory_BSM[b, : len(row)], outputs[0], atol=1e-6, rtol=0)
        ends = torch.cat([outputs[0, -1, :3], outputs[0, 0, 3:]])  # the last forward, the last backward
        torch.testing.assert_close(ends_PLBM[0, -1, b], ends, atol=1e-6, rtol=0)
        torch.testing.assert_close(ends_PLBM[0, 0, b], torch.cat([last[0, 0], last[1, 0]]), atol=1e-6, rtol=0)
        assert (memory_BSM[b, len(row) :] == 0).all()


@given(ROWS, st.integers(0, 5))
@torch.no_grad()
def test_padding_changes_no_output(rows: list[list[int]], extra: int) -> None:
    model = encoder(layers=2)
    source_BS = torch.cat([pad(rows), torch.zeros(len(rows), extra, dtype=torch.long)], dim=1)
    memory_BSM, ends_PLBM = model(source_BS, torch.tensor([len(row) for row in rows]))
    assert memory_BSM.shape == (len(rows), source_BS.size(1), 6)
    for b, row in enumerate(rows):
        alone_1SM, alone_PL1M = model(torch.tensor([row]), torch.tensor([len(row)]))
        torch.testing.assert_close(memory_BSM[b, : len(row)], alone_1SM[0], atol=1e-6, rtol=0)
        torch.testing.assert_close(ends_PLBM[:, :, b], alone_PL1M[:, :, 0], atol=1e-6, rtol=0)


@torch.no_grad()
def test_a_dropped_word_is_read_as_zeros() -> None:
    model = encoder(layers=1)
    source_BS, lengths_B = torch.tensor([[4, 5, 6]]), torch.tensor([3])
    dropped, _ = model(source_BS, lengths_B, torch.tensor([[1.0, 0.0, 1.0]]))
    zeros, _ = model(torch.tensor([[4, 0, 6]]), lengths_B)  # the embedding of <pad> is zeros
    torch.testing.assert_close(dropped, zeros)
    assert not torch.allclose(dropped, model(source_BS, lengths_B)[0])
