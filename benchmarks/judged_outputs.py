"""Judged outputs: what people said of them, with both lanes of the model that made them (``judged.py``)."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from s2s.checkpoint.find import find_checkpoint
from s2s.checkpoint.open import load
from s2s.evaluate.bootstrap import Floats
from s2s.inspect.lanes import Calibration, Lanes
from s2s.inspect.passes import ForcedPass

GROUPS = {  # what a translator names, as the inspection's causes
    **dict.fromkeys(("unknown", "lexical", "segmentation"), "word"),
    **dict.fromkeys(("omission", "early-end"), "loss"),
    **dict.fromkeys(("addition", "repetition"), "extra"),
    **dict.fromkeys(("order", "grammar"), "form"),
    "name-number": "name",
}
Array = NDArray[Any]


@dataclass(frozen=True)
class Judged:
    """An output with what people said of it, one entry a judge."""

    lanes: Lanes
    verdicts: tuple[str, ...]
    wrong: tuple[frozenset[int], ...]
    lost: tuple[frozenset[int], ...]
    causes: tuple[str | None, ...]
    model: str = ""  # the checkpoint that made the output

    @property
    def major(self) -> bool:
        """Whether every judge calls it a major fault."""
        return all(verdict == "major" for verdict in self.verdicts)

    @property
    def good(self) -> bool:
        """Whether every judge finds no fault."""
        return all(verdict == "good" for verdict in self.verdicts)


def table(path: str) -> dict[int, dict[str, str]]:
    """The rows of a tab-separated file by their id."""
    with open(path, encoding="utf-8", newline="") as file:
        return {int(row["id"]): row for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)}


def positions(text: str | None) -> frozenset[int]:
    """The positions of a text like ``0,3-5``."""
    found = set[int]()
    for part in filter(None, (text or "").replace(" ", "").split(",")):
        first, _, last = part.partition("-")
        found |= set(range(int(first), int(last or first) + 1))
    return frozenset(found)


def read(rows: str, *judgements: str) -> list[Judged]:
    """The judged outputs of a file, with both lanes of the model that made them."""
    outputs, said = table(rows), [table(path) for path in judgements]
    ids = [number for number in outputs if all(number in each for each in said)]
    lanes = dict[int, Lanes]()
    for model in sorted({outputs[number]["model"] for number in ids}):
        lanes |= _lanes(model, {number: outputs[number] for number in ids if outputs[number]["model"] == model})
    return [
        Judged(
            lanes[number],
            tuple(each[number]["verdict"] for each in said),
            tuple(positions(each[number]["output_spans"]) for each in said),
            tuple(positions(each[number]["source_spans"]) for each in said),
            tuple(GROUPS.get(each[number]["cause"]) for each in said),
            outputs[number]["model"],
        )
        for number in ids
    ]


def _lanes(model: str, rows: dict[int, dict[str, str]]) -> dict[int, Lanes]:
    checkpoint = load(find_checkpoint(model))
    source, target = checkpoint.source, checkpoint.target
    made = list[tuple[int, tuple[Any, ...], Floats, Array, Array]]()
    for number, row in rows.items():
        texts = tuple(row["source_tokens"].split(" ")), tuple(row["output_tokens"].split(" "))
        tokens = (*texts, tuple(target.tokens(row["reference"])))
        ids = source.vocab.encode(tokens[0]), target.vocab.encode(tokens[1]), target.vocab.encode(tokens[2])
        both = ForcedPass(checkpoint.model, [(ids[0], ids[1]), (ids[0], ids[2])])
        attention = [np.stack([both.attention(n, t) for t in range(len(ids[n + 1]) + 1)]) for n in range(2)]
        made.append((number, (*tokens, *map(tuple, ids)), both.lanes[0].log_prob_T, attention[0], attention[1]))
    every = np.concatenate([log_prob_T for *_, log_prob_T, _, _ in made])
    calibration = Calibration(float(every.mean()), float(every.std()))
    size = len(target.vocab.tokens)
    return {number: Lanes(*texts, *rest, size, calibration) for number, texts, *rest in made}


def f1(pairs: Sequence[tuple[set[int] | frozenset[int], frozenset[int]]]) -> float:
    """F1 of positions, summed over outputs."""
    hit, total = sum(len(a & b) for a, b in pairs), sum(len(a) + len(b) for a, b in pairs)
    return 2 * hit / total if total else 1.0
