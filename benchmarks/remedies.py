"""Remedies for exposure bias from one base, with one budget: ``python -m benchmarks.remedies CONFIG TEST.tsv``.

Trains the config, then from its weights every remedy and a control that trains on with cross-entropy, for
each seed; measures all of them on the test file; and writes ``s2s/exposure/results/NAME.json``, which the page
shows, and a table of it. What is trained or measured already is not done again, so that a stopped run goes on.
A base that ships is taken as it is. ``--pairs`` makes the extra budget smaller than the training file.
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from s2s.checkpoint.open import load
from s2s.config import read_config
from s2s.data.readers import Pair, read_pairs
from s2s.evaluate.bootstrap import Bootstrap
from s2s.evaluate.corpus import translate
from s2s.evaluate.metrics import bleu_tokenizer
from s2s.exposure import Options, measure
from s2s.exposure.beams import bleu_counts, bleu_from_counts
from s2s.exposure.remedies import FOLDER, SCHEMA, Comparison
from s2s.exposure.remedies import load_comparison as load_comparison
from s2s.tasks import date

SYSTEMS: dict[str, dict[str, Any]] = {
    "cross_entropy": {},
    "scheduled_sampling": {
        "sampling_schedule": "linear",
        "sampling_k": 0.9,
        "sampling_slope": 0.001,
        "sampling_floor": 0.5,
    },
    "self_critical": {"reward": "bleu", "reward_weight": 0.9},
    "replacement": {},
    "mask": {},
    "fgm": {},
    "gradient_penalty": {},
}
SHOWN = ("exact", "bleu", "accuracy_forced", "accuracy_free", "accuracy_gap", "nll_free", "cost_accuracy", "excess")


def sample(pairs: Sequence[Pair], count: int, path: Path) -> Path:
    """A file of ``count`` pairs drawn without replacement, in the order of the whole; the same every time."""
    places = sorted(np.random.default_rng(0).choice(len(pairs), count, replace=False))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{pairs[i][0]}\t{pairs[i][1]}\n" for i in places), encoding="utf-8")
    return path


def train(config: Path, name: str, settings: Mapping[str, Any]) -> None:
    """One run of the command line; nothing where it has ended before."""
    command = [sys.executable, "-m", "s2s", "train", str(config), "--name", name]
    for key, value in settings.items():
        key = key if "." in key else f"train.{key}"
        command += ["--set", f"{key}={json.dumps(value) if isinstance(value, bool) else value}"]
    subprocess.run(command, check=True, stdout=sys.stderr)


def measured(name: str, test: Sequence[Pair], oracle: bool) -> dict[str, dict[str, float]]:
    """The measures of a checkpoint with their intervals, those that are defined."""
    checkpoint, by = load(Path("checkpoints", name)), Bootstrap()
    found = dict(measure(checkpoint, test, Options(by, (), date.oracle if oracle else None)).overall)
    outputs = translate(checkpoint.model, [checkpoint.source.encode(source) for source, _ in test])
    side, references = checkpoint.target, [target for _, target in test]
    said = [(side.decode(o), side.written(t)) for o, (_, t) in zip(outputs, test, strict=True)]
    right = np.array([o == t for o, t in said], float)
    tokenizer = bleu_tokenizer(side.segmenter, references)
    counts = [bleu_counts(o, t, tokenizer) for o, t in said]
    found["exact"] = by.mean(right, np.ones(len(right)))
    if not oracle:  # of dates BLEU says nothing that exact does not
        found["bleu"] = by.estimate(np.array(counts, dtype=float), bleu_from_counts, len(test))
    values = {key: (e.value, e.low, e.high) for key, e in found.items() if e is not None}
    return {
        key: dict(zip(("value", "low", "high"), numbers, strict=True))
        for key, numbers in values.items()
        if all(number is not None and math.isfinite(number) for number in numbers)
    }


def table(comparison: Comparison) -> str:
    """The comparison as Markdown: means over the seeds, from the lowest to the highest end of their intervals."""
    measures = [name for name in SHOWN if name in comparison.measures]
    rows = [["objective", "steps", "seeds", *measures]]
    for pooled in comparison.pooled:
        found = [pooled.measures.get(name) for name in measures]
        cells = ["–" if m is None else f"{m.value:.3g} [{m.low:.3g}, {m.high:.3g}]" for m in found]
        rows.append([pooled.objective, f"+{pooled.extra_steps:,}", str(pooled.seeds), *cells])
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([lines[0], "|---" * len(rows[0]) + "|", *lines[1:]]) + "\n"


def main(arguments: Sequence[str] | None = None) -> None:
    """Train, measure, write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.remedies", description=__doc__)
    parser.add_argument("config", type=Path)
    parser.add_argument("test", type=Path, help="pairs that no system has seen")
    parser.add_argument("--limit", type=int, default=1000, help="pairs of it to measure on (1000)")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--epochs", type=int, default=2, help="of each system after the base (2)")
    parser.add_argument("--pairs", type=int, help="of the training file that an epoch of these has (all)")
    parser.add_argument("--learning-rate", type=float, default=0.0005)
    parser.add_argument("--oracle", action="store_true", help="the test file is of the date task")
    parser.add_argument("--out", type=Path, default=FOLDER, metavar="DIR", help="s2s/exposure/results")
    options = parser.parse_args(arguments)
    config, test = read_config(options.config), list(read_pairs(options.test))[: options.limit]
    base, out = config.name, options.out / f"{config.name}.json"
    told = {
        "schema": SCHEMA,
        "task": base,
        "train": config.data.train,
        "test": str(options.test),
        "sentences": len(test),
    }
    known = json.loads(out.read_text(encoding="utf-8"))["systems"] if out.exists() else []
    systems = {system["name"]: system for system in known}
    pairs, drawn = list(read_pairs(config.data.train)), config.data.train
    if options.pairs:
        drawn = str(sample(pairs, options.pairs, Path("runs", f"{base}-extra", "train.tsv")))
    extra = options.epochs * -(-(options.pairs or len(pairs)) // config.train.batch_size)
    planned = [(base, "cross_entropy", config.train.seed, 0)]
    planned += [(f"{base}-{o}-{seed}", o, seed, extra) for seed in options.seeds for o in SYSTEMS]
    for name, objective, seed, steps in planned:
        if name not in systems:
            more = {"start": f"checkpoints/{base}", "objective": objective, "seed": seed, "epochs": options.epochs}
            more |= {"learning_rate": options.learning_rate, "warmup_steps": 50, **SYSTEMS[objective]}
            if steps or not Path("checkpoints", base).is_dir():
                train(options.config, name, {**more, "data.train": drawn} if steps else {})
            systems[name] = {"name": name, "objective": objective, "seed": seed, "extra_steps": steps}
            systems[name]["measures"] = measured(name, test, options.oracle)
            options.out.mkdir(parents=True, exist_ok=True)
            record = {**told, "sentences": len(test), "level": Bootstrap().level, "systems": list(systems.values())}
            out.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
            print(name, {key: round(m["value"], 4) for key, m in systems[name]["measures"].items()}, flush=True)
    print(table(load_comparison(out)))


if __name__ == "__main__":
    main()
