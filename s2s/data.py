"""Files of pairs to batches of ids."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from s2s.errors import UserError
from s2s.vocab import BOS, EOS, PAD

Pair = tuple[str, str]
Ids = tuple[list[int], list[int]]


def read_pairs(path: str | Path) -> Iterator[Pair]:
    """The pairs of a UTF-8 file with one ``source TAB target`` a line; empty lines are passed over.

    Raises UserError that names the file and the line which is not such a pair.
    """
    for number, line in enumerate(read_lines(path), start=1):
        if not line.strip():
            continue
        columns = line.split("\t")
        if len(columns) != 2 or not all(map(_visible, columns)):
            raise UserError("row_not_a_pair", file=str(path), row=number, columns=len(columns))
        yield columns[0], columns[1]


def read_lines(path: str | Path) -> Iterator[str]:
    """The lines of a UTF-8 file without their ends; UserError for a missing file, or naming the row of bad bytes."""
    try:
        with open(path, "rb") as lines:
            for number, line in enumerate(lines, start=1):
                try:
                    yield line.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r\n")
                except UnicodeDecodeError:
                    raise UserError("file_not_utf8", file=str(path), row=number) from None
    except OSError:
        raise UserError("file_missing", file=str(path)) from None


def _visible(text: str) -> bool:
    """Whether a reader sees anything: not only white space, control and format characters."""
    return any(c.isprintable() and c != " " for c in text)


@dataclass(frozen=True)
class Batch:
    """Padded ids of B pairs: the decoder reads ``target_in`` (``<bos>`` first), owes ``target_out``."""

    source_BS: Tensor
    lengths_B: Tensor  # of the sources, on the CPU
    target_in_BT: Tensor
    target_out_BT: Tensor

    def to(self, device: torch.device) -> Batch:
        """The same batch on a device; the lengths stay on the CPU, where packing wants them."""
        moved = (t.to(device) for t in (self.source_BS, self.target_in_BT, self.target_out_BT))
        source, target_in, target_out = moved
        return Batch(source, self.lengths_B, target_in, target_out)


def pad(rows: Sequence[Sequence[int]]) -> Tensor:
    """Rows of ids as one (B, longest) tensor, filled up with ``PAD``."""
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


def batches(pairs: Sequence[Ids], batch_size: int, seed: int, pool: int = 100) -> list[list[int]]:
    """One epoch's batches as lists of indices: shuffled, then of like length within pools of batches.

    The order is a function of the seed alone, so that a resumed run continues the same epoch.
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
