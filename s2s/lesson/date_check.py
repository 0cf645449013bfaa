"""Check a checkpoint on newly generated dates."""

from __future__ import annotations

from s2s.checkpoint.record import Checkpoint
from s2s.evaluate.corpus import translate
from s2s.lesson.homework import Dates, fresh_dates

LISTED = 5


def check_dates(checkpoint: Checkpoint, count: int, seed: int) -> Dates:
    """Decode ``count`` dates greedily and compare."""
    pairs = fresh_dates(count, seed)
    outputs = translate(checkpoint.model, [checkpoint.source.encode(source) for source, _ in pairs])
    said = [checkpoint.target.decode(ids) for ids in outputs]
    wrong = [(source, day, text) for (source, day), text in zip(pairs, said, strict=True) if text != day]
    return Dates(count, count - len(wrong), tuple(wrong[:LISTED]))
