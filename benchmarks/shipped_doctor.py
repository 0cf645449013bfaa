"""The shipped checkpoints before the doctor: ``python -m benchmarks.shipped_doctor --zh-en FILE --classical FILE``.

Each is examined on the first 200 pairs of a file that it was not trained on; those of the synthetic tasks on 200 that
are generated as the test files were. ``--write FILE`` keeps the numbers that docs/DOCTOR.md states for the test that
compares them.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from s2s.checkpoint.open import load
from s2s.data.readers import Columns, Pair, read_pairs
from s2s.doctor import STRONG, examine_checkpoint
from s2s.tasks.generate import generate
from s2s.text.rounding import significant

PAIRS = 200
CHECKPOINTS = Path(__file__).parents[1] / "checkpoints"
GENERATED = {  # task, seed of the shipped model's data, whether the harder variant
    "date": ("date", 1, False),
    "date-hard": ("date", 1, True),
    "date-hard-replacement-1": ("date", 1, True),
    "car-report": ("car-report", 2, False),
}
STATED = (  # measures of which docs/DOCTOR.md says how far the shipped models go
    "entropy_share",
    "row_distance",
    "first",
    "last",
    "saturated_steps",
    "score_gap",
    "score_spread",
    "first_token_gain",
    "smaller_scores_gain",
    "saturated_tanh",
    "encoder_spectrum",
    "scores_spectrum",
    "first_state_spread",
    "unknown_source",
    "unknown_target",
)


def pairs_of(name: str, files: Mapping[str, Path]) -> list[Pair]:
    """The pairs that a checkpoint is examined on."""
    if name not in GENERATED:
        file = files["classical" if name.startswith("classical") else "zh_en"]
        return list(islice(read_pairs(file, Columns()), PAIRS))
    task, seed, hard = GENERATED[name]
    with tempfile.TemporaryDirectory() as folder:
        generate(task, Path(folder), {"test": PAIRS}, seed, hard)
        return list(read_pairs(Path(folder) / "test.tsv", Columns()))


def examined(files: Mapping[str, Path]) -> Iterator[tuple[str, dict[str, Any]]]:
    """By checkpoint its digest, how many pairs it read, the strong findings, and the stated measures."""
    for directory in sorted(CHECKPOINTS.iterdir()):
        found = examine_checkpoint(load(directory), pairs_of(directory.name, files))
        strong = [finding.name for finding in found.findings if finding.strength >= STRONG]
        measures = {name: significant(found.measures[name], 3) for name in STATED if name in found.measures}
        told = {name: found.about[name] for name in ("digest", "sentences", "left_out")}
        yield directory.name, {**told, "strong": strong, "measures": measures}


def main() -> None:
    """Print a line for each checkpoint, and write the record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--zh-en", type=Path, required=True, help="dev.tsv of Tatoeba")
    parser.add_argument("--classical", type=Path, required=True, help="dev.tsv of classical and modern Chinese")
    parser.add_argument("--write", type=Path)
    given = parser.parse_args()
    record = {}
    for name, found in examined(vars(given)):
        record[name] = found
        print(name, json.dumps(found), flush=True)
    if given.write:
        given.write.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
