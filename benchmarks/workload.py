"""What every library is asked to do, and the loop that answers the benchmark.

Nothing here needs more than the standard library: a peer's own interpreter imports it, too.
A sentence is a list of words; ``length`` counts what a model reads or predicts, an end of sentence included.
"""

from __future__ import annotations

import json
import os
import random
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

BATCH = 64
VOCABULARY = 8_000  # a side, four specials among them
EMBEDDING = 256
HIDDEN = 512  # of the decoder, and of the encoder per direction where the library allows
DROPOUT = 0.3
CLIP = 1.0
LEARNING_RATE = 1e-3
BEAM = 5
LENGTH_PENALTY = 0.6  # of Wu et al. 2016, which all three implement
WORDS = [f"w{i:04}" for i in range(VOCABULARY - 4)]

Run = Callable[[], None]


@dataclass(frozen=True)
class Training:
    """One step: collate, forward, loss, backward, clip, optimiser."""

    source: int
    target: int
    items: int = 0  # target tokens a run

    def __post_init__(self) -> None:
        object.__setattr__(self, "items", BATCH * self.target)


@dataclass(frozen=True)
class Decoding:
    """One batch, collated and decoded to exactly ``target`` tokens a sentence."""

    beam: int
    items: int  # sentences a run
    source: int = 15
    target: int = 15


Task = Training | Decoding
TASKS: dict[str, Task] = {
    "training short": Training(15, 15),
    "training long": Training(200, 30),
    "greedy 1": Decoding(1, 1),
    "greedy 64": Decoding(1, BATCH),
    "beam 1": Decoding(BEAM, 1),
    "beam 64": Decoding(BEAM, BATCH),
}


def sentences(count: int, length: int, seed: int) -> list[list[str]]:
    """Random words; the same for every library."""
    rng = random.Random(f"{count} {length} {seed}")
    return [rng.choices(WORDS, k=length) for _ in range(count)]


def pairs(task: Training, seed: int) -> tuple[list[list[str]], list[list[str]]]:
    """A batch's sources and targets; the targets lack the end of sentence that every library adds."""
    return sentences(BATCH, task.source, seed), sentences(BATCH, task.target - 1, seed)


def expect(found: object, wanted: object, what: str) -> None:
    """Stop the benchmark where a library did other work than it was asked for."""
    if found != wanted:
        raise RuntimeError(f"{what}: {found} instead of {wanted}")


def serve(version: str, threads: int, prepare: Callable[[str, Task], Run]) -> None:
    """Answer requests, a JSON line each, with the seconds that ``count`` runs took.

    ``{"system": "luong", "task": "beam 64", "count": 3}`` → ``{"seconds": 5.1}``. What ``prepare``
    builds is kept for the next request. Prints of a library go to stderr.
    """
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    print(json.dumps({"version": version, "threads": threads}), file=answers)
    runs: dict[tuple[str, str], Run] = {}
    for line in sys.stdin:
        request = json.loads(line)
        key = request["system"], request["task"]
        if key not in runs:
            runs[key] = prepare(key[0], TASKS[key[1]])
        start = time.perf_counter()
        for _ in range(request["count"]):
            runs[key]()
        print(json.dumps({"seconds": time.perf_counter() - start}), file=answers)
