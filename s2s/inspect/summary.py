"""Summary of an inspected test set: corpus scores, counts of causes, distributions."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from s2s import disk
from s2s.evaluate.bootstrap import Bootstrap, Floats, divide, plain
from s2s.exposure.beams import bleu_from_counts
from s2s.inspect.baselines import baseline_scores
from s2s.inspect.causes import CAUSES, MECHANISMS, TAGS
from s2s.inspect.columns import chosen_rows, count_columns, float_column
from s2s.inspect.judgement import VERDICTS
from s2s.inspect.matching import verdict_rows
from s2s.inspect.schema import SCHEMA
from s2s.inspect.scores import chrf
from s2s.inspect.table import Examples
from s2s.inspect.target_words import words_by_rank
from s2s.inspect.worst import worst_slices

SCORES = ("bleu", "chrf", "rouge_l", "nll", "perplexity", "accuracy_forced", "accuracy_free")
SHOWN = ("bleu", "chrf", "perplexity")  # scores on the page
FORCED = ("nll", "perplexity", "accuracy_forced")  # scores of the forced lane
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
    "source_share",
    "error_probability",
)
QUANTILES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)
BINS = 20


@dataclass(frozen=True)
class Score:
    """A corpus score: the columns to sum over examples, and the function of the sums, (R, K) → (R, 1)."""

    columns_NK: Floats
    value: Callable[[Floats], Floats]


def table_score(table: pa.Table, name: str) -> Score:
    """The corpus score of a table: BLEU and chrF from summed counts, ROUGE-L as mean, others over reference tokens."""
    if name in ("bleu", "chrf"):
        return Score(count_columns(table[f"{name}_counts"]), bleu_from_counts if name == "bleu" else chrf)
    if name == "rouge_l":
        return Score(np.stack([float_column(table[name]), np.ones(len(table))], axis=1), _ratio)
    tokens = float_column(table["reference_length"]) + 1  # <eos>
    if name in ("nll", "perplexity"):
        columns = np.stack([-float_column(table["reference_log_prob"]), tokens], axis=1)
        return Score(columns, _ratio if name == "nll" else lambda sums_RK: np.exp(np.minimum(_ratio(sums_RK), 700)))
    return Score(np.stack([float_column(table[name]) * tokens, tokens], axis=1), _ratio)


def score_inputs(name: str) -> tuple[str, ...]:
    """The columns that ``table_score`` reads."""
    own = {
        "bleu": "bleu_counts",
        "chrf": "chrf_counts",
        "nll": "reference_log_prob",
        "perplexity": "reference_log_prob",
    }
    return (own.get(name, name), *(() if name in ("bleu", "chrf", "rouge_l") else ("reference_length",)))


def summary(examples: Examples, by: Bootstrap | None = None, rows_N: np.ndarray | None = None) -> dict[str, Any]:
    """Compute the content of ``summary.json`` (docs/INSPECT.md), for all rows or for those of a mask."""
    by = by or Bootstrap()

    def read(*names: str) -> pa.Table:
        return chosen_rows(examples.columns(*names), rows_N)

    held = examples.manifest
    free, forced = (held["settings"]["mode"] in (mode, "both") for mode in ("free", "forced"))
    names = [n for n in SCORES if (forced if n in FORCED else free)]
    scores = {name: table_score(read(*score_inputs(name)), name) for name in names}
    error_N = float_column(read("error")["error"])
    both = free and forced
    tags = {name: float_column(read(column)[column]) for name, column in TAGS.items()} if both else {}
    shares = {TAGS[name]: Score(np.stack([tag_N, error_N], axis=1), _ratio) for name, tag_N in tags.items()}
    estimates = _estimates(scores | shares, by)
    out = {
        "schema": SCHEMA,
        **{name: held[name] for name in ("checkpoint", "file", "settings", "examples", "left_out", "bad_rows")},
        **({} if rows_N is None else {"examples": int(rows_N.sum()), "of": held["examples"]}),
        "bleu_tokenizer": held.get("bleu_tokenizer", ""),  # missing in inspections by earlier versions
        "bootstrap": {"resamples": by.resamples, "seed": by.seed, "level": by.level},
        "scores": {name: estimates[name] for name in names},
    }
    if free:
        out["baselines"] = baseline_scores(examples.directory, _ids(examples, rows_N))
        out["words"] = words_by_rank(examples, rows_N)
    out["worst"] = worst_slices(examples, "chrf" if free else "nll", rows_N, by=by).as_dict()
    if tags:
        out |= _judged(read("verdict")["verdict"].to_pylist(), held["experiments"], tags, estimates)
    out["distributions"] = {name: _distribution(float_column(read(name)[name])) for name in DISTRIBUTIONS}
    return out


def slice_scores(examples: Examples, rows_N: np.ndarray, by: Bootstrap | None = None) -> dict[str, Any]:
    """The number of a mask's rows and of their errors, and the corpus scores in ``SHOWN`` with intervals."""
    mode = examples.manifest["settings"]["mode"]
    names = [name for name in SHOWN if mode == "both" or (name in FORCED) == (mode == "forced")]
    tables = {name: chosen_rows(examples.kept_columns(*score_inputs(name)), rows_N) for name in names}
    scores = _estimates({name: table_score(table, name) for name, table in tables.items()}, by or Bootstrap())
    made: dict[str, Any] = {"examples": int(rows_N.sum()), "of": len(examples), "scores": scores}
    if mode != "forced":
        made["errors"] = int(verdict_rows(examples, "error")[rows_N].sum())
        made["baselines"] = baseline_scores(examples.directory, _ids(examples, rows_N))
    return made


