"""Comparison of two inspections of one test set: wins per example, and a test of the difference."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from s2s.checkpoint.find import VIEW
from s2s.errors import UserError
from s2s.evaluate.bootstrap import Bootstrap, Floats, plain
from s2s.evaluate.randomisation import Randomisation, holm
from s2s.inspect.causes import TAGS
from s2s.inspect.columns import chosen_rows, float_column
from s2s.inspect.matching import mask
from s2s.inspect.summary import SCORES, Score, score_inputs, table_score
from s2s.inspect.table import Examples

LOWER_IS_BETTER = ("nll", "perplexity")
ATTENTION = ("attention_entropy", "attention_last", "attended_weight")  # columns that depend on the attention shown


def comparison(
    first: Examples,
    second: Examples,
    name: str = "chrf",
    by: Bootstrap | None = None,
    rows_N: np.ndarray | None = None,
) -> dict[str, Any]:
    """Compare two inspections of one file by a score: wins, losses, ties of the first, and two paired tests.

    Examples are paired by id. In the paired bootstrap (Koehn 2004) a resample has the same examples on both sides,
    and ``p`` is the share of resamples in which the difference of the corpus scores is 0 or has the other sign.
    ``p_randomisation`` is that of approximate randomisation. ``rows_N`` chooses some of the first's rows. Raises
    UserError if the files differ, if the score was not measured, or if no row is chosen.
    """
    by = by or Bootstrap()
    tables = _paired(first, second, name, rows_N)
    ahead_N = ahead(float_column(tables[0][name]), float_column(tables[1][name]), name)
    scores = [table_score(table, name) for table in tables]
    swaps = Randomisation(seed=by.seed)
    estimates, p = _tested(scores, by)
    return {
        "score": name,
        "examples": len(ahead_N),
        "wins": int((ahead_N > 0).sum()),
        "losses": int((ahead_N < 0).sum()),
        "ties": int((ahead_N == 0).sum()),
        **dict(zip(("first", "second", "difference"), estimates, strict=True)),
        "p": p,
        "p_randomisation": swaps.p(scores[0].columns_NK, scores[1].columns_NK, scores[0].value),
        "trials": swaps.trials_of(len(ahead_N)),
        "causes": _both_causes(first, second, rows_N),
        "attention": _both_attentions(first, second, rows_N),
    }


def comparisons(
    systems: Sequence[Examples], name: str = "chrf", by: Bootstrap | None = None, rows_N: np.ndarray | None = None
) -> list[dict[str, Any]]:
    """Compare each pair of systems; their p values are corrected for the number of pairs (Holm 1979) as ``..._holm``.

    ``systems`` of a pair are its two indices; ``rows_N`` chooses some of the first system's rows.
    """
    pairs = list(itertools.combinations(range(len(systems)), 2))
    rows = [rows_beside(systems[0], one, rows_N) for one in systems]
    made = [{"systems": [a, b], **comparison(systems[a], systems[b], name, by, rows[a])} for a, b in pairs]
    for key in ("p", "p_randomisation"):
        for pair, p in zip(made, holm([pair[key] for pair in made]), strict=True):
            pair[f"{key}_holm"] = p
    return made


def _tested(scores: Sequence[Score], by: Bootstrap) -> tuple[list[dict[str, float | None]], float]:
    """The scores of both sides and their difference with intervals, and the p value of the paired bootstrap."""
    columns_NK = np.hstack([part.columns_NK for part in scores])
    width = scores[0].columns_NK.shape[1]

    def values(sums_RK: Floats) -> Floats:
        a, b = scores[0].value(sums_RK[:, :width]), scores[1].value(sums_RK[:, width:])
        return np.hstack([a, b, a - b])

    value_M, values_RM = values(columns_NK.sum(axis=0, keepdims=True))[0], values(by.sums(columns_NK))
    ends = zip(*map(plain, by.enclose(value_M, values_RM)), strict=True)
    estimates = [dict(zip(("value", "low", "high"), one, strict=True)) for one in ends]
    sign = np.sign(estimates[2]["value"] or 0.0)
    return estimates, float((values_RM[:, 2] * sign <= 0).mean())


def rows_beside(first: Examples, second: Examples, rows_N: np.ndarray | None) -> np.ndarray | None:
    """The second's rows with the ids of the chosen ones of the first."""
    if rows_N is None or first is second:
        return rows_N
    return np.isin(second.column("id").to_numpy(), first.column("id").to_numpy()[rows_N])


