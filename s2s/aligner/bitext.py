"""Sentence pairs as arrays: pairs of equal lengths together, and one number for each pair of words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from s2s.errors import UserError

Floats = NDArray[np.float64]
Numbers = NDArray[np.int64]
Words = Sequence[str]
EMPTY_WORD = 0  # the id of the empty word, which stands before the source words of every pair
BLOCK = 200_000  # cells of a block, at most
MOST = 60_000_000  # cells of all pairs, at most: about 3 GB


@dataclass(frozen=True)
class Block:
    """Pairs with T target and S source words: their indices, and the entry of each cell in tables of word pairs.

    The S + 1 columns are the empty word and the source words. ``start`` is the number of cells before this block.
    """

    index_N: Numbers
    entry_NTS: NDArray[np.int32]
    start: int


@dataclass(frozen=True)
class Bitext:
    """All pairs in blocks, the entry of each of their cells, and the source word of each entry."""

    blocks: tuple[Block, ...]
    entry_C: NDArray[np.int32]
    source_E: Numbers


def make_bitext(pairs: Sequence[tuple[Words, Words]]) -> Bitext:
    """The pairs as arrays, without regard to upper and lower case; a pair with an empty side is in no block.

    The blocks of the pairs and of the swapped pairs have the same indices. Raises UserError for too many pairs.
    """
    if (cells := sum((len(s) + 1) * len(t) for s, t in pairs)) > MOST:
        raise UserError("aligner_too_large", found=cells, most=MOST)
    sources, targets = _numbered([s for s, _ in pairs]), _numbered([t for _, t in pairs])
    size = 1 + max((word for row in targets for word in row), default=0)
    indices, codes = list[Numbers](), list[Numbers]()
    for index in _alike(pairs):
        source_NS = np.array([[EMPTY_WORD, *sources[n]] for n in index], dtype=np.int64)
        target_NT = np.array([targets[n] for n in index], dtype=np.int64)
        indices.append(np.array(index))
        codes.append(source_NS[:, None, :] * size + target_NT[:, :, None])
    flat_C = np.concatenate([code.ravel() for code in codes]) if codes else np.empty(0, dtype=np.int64)
    known_E, found_C = np.unique(flat_C, return_inverse=True)
    entry_C, start, blocks = found_C.astype(np.int32), 0, list[Block]()
    for index_N, code in zip(indices, codes, strict=True):
        blocks.append(Block(index_N, entry_C[start : start + code.size].reshape(code.shape), start))
        start += code.size
    return Bitext(tuple(blocks), entry_C, known_E // size)


def _alike(pairs: Sequence[tuple[Words, Words]]) -> Iterator[list[int]]:
    """The indices of pairs with equal lengths, in parts."""
    by_lengths = dict[tuple[int, int], list[int]]()
    for n, (source, target) in enumerate(pairs):
        if source and target:
            by_lengths.setdefault((len(source), len(target)), []).append(n)
    for (sources, targets), index in by_lengths.items():
        most = max(1, BLOCK // (sources * targets))
        yield from (index[i : i + most] for i in range(0, len(index), most))


def _numbered(sentences: Sequence[Words]) -> list[list[int]]:
    """The words of all sentences as numbers from 1, in order of appearance."""
    ids = dict[str, int]()
    return [[ids.setdefault(word.casefold(), 1 + len(ids)) for word in sentence] for sentence in sentences]
