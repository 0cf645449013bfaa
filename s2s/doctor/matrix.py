"""The tests that need weights alone, of one sentence or of many; a matrix is examined by them and nothing else."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, Any

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
    NEGATIVE,
    PADDING,
    PUNCTUATION,
    PUNCTUATION_TIMES,
    ROWS_OFF,
    SINK,
    SUM_ERROR,
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
    links = _links(gold, sheet)
    measures = sums([sheet]) | shape([sheet])
    found = [*broken(measures), *shapes(measures), *backwards(measures)]
    if links:
        by_shift = against_links(sheet, links)
        measures |= {f"aer{shift:+d}": value for shift, value in by_shift.items()}
        found += shifted(by_shift, len(links))
    about: dict[str, Any] = {"kind": "matrix", "steps": sheet.weights_TS.shape[0], "source": sheet.weights_TS.shape[1]}
    about["caveats"] = [*of_file(measures, bool(links)), *(() if sheet.source else ("tokens",))]
    return Diagnosis.of(found, known(measures), about, sheet=sheet)


def known(measures: Mapping[str, float]) -> dict[str, float]:
    """The measures that are finite numbers."""
    return {name: value for name, value in measures.items() if math.isfinite(value)}


def of_file(measures: Mapping[str, float], linked: bool) -> Iterator[str]:
    """What weights without a model do not tell: nothing if there are too few; without links, where they should lie."""
    if not any(math.isfinite(measures.get(name, math.nan)) for name in ("row_distance", "first")):
        yield "too_small"
        return
    if not math.isfinite(measures["monotony"]):
        yield "short"
    if not linked:
        yield "alone"


def _sheet(weights: Any, source: Sequence[str] | None, target: Sequence[str] | None) -> Sheet:
    try:
        if hasattr(weights, "detach"):  # torch, with its gradient
            weights = weights.detach().cpu().double().numpy()
        weights_TS = np.asarray(weights, dtype=np.float64)
    except (TypeError, ValueError):
        raise UserError("doctor_matrix") from None
    if weights_TS.ndim == 3:
        raise UserError("doctor_three", heads=weights_TS.shape[0])
    if weights_TS.ndim != 2 or not weights_TS.size:
        raise UserError("doctor_matrix")
    _fit(weights_TS, source, target)
    return Sheet(weights_TS, tuple(source or ()), tuple(target or ()))


def _fit(weights_TS: Weights, source: Sequence[str] | None, target: Sequence[str] | None) -> None:
    """UserError if the tokens do not fit the matrix, which says so if they fit when it is transposed.

    Where only one side has tokens, its columns have to sum to 1, too: else there may be one token too few.
    """
    (steps, width), given = weights_TS.shape, [None if tokens is None else len(tokens) for tokens in (target, source)]
    if all(count in (None, size) for count, size in zip(given, (steps, width), strict=True)):
        return
    turned = all(count in (None, size) for count, size in zip(given, (width, steps), strict=True))
    if turned and (None not in given or bool((np.abs(weights_TS.sum(axis=0) - 1) <= SUM_ERROR).all())):
        raise UserError("doctor_transposed", rows=steps, columns=width)
    found, expected = next((n, size) for n, size in zip(given, weights_TS.shape, strict=True) if n not in (None, size))
    raise UserError("doctor_tokens", found=found, expected=expected)


def broken(measures: Mapping[str, float]) -> Iterator[Finding]:
    """What makes a matrix no attention at all."""
    if measures["nan_rows"]:
        yield Finding("nan", 1.0, {"rows": measures["nan_rows"]}, cure=Cure("mask_finite"))
    if measures["empty_rows"]:
        yield Finding("empty_row", 0.95, {"rows": measures["empty_rows"]}, cure=Cure("keep_one"))
    numbers = {name: measures[name] for name in ("rows_off", "columns_whole", "least_weight")}
    if measures["least_weight"] < NEGATIVE:
        yield Finding("not_normalised", 0.9, numbers, "doctor.cause.negative", Cure("softmax_over_source"))
    elif measures["rows_off"] > ROWS_OFF:
        if measures["columns_whole"] > COLUMNS_WHOLE:
            cure = Cure(
                "transpose", True, {"rows_off": measures["rows_off"]}, {"rows_off": 1 - numbers["columns_whole"]}
            )
            yield Finding("wrong_axis", 1.0, numbers, "doctor.cause.transposed", cure)
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
    cure = Cure("mask_place")
    if eos > SINK:
        yield Finding("eos_sink", _between(eos, SINK, 1.0), {"share": eos}, cure=cure)
    elif marks > PUNCTUATION and marks > PUNCTUATION_TIMES * measures["punctuation_tokens"]:
        yield Finding("punctuation", _between(marks, PUNCTUATION, 1.0), {"share": marks}, cure=cure)
        if last > SINK:  # the mark stands at the end: both names are true
            strength = min(_between(last, SINK, 1.0), _between(marks, PUNCTUATION, 1.0))
            yield Finding("last_token", strength, {"share": last}, "doctor.cause.last_mark", cure)
    elif last > SINK:
        yield Finding("last_token", _between(last, SINK, 1.0), {"share": last}, cure=cure)
    if first > SINK:
        yield Finding("first_token", _between(first, SINK, 1.0), {"share": first}, cure=cure)


def _between(value: float, low: float, high: float, least: float = 0.5, most: float = 0.75) -> float:
    """A strength that grows from ``least`` at the threshold to ``most`` at the far end."""
    return least + (most - least) * min(1.0, max(0.0, (value - low) / (high - low)))


def _links(gold: Any, sheet: Sheet) -> set[Link]:
    """The links as whole numbers, also of ``0-0 1-1``. UserError if they are no pairs of places that the matrix has."""
    if gold is None or (hasattr(gold, "__len__") and not len(gold)):
        return set()
    steps, width = sheet.weights_TS.shape
    if isinstance(gold, str):
        gold = [[int(place) for place in part.split("-") if place.isdecimal()] for part in gold.split()]
    try:
        links_N2 = np.asarray(gold)
    except ValueError:  # of rows of several lengths
        raise UserError("doctor_gold", steps=steps, source=width) from None
    if links_N2.ndim != 2 or links_N2.shape[1] != 2 or links_N2.dtype.kind not in "iu":
        raise UserError("doctor_gold", steps=steps, source=width)
    outside_N = ((links_N2 < 0) | (links_N2 >= (width, steps))).any(axis=1)
    if outside_N.any():
        source, step = links_N2[outside_N][0].tolist()
        raise UserError("doctor_gold_link", link=f"({source}, {step})", steps=steps, source=width)
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
        numbers = {"steps": best, "aer": by_shift[0], "moved": by_shift[best]}
        yield Finding("shift", 0.7 + 0.3 * fall, numbers, "doctor.cause.shift_by_links", cure)
