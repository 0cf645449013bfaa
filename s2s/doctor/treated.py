"""Weights as a cure would make them, where no model has to run for it; needs numpy alone."""

from __future__ import annotations

import numpy as np

from s2s.doctor.finding import Finding
from s2s.doctor.sheet import Sheet, Weights
from s2s.doctor.thresholds import EMPTY


def treated(finding: Finding, sheet: Sheet) -> Weights | None:
    """The weights moved by steps, with their columns turned around, or without what lies on padding; else None.

    >>> from s2s.doctor.finding import Cure
    >>> sheet = Sheet(np.eye(3))
    >>> treated(Finding("shift", 1, {"steps": 1}, cure=Cure("move_attention")), sheet).argmax(axis=1).tolist()
    [1, 2, 2]
    """
    name, weights_TS = finding.cure.name if finding.cure else "", sheet.weights_TS
    if name == "move_attention" and not finding.numbers.get("tokens"):
        rows_T = np.arange(len(weights_TS)) + int(finding.numbers["steps"])
        moved_TS: Weights = weights_TS[rows_T.clip(0, len(weights_TS) - 1)]
        return moved_TS
    if name == "turn_source":
        return weights_TS[:, ::-1]
    if name == "mask_padding" and len(sheet.source) == weights_TS.shape[1]:
        kept_TS = np.where(sheet.places("padding"), 0.0, weights_TS)
        total_T1 = kept_TS.sum(axis=1, keepdims=True)
        masked_TS: Weights = np.divide(kept_TS, total_T1, out=np.zeros_like(kept_TS), where=np.abs(total_T1) > EMPTY)
        return masked_TS
    return None
