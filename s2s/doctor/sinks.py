"""A place that has most of the weight: what the model says without it."""

from __future__ import annotations

from dataclasses import replace

import torch

from s2s.doctor.batch import cured
from s2s.doctor.context import sheets
from s2s.doctor.finding import Finding
from s2s.doctor.run import Exam, Run, score, with_rows
from s2s.doctor.treated import places

REMEDIES = {
    "padding_mass": "mask_padding",
    "eos_sink": "mask_place",
    "punctuation": "mask_place",
    "first_token": "mask_place",
    "last_token": "mask_place",
}
PLACES = tuple(REMEDIES)


def without_place(exam: Exam, finding: Finding) -> Finding:
    """The finding with a cure: the same weights without those on its places, divided by what is left."""
    before, after = score(exam.runs), list[Run]()
    for run, sheet in zip(exam.runs, sheets(exam), strict=True):
        kept_S = torch.from_numpy(~places(finding.name, sheet))
        if not kept_S.any():
            kept_S[:] = True
        rows_TS = run.weights_BTS[0] * kept_S
        empty_T1 = rows_TS.sum(dim=1, keepdim=True) <= 0
        rows_TS = torch.where(empty_T1, kept_S.float().expand_as(rows_TS), rows_TS)
        rows_TS = rows_TS / rows_TS.sum(dim=1, keepdim=True)
        after.append(with_rows(exam.model, run, rows_TS))
    return replace(finding, cure=cured(REMEDIES[finding.name], before, score(after)))
