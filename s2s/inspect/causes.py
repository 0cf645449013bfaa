"""Causes of an error, each a test over the columns of the row, so that the evidence can be checked there.

docs/INSPECT.md explains each cause and its test. A row may have several causes or none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Row = Mapping[str, Any]
GAIN = 1.0  # nats; least gain of the reference's log-probability under another segmentation
REPEATED = 0.2  # least share of repeated token pairs in a repetition
SHORT, LONG = 0.6, 1.6  # tokens of the output divided by those of the reference: at most, at least
UNUSED = 0.1  # nats per token from unattended source words: the output gains less, the reference at least this
UNGROUNDED = 1.0  # nats per token; a hallucination gains less from the source
FAR = 3.0  # interquartile ranges beyond a quartile (Tukey's outer fences)
SCRIPT = 0.5  # share of the reference's letters in the target side's script; doubtful below


@dataclass(frozen=True)
class Fences:
    """Limits of a corpus: the highest usual NLL of a reference, and the usual range of its length over the source's."""

    nll: float = float("inf")
    ratio_low: float = 0.0
    ratio_high: float = float("inf")


@dataclass(frozen=True)
class Cause:
    """A test of a row, and the columns that it reads."""

    test: Callable[[Row, Fences], bool]
    evidence: tuple[str, ...]


def unknown_source(row: Row, fences: Fences) -> bool:
    """At the first divergence the source token with the most attention is unknown."""
    return row["attended_unknown"] is True


def segmentation(row: Row, fences: Fences) -> bool:
    """Another segmentation there corrects the step and makes the reference at least e times as probable."""
    return row["resegmented_mends"] is True and bool(row["resegmented_gain"] >= GAIN)


def unknown_reference(row: Row, fences: Fences) -> bool:
    """The reference's word is not in the vocabulary, so the model cannot output it."""
    return row["wanted_unknown"] is True


def attention(row: Row, fences: Fences) -> bool:
    """Attention on one source token alone corrects the step of the first divergence."""
    return row["wanted_unknown"] is False and bool(row["mended_by"])


def word(row: Row, fences: Fences) -> bool:
    """Attention on one source token alone corrects the step for no token."""
    return row["wanted_unknown"] is False and not row["mended_by"]


def search(row: Row, fences: Fences) -> bool:
    """The reference has a higher log-probability than the output: a search error of greedy decoding."""
    comparable = not row["cut_off"] and not row["reference_unknown"]
    return bool(comparable and row["reference_log_prob"] > row["output_log_prob"])


def beam(row: Row, fences: Fences) -> bool:
    """Beam search of size 5 gives another output with a higher log-probability and a higher chrF."""
    log_prob = row["beam_log_prob"]
    other = log_prob is not None and row["beam_output"] != row["output"]
    return bool(other and log_prob > row["output_log_prob"] and row["beam_chrf"] > row["chrf"])


def repetition(row: Row, fences: Fences) -> bool:
    """At least a fifth of the output's token pairs are repeated, a larger share than in the reference."""
    return bool(row["repetition"] >= REPEATED and row["repetition"] > row["reference_repetition"])


def early_end(row: Row, fences: Fences) -> bool:
    """The output ends at the first divergence, or is much shorter than the reference."""
    return row["said"] == "<eos>" or bool(row["length_ratio"] <= SHORT)


def late_end(row: Row, fences: Fences) -> bool:
    """The output continues where the reference ends, is cut off, or is much longer."""
    return row["wanted"] == "<eos>" or bool(row["cut_off"] or row["length_ratio"] >= LONG)


def lost_source(row: Row, fences: Fences) -> bool:
    """Some source words got no attention; without them the reference is less probable, but the output is not."""
    gain = row["uncovered_gain"]
    return gain is not None and bool(gain < UNUSED <= row["uncovered_reference_gain"])


def hallucination(row: Row, fences: Fences) -> bool:
    """The output is nearly as probable if every source token is unknown."""
    return row["source_gain"] is not None and bool(row["source_gain"] < UNGROUNDED)


def numbers(row: Row, fences: Fences) -> bool:
    """A number of the reference is not in the output."""
    return bool(row["missing_numbers"])


def names(row: Row, fences: Fences) -> bool:
    """A name of the reference in Latin letters is not in the output."""
    return bool(row["missing_names"])


def doubtful_reference(row: Row, fences: Fences) -> bool:
    """The reference has an extreme NLL or length for its corpus, or is mostly in another script than the target."""
    share = row["reference_script"]
    return (
        row["nll"] > fences.nll
        or not fences.ratio_low <= row["reference_ratio"] <= fences.ratio_high
        or (share is not None and share < SCRIPT)
    )


CAUSES = {
    "unknown_source": Cause(unknown_source, ("attended", "attended_unknown")),
    "segmentation": Cause(segmentation, ("resegmented", "resegmented_gain", "resegmented_mends")),
    "unknown_reference": Cause(unknown_reference, ("wanted", "wanted_unknown")),
    "attention": Cause(attention, ("attended", "mended_by", "moved_to", "moved_probability", "wanted_unknown")),
    "word": Cause(word, ("wanted", "said", "mended_by", "moved_probability", "wanted_unknown")),
    "search": Cause(search, ("reference_log_prob", "output_log_prob", "cut_off", "reference_unknown")),
    "beam": Cause(beam, ("output", "beam_output", "beam_log_prob", "output_log_prob", "beam_chrf", "chrf")),
    "repetition": Cause(repetition, ("repetition", "reference_repetition")),
    "early_end": Cause(early_end, ("said", "length_ratio")),
    "late_end": Cause(late_end, ("wanted", "cut_off", "length_ratio")),
    "lost_source": Cause(lost_source, ("uncovered", "uncovered_gain", "uncovered_reference_gain")),
    "hallucination": Cause(hallucination, ("source_gain",)),
    "numbers": Cause(numbers, ("missing_numbers",)),
    "names": Cause(names, ("missing_names",)),
    "doubtful_reference": Cause(doubtful_reference, ("nll", "reference_ratio", "reference_script")),
}


TESTED_COLUMNS = ("error", "nll", *sorted({name for cause in CAUSES.values() for name in cause.evidence} - {"nll"}))


def cause_columns(row: Row, fences: Fences) -> dict[str, bool | None]:
    """One boolean column per cause; all None if only one lane was run."""
    if row["error"] is None or row["nll"] is None:
        return {f"cause_{name}": None for name in CAUSES}
    return {f"cause_{name}": row["error"] and cause.test(row, fences) for name, cause in CAUSES.items()}


def compute_fences(nll: Sequence[float], ratio: Sequence[float]) -> Fences:
    """Tukey's outer fences of NLL and of the logarithm of the length ratio: three interquartile ranges from a quartile.

    If both quartiles are equal, there is no limit.
    """
    _, nll_high = _outer(np.asarray(nll, dtype=float))
    low, high = _outer(np.log(np.asarray(ratio, dtype=float)))
    return Fences(nll_high, float(np.exp(low)), float(np.exp(high)))


def _outer(values: np.ndarray) -> tuple[float, float]:
    if not len(values):
        return -np.inf, np.inf
    low, high = np.quantile(values, [0.25, 0.75])
    reach = FAR * (high - low) if high > low else np.inf
    return float(low - reach), float(high + reach)
