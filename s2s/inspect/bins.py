"""Histograms for brushing: the bins of a measure, and the counts of all rows and of selected rows in each bin."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from s2s.evaluate.bootstrap import Floats
from s2s.inspect.causes import CAUSES, TAGS
from s2s.inspect.columns import float_column
from s2s.inspect.matching import mask
from s2s.inspect.query import DIFFERENCE, WORDS, Query
from s2s.inspect.table import Examples

MEASURES = ("chrf", "bleu", "nll", "source_length", "length_ratio", "divergence", "source_share")
WHOLE = ("source_length", "divergence")  # measures with whole numbers; bin edges are whole, too
PERCENT = ("chrf", "bleu", "rouge_l")  # measures from 0 to 100; bins cover that range
BINS = 20  # bins of a measure; WHOLE measures may have fewer
Masks = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Bins:
    """B bins: the bin of each row (B for none), the bounds of each bin, both included (None: open), and the edges."""

    bin_N: np.ndarray
    bounds: tuple[tuple[float | None, float | None], ...]
    edges: tuple[float, ...]

    def counts(self, mask_N: np.ndarray) -> list[int]:
        """The number of selected rows in each bin."""
        counts = np.bincount(self.bin_N[mask_N], minlength=len(self.bounds) + 1)
        return [int(count) for count in counts[:-1]]


def bins_of(examples: Examples, name: str) -> Bins | None:
    """Bins between the 1 % and 99 % quantiles; the outer bins include all beyond. None without values."""
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
        if name == DIFFERENCE:  # symmetric, with an edge at 0
            reach = max(abs(low), abs(high)) or 1.0
            edges = np.linspace(-reach, reach, BINS + 1)
    bin_N = np.clip(np.searchsorted(edges, values_N, side="right") - 1, 0, len(edges) - 2)
    bin_N[~there] = len(edges) - 1
    return Bins(bin_N, _bounds(edges, name in WHOLE), tuple(edges.tolist()))


def _bounds(edges: Floats, whole: bool) -> tuple[tuple[float | None, float | None], ...]:
    """The least and the greatest value of each bin; the first has no least value and the last no greatest."""
    below = edges[1:] - 1 if whole else np.nextafter(edges[1:].astype(np.float32), np.float32(-np.inf)).astype(float)
    lows, highs = edges[:-1].tolist(), below.tolist()
    return tuple(zip([None, *lows[1:]], [*highs[:-1], None], strict=True))


def mask_without(masks: Masks, prefix: str, count: int) -> np.ndarray:
    """The rows, of ``count``, that meet all conditions except those whose name starts with ``prefix``."""
    combined: np.ndarray = np.logical_and.reduce(
        [np.ones(count, dtype=bool), *(mask for name, mask in masks.items() if not name.startswith(prefix))]
    )
    return combined


def cause_counts(examples: Examples, masks: Masks) -> list[dict[str, Any]]:
    """The number of rows with each cause or mechanism, of all and of those that meet the conditions, descending.

    ``kind`` is ``what`` for a cause and ``why`` for a mechanism.
    """
    selected_N, counts = mask_without(masks, "none", len(examples)), list[dict[str, Any]]()
    for name, column in TAGS.items():
        tag_N = mask(examples.column(column))
        kind = "what" if name in CAUSES else "why"
        counts.append({"name": name, "kind": kind, "all": int(tag_N.sum()), "kept": int((tag_N & selected_N).sum())})
    return sorted(counts, key=lambda cause: -cause["all"])


def confusion_counts(examples: Examples, query: Query, masks: Masks, most: int = 10) -> dict[str, Any]:
    """The most frequent pairs of a word of the reference (``wanted``) and one of the model (``said``), with counts.

    Counted over the rows that meet all conditions except those on words. The axes have the words of the most frequent
    pairs, at most ``most`` each; a word in the query is always among them.
    """
    selected_N = mask_without(masks, "words:", len(examples))
    table = pa.table({name: examples.column(name) for name in WORDS}).filter(pa.array(selected_N))
    pairs = table.group_by(["wanted", "said"]).aggregate([([], "count_all")])
    whole = pairs.filter(pc.and_(*(pc.is_valid(pairs[name]) for name in WORDS)))
    whole = whole.sort_by([("count_all", "descending"), *((name, "ascending") for name in WORDS)])
    axes: dict[str, list[str]] = {name: [word] if (word := query.words.get(name)) else [] for name in WORDS}
    for pair in whole.select(WORDS).to_pylist():
        fits = all(pair[name] in axes[name] or len(axes[name]) < most for name in WORDS)
        for name in WORDS if fits else ():
            axes[name] += [pair[name]] if pair[name] not in axes[name] else []
    inside = pc.and_(*(pc.is_in(pairs[name], pa.array(words, pa.string())) for name, words in axes.items()))
    counts = [[row["wanted"], row["said"], row["count_all"]] for row in pairs.filter(inside).to_pylist()]
    return {**axes, "counts": counts}
