"""Quality by length: ``python -m benchmarks.lengths TEST.tsv CHECKPOINT … --out s2s/evaluate/results/NAME.json``.

Corpus chrF of greedy output for the sentences of each bin, with the percentile interval of a bootstrap over
sentences. The checkpoints must be trained on one file and cut the source alike, so that a bin holds the
same sentences for all. A bin of fewer than 30 sentences is left out.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from s2s.checkpoint.find import find_checkpoint
from s2s.checkpoint.open import load
from s2s.checkpoint.record import Checkpoint
from s2s.data.readers import Pair, read_pairs
from s2s.evaluate.bootstrap import Bootstrap
from s2s.evaluate.corpus import translate
from s2s.evaluate.lengths import SCHEMA, lengths_from_dict
from s2s.inspect.scores import SentenceScores, chrf

BINS = ((1, 4), (5, 8), (9, 12), (13, 16), (17, 20), (21, 30), (31, 50))  # source tokens
FEWEST = 30  # sentences of a bin


def binned(lengths: Sequence[int], fewest: int = FEWEST) -> dict[tuple[int, int], list[int]]:
    """The sentences' places by bin, of bins with enough of them.

    >>> binned([3, 9, 4, 60], fewest=2)
    {(1, 4): [0, 2]}
    """
    places = {(low, high): [i for i, n in enumerate(lengths) if low <= n <= high] for low, high in BINS}
    return {key: found for key, found in places.items() if len(found) >= fewest}


def counts(checkpoint: Checkpoint, pairs: Sequence[Pair]) -> np.ndarray:
    """The counts of chrF of each sentence's greedy output, (N, K)."""
    scores = SentenceScores(checkpoint.target)
    outputs = translate(checkpoint.model, [checkpoint.source.encode(source) for source, _ in pairs])
    rows = (
        scores.columns(checkpoint.target.decode(output), reference)["chrf_counts"]
        for output, (_, reference) in zip(outputs, pairs, strict=True)
    )
    return np.array(list(rows), dtype=float)


def measure(
    checkpoints: Sequence[Checkpoint], pairs: Sequence[Pair], test: str, fewest: int = FEWEST
) -> dict[str, Any]:
    """The table as docs/FORMATS.md has it. ValueError where the checkpoints cannot be compared or no bin is full."""
    first, by = checkpoints[0], Bootstrap()
    pairs = [pair for pair in pairs if first.source.tokens(pair[0])]
    lengths = [len(first.source.tokens(source)) for source, _ in pairs]
    for other in checkpoints[1:]:
        if other.config.data.train != first.config.data.train:
            raise ValueError(f"{other.name} and {first.name} are trained on different files")
        if [len(other.source.tokens(source)) for source, _ in pairs] != lengths:
            raise ValueError(f"{other.name} and {first.name} cut the source differently")
    bins = binned(lengths, fewest)
    if not bins:
        raise ValueError(f"no bin has {fewest} sentences")
    systems = []
    for checkpoint in checkpoints:
        counts_NK = counts(checkpoint, pairs)
        found = [by.estimate(counts_NK[places], chrf, len(places)) for places in bins.values()]
        systems.append(
            {
                "name": checkpoint.name,
                "attention": checkpoint.config.model.attention,
                "epochs": checkpoint.config.train.epochs,
                "chrf": [{"value": e.value, "low": e.low, "high": e.high} for e in found],
            }
        )
    return {
        "schema": SCHEMA,
        "train": first.config.data.train,
        "test": test,
        "level": by.level,
        "bins": [{"low": low, "high": high, "sentences": len(some)} for (low, high), some in bins.items()],
        "systems": systems,
    }


def main() -> None:
    """Measure, write, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("test", type=Path)
    parser.add_argument("checkpoints", nargs="+")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    checkpoints = [load(find_checkpoint(name)) for name in arguments.checkpoints]
    values = measure(checkpoints, read_pairs(arguments.test), str(arguments.test))
    lengths_from_dict(values)  # what is written can be read
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(json.dumps(values, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    for n, b in enumerate(values["bins"]):
        cells = (f"{s['name']} {s['chrf'][n]['value']:.1f}" for s in values["systems"])
        print(f"{b['low']:>3}–{b['high']:<3} {b['sentences']:>5} sentences   {'   '.join(cells)}")


if __name__ == "__main__":
    main()
