"""The evidence for a cause as the key of a sentence and its values, taken from the columns that the test read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from s2s.inspect import causes
from s2s.inspect.causes import Row

Reason = tuple[str, dict[str, Any]]  # the sentence's key without its prefix, its values
LISTED = 8  # words of a list that are named, at most


def cause_reason(name: str, row: Row, limits: Mapping[str, float]) -> Reason:
    """The evidence for a cause that the row has; ``limits`` are the fences of the manifest."""
    variant, values = _REASONS[name](row, limits)
    return (f"{name}_{variant}" if variant else name), values


def _attended(row: Row) -> dict[str, Any]:
    tokens, at = row["source_tokens"], row["attended"]
    return {
        "step": row["divergence"] + 1,
        "wanted": row["wanted"],
        "said": row["said"],
        "attended": "" if at is None else tokens[at],
        "weight": row["attended_weight"],
    }


def _at(row: Row, positions: Sequence[int]) -> list[str]:
    return _listed([row["source_tokens"][s] for s in positions])


def _listed(words: Sequence[str]) -> list[str]:
    """The first ``LISTED`` different words."""
    return list(dict.fromkeys(words))[:LISTED]


def _attention(row: Row, limits: Mapping[str, float]) -> Reason:
    values = _attended(row) | {"mended": _at(row, row["mended_by"])}
    return "", values | {"p": row["wanted_probability"], "moved": row["moved_probability"]}


def _word(row: Row, limits: Mapping[str, float]) -> Reason:
    if row["moved_to"] is None:
        return "never", _attended(row) | {"p": row["wanted_probability"]}
    best = {"best": row["source_tokens"][row["moved_to"]], "moved": row["moved_probability"]}
    return "", _attended(row) | best | {"p": row["wanted_probability"]}


def _segmentation(row: Row, limits: Mapping[str, float]) -> Reason:
    return "", _attended(row) | {"words": row["resegmented"], "gain": row["resegmented_gain"]}


def _unknown_reference(row: Row, limits: Mapping[str, float]) -> Reason:
    words = _listed([row["reference_tokens"][n] for n in row["reference_unknown"]])
    if row["wanted_unknown"] is True:
        at = row["divergence"]
        tokens = row["reference_tokens"]
        return "step", {"step": at + 1, "word": tokens[at] if at < len(tokens) else row["wanted"]}
    return "", {"words": words}


def _beam(row: Row, limits: Mapping[str, float]) -> Reason:
    names = ("beam_output", "beam_log_prob", "output_log_prob", "beam_chrf", "chrf")
    return "", {name: row[name] for name in names}


def _early_end(row: Row, limits: Mapping[str, float]) -> Reason:
    if row["said"] == "<eos>":
        return "eos", {"step": row["divergence"] + 1, "wanted": row["wanted"]}
    return "", {"ratio": row["length_ratio"], "limit": causes.SHORT}


def _late_end(row: Row, limits: Mapping[str, float]) -> Reason:
    if row["cut_off"]:
        return "cut", {}
    if row["wanted"] == "<eos>":
        return "eos", {"step": row["divergence"] + 1, "said": row["said"]}
    return "", {"ratio": row["length_ratio"], "limit": causes.LONG}


def _doubtful(row: Row, limits: Mapping[str, float]) -> Reason:
    share, nll, ratio = row["reference_script"], row["nll"], row["reference_ratio"]
    if share is not None and share < causes.SCRIPT:
        return "script", {"share": share}
    if nll > limits.get("nll", float("inf")):
        return "nll", {"nll": nll, "limit": limits["nll"]}
    return "", {"ratio": ratio, "low": limits.get("ratio_low", 0.0), "high": limits.get("ratio_high", float("inf"))}


def _lost(row: Row, limits: Mapping[str, float]) -> Reason:
    gains = {"output": row["uncovered_gain"], "reference": row["uncovered_reference_gain"]}
    return "", {"words": _at(row, row["uncovered"]), **gains}


_REASONS: Mapping[str, Callable[[Row, Mapping[str, float]], Reason]] = {
    "unknown_source": lambda row, _: ("", _attended(row)),
    "segmentation": _segmentation,
    "unknown_reference": _unknown_reference,
    "attention": _attention,
    "word": _word,
    "search": lambda row, _: ("", {name: row[name] for name in ("reference_log_prob", "output_log_prob")}),
    "beam": _beam,
    "repetition": lambda row, _: ("", {"output": row["repetition"], "reference": row["reference_repetition"]}),
    "early_end": _early_end,
    "late_end": _late_end,
    "lost_source": _lost,
    "hallucination": lambda row, _: ("", {"gain": row["source_gain"], "limit": causes.UNGROUNDED}),
    "numbers": lambda row, _: ("", {"words": _listed(row["missing_numbers"])}),
    "names": lambda row, _: ("", {"words": _listed(row["missing_names"])}),
    "doubtful_reference": _doubtful,
}
