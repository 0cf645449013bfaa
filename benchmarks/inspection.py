"""Time and memory of ``inspect``, and how fast its table is read: ``python -m benchmarks.inspection FILE``.

FILE holds pairs that the checkpoint is for. Its first sentences are inspected as a user would; their
rows, repeated, make a large inspection whose last stage, joining the parts and summing up, is
measured for memory; then pages of that table are read.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from s2s.checkpoint import load
from s2s.commands.terminal import find_checkpoint
from s2s.inspect import bins
from s2s.inspect.columns import PART
from s2s.inspect.run import WINDOW, Input, Inspection
from s2s.inspect.table import Examples, Query
from s2s.readers import read_pairs

QUERIES = {
    "first page": Query(),
    "sorted by chrF": Query(sort="chrf"),
    "errors with a cause, by NLL": Query(sort="nll", descending=True, errors=True, causes=("attention",)),
    "a range": Query(sort="bleu", ranges={"length_ratio": (0.5, 0.8), "source_gain": (None, 3.0)}),
    "searched": Query(sort="chrf", text="the"),
}


def measured(command: list[str]) -> tuple[float, float]:
    """Seconds and megabytes at most of a command."""
    start = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-m", *command], stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    if status:
        raise RuntimeError(f"{' '.join(command)} ended with status {status}")
    return time.perf_counter() - start, used.ru_maxrss / 1024


def repeat(rows: pa.Table, pairs: list[tuple[str, str]], count: int, checkpoint: str, place: Path) -> list[str]:
    """A directory that lacks nothing but its last stage, ``count`` rows; the command that ends it."""
    source = place / "many.tsv"
    with open(source, "w", encoding="utf-8") as file:
        for n in range(count):
            file.write("\t".join(pairs[n % len(pairs)]) + "\n")
    made = Inspection(place / "many", load(find_checkpoint(checkpoint)), Input(source))
    made.parts.mkdir(parents=True)
    for window in range(made.windows):
        start, size = window * WINDOW, min(WINDOW, count - window * WINDOW)
        part = rows.take(pa.array([n % len(rows) for n in range(start, start + size)]))
        part = part.set_column(0, "id", pa.array(range(start + 1, start + size + 1), pa.int64()))
        pq.write_table(part.cast(PART), made.part(window), compression="zstd")
    made.write_manifest()
    return ["s2s", "inspect", checkpoint, str(source), "--out", str(place / "many")]


def pages(directory: Path, rounds: int) -> dict[str, list[float]]:
    """Milliseconds of a page of 50 rows, of each query, ``rounds`` times."""
    times: dict[str, list[float]] = {name: [] for name in QUERIES}
    for _ in range(rounds):
        for name, query in QUERIES.items():
            start = time.perf_counter()
            Examples(directory).page(query)
            times[name].append(1000 * (time.perf_counter() - start))
    return times


def interactions(directory: Path, rounds: int) -> dict[str, list[float]]:
    """Milliseconds of what the page computes after each change of a query: order, rows, distributions, causes, words.

    The columns are in memory, as they are in a server; the first round, which reads them, is left out.
    """
    examples, times = Examples(directory), {name: list[float]() for name in QUERIES}
    made = [(name, made) for name in bins.MEASURES if (made := bins.bins(examples, name))]
    for n in range(rounds + 1):
        for name, query in QUERIES.items():
            start = time.perf_counter()
            examples.page(query, count=10)
            masks = examples.masks(query)
            for measure, binned in made:
                binned.counts(bins.others(masks, f"ranges:{measure}", len(examples)))
            bins.causes(examples, masks)
            bins.confusion(examples, query, masks)
            if n:
                times[name].append(1000 * (time.perf_counter() - start))
    return times


def main() -> None:
    """Measure and print."""
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("file", type=Path)
    p.add_argument("--checkpoint", default="zh-en-luong")
    p.add_argument("--sentences", type=int, default=2000)
    p.add_argument("--rows", type=int, default=100_000)
    options = p.parse_args()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        command = ["s2s", "inspect", options.checkpoint, str(options.file), "--limit", str(options.sentences)]
        seconds, memory = measured([*command, "--out", str(place / "some")])
        print(f"{options.sentences:,} sentences, both lanes, all causes: {seconds:.1f} s, at most {memory:.0f} MB")
        pairs = list(read_pairs(options.file))[: options.sentences]
        rows = pq.read_table(place / "some" / "examples.parquet").select(PART.names)
        seconds, memory = measured(repeat(rows, pairs, options.rows, options.checkpoint, place))
        print(f"{options.rows:,} rows joined and summed up: {seconds:.1f} s, at most {memory:.0f} MB")
        for name, times in pages(place / "many", 7).items():
            print(
                f"50 of {options.rows:,} rows, {name}: {statistics.median(times):.0f} ms, at most {max(times):.0f} ms"
            )
        for name, times in interactions(place / "many", 7).items():
            print(f"page, after a change: {name}: {statistics.median(times):.0f} ms, at most {max(times):.0f} ms")


if __name__ == "__main__":
    main()
