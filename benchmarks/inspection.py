"""Time and memory of ``inspect``, and how fast its table is read: ``python -m benchmarks.inspection FILE``.

FILE holds pairs that the checkpoint is for. Its first sentences are inspected as a user would; their
rows, repeated, make a large inspection whose last stage, joining the parts and summing up, is
measured for memory; then pages of that table are read. With ``--states N`` pairs of its sentences, put
together, make an inspection of about N decoder states, which are computed, kept and searched, for
those of sentences that it has and of sentences that it has not; each answer is held against a search
of all of them in double precision. ``--whole N`` inspects N such pairs from end to end. ``--page`` opens
the large inspection in a browser and measures every interaction there instead (``inspection_page.py``); ``--slice``
measures the scores and tests of its slices (``inspection_slices.py``).
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

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks import inspection_page, inspection_slices
from s2s.checkpoint.find import find_checkpoint
from s2s.checkpoint.open import load
from s2s.data.readers import read_pairs
from s2s.inspect import bins
from s2s.inspect.query import Query, Search
from s2s.inspect.run import WINDOW, Input, Inspection
from s2s.inspect.schema import PART
from s2s.inspect.states.nearest import nearest
from s2s.inspect.states.sketch import chunked, unit
from s2s.inspect.states.store import KINDS, StateStore
from s2s.inspect.table import Examples

QUERIES = {
    "first page": Query(),
    "sorted by chrF": Query(sort="chrf"),
    "errors with a cause, by NLL": Query(sort="nll", descending=True, errors=True, causes=("attention",)),
    "a range": Query(sort="bleu", ranges={"length_ratio": (0.5, 0.8), "reference_gain": (None, 3.0)}),
    "searched": Query(sort="chrf", searches=(Search("the"),)),
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
    """A directory that lacks nothing but its last stage, ``count`` rows, shuffled; the command that ends it."""
    source, order = place / "many.tsv", np.random.default_rng(0).permutation(count) % len(rows)
    with open(source, "w", encoding="utf-8") as file:
        for n in order.tolist():
            file.write("\t".join(pairs[n]) + "\n")
    made = Inspection(place / "many", load(find_checkpoint(checkpoint)), Input(source))
    made.parts.mkdir(parents=True)
    for window in range(made.windows):
        start, size = window * WINDOW, min(WINDOW, count - window * WINDOW)
        part = rows.take(pa.array(order[start : start + size]))
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
    made = [(name, made) for name in bins.MEASURES if (made := bins.bins_of(examples, name))]
    for n in range(rounds + 1):
        for name, query in QUERIES.items():
            start = time.perf_counter()
            examples.page(query, count=10)
            masks = examples.masks(query)
            for measure, binned in made:
                binned.counts(bins.mask_without(masks, f"ranges:{measure}", len(examples)))
            bins.cause_counts(examples, masks)
            bins.confusion_counts(examples, query, masks)
            if n:
                times[name].append(1000 * (time.perf_counter() - start))
    return times


def combined(pairs: list[tuple[str, str]], count: int) -> list[tuple[str, str]]:
    """Pairs of two sentences, each once before one comes again."""
    size, made = len(pairs), []
    for n in range(count):
        one, other = pairs[n % size], pairs[(n + 1 + n // size) % size]
        made.append((one[0] + other[0], f"{one[1]} {other[1]}"))
    return made


def written(pairs: list[tuple[str, str]], path: Path) -> Path:
    """A file of pairs."""
    path.write_text("".join(f"{source}\t{target}\n" for source, target in pairs), encoding="utf-8")
    return path


def searched(directory: Path, queries: int) -> dict[str, tuple[list[float], list[int], float]]:
    """Of each kind: milliseconds of searches, how many states each compared in full, the share that was right.

    Half of the queries are states of the corpus, half lie between two of them, as a sentence's does that it lacks.
    """
    kept, rng, out = StateStore(directory), np.random.default_rng(0), {}
    for kind in KINDS:
        states, times, compared, right = kept.states(kind), list[float](), list[int](), 0
        nearest(kept, kind, np.array(states[0]))  # what is mapped is read from the disk once
        for n in range(queries):
            one, other = (np.array(states[row], dtype=np.float64) for row in rng.integers(0, len(states), 2))
            query = one if n % 2 else one + 0.3 * other
            start = time.perf_counter()
            found = nearest(kept, kind, query)
            times.append(1000 * (time.perf_counter() - start))
            compared.append(found.compared)
            cosine = np.concatenate([unit(part) @ unit(query[None])[0] for part in chunked(states)])
            right += np.allclose(
                np.sort(cosine)[::-1][:10], [one.cosine for one in found.neighbours], rtol=0, atol=1e-9
            )
        out[kind] = times, compared, right / queries
    return out


def states(place: Path, pairs: list[tuple[str, str]], checkpoint: str, count: int, queries: int) -> None:
    """Measure and print what keeping and searching about ``count`` decoder states takes."""
    side = load(find_checkpoint(checkpoint)).target
    mean = statistics.mean(2 * len(side.tokens(target)) + 1 for _, target in pairs)
    file = written(combined(pairs, round(count / mean)), place / "states.tsv")
    command = ["s2s", "inspect", checkpoint, str(file), "--mode", "forced", "--out", str(place / "states")]
    seconds, memory = measured(command)
    print(f"teacher-forced: {seconds:.1f} s, at most {memory:.0f} MB")
    seconds, memory = measured([*command, "--states"])
    kept = StateStore(place / "states")
    sizes = ", ".join(f"{kind} {len(kept.states(kind)):,} × {kept.states(kind).shape[1]}" for kind in KINDS)
    used = sum(path.stat().st_size for path in kept.directory.iterdir()) / 1e6
    print(f"states kept ({sizes}): {seconds:.1f} s, at most {memory:.0f} MB, {used:.0f} MB on disk")
    for kind, (times, compared, right) in searched(place / "states", queries).items():
        middle, most = statistics.median(times), max(times)
        print(
            f"10 nearest, {kind}: {middle:.0f} ms, at most {most:.0f} ms; compared in full "
            f"{statistics.median(compared):,.0f}, at most {max(compared):,}; {100 * right:.0f} % exact"
        )


def main() -> None:
    """Measure and print."""
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("file", type=Path)
    p.add_argument("--checkpoint", default="zh-en-luong")
    p.add_argument("--sentences", type=int, default=2000)
    p.add_argument("--rows", type=int, default=100_000)
    p.add_argument("--states", type=int, default=0, metavar="N", help="search about N states, nothing else")
    p.add_argument("--whole", type=int, default=0, metavar="N", help="inspect N pairs of two sentences, nothing else")
    p.add_argument("--queries", type=int, default=40)
    p.add_argument("--slice", action="store_true", help="scores and tests of slices of the large one, nothing else")
    p.add_argument("--page", action="store_true", help="the interactions of the page in Chromium, nothing else")
    options = p.parse_args()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        if options.states or options.whole:
            pairs = list(read_pairs(options.file))[: options.sentences]
            if options.states:
                states(place, pairs, options.checkpoint, options.states, options.queries)
            if options.whole:
                file = written(combined(pairs, options.whole), place / "whole.tsv")
                command = ["s2s", "inspect", options.checkpoint, str(file), "--out", str(place / "whole"), "--states"]
                seconds, memory = measured(command)
                print(f"{options.whole:,} pairs, all causes and states: {seconds:.0f} s, at most {memory:.0f} MB")
            return
        command = ["s2s", "inspect", options.checkpoint, str(options.file), "--limit", str(options.sentences)]
        seconds, memory = measured([*command, "--out", str(place / "some")])
        print(f"{options.sentences:,} sentences, both lanes, all causes: {seconds:.1f} s, at most {memory:.0f} MB")
        pairs = list(read_pairs(options.file))[: options.sentences]
        rows = pq.read_table(place / "some" / "examples.parquet").select(PART.names)
        seconds, memory = measured(repeat(rows, pairs, options.rows, options.checkpoint, place))
        print(f"{options.rows:,} rows joined and summed up: {seconds:.1f} s, at most {memory:.0f} MB")
        if options.slice:
            inspection_slices.slices(place / "many", rounds=5)
            return
        if options.page:
            inspection_page.page(place, "many", rounds=9)
            return
        for name, times in pages(place / "many", 7).items():
            print(
                f"50 of {options.rows:,} rows, {name}: {statistics.median(times):.0f} ms, at most {max(times):.0f} ms"
            )
        for name, times in interactions(place / "many", 7).items():
            print(f"page, after a change: {name}: {statistics.median(times):.0f} ms, at most {max(times):.0f} ms")


if __name__ == "__main__":
    main()
