"""Distributions to be brushed: the bins of a measure, and how many rows, of all and of a choice, fall into each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from s2s.evaluate.bootstrap import Floats
from s2s.inspect.causes import CAUSES
from s2s.inspect.summary import float_column
from s2s.inspect.table import DIFFERENCE, WORDS, Examples, Query, mask

MEASURES = ("chrf", "bleu", "nll", "source_length", "length_ratio", "divergence")
WHOLE = ("source_length", "divergence")  # whole numbers: a bin is some of them
PERCENT = ("chrf", "bleu", "rouge_l")
BINS = 20
Masks = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Bins:
    """B bins: into which one each row falls (B: none), and the values that each holds, both ends included."""

    place_N: np.ndarray
    bounds: tuple[tuple[float | None, float | None], ...]
    edges: tuple[float, ...]

    def counts(self, mask_N: np.ndarray) -> list[int]:
        """How many of the chosen rows are in each bin."""
        found = np.bincount(self.place_N[mask_N], minlength=len(self.bounds) + 1)
        return [int(count) for count in found[:-1]]


def bins_of(examples: Examples, name: str) -> Bins | None:
    """Bins between the 1 % and 99 % quantiles, the outer ones with what lies beyond; None of what was not measured."""
    values_N = float_column(examples.column(name))
    there = np.isfinite(values_N)
    if not there.any():
        return None
    low, high = np.quantile(values_N[there], [0.01, 0.99])
    if name in PERCENT:
        edges = np.linspace(0, 100, BINS + 1)
    elif name in WHOLE:
        step = max(1, int(np.ceil((high - low + 1) / BINS)))
        edges = np.arange(np.floor(low), high + step + 1, step)
    else:
        edges = np.linspace(low, high if high > low else low + 1, BINS + 1)
        if name == DIFFERENCE:  # as wide on either side, an edge at 0
            reach = max(abs(low), abs(high)) or 1.0
            edges = np.linspace(-reach, reach, BINS + 1)
    place_N = np.clip(np.searchsorted(edges, values_N, side="right") - 1, 0, len(edges) - 2)
    place_N[~there] = len(edges) - 1
    return Bins(place_N, _bounds(edges, name in WHOLE), tuple(edges.tolist()))


def _bounds(edges: Floats, whole: bool) -> tuple[tuple[float | None, float | None], ...]:
    """The least and the greatest value of each bin; the outer ones have one of them."""
    below = edges[1:] - 1 if whole else np.nextafter(edges[1:].astype(np.float32), np.float32(-np.inf)).astype(float)
    lows, highs = edges[:-1].tolist(), below.tolist()
    return tuple(zip([None, *lows[1:]], [*highs[:-1], None], strict=True))


def mask_without(masks: Masks, own: str, count: int) -> np.ndarray:
    """The rows that all conditions hold for but one's own."""
    kept: np.ndarray = np.logical_and.reduce(
        [np.ones(count, dtype=bool), *(mask for name, mask in masks.items() if not name.startswith(own))]
    )
    return kept


def cause_counts(examples: Examples, masks: Masks) -> list[dict[str, Any]]:
    """Of each cause how many rows have it, of all and of those that fit, the most frequent first."""
    kept, found = mask_without(masks, "none", len(examples)), list[dict[str, Any]]()
    for name in CAUSES:
        tag_N = mask(examples.column(f"cause_{name}"))
        found.append({"name": name, "all": int(tag_N.sum()), "kept": int((tag_N & kept).sum())})
    return sorted(found, key=lambda cause: -cause["all"])


def confusion_counts(examples: Examples, query: Query, masks: Masks, most: int = 10) -> dict[str, Any]:
    """The words most often wanted and most often said in their place, and how often each of these pairs.

    Of the rows that fit but for the words asked for; a word that is asked for is always among them.
    """
    kept = mask_without(masks, "words:", len(examples))
    wanted_said = {name: examples.column(name) for name in WORDS}
    table = pa.table(wanted_said).filter(pa.array(kept))
    pairs = table.group_by(["wanted", "said"]).aggregate([([], "count_all")])
    axes = {}
    for name in WORDS:
        total = pairs.group_by([name]).aggregate([("count_all", "sum")])
        total = total.sort_by([("count_all_sum", "descending"), (name, "ascending")])
        words = [word for word in total[name].to_pylist() if word is not None][:most]
        asked = query.words.get(name)
        axes[name] = words if asked is None or asked in words else [*words[: most - 1], asked]
    inside = pc.and_(*(pc.is_in(pairs[name], pa.array(words, pa.string())) for name, words in axes.items()))
    counts = [[row["wanted"], row["said"], row["count_all"]] for row in pairs.filter(inside).to_pylist()]
    return {**axes, "counts": counts}
