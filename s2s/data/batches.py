"""Turns pairs of ids into padded batches. The module ``readers`` reads the files."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from s2s.data.readers import Pair, read_lines, read_pairs
from s2s.text.vocab import BOS, EOS, PAD

__all__ = ["MAX_TOKENS", "Batch", "Ids", "Links", "Pair", "collate", "epoch_batches", "pad", "read_lines", "read_pairs"]

Ids = tuple[list[int], list[int]]
Links = frozenset[tuple[int, int]]  # (source token, target token), from 0
MAX_TOKENS = 400  # tokens of a side, at most, in a pair that is decoded, scored or inspected


@dataclass(frozen=True)
class Batch:
    """Padded ids of B pairs: the decoder reads ``target_in`` (``<bos>`` first) and is to output ``target_out``."""

    source_BS: Tensor
    lengths_B: Tensor  # source lengths, on the CPU
    target_in_BT: Tensor
    target_out_BT: Tensor
    links_BTS: Tensor | None = None  # word alignments: a linked target token's row sums to 1, any other is 0

    def to(self, device: torch.device) -> Batch:
        """The same batch on a device; the lengths stay on the CPU, where ``pack_padded_sequence`` needs them."""
        moved = (t.to(device) for t in (self.source_BS, self.target_in_BT, self.target_out_BT))
        source, target_in, target_out = moved
        links_BTS = None if self.links_BTS is None else self.links_BTS.to(device)
        return Batch(source, self.lengths_B, target_in, target_out, links_BTS)


def pad(rows: Sequence[Sequence[int]]) -> Tensor:
    """Rows of ids as one (B, longest) tensor, padded with ``PAD``."""
    width = max(map(len, rows))
    return torch.tensor([list(row) + [PAD] * (width - len(row)) for row in rows], dtype=torch.long)


def collate(pairs: Sequence[Ids], links: Sequence[Links] | None = None) -> Batch:
    """Pairs of ids as one batch, with the links between the ids of each pair if given."""
    sources, targets = zip(*pairs, strict=True)
    return Batch(
        source_BS=pad(sources),
        lengths_B=torch.tensor([len(s) for s in sources]),
        target_in_BT=pad([[BOS, *t] for t in targets]),
        target_out_BT=pad([[*t, EOS] for t in targets]),
        links_BTS=None if links is None else _link_rows(pairs, links),
    )


def _link_rows(pairs: Sequence[Ids], links: Sequence[Links]) -> Tensor:
    """The links as rows of weights: 1/n for each of the n source tokens that a target token is linked to: (B, T, S)."""
    shape = len(pairs), 1 + max(len(t) for _, t in pairs), max(len(s) for s, _ in pairs)
    places = [(b, t, s) for b, some in enumerate(links) for s, t in some]
    rows_BTS = torch.zeros(shape)
    if places:
        rows_BTS[tuple(torch.tensor(places).t())] = 1.0
    return rows_BTS / rows_BTS.sum(dim=2, keepdim=True).clamp(min=1.0)


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
