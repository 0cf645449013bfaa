"""A task for tiny models: letters in reverse order."""

from __future__ import annotations

import json
import random
from pathlib import Path

LETTERS = "abcdefghij"
SOURCES = (("a", "d", "c", "b"), ("j",), ("e", "zz", "a", "a", "f", "b", "c"))  # zz is in no vocabulary
TARGETS = (("B", "C", "D", "A"), ("J", "J"), ("C", "zz", "A"))


def pairs(count: int, seed: int) -> list[tuple[list[str], list[str]]]:
    """Sources and their reversals in capitals."""
    rng = random.Random(seed)
    sources = ([rng.choice(LETTERS) for _ in range(rng.randint(1, 6))] for _ in range(count))
    return [(source, [letter.upper() for letter in reversed(source)]) for source in sources]


def write(directory: Path) -> None:
    """``train`` and ``dev`` as one file a side."""
    directory.mkdir(parents=True, exist_ok=True)
    for split, count in (("train", 200), ("dev", 10)):
        made = pairs(count, len(split))
        for side, name in enumerate(("src", "trg")):
            lines = (" ".join(pair[side]) + "\n" for pair in made)
            (directory / f"{split}.{name}").write_text("".join(lines), encoding="utf-8")


def tell(file: Path, rows: list[tuple[list[list[float]], list[list[float]], list[str]]]) -> None:
    """Attention, log-probabilities and the target's words of each sentence, for a comparison."""
    file.write_text(json.dumps(rows), encoding="utf-8")