def _ids(examples: Examples, rows_N: np.ndarray | None) -> np.ndarray | None:
    return None if rows_N is None else examples.column("id").to_numpy()[rows_N]


def load_summary(directory: Path) -> dict[str, Any]:
    """The content of ``summary.json``, which is computed and written if it is missing."""
    path = directory / "summary.json"
    if not path.exists():
        text = json.dumps(summary(Examples(directory)), ensure_ascii=False, indent=1, allow_nan=False)
        disk.write_text(path, text + "\n")
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def _estimates(scores: Mapping[str, Score], by: Bootstrap) -> dict[str, dict[str, float | None]]:
    """Value and interval of each score, all from the same resamples; None without examples."""
    if any(not len(score.columns_NK) for score in scores.values()):
        return {name: dict.fromkeys(("value", "low", "high")) for name in scores}
    ends = np.cumsum([score.columns_NK.shape[1] for score in scores.values()])

    def values(sums_RK: Floats) -> Floats:
        parts = np.split(sums_RK, ends[:-1], axis=1)
        return np.hstack([score.value(part) for score, part in zip(scores.values(), parts, strict=True)])

    intervals = by.interval(np.hstack([score.columns_NK for score in scores.values()]), values)
    rows = zip(scores, *map(plain, intervals), strict=True)
    return {name: {"value": value, "low": low, "high": high} for name, value, low, high in rows}


def _judged(
    verdicts: Sequence[str],
    trials: Mapping[str, Mapping[str, Any]],
    tags: Mapping[str, Floats],
    estimates: Mapping[str, dict[str, float | None]],
) -> dict[str, Any]:
    """The number of examples by verdict, and of errors by cause and by mechanism.

    Each cause and mechanism has its number of errors, and its share of all errors; a mechanism the number of errors
    that have no other, and what its experiment and its placebo did in the whole file.
    """
    number_N = np.sum([tags[name] for name in MECHANISMS], axis=0)
    found = {name: {"count": int(tag_N.sum()), "share": estimates[TAGS[name]]} for name, tag_N in tags.items()}
    why = {
        name: found[name] | {"alone": int(tags[name][number_N == 1].sum()), **trials.get(name, {})}
        for name in MECHANISMS
    }
    counts = {verdict: verdicts.count(verdict) for verdict in VERDICTS}
    return {
        "errors": counts["error"],
        "verdicts": counts,
        "causes": {name: found[name] for name in CAUSES},
        "mechanisms": why,
    }


def _distribution(values: Floats) -> dict[str, Any] | None:
    """Quantiles, and a histogram between the 1 % and 99 % quantiles whose outer bins include all values beyond.

    None if there are no values.
    """
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
