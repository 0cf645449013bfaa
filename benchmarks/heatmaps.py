"""Is a prettier heatmap a truer one? ``python -m benchmarks.heatmaps FOLDER TEST.tsv CHECKPOINT … --out FILE.json``.

FOLDER has what these three commands wrote for each checkpoint:

    python -m s2s align NAME SHORT.tsv --json FOLDER/NAME.short.json
    python -m s2s align NAME LONG.tsv --json FOLDER/NAME.long.json
    python -m s2s evidence NAME DEV.tsv --limit 40 --json FOLDER/NAME.evidence.json

The command adds BLEU of greedy output on TEST.tsv with its interval, and the difference of each checkpoint from the
first one, over the same resamples, with p of a paired randomisation test. The page shows ``s2s/explain/results``.
"""

from __future__ import annotations

import argparse
import datetime
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from s2s.checkpoint.find import find_checkpoint
from s2s.checkpoint.open import load
from s2s.checkpoint.record import Checkpoint
from s2s.data.readers import Pair, read_pairs
from s2s.evaluate.bootstrap import Bootstrap, Floats
from s2s.evaluate.corpus import max_scored_tokens, scored_pairs, translate
from s2s.evaluate.measured import Measured
from s2s.evaluate.randomisation import Randomisation
from s2s.explain.heatmaps import LINKED, PERCENT, SCHEMA, Heatmaps, heatmaps_from_dict
from s2s.exposure.beams import bleu_from_counts
from s2s.inspect.scores import SentenceScores

ROWS = {
    "bleu": "BLEU",
    **{f"{kind}_{row}": f"AER, {kind}: {row}" for kind in ("short", "long") for row in LINKED},
    "tau_gradient": "τ with gradient × input",
    "tau_integrated": "τ with integrated gradients",
    "tau_erasure": "τ with erasure",
    "uniform_variation": "uniform: total variation",
    "permuted_variation": "permuted: total variation",
    "flips": "steps that flip, %",
    "flip_share": "share of the source erased by then, %",
    "comprehensiveness_normalised": "comprehensiveness, normalised",
    "sufficiency_normalised": "sufficiency, normalised",
    "idle": "steps at which attention is idle, %",
    "disagrees": "steps at which it disagrees, %",
}


def bleu_counts(checkpoint: Checkpoint, pairs: Sequence[Pair]) -> Floats:
    """The counts of BLEU of each sentence's greedy output, (N, K)."""
    most = max_scored_tokens(checkpoint.config.data)
    scored, ids = scored_pairs(checkpoint.model, checkpoint.source, checkpoint.target, pairs, most)
    scores, outputs = SentenceScores(checkpoint.target), translate(checkpoint.model, [s for s, _ in ids])
    decoded = map(checkpoint.target.decode, outputs)
    columns = (scores.columns(o, reference) for o, (_, reference) in zip(decoded, scored, strict=True))
    return np.array([row["bleu_counts"] for row in columns], dtype=float)


def bleu_difference(sums_RK: Floats) -> Floats:
    """BLEU of the first half of the columns minus that of the second: (R, 1)."""
    half = sums_RK.shape[1] // 2
    difference: Floats = bleu_from_counts(sums_RK[:, :half]) - bleu_from_counts(sums_RK[:, half:])
    return difference


def interval(estimate: Any) -> dict[str, float]:
    """Value, low and high of an estimate or of a file's entry."""
    entry = estimate if isinstance(estimate, Mapping) else vars(estimate)
    return {key: entry[key] for key in ("value", "low", "high")}


def system(folder: Path, checkpoint: Checkpoint, counts_NK: Floats) -> tuple[dict[str, Any], dict[str, Any]]:
    """One checkpoint's entry, and what its three files say; ValueError for files of other weights."""
    kinds = ("short", "long", "evidence")
    files = {kind: json.loads((folder / f"{checkpoint.name}.{kind}.json").read_text("utf-8")) for kind in kinds}
    for kind, file in files.items():
        if file["digest"] != checkpoint.digest:
            raise ValueError(f"{checkpoint.name}.{kind}.json is of other weights")
    rows = {f"{kind}_{row}": files[kind]["rows"][row]["error_rate"] for kind in ("short", "long") for row in LINKED}
    evidence = files["evidence"]["measures"] | files["evidence"]["verdicts"]
    bleu = Bootstrap().estimate(counts_NK, bleu_from_counts, len(counts_NK))
    found = {"bleu": bleu, **rows, **{name: evidence[name] for name in ROWS if name in evidence}}
    measures = {name: interval(found[name]) for name in ROWS}
    return {"name": checkpoint.name, "digest": checkpoint.digest, "measures": measures}, files


def difference(name: str, base: str, counts_NK: Floats, base_NK: Floats) -> dict[str, Any]:
    """BLEU of one checkpoint against the first, over the same resamples."""
    both_NK = np.concatenate([counts_NK, base_NK], axis=1)
    bleu = interval(Bootstrap().estimate(both_NK, bleu_difference, len(both_NK)))
    return {"name": name, "base": base, "bleu": bleu, "p": Randomisation().p(counts_NK, base_NK, bleu_from_counts)}


def table(found: Heatmaps) -> str:
    """The comparison as Markdown."""

    def cell(name: str, m: Measured) -> str:
        value, low, high = (100 * x if name in PERCENT else x for x in (m.value, m.low, m.high))
        digits = 1 if name in PERCENT or name == "bleu" else 2
        return f"{value:.{digits}f} [{low:.{digits}f}, {high:.{digits}f}]"

    lines = [
        f"| | {' | '.join(s.name for s in found.systems)} |",
        "|---" * (1 + len(found.systems)) + "|",
        *(
            f"| {title} | {' | '.join(cell(name, s.measures[name]) for s in found.systems)} |"
            for name, title in ROWS.items()
        ),
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Collect, measure BLEU, write, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("test", type=Path)
    parser.add_argument("checkpoints", nargs="+")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    checkpoints, pairs = [load(find_checkpoint(name)) for name in options.checkpoints], list(read_pairs(options.test))
    counts = [bleu_counts(checkpoint, pairs) for checkpoint in checkpoints]
    found = [system(options.folder, *both) for both in zip(checkpoints, counts, strict=True)]
    base, files = checkpoints[0], found[0][1]
    of_rows = {kind: files[kind]["row_sentences"] for kind in ("short", "long")}
    values = {
        "schema": SCHEMA,
        "train": base.config.data.train,
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "level": Bootstrap().level,
        "sentences": {"test": len(counts[0]), **of_rows, "evidence": files["evidence"]["sentences"]},
        "diagonal": {kind: interval(files[kind]["diagonal"]["error_rate"]) for kind in ("short", "long")},
        "systems": [entry for entry, _ in found],
        "differences": [
            difference(other.name, base.name, counts_NK, counts[0])
            for other, counts_NK in zip(checkpoints[1:], counts[1:], strict=True)
        ],
    }
    heatmaps = heatmaps_from_dict(values)  # what is written can be read
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(values, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    print(table(heatmaps))


if __name__ == "__main__":
    main()
