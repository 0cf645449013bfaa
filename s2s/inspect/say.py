"""Why an example has a cause: a sentence with its own words and numbers, the same on the page and in the report."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from s2s.errors import say
from s2s.inspect.causes import CAUSES, LONG, SCRIPT, SHORT, Row

Quote = Callable[[str], str]  # sets a text that is not ours apart, and makes it harmless where it goes
MOST = 6  # words of a list that are named


def quoted(text: str) -> str:
    """A text between quotation marks."""
    return f"“{text}”"


def held(row: Row) -> tuple[str, ...]:
    """The causes that a row has, in the order of the table."""
    return tuple(name for name in CAUSES if row[f"cause_{name}"])


def evidence(row: Row, fences: Mapping[str, float], language: str, quote: Quote = quoted) -> dict[str, str]:
    """Of each cause that the row has one sentence; ``fences`` as in the manifest."""
    return {name: because(name, row, fences, language, quote) for name in held(row)}


def because(name: str, row: Row, fences: Mapping[str, float], language: str, quote: Quote = quoted) -> str:
    """The evidence of one cause; where its test has several parts, a sentence of each that holds."""
    values = _values(row, language, quote)
    between = "" if language == "zh" else " "
    parts = _parts(name, row, fences)
    return between.join(say(f"because.{part}", language, **values, **_fences(fences)) for part in parts)


def _parts(name: str, row: Row, fences: Mapping[str, float]) -> list[str]:
    """The keys of the sentences, for a cause that holds."""
    if name == "early_end":
        return _those(early_end=row["said"] == "<eos>", short=row["length_ratio"] <= SHORT)
    if name == "late_end":
        ended = row["wanted"] == "<eos>"
        return _those(late_end=ended, cut_off=row["cut_off"], long=row["length_ratio"] >= LONG and not row["cut_off"])
    if name == "doubtful_reference":
        ratio, share = row["reference_ratio"], row["reference_script"]
        low, high = fences.get("ratio_low", 0.0), fences.get("ratio_high", math.inf)
        far = row["nll"] > fences.get("nll", math.inf)
        return _those(far=far, ratio=not low <= ratio <= high, script=share is not None and share < SCRIPT)
    if name == "attention" and row["attended"] in row["mended_by"]:
        return ["attention_more"]
    return [name]


def _those(**parts: bool) -> list[str]:
    return [name for name, holds in parts.items() if holds]


def _fences(fences: Mapping[str, float]) -> dict[str, str]:
    names = {"fence_nll": "nll", "fence_low": "ratio_low", "fence_high": "ratio_high"}
    return {place: _number(fences.get(name)) for place, name in names.items()}


def _values(row: Row, language: str, quote: Quote) -> dict[str, str]:
    """Every place that a sentence may have; a dash for what the row has no value of."""
    source, reference = row["source_tokens"], row["reference_tokens"]

    def words(items: Iterable[str]) -> str:
        every = list(dict.fromkeys(items))
        more = "…" if len(every) > MOST else ""
        return say("because.comma", language).join(map(quote, every[:MOST])) + more

    def at(places: Iterable[int] | None, tokens: list[str] = source) -> str:
        return words(tokens[place] for place in places or () if 0 <= place < len(tokens))

    step = row["divergence"]
    unsaid = [step] if row["wanted_unknown"] and step is not None else row["reference_unknown"]
    values = {name: _number(row[name]) for name in NUMBERS}
    return values | {
        "step": "–" if step is None else str(step + 1),
        "attended": at([row["attended"]] if row["attended"] is not None else None),
        "weight": _share(row["attended_weight"]),
        "mended_by": at(row["mended_by"]),
        "moved_to": at([row["moved_to"]] if row["moved_to"] is not None else None),
        "moved_probability": _share(row["moved_probability"]),
        "wanted": quote(row["wanted"] or ""),
        "said": quote(row["said"] or ""),
        "said_probability": _share(row["said_probability"]),
        "unsaid": at(unsaid, reference),
        "resegmented": quote(" ".join(row["resegmented"] or ())),
        "beam_output": quote(row["beam_output"] or ""),
        "repetition": _share(row["repetition"]),
        "reference_repetition": _share(row["reference_repetition"]),
        "uncovered": at(row["uncovered"]),
        "missing_numbers": words(row["missing_numbers"] or ()),
        "missing_names": words(row["missing_names"] or ()),
        "script": _share(row["reference_script"]),
    }


NUMBERS = (
    "reference_log_prob",
    "output_log_prob",
    "beam_log_prob",
    "beam_chrf",
    "chrf",
    "length_ratio",
    "resegmented_gain",
    "uncovered_gain",
    "uncovered_reference_gain",
    "source_gain",
    "nll",
    "reference_ratio",
)


def _number(value: float | None) -> str:
    """Two decimals, with a real minus.

    >>> _number(-12.345), _number(0.5), _number(None)
    ('−12.35', '0.50', '–')
    """
    return "–" if value is None else f"{value:.2f}".replace("-", "−")


def _share(value: Any) -> str:
    """In per cent.

    >>> _share(0.8789), _share(0.0001)
    ('87.9 %', '<0.1 %')
    """
    if value is None:
        return "–"
    return "<0.1 %" if 0 < value < 0.0005 else f"{100 * value:.1f} %"
