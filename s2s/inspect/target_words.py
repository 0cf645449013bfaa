"""The words that systems get right, by their frequency in training, as in compare-mt (Neubig et al. 2019)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from s2s import disk
from s2s.checkpoint.record import Checkpoint
from s2s.evaluate.bootstrap import Bootstrap, Floats, plain, ratios
from s2s.inspect.columns import chosen_rows
from s2s.inspect.table import Examples
from s2s.text.vocab import SPECIALS

RANKS_FILE = "target_ranks.parquet"
RANKS = pa.schema({"token": pa.string(), "rank": pa.int32()})
LAST_RANKS = (100, 1_000, 10_000)  # of the buckets; one more has the rest of the vocabulary
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Tokens:
    """The tokens of several columns of N rows, laid end to end: their column, row and number in ``words``."""

    column_M: Ints
    row_M: Ints
    word_M: Ints
    words: pa.Array
    rows: int
    columns: int

    @classmethod
    def of(cls, columns: Sequence[pa.ChunkedArray]) -> Tokens:
        """The tokens of columns of lists that have equally many rows; a row without a list has no tokens."""
        lists = [column.combine_chunks() for column in columns]
        sizes = [pc.fill_null(pc.list_value_length(one), 0).to_numpy(zero_copy_only=False) for one in lists]
        rows = np.concatenate([np.repeat(np.arange(len(size)), size) for size in sizes]).astype(np.int64)
        encoded = pa.concat_arrays([one.flatten() for one in lists]).dictionary_encode()
        column = np.repeat(np.arange(len(lists)), [int(size.sum()) for size in sizes])
        return cls(
            column, rows, encoded.indices.to_numpy().astype(np.int64), encoded.dictionary, len(lists[0]), len(lists)
        )


def write_ranks(directory: Path, parts: Sequence[Path], checkpoint: Checkpoint) -> None:
    """Write the rank of each known token of references and outputs in the target vocabulary, from 1.

    Nothing is written if the vocabulary may not be sorted by frequency in training: of an imported checkpoint, and of
    one that was trained on from another.
    """
    if "imported" in checkpoint.metrics or checkpoint.config.train.start:
        return
    vocab = checkpoint.target.vocab
    tokens = set[str]()
    for path in parts:
        for column in pq.read_table(path, columns=["reference_tokens", "output_tokens"]).columns:
            tokens.update(pc.unique(column.combine_chunks().flatten()).to_pylist())
    ranks = {token: vocab.ids[token] - len(SPECIALS) + 1 for token in tokens if token in vocab.ids}
    known = sorted((rank, token) for token, rank in ranks.items() if rank > 0)
    table = pa.table({"token": [token for _, token in known], "rank": [rank for rank, _ in known]}, schema=RANKS)
    disk.write_file(directory / RANKS_FILE, lambda path: pq.write_table(table, path, compression="zstd"))


def read_ranks(directory: Path) -> dict[str, int]:
    """The ranks in a directory; empty if the vocabulary is not sorted by frequency or the file is missing."""
    path = directory / RANKS_FILE
    table = pq.read_table(path) if path.exists() else RANKS.empty_table()
    return dict(zip(table["token"].to_pylist(), table["rank"].to_pylist(), strict=True))


def words_by_rank(examples: Examples, rows_N: np.ndarray | None = None) -> list[dict[str, Any]]:
    """``word_accuracy`` of an inspection, of all its rows or of some."""
    table = chosen_rows(examples.columns("reference_tokens", "output_tokens"), rows_N)
    return word_accuracy(table["reference_tokens"], [table["output_tokens"]], read_ranks(examples.directory))


def word_accuracy(
    references: pa.ChunkedArray,
    outputs: Sequence[pa.ChunkedArray],
    ranks: Mapping[str, int],
    by: Bootstrap | None = None,
) -> list[dict[str, Any]]:
    """F1 of the words of each bucket for each system, with intervals; of two also the difference.

    A bucket has the words with ranks ``first`` to ``last``, the last one (None, None) those outside the vocabulary.
    ``reference`` is how many words of the references are in it. Buckets that no reference has are left out.
    """
    if not ranks:
        return []
    tokens = Tokens.of([references, *outputs])
    rank_V = np.array([ranks.get(word, 0) for word in tokens.words.to_pylist()])
    last = max(ranks.values())
    ends = [*(end for end in LAST_RANKS if end < last), last]
    bucket_V = np.where(rank_V > 0, np.searchsorted(ends, rank_V), len(ends))
    counts, matched = matches(tokens, tokens.word_M, np.arange(len(tokens.word_M)))
    size = tokens.rows, len(ends) + 1
    (reference_NB, *said_SNB), right_SNB = (
        [_row_sums(one, bucket_V, size) for one in part] for part in (counts, matched)
    )
    columns = [2 * right_NB for right_NB in right_SNB] + [reference_NB + said_NB for said_NB in said_SNB]
    estimates = _f1((by or Bootstrap()), np.hstack(columns), len(outputs))
    spans = [*zip([1, *(end + 1 for end in ends[:-1])], ends, strict=True), (None, None)]
    return [
        {"first": first, "last": end, "reference": int(number), **estimates[b]}
        for b, ((first, end), number) in enumerate(zip(spans, reference_NB.sum(axis=0), strict=True))
        if number
    ]


def matches(tokens: Tokens, gram_M: Ints, place_M: Ints) -> tuple[list[tuple[Ints, ...]], list[tuple[Ints, ...]]]:
    """How often a row of each column has an n-gram (row, n-gram, number), and how many of an output's are right.

    They are right as often as the reference, the first column, has them in the same row.
    """
    size, columns, matched = int(gram_M.max(initial=0)) + 1, list[tuple[Ints, Ints]](), list[tuple[Ints, ...]]()
    key_M, column_M = tokens.row_M[place_M] * size + gram_M, tokens.column_M[place_M]
    for column in range(tokens.columns):
        columns.append(np.unique(key_M[column_M == column], return_counts=True))
    for keys, numbers in columns[1:]:
        shared, own, other = np.intersect1d(keys, columns[0][0], assume_unique=True, return_indices=True)
        matched.append((shared // size, shared % size, np.minimum(numbers[own], columns[0][1][other])))
    return [(keys // size, keys % size, numbers) for keys, numbers in columns], matched


def _row_sums(counts: tuple[Ints, ...], bucket_V: Ints, size: tuple[int, int]) -> Floats:
    """How many tokens of each bucket a row has: (N, B)."""
    row_K, word_K, number_K = counts
    flat = np.bincount(row_K * size[1] + bucket_V[word_K], number_K, minlength=size[0] * size[1])
    return flat.reshape(size).astype(float)


def _f1(by: Bootstrap, columns_NK: Floats, systems: int) -> list[dict[str, Any]]:
    """Of each bucket ``f1`` of each system, and of two ``difference``: value and interval, 0 to 1."""

    def values(sums_RK: Floats) -> Floats:
        f1_RK = ratios(sums_RK)
        if systems == 1:
            return f1_RK
        first_RB, second_RB = np.split(f1_RK, 2, axis=1)
        return np.hstack([f1_RK, first_RB - second_RB])

    ends = zip(*map(plain, by.interval(columns_NK, values)), strict=True)
    estimates = [dict(zip(("value", "low", "high"), one, strict=True)) for one in ends]
    buckets = columns_NK.shape[1] // (2 * systems)
    return [
        {
            "f1": [estimates[system * buckets + bucket] for system in range(systems)],
            **({"difference": estimates[2 * buckets + bucket]} if systems == 2 else {}),
        }
        for bucket in range(buckets)
    ]
