"""An inspected test set in numbers: corpus scores, counts of causes, distributions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from s2s.exposure.beams import bleu
from s2s.exposure.bootstrap import Bootstrap, Floats, divide, plain
from s2s.inspect.causes import CAUSES
from s2s.inspect.columns import SCHEMA
from s2s.inspect.scores import chrf
from s2s.inspect.table import Examples

SCORES = ("bleu", "chrf", "rouge_l", "nll", "perplexity", "accuracy_forced", "accuracy_free")
DISTRIBUTIONS = (
    "bleu",
    "chrf",
    "rouge_l",
    "nll",
    "accuracy_forced",
    "accuracy_free",
    "mean_probability",
    "lowest_probability",
    "length_ratio",
    "repetition",
    "attention_entropy",
    "attention_last",
    "source_gain",
)
QUANTILES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)
BINS = 20


@dataclass(frozen=True)
class Score:
    """A corpus score as a function of sums over examples: of which columns, and which function (R, K) → (R, 1)."""

    columns_NK: Floats
    value: Callable[[Floats], Floats]


def score(table: pa.Table, name: str) -> Score:
    """BLEU and chrF of summed counts; ROUGE-L the mean; NLL, perplexity and accuracies over all reference tokens."""
    if name in ("bleu", "chrf"):
        return Score(_lists(table[f"{name}_counts"]), bleu if name == "bleu" else chrf)
    if name == "rouge_l":
        return Score(np.stack([floats(table[name]), np.ones(len(table))], axis=1), _ratio)
    tokens = floats(pa.compute.list_value_length(table["reference_tokens"])) + 1  # <eos>
    if name in ("nll", "perplexity"):
        columns = np.stack([-floats(table["reference_log_prob"]), tokens], axis=1)
        return Score(columns, _ratio if name == "nll" else lambda sums_RK: np.exp(np.minimum(_ratio(sums_RK), 700)))
    return Score(np.stack([floats(table[name]) * tokens, tokens], axis=1), _ratio)


def needs(name: str) -> tuple[str, ...]:
    """The columns that ``score`` reads."""
    own = {
        "bleu": "bleu_counts",
        "chrf": "chrf_counts",
        "nll": "reference_log_prob",
        "perplexity": "reference_log_prob",
    }
    return own.get(name, name), "reference_tokens"


def summary(examples: Examples, by: Bootstrap | None = None) -> dict[str, Any]:
    """Everything that ``summary.json`` holds (docs/INSPECT.md)."""
    by = by or Bootstrap()
    held = examples.manifest
    free, forced = (held["settings"]["mode"] in (mode, "both") for mode in ("free", "forced"))
    names = [n for n in SCORES if (forced if n in ("nll", "perplexity", "accuracy_forced") else free)]
    out = {
        "schema": SCHEMA,
        **{name: held[name] for name in ("checkpoint", "file", "settings", "examples", "left_out", "bad_rows")},
        "bootstrap": {"resamples": by.resamples, "seed": by.seed, "level": by.level},
        "scores": {name: _estimate(score(examples.columns(*needs(name)), name), by) for name in names},
    }
    if free:
        error = floats(examples.columns("error")["error"])
        out["errors"] = int(error.sum())
    if free and forced:
        out["causes"] = _causes(examples, error, by)
    out["distributions"] = {name: _distribution(floats(examples.columns(name)[name])) for name in DISTRIBUTIONS}
    return out


def _estimate(made: Score, by: Bootstrap) -> dict[str, Any]:
    value, low, high = (plain(part)[0] for part in by.interval(made.columns_NK, made.value))
    return {"value": value, "low": low, "high": high}


def _causes(examples: Examples, error_N: Floats, by: Bootstrap) -> dict[str, Any]:
    """Of each cause how many errors have it, how many no other, and its share of the errors."""
    tags = examples.columns(*(f"cause_{name}" for name in CAUSES))
    tags_NK = np.stack([floats(tags[f"cause_{name}"]) for name in CAUSES], axis=1)
    alone_NK = tags_NK * (tags_NK.sum(axis=1, keepdims=True) == 1)
    share = by.means(tags_NK, np.repeat(error_N[:, None], len(CAUSES), axis=1))
    return {
        name: {
            "count": int(tags_NK[:, k].sum()),
            "alone": int(alone_NK[:, k].sum()),
            "share": {"value": share.value[k], "low": share.low[k], "high": share.high[k]},
        }
        for k, name in enumerate(CAUSES)
    }


def _distribution(values: Floats) -> dict[str, Any] | None:
    """Quantiles, and a histogram between those of 1 % and 99 %; what lies beyond is in its outer bins."""
    values = values[np.isfinite(values)]
    if not len(values):
        return None
    low, high = np.quantile(values, [0.01, 0.99])
    edges = np.linspace(low, high if high > low else low + 1, BINS + 1)
    counts, _ = np.histogram(np.clip(values, edges[0], edges[-1]), edges)
    return {
        "count": len(values),
        "mean": plain(values.mean(keepdims=True))[0],
        "quantiles": dict(zip(map(str, QUANTILES), plain(np.quantile(values, QUANTILES)), strict=True)),
        "histogram": {"edges": plain(edges), "counts": counts.tolist()},
    }


def _ratio(sums_RK: Floats) -> Floats:
    return divide(sums_RK[:, :1], sums_RK[:, 1:2])


def floats(column: pa.ChunkedArray) -> Floats:
    """A column of numbers or truth values; null is NaN."""
    values: Floats = column.cast(pa.float64()).to_numpy()
    return values


def _lists(column: pa.ChunkedArray) -> Floats:
    """A column of lists of one length: (N, K)."""
    flat: Floats = column.combine_chunks().flatten().to_numpy().astype(float)
    return flat.reshape(len(column), -1)
