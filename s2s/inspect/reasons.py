"""The evidence for a cause or a mechanism as the key of a sentence and its values, taken from the row's columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from s2s.inspect.causes import CAUSES, Row

Reason = tuple[str, dict[str, Any]]  # the sentence's key without its prefix, its values
Trials = Mapping[str, Mapping[str, Any]]  # ``experiments`` of the manifest
LISTED = 8  # words of a list that are named, at most


def cause_reason(name: str, row: Row, trials: Trials) -> Reason:
    """The evidence for a cause or mechanism that the row has, with what its experiment does in the whole file."""
    variant, values = _what(row) if name in CAUSES else _WHY[name](row)
    counts = {key: trials.get(name, {}).get(key, 0) for key in ("tried", "mended", "placebo")}
    return f"{'cause' if name in CAUSES else name}{variant}", values | counts


def _listed(words: Sequence[str]) -> list[str]:
    """The first ``LISTED`` different words."""
    return list(dict.fromkeys(words))[:LISTED]


def _what(row: Row) -> Reason:
    wrong = _listed([row["output_tokens"][k] for k in row["wrong_output"]])
    lost = _listed([row["source_tokens"][s] for s in row["lost_source"]])
    variant = {(True, True): "", (True, False): "_wrong", (False, True): "_lost"}.get(
        (bool(wrong), bool(lost)), "_none"
    )
    return variant, {"wrong": wrong, "lost": lost}


def _word(row: Row) -> dict[str, Any]:
    return {"wanted": row["wanted"], "said": row["said"], "p": row["wanted_probability"]}


def _unknown(row: Row) -> Reason:
    if row["wanted_unknown"] is True:
        return "_reference", _word(row)
    if row["experiment_unknown"] is True and row["placebo_unknown"] is not True:
        return "_source", {"words": _listed([row["source_tokens"][s] for s in row["source_unknown"]])}
    return "_output", {}


def _attention(row: Row) -> Reason:
    tokens = row["source_tokens"]
    places = {"right": tokens[row["moved_to"]], "attended": tokens[row["attended"]], "weight": row["attended_weight"]}
    return "", _word(row) | places | {"moved": row["moved_probability"]}


def _search(row: Row) -> Reason:
    names = ("beam_output", "beam_log_prob", "output_log_prob", "reference_log_prob")
    return "", _word(row) | {name: row[name] for name in names}


def _preference(row: Row) -> Reason:
    if row["wanted"] is None:
        return "_none", {}
    return "_gone" if row["said"] is None else "", _word(row)


_WHY: Mapping[str, Callable[[Row], Reason]] = {
    "unknown": _unknown,
    "segmentation": lambda row: ("", _word(row) | {"words": row["resegmented"], "gain": row["resegmented_gain"]}),
    "attention": _attention,
    "search": _search,
    "prefix": lambda row: ("", _word(row)),
    "reference": lambda row: ("", {"reference": row["reference_gain"], "other": row["random_gain"]}),
    "preference": _preference,
}
