"""What the synthetic tasks' checkpoints get right on examples they never saw: ``python -m benchmarks.tasks``."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from s2s.checkpoint.find import find_checkpoint
from s2s.checkpoint.open import load
from s2s.checkpoint.record import Checkpoint
from s2s.decode.decode import trace
from s2s.evaluate.corpus import translate
from s2s.tasks import car_report, date
from s2s.tasks.example import Example

SEED = 1  # seed of the data that the checkpoints were trained on, whose test split they never saw


def outputs(checkpoint: Checkpoint, examples: Sequence[Example]) -> list[str]:
    """Greedy outputs as text."""
    ids = [checkpoint.source.encode(example.source) for example in examples]
    return [checkpoint.target.decode(output) for output in translate(checkpoint.model, ids)]


def dates(checkpoint: Checkpoint, count: int) -> dict[str, float]:
    """Shares of the sources with one reading that are exact, and of the others whose likeliest reading is given."""
    examples = list(date.examples("test", count, SEED))
    clear, open_ = list[bool](), list[bool]()
    for example, output in zip(examples, outputs(checkpoint, examples), strict=True):
        readings = date.posterior(example.source)
        right = readings.get(output, 0.0) >= max(readings.values()) - 1e-9
        (clear if len(readings) == 1 else open_).append(right)
    return {"one reading, exact": statistics.mean(clear), "several, the likeliest": statistics.mean(open_)}


def looked_at(checkpoint: Checkpoint, source: str, facts: Mapping[str, Any]) -> float | None:
    """The attention on the turn that says the cause, at the report's step that begins it; None where none does."""
    found = trace(checkpoint, source)
    said = "".join(step.output for step in found.steps)
    at = said.find(facts["cause"])
    if at < 0:
        return None
    ends = [sum(len(step.output) for step in found.steps[: t + 1]) for t in range(len(found.steps))]
    step = found.steps[next(t for t, end in enumerate(ends) if end > at)]
    first, last = car_report.turn_spans(found.source_tokens)[facts["turn"]]
    return float(step.attention[first:last].sum())


def reports(checkpoint: Checkpoint, count: int, traced: int) -> dict[str, float]:
    """Shares of reports that name the right cause and part, and the mean attention on the turn that says so."""
    examples = list(car_report.examples("test", count, SEED))
    facts = [example.facts for example in examples]
    said = outputs(checkpoint, examples)
    looks = [looked_at(checkpoint, e.source, f) for e, f in list(zip(examples, facts, strict=True))[:traced]]
    weights = [weight for weight in looks if weight is not None]
    return {
        "right cause": statistics.mean(car_report.names_cause(o, f) for o, f in zip(said, facts, strict=True)),
        "right part": statistics.mean(car_report.names_part(o, f) for o, f in zip(said, facts, strict=True)),
        "attention on the turn that says so": statistics.mean(weights),
        "of them with more than half of it": statistics.mean(weight > 0.5 for weight in weights),
    }


if __name__ == "__main__":
    for name, measured in (
        ("date", dates(load(find_checkpoint("date")), 1000)),
        ("car-report", reports(load(find_checkpoint("car-report")), 500, 100)),
    ):
        for what, value in measured.items():
            print(f"{name}: {what} {100 * value:.1f} %")