def ahead(first_N: Floats, second_N: Floats, name: str) -> Floats:
    """By how much the first is better in a score, rounded to 4 decimals; negative if it is worse."""
    difference_N: Floats = np.round(first_N - second_N, 4)
    return -difference_N if name in LOWER_IS_BETTER else difference_N


def same_model(first: Examples, second: Examples) -> bool:
    """True if both are of one model with different attention heads; its outputs and scores are then the same."""
    checkpoints = [examples.manifest["checkpoint"] for examples in (first, second)]
    views = [checkpoint["name"].partition(VIEW)[2] for checkpoint in checkpoints]
    return bool(checkpoints[0]["digest"] == checkpoints[1]["digest"] and views[0] != views[1])


def other_causes(first: Examples, second: Examples) -> tuple[int, ...]:
    """The ids of the shared examples whose causes differ."""
    names = list(TAGS.values())
    tables = _shared(first, second, names)
    tags = [np.stack([mask(table[name]) for name in names], axis=1) for table in tables]
    ids: list[int] = tables[0]["id"].to_numpy()[(tags[0] != tags[1]).any(axis=1)].tolist()
    return tuple(ids)


def same_file(first: Examples, second: Examples) -> None:
    """Raise UserError if the two inspections are of different files; the file name does not matter."""
    files = [{**examples.manifest["file"], "name": ""} for examples in (first, second)]
    if files[0] != files[1]:
        raise UserError("inspect_two_files", first=str(first.directory), second=str(second.directory))


def _paired(first: Examples, second: Examples, name: str, rows_N: np.ndarray | None) -> list[pa.Table]:
    """The columns of a score for the shared rows, in the order of ids."""
    if name not in SCORES:
        raise UserError("setting_choice", name="score", found=name, known=", ".join(SCORES))
    same_file(first, second)
    tables = _shared(first, second, (name, *score_inputs(name)), rows_N)
    if rows_N is not None and not len(tables[0]):
        raise UserError("slice_empty")
    if any(table[name].null_count == len(table) for table in tables):  # also true if there are no rows
        raise UserError("inspect_no_score", score=name)
    return tables


def _shared(
    first: Examples, second: Examples, names: Sequence[str], rows_N: np.ndarray | None = None
) -> list[pa.Table]:
    """Ids and some columns of the shared rows, of all or of some of the first's."""
    names = tuple(dict.fromkeys(("id", *names)))
    tables = [chosen_rows(first.kept_columns(*names), rows_N), second.kept_columns(*names)]
    own, other = (table["id"].to_numpy() for table in tables)
    shared = np.intersect1d(own, other, assume_unique=True)
    return [table.filter(pa.array(np.isin(table["id"].to_numpy(), shared))) for table in tables]


def _both_columns(first: Examples, second: Examples, names: Sequence[str], rows_N: np.ndarray | None) -> list[pa.Table]:
    """Columns of both: of all their rows, or of some of the first's and those beside them."""
    return [one.columns(*names) for one in (first, second)] if rows_N is None else _shared(first, second, names, rows_N)


def _both_causes(first: Examples, second: Examples, rows_N: np.ndarray | None) -> dict[str, Any]:
    tables = _both_columns(first, second, list(TAGS.values()), rows_N)
    counts = [[int(np.nansum(float_column(tags[column]))) for column in TAGS.values()] for tags in tables]
    return {name: {"first": a, "second": b} for name, a, b in zip(TAGS, *counts, strict=True)}


def _both_attentions(first: Examples, second: Examples, rows_N: np.ndarray | None) -> dict[str, Any]:
    """The mean of each measure of attention on both sides; None if it was not measured."""
    means = []
    for table in _both_columns(first, second, ATTENTION, rows_N):
        values = [float_column(table[name]) for name in ATTENTION]
        means.append([float(np.mean(one[there])) if (there := np.isfinite(one)).any() else None for one in values])
    return {name: {"first": a, "second": b} for name, a, b in zip(ATTENTION, *means, strict=True)}
