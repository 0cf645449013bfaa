"""Training and decoding speed beside JoeyNMT and OpenNMT-py: ``python -m benchmarks.peers`` (or ``make bench-peers``).

Every library runs in a process of its own, all on one core with one thread, and only one at a time. Rounds go through
the libraries in turn, so that a slow minute of the machine falls on all of them; a figure is the median of its rounds.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from benchmarks.environments import HERE, interpreter
from benchmarks.workload import TASKS

REFERENCE = "JoeyNMT, Luong"
TRAINING = ("training short", "training long")
DECODING = ("greedy 1", "greedy 64", "beam 1", "beam 64")
FULL = {  # task → rounds, runs a round
    "training short": (7, 2),
    "training long": (3, 1),
    "greedy 1": (9, 10),
    "greedy 64": (7, 2),
    "beam 1": (9, 5),
    "beam 64": (5, 1),
}
QUICK = {
    "training short": (3, 1),
    "training long": (1, 1),
    "greedy 1": (3, 5),
    "greedy 64": (3, 1),
    "beam 1": (3, 3),
    "beam 64": (2, 1),
}
NOTE = """
Batch 64, embedding 256, decoder 512, bidirectional encoder with 512 per direction, one layer of GRU each, vocabulary
8,000 a side, untied; dropout 0.3, clipping at 1, Adam. Lookback, general, JoeyNMT, Luong, and OpenNMT-py feed the
last readout back in; Lookback's additive attention is Bahdanau's and has no such input. OpenNMT-py's encoder can only
have 256 per direction: compare it with the row of Lookback that has as many. A training step goes from lists of ids
(of JoeyNMT, words) to updated weights, Lookback's with the moving average of the weights; tokens are the target's,
with end of sentence. Decoding makes exactly 15 tokens from 15 for every sentence, the end of sentence being
forbidden; beam search has a length penalty of 0.6. "Memory kept": with glibc's `MALLOC_MMAP_MAX_=0` and a high
`MALLOC_TRIM_THRESHOLD_`, what Lookback's loop sets by itself; without, freed memory goes back to the system at every
step, and a large part of a peer's step on long inputs is page faults, more or fewer by chance. All compute attention
at every step. Lookback returns it; of the peers JoeyNMT's greedy search does, and OpenNMT-py's for one sentence, not
their beam searches. "Its matrix products alone" are Lookback's, at their shapes, with nothing between them
(benchmarks/limit.py): what no code of this model can be faster than on this core.
"""


@dataclass(frozen=True)
class System:
    """A row of the tables."""

    label: str
    library: str
    name: str  # for the worker
    decodes: bool = False
    quick: bool = True
    keeps: bool = False  # freed memory, by the environment

    def does(self, task: str) -> bool:
        """Whether the system is measured in a task."""
        return self.decodes or task in TRAINING


SYSTEMS = (
    System("Lookback, general", "ours", "general", decodes=True),
    System("its matrix products alone", "ours", "limit", decodes=True),
    System("Lookback, general, bf16", "ours", "bf16"),
    System("its matrix products alone, bf16", "ours", "limit-bf16"),
    System("Lookback, additive", "ours", "additive", quick=False),
    System("Lookback, general, 256 per direction", "ours", "half", decodes=True),
    System(REFERENCE, "joeynmt", "luong", decodes=True),
    System("JoeyNMT, Luong, memory kept", "joeynmt", "luong", keeps=True),
    System("JoeyNMT, Bahdanau", "joeynmt", "bahdanau", quick=False),
    System("OpenNMT-py, general, 256 per direction", "opennmt", "general", decodes=True),
    System("OpenNMT-py, general, 256 per direction, memory kept", "opennmt", "general", keeps=True),
    System("OpenNMT-py, mlp, 256 per direction", "opennmt", "mlp", quick=False),
)
KEEP = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": str(2**31 - 1)}


class Worker:
    """A library's process."""

    def __init__(self, python: Path, module: str, keeps: bool, log: IO[str]) -> None:
        threads = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
        self.module, self.log = module, log
        self.process = subprocess.Popen(
            [python, "-W", "ignore", "-m", module],
            cwd=HERE.parent,
            env=os.environ | threads | (KEEP if keeps else {}),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        hello = self._read()
        self.version = str(hello["version"])
        if hello["threads"] != 1:
            raise SystemExit(f"{module} runs with {hello['threads']} threads")

    def _read(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            self.log.seek(0)
            raise SystemExit(f"{self.module} ended:\n{self.log.read()[-3000:]}")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def seconds(self, system: str, task: str, count: int) -> float:
        """The seconds that ``count`` runs of a task took."""
        assert self.process.stdin is not None
        print(json.dumps({"system": system, "task": task, "count": count}), file=self.process.stdin, flush=True)
        return float(self._read()["seconds"])

    def close(self) -> None:
        """End the process."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(60)


Workers = dict[tuple[str, bool], Worker]
Rates = dict[str, list[float]]  # label → one figure a round


def measure(systems: Sequence[System], workers: Workers, task: str, rounds: int, count: int) -> Rates:
    """Items a second of every system, round by round, after one warm-up run each."""
    rates: Rates = {s.label: [] for s in systems if s.does(task)}
    for turn in range(rounds + 1):
        print(f"{task}: round {turn} of {rounds}", file=sys.stderr)
        for system in systems:
            if system.does(task):
                runs = count if turn else 1
                seconds = workers[system.library, system.keeps].seconds(system.name, task, runs)
                if turn:
                    rates[system.label].append(runs * TASKS[task].items / seconds)
    return rates


def table(title: str, tasks: Sequence[str], results: dict[str, Rates]) -> str:
    """Markdown: the median of each system's rounds, and its ratio to the reference."""
    lines = [f"| {title} | {' | '.join(tasks)} |", "|---|" + "---:|" * len(tasks)]
    for label in results[tasks[0]]:
        cells = []
        for task in tasks:
            rate, base = (statistics.median(results[task][name]) for name in (label, REFERENCE))
            cells.append(f"{rate:,.{0 if rate >= 100 else 1}f} (×{rate / base:.2f})")
        lines.append(f"| {label} | {' | '.join(cells)} |")
    return "\n".join(lines)


def cpu() -> str:
    """The processor's name, if Linux reports it."""
    with contextlib.suppress(OSError), open("/proc/cpuinfo", encoding="utf-8") as lines:
        for line in lines:
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--quick", action="store_true", help="fewer rounds, and the main rows alone")
    parser.add_argument("--core", type=int, help="the processor core to use (default: the last)")
    parser.add_argument("--json", default="-", metavar="FILE", help="where every round's figure goes (default: stdout)")
    parser.add_argument(
        "--environments",
        type=Path,
        default=HERE / ".peers",
        metavar="DIR",
        help="where the peers' virtual environments are or will be (default: benchmarks/.peers)",
    )
    return parser.parse_args()


def run(quick: bool, pythons: dict[str, Path]) -> tuple[list[str], dict[str, Rates]]:
    """The libraries' versions, and every task's rates."""
    systems, plan = [s for s in SYSTEMS if s.quick or not quick], QUICK if quick else FULL
    with contextlib.ExitStack() as stack:
        workers: Workers = {}
        for library, keeps in dict.fromkeys((s.library, s.keeps) for s in systems):
            module = "benchmarks.ours" if library == "ours" else f"benchmarks.peer_{library}"
            log = stack.enter_context(tempfile.TemporaryFile("w+"))
            workers[library, keeps] = Worker(pythons[library], module, keeps, log)
            stack.callback(workers[library, keeps].close)
        versions = list(dict.fromkeys(worker.version for worker in workers.values()))
        return versions, {task: measure(systems, workers, task, *plan[task]) for task in (*TRAINING, *DECODING)}


def main() -> None:
    """Every measurement, the tables, the JSON."""
    chosen = options()
    pythons = {name: interpreter(name, chosen.environments.resolve()) for name in ("joeynmt", "opennmt")}
    if hasattr(os, "sched_setaffinity"):  # inherited by the workers
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0)) if chosen.core is None else chosen.core})
    heading = f"{cpu()}, 1 thread, load {os.getloadavg()[0]:.1f} at the start"
    versions, results = run(chosen.quick, pythons | {"ours": Path(sys.executable)})
    print(f"{heading}; {'; '.join(versions)}\n")
    print(table("target tokens/s", TRAINING, results), end="\n\n")
    print(table("sentences/s", DECODING, results))
    print(NOTE)
    found = json.dumps({"machine": heading, "versions": versions, "rates": results}, indent=1)
    if chosen.json == "-":
        print(found)
    else:
        Path(chosen.json).write_text(found + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
