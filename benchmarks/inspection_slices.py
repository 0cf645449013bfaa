"""How long the scores and tests of a slice of a large inspection take, and the search for its worst slices."""

from __future__ import annotations

import shutil
import statistics
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from s2s.inspect.comparison import comparison
from s2s.inspect.pair_findings import pair_words
from s2s.inspect.paired import Paired
from s2s.inspect.summary import slice_scores
from s2s.inspect.table import Examples
from s2s.inspect.worst import worst_slices

MOVED = ("bleu", "chrf", "bleu_counts", "chrf_counts", "output_tokens")


def second_system(directory: Path, place: Path) -> Path:
    """An inspection of the same file whose outputs and scores are those of the row before."""
    shutil.copytree(directory, place)
    table = pq.read_table(directory / "examples.parquet")
    before = pa.array(np.roll(np.arange(len(table)), 1))
    for name in MOVED:
        table = table.set_column(table.schema.get_field_index(name), name, table[name].take(before))
    pq.write_table(table, place / "examples.parquet", row_group_size=1000, compression="zstd")
    return place


def slices(directory: Path, rounds: int) -> None:
    """Measure and print; the slices have all rows, every second and every tenth."""
    pair = Paired(Examples(directory), Examples(second_system(directory, directory.with_name("second"))), "chrf")
    for step in (1, 2, 10):
        rows_N = np.arange(len(pair)) % step == 0
        work: dict[str, Callable[[], object]] = {
            "scores with intervals": partial(slice_scores, pair, rows_N),
            "comparison, both tests": partial(comparison, pair, pair.second, rows_N=rows_N),
            "worst slices": partial(worst_slices, pair, rows_N=rows_N),
            "words and n-grams": partial(pair_words, pair, rows_N),
        }
        for name, run in work.items():
            times = []
            for _ in range(rounds + 1):  # the first reads columns that then stay in memory
                start = time.perf_counter()
                run()
                times.append(time.perf_counter() - start)
            middle, most = statistics.median(times[1:]), max(times[1:])
            print(f"a slice of {int(rows_N.sum()):,} rows, {name}: {middle:.2f} s, at most {most:.2f} s")
