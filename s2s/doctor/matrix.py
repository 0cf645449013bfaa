"""The tests that need weights alone, of one sentence or of many; a matrix is examined by them and nothing else."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING

import numpy as np

from s2s.doctor.diagnosis import Diagnosis
from s2s.doctor.finding import Cure, Finding
from s2s.doctor.sheet import Sheet, Weights, shape, sums
from s2s.doctor.thresholds import (
    BACKWARDS,
    COLUMNS_WHOLE,
    CONSTANT,
    GOLD_GAIN,
    GOLD_LINKS,
    PADDING,
    PUNCTUATION,
    PUNCTUATION_TIMES,
    ROWS_OFF,
    SINK,
    UNIFORM,
)
from s2s.errors import UserError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

Link = tuple[int, int]  # source and target token, from 0


@np.errstate(over="ignore", invalid="ignore")  # of numbers that are too large, which is a finding
def examine(
    weights_TS: ArrayLike,
    source_tokens: Sequence[str] | None = None,
    target_tokens: Sequence[str] | None = None,
    gold: Sequence[tuple[int, int]] | None = None,
) -> Diagnosis:
    """The diagnosis of one matrix. UserError if the tokens do not fit it."""
    sheet = _sheet(weights_TS, source_tokens, target_tokens)
    measures = sums([sheet]) | shape([sheet])
    found = [*broken(measures), *shapes(measures), *backwards(measures)]
    if gold is not None and len(gold):
        by_shift = against_links(sheet, _links(gold, sheet))
        measures |= {f"aer{shift:+d}": value for shift, value in by_shift.items()}
        found += shifted(by_shift, len(gold))
    about = {"kind": "matrix", "steps": sheet.weights_TS.shape[0], "source": sheet.weights_TS.shape[1]}
    return Diagnosis.of(found, known(measures), about, sheet=sheet)


def known(measures: Mapping[str, float]) -> dict[str, float]:
    """The measures that are finite numbers."""
    return {name: value for name, value in measures.items() if math.isfinite(value)}


def _sheet(weights: ArrayLike, source: Sequence[str] | None, target: Sequence[str] | None) -> Sheet:
    try:
        weights_TS = np.asarray(weights, dtype=np.float64)
    except (TypeError, ValueError):
        raise UserError("doctor_matrix") from None
    if weights_TS.ndim != 2 or not weights_TS.size:
        raise UserError("doctor_matrix")
    for tokens, size in ((target, weights_TS.shape[0]), (source, weights_TS.shape[1])):
        if tokens is not None and len(tokens) != size:
            raise UserError("doctor_tokens", found=len(tokens), expected=size)
    return Sheet(weights_TS, tuple(source or ()), tuple(target or ()))


def broken(measures: Mapping[str, float]) -> Iterator[Finding]:
    """What makes a matrix no attention at all."""
    if measures["nan_rows"]:
        yield Finding("nan", 1.0, {"rows": measures["nan_rows"]}, cure=Cure("mask_finite"))
    if measures["empty_rows"]:
        yield Finding("empty_row", 0.95, {"rows": measures["empty_rows"]}, cure=Cure("keep_one"))
    if measures["rows_off"] > ROWS_OFF:
        numbers = {name: measures[name] for name in ("rows_off", "columns_whole", "least_weight")}
        if measures["columns_whole"] > COLUMNS_WHOLE:
            yield Finding("wrong_axis", 1.0, numbers, cure=Cure("softmax_over_source"))
        else:
            yield Finding("not_normalised", 0.9, numbers, cure=Cure("softmax_over_source"))


def shapes(measures: Mapping[str, float]) -> Iterator[Finding]:
    """What attention looks like: on padding, everywhere alike, always the same, always in one place."""
    share = measures["padding"]
    if share > PADDING:
        yield Finding("padding_mass", 0.8 + 0.2 * share, {"share": share}, cure=Cure("mask_padding"))
    entropy, distance = measures["entropy_share"], measures["row_distance"]
    if entropy > UNIFORM:
        yield Finding(
            "uniform", _between(entropy, UNIFORM, 1.0), {"entropy_share": entropy}, cure=Cure("larger_scores")
        )
        return
    sinks = list(_sinks(measures))
    yield from sinks
    if distance < CONSTANT and not sinks:  # a sink says it already, and where
        numbers = {"row_distance": distance, "entropy_share": entropy}
        yield Finding("constant", _between(-distance, -CONSTANT, 0.0, 0.6), numbers, cure=Cure("read_state"))


def backwards(measures: Mapping[str, float]) -> Iterator[Finding]:
    """Places that run from the last to the first: a remark, as words of two languages may do so."""
    if measures["monotony"] < BACKWARDS:
        yield Finding("reversed_source", 0.45, {"monotony": measures["monotony"]}, cure=Cure("turn_source"))


def _sinks(measures: Mapping[str, float]) -> Iterator[Finding]:
    """One place that has most of the weight, named by the most telling of its names."""
    first, last, eos, marks = (measures[name] for name in ("first", "last", "eos", "punctuation"))
    if eos > SINK:
        yield Finding("eos_sink", _between(eos, SINK, 1.0), {"share": eos})
    elif marks > PUNCTUATION and marks > PUNCTUATION_TIMES * measures["punctuation_tokens"]:
        yield Finding("punctuation", _between(marks, PUNCTUATION, 1.0), {"share": marks})
    elif last > SINK:
        yield Finding("last_token", _between(last, SINK, 1.0), {"share": last})
    if first > SINK:
        yield Finding("first_token", _between(first, SINK, 1.0), {"share": first})


def _between(value: float, low: float, high: float, least: float = 0.5, most: float = 0.75) -> float:
    """A strength that grows from ``least`` at the threshold to ``most`` at the far end."""
    return least + (most - least) * min(1.0, max(0.0, (value - low) / (high - low)))


def _links(gold: ArrayLike, sheet: Sheet) -> set[Link]:
    """The links as whole numbers. UserError if they are no pairs of places that the matrix has."""
    links_N2, (steps, width) = np.asarray(gold), sheet.weights_TS.shape
    if links_N2.ndim != 2 or links_N2.shape[1] != 2 or links_N2.dtype.kind not in "iu":
        raise UserError("doctor_gold", steps=steps, source=width)
    if (links_N2 < 0).any() or (links_N2 >= (width, steps)).any():
        raise UserError("doctor_gold", steps=steps, source=width)
    return {(int(s), int(t)) for s, t in links_N2}


def against_links(
    sheet: Sheet, links: AbstractSet[Link], possible: AbstractSet[Link] = frozenset()
) -> dict[int, float]:
    """``1 - (|A∩S| + |A∩P|) / (|A| + |S|)`` of the largest weights with attention of the step before, at and after.

    ``A`` has a link of each target token that has a sure one, ``S``; ``P`` are those and the ``possible`` ones.
    """
    steps, sure = len(sheet.weights_TS), set(links)
    weights_TS: Weights = np.nan_to_num(sheet.weights_TS)
    linked = {t for _, t in sure}
    out = dict[int, float]()
    for shift in (-1, 0, 1):
        made = {(int(weights_TS[t + shift].argmax()), t) for t in linked if 0 <= t + shift < steps}
        out[shift] = 1 - (len(made & sure) + len(made & (sure | possible))) / max(len(made) + len(sure), 1)
    return out


def shifted(by_shift: Mapping[int, float], links: int) -> Iterator[Finding]:
    """Another step's attention has far fewer errors than the step's own."""
    best = min(by_shift, key=lambda shift: (by_shift[shift], abs(shift)))
    fall = by_shift[0] - by_shift[best]
    if best and links >= GOLD_LINKS and fall >= GOLD_GAIN:
        cure = Cure("move_attention", True, {"aer": by_shift[0]}, {"aer": by_shift[best]})
        yield Finding(
            "shift", 0.7 + 0.3 * fall, {"steps": best, "aer": by_shift[0], "moved": by_shift[best]}, cure=cure
        )
