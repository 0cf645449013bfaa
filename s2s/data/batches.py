"""Turns pairs of ids into padded batches. The module ``readers`` reads the files."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from s2s.data.readers import Pair, read_lines, read_pairs
from s2s.text.vocab import BOS, EOS, PAD

__all__ = ["MAX_TOKENS", "Batch", "Ids", "Pair", "collate", "epoch_batches", "pad", "read_lines", "read_pairs"]

Ids = tuple[list[int], list[int]]
MAX_TOKENS = 400  # tokens of a side, at most, in a pair that is decoded, scored or inspected


@dataclass(frozen=True)
class Batch:
    """Padded ids of B pairs: the decoder reads ``target_in`` (``<bos>`` first) and is to output ``target_out``."""

    source_BS: Tensor
    lengths_B: Tensor  # source lengths, on the CPU
    target_in_BT: Tensor
    target_out_BT: Tensor

    def to(self, device: torch.device) -> Batch:
        """The same batch on a device; the lengths stay on the CPU, where ``pack_padded_sequence`` needs them."""
        moved = (t.to(device) for t in (self.source_BS, self.target_in_BT, self.target_out_BT))
        source, target_in, target_out = moved
        return Batch(source, self.lengths_B, target_in, target_out)


def pad(rows: Sequence[Sequence[int]]) -> Tensor:
    """Rows of ids as one (B, longest) tensor, padded with ``PAD``."""
    width = max(map(len, rows))
    return torch.tensor([list(row) + [PAD] * (width - len(row)) for row in rows], dtype=torch.long)


def collate(pairs: Sequence[Ids]) -> Batch:
    """Pairs of ids as one batch."""
    sources, targets = zip(*pairs, strict=True)
    return Batch(
        source_BS=pad(sources),
        lengths_B=torch.tensor([len(s) for s in sources]),
        target_in_BT=pad([[BOS, *t] for t in targets]),
        target_out_BT=pad([[*t, EOS] for t in targets]),
    )


def epoch_batches(pairs: Sequence[Ids], batch_size: int, seed: int, pool: int = 100) -> list[list[int]]:
    """One epoch's batches as lists of indices: shuffled, then sorted by length within pools of ``pool`` batches.

    The order depends only on the seed, so that a resumed run continues the same epoch.
    """
    rng = random.Random(seed)
    order = list(range(len(pairs)))
    rng.shuffle(order)
    out: list[list[int]] = []
    for start in range(0, len(order), batch_size * pool):
        block = order[start : start + batch_size * pool]
        block.sort(key=lambda i: (len(pairs[i][1]), len(pairs[i][0])))
        out += [block[i : i + batch_size] for i in range(0, len(block), batch_size)]
    rng.shuffle(out)
    return out
