"""Weights as a cure would make them, where no model has to run for it; needs numpy alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from s2s.doctor.diagnosis import Diagnosis
from s2s.doctor.finding import Finding
from s2s.doctor.sheet import Sheet, Weights, softmax
from s2s.doctor.thresholds import EMPTY

FAR = 1e4  # a score that is no number counts as this far below, an infinite one as this far above or below
SAME = 1e-4  # difference of two weights that no picture shows
BY_SCORES = ("softmax_over_source", "mask_finite", "keep_one")


def cured_weights(diagnosis: Diagnosis) -> tuple[Finding, Weights] | None:
    """The strongest finding whose cure changes the weights that are drawn, and what it makes of them."""
    sheet, model = diagnosis.sheet, diagnosis.about.get("kind") == "checkpoint"
    if sheet is None:
        return None
    for finding in diagnosis.findings:
        if model and finding.cure and finding.cure.name == "turn_source":
            continue  # the model read another source, and has other weights there
        made_TS = treated(finding, sheet)
        if made_TS is not None and not np.allclose(made_TS, sheet.weights_TS, atol=SAME, equal_nan=True):
            return finding, made_TS
    return None


def treated(finding: Finding, sheet: Sheet) -> Weights | None:
    """The weights moved, turned around, without what lies on a place, of another head or of the scores; else None.

    >>> from s2s.doctor.finding import Cure
    >>> sheet = Sheet(np.eye(3))
    >>> treated(Finding("shift", 1, {"steps": 1}, cure=Cure("move_attention")), sheet).argmax(axis=1).tolist()
    [1, 2, 2]
    """
    name, weights_TS, numbers = finding.cure.name if finding.cure else "", sheet.weights_TS, finding.numbers
    if name == "move_attention":
        rows_T = np.arange(len(weights_TS)) + int(numbers["steps"])
        moved_TS: Weights = weights_TS[rows_T.clip(0, len(weights_TS) - 1)]
        return np.roll(moved_TS, int(numbers.get("tokens", 0)), axis=1)
    if name == "turn_source":
        return weights_TS[:, ::-1]
    if name in ("mask_padding", "mask_place") and len(sheet.source) == weights_TS.shape[1]:
        return _without(weights_TS, places(finding.name, sheet))
    if name == "other_head":
        return sheet.heads.get((int(numbers["layer"]), int(numbers["head"])))
    if name in BY_SCORES and sheet.scores_TS is not None:
        return softmax(np.nan_to_num(sheet.scores_TS, nan=-FAR, posinf=FAR, neginf=-FAR).clip(-FAR, FAR))
    return None


def places(name: str, sheet: Sheet) -> NDArray[np.bool_]:
    """The source positions that a finding is about, whose name is that of a place."""
    if name in ("first_token", "last_token"):
        real = np.flatnonzero(~sheet.places("padding"))
        chosen = np.zeros(len(sheet.source), dtype=bool)
        chosen[real[0 if name == "first_token" else -1]] = True
        return chosen
    return sheet.places({"padding_mass": "padding", "eos_sink": "eos"}.get(name, name))


def _without(weights_TS: Weights, places_S: NDArray[np.bool_]) -> Weights:
    """Each row without its weight at some places, divided by what is left."""
    kept_TS = np.where(places_S, 0.0, weights_TS)
    total_T1 = kept_TS.sum(axis=1, keepdims=True)
    shares_TS: Weights = np.divide(kept_TS, total_T1, out=np.zeros_like(kept_TS), where=np.abs(total_T1) > EMPTY)
    return shares_TS
