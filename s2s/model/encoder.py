"""Source ids to memory: embedding and a bidirectional GRU or LSTM that never reads padding."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from s2s.model.kernels import recurrent
from s2s.text.vocab import PAD


class Encoder(nn.Module):
    """``h_s = [forward_s; backward_s]`` over packed rows (Bahdanau 2015, section 3.2)."""

    def __init__(
        self, vocab_size: int, embedding_size: int, size: int, layers: int, dropout: float, cell: str = "gru"
    ) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embedding_size, padding_idx=PAD)
        self.dropout = nn.Dropout(dropout)
        self.rnn = (nn.LSTM if cell == "lstm" else nn.GRU)(
            embedding_size,
            size,
            layers,
            batch_first=True,
            bidirectional=True,
            dropout=dropout if layers > 1 else 0.0,
        )

    def forward(
        self,
        source_BS: Tensor,
        lengths_B: Tensor,
        keep_BS: Tensor | None = None,
        embedded_BSE: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Ids to ``memory`` (B, S, 2·size) and each layer's last forward and backward states (parts, L, B, 2·size).

        An LSTM has two parts, hidden states and cells; a GRU one. ``keep_BS`` zeroes whole embedded words
        where it is 0 (word dropout). ``embedded_BSE`` replaces the words' embeddings.
        """
        embedded_BSE = self.dropout(self.embedding(source_BS) if embedded_BSE is None else embedded_BSE)
        if keep_BS is not None:
            embedded_BSE = embedded_BSE * keep_BS.unsqueeze(2)
        packed = pack_padded_sequence(embedded_BSE, lengths_B.cpu(), batch_first=True, enforce_sorted=False)
        outputs, ends = recurrent.run_packed(self.rnn, packed)  # ends: (2·layers, B, size), of an LSTM two of these
        memory_BSM, _ = pad_packed_sequence(outputs, batch_first=True, total_length=source_BS.size(1))
        both = [torch.cat([end[0::2], end[1::2]], dim=2) for end in ends]
        return memory_BSM, torch.stack(both)
