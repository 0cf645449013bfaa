"""Writes a task's examples to train, dev and test files, which are replaced together."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from tqdm import tqdm

from s2s import disk
from s2s.tasks import car_report, date
from s2s.tasks.example import Example

FACTS = "facts.jsonl"
TASKS: dict[str, Callable[[str, int, int, bool], Iterator[Example]]] = {
    "date": date.examples,
    "car-report": car_report.examples,
}


def generate(task: str, directory: Path, sizes: Mapping[str, int], seed: int, hard: bool = False) -> dict[Path, int]:
    """Write ``sizes`` (split → count) examples to ``directory``, and ``facts.jsonl`` if the task has facts.

    A line of ``facts.jsonl`` names its split and the row there, from 1. The old files stay if this fails. Returns the
    number of examples by file.
    """
    with disk.fresh_files(directory) as (scratch, names):
        written: dict[str, int] = {}
        with open(scratch / FACTS, "w", encoding="utf-8", newline="\n") as facts:
            for split, count in sizes.items():
                examples = TASKS[task](split, count, seed, hard)
                written[f"{split}.tsv"] = count
                with open(scratch / f"{split}.tsv", "w", encoding="utf-8", newline="\n") as pairs:
                    shown = tqdm(examples, split, count, unit=" examples", disable=None, leave=False)
                    for row, example in enumerate(shown, start=1):
                        pairs.write(f"{example.source}\t{example.target}\n")
                        if example.facts:
                            record = {"split": split, "row": row, **example.facts}
                            facts.write(json.dumps(record, ensure_ascii=False) + "\n")
        if os.path.getsize(scratch / FACTS):
            written[FACTS] = sum(sizes.values())
        names += written
    return {directory / name: count for name, count in written.items()}
