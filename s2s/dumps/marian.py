"""Marian's output with ``--alignment soft``: ``translation ||| weights``, in an n-best list ``id ||| … ||| score``.

A row of weights a target token, its end included; a weight a source token, its end included. The source is not written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from s2s.dumps.record import Broken, Dump, number, soft_rows
from s2s.errors import UserError

BETWEEN = " ||| "
FEATURES = re.compile(r"F\d+=")
SCORES = "WordScores="
COUNTS = "WordCounts="
OPTION = "--alignment soft"


def read_marian(text: str) -> Iterator[Dump]:
    """The sentences of an output, or all hypotheses of an n-best list."""
    lines = text.split("\n")
    for place, line in enumerate(lines[:-1] if lines[-1] == "" else lines):
        yield _sentence(line.rstrip("\r"), place)


def _sentence(line: str, place: int) -> Dump:
    fields = [field.strip() for field in f" {line} ".split(BETWEEN)]
    kept = [field for field in fields if not field.startswith((SCORES, COUNTS)) and not FEATURES.match(field)]
    listed = len(kept) >= 4 and any(map(FEATURES.match, fields))
    if len(kept) < (4 if listed else 2):
        raise Broken(place + 1, UserError("dump_fields"))
    number_text, translation, weights = kept[:3] if listed else [str(place), *kept[:2]]
    if not re.fullmatch(r"\d{1,9}", number_text, re.ASCII):
        raise Broken(place + 1, UserError("dump_number", found=number_text[:40]))
    rows = soft_rows(weights, place + 1, OPTION)
    scores = next((field.removeprefix(SCORES).split() for field in fields if field.startswith(SCORES)), None)
    log_probs = None if scores is None else [number(score, place + 1) for score in scores]
    if log_probs is not None and len(log_probs) != len(rows):
        log_probs = None  # of a model that scores other units
    return Dump(int(number_text), place + 1, translation.split(), rows, log_probs=log_probs, text=translation)
