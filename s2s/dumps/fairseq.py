"""The output of ``fairseq-generate`` and ``fairseq-interactive`` with ``--print-alignment soft``.

Lines begin with a letter and the sentence's id: S source, H hypothesis with its score, P a score a token, in base 2,
A a row of weights a target token, each with a weight a source token; the ends of both sides are included.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

from s2s.dumps.record import Broken, Dump, number, soft_rows
from s2s.errors import UserError

LINE = re.compile(r"([SHPA])-(\d{1,9})(?:\t(.*))?", re.ASCII | re.DOTALL)
OPTION = "--print-alignment soft"


def read_fairseq(text: str) -> Iterator[Dump]:
    """All hypotheses that have weights, in the order of the file."""
    sources, hypotheses, scores = dict[int, list[str]](), dict[int, str](), dict[int, list[float]]()
    for place, line in enumerate(text.split("\n"), start=1):
        found = LINE.fullmatch(line.rstrip("\r"))
        if found is None:
            continue
        kind, index, rest = found[1], int(found[2]), found[3] or ""
        if kind == "S":
            sources[index] = rest.split()
        elif kind == "H":
            hypotheses[index] = rest.partition("\t")[2]
            scores.pop(index, None)
        elif kind == "P":
            scores[index] = [number(one, place) * math.log(2) for one in rest.split()]
        else:
            yield _hypothesis(index, place, rest, sources, hypotheses, scores)


def _hypothesis(
    index: int,
    place: int,
    weights: str,
    sources: dict[int, list[str]],
    hypotheses: dict[int, str],
    scores: dict[int, list[float]],
) -> Dump:
    rows = soft_rows(weights, place, OPTION)
    if index not in hypotheses:
        raise Broken(place, UserError("dump_fields"))
    log_probs = scores.get(index)
    if log_probs is not None and len(log_probs) != len(rows):
        log_probs = None
    return Dump(index, place, hypotheses[index].split(), rows, sources.get(index), log_probs)
