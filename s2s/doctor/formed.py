"""When attention formed in a training run: its film beside its curve."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from s2s.checkpoint.record import Checkpoint
from s2s.doctor.finding import Cure, Finding
from s2s.doctor.thresholds import FALLEN, LATE, LATE_TIMES, NEAR, UNMOVED
from s2s.trace.film import FilmFrame

TOKENS = 3  # of a source, at least


def formed(
    film: Sequence[FilmFrame], curve: Sequence[Mapping[str, Any]], checkpoint: Checkpoint
) -> tuple[dict[str, float], list[Finding]]:
    """When the filmed attention came to stay near its last rows, and when the loss had fallen; a remark if late."""
    measures, apart = dict[str, float](), distances(film)
    if (fallen := loss_fallen(curve)) is not None:
        measures["loss_fallen"] = fallen
    if len(apart) < 2:
        return measures, []
    steps, train = list(apart), checkpoint.config.train
    at, moved = came_to_stay(apart), apart[steps[0]]
    measures |= {"attention_formed": at, "attention_moved": moved}
    unmoved = moved < UNMOVED
    late = at > LATE * steps[-1] and at > LATE_TIMES * measures.get("loss_fallen", 0.0)
    if train.start or not (unmoved or late):  # a run that goes on has its attention from the start
        return measures, []
    if train.coverage_weight > 0:
        numbers = measures | {"coverage_weight": train.coverage_weight}
        cause, cure = "doctor.cause.coverage_before", Cure("coverage_later")
        return measures, [Finding("coverage_too_early", 0.45, numbers, cause, cure)]
    cause = "doctor.cause.unmoved" if unmoved else "doctor.cause.late_attention"
    return measures, [Finding("late_attention", 0.4, dict(measures), cause, Cure("guide_attention"))]


def distances(film: Sequence[FilmFrame]) -> dict[int, float]:
    """By step of training the mean total variation of all rows from those of the last step; whole moments only."""
    by_step: dict[int, dict[int, np.ndarray]] = {}
    for frame in film:
        if frame.trace.looks >= TOKENS:
            by_step.setdefault(frame.step, {})[frame.sentence] = frame.trace.attention_TS
    if not by_step:
        return {}
    sentences = next(iter(by_step.values())).keys()
    whole = {step: rows for step, rows in by_step.items() if rows.keys() == sentences}
    last = whole[max(whole)]
    return {
        step: float(np.concatenate([np.abs(rows[n] - last[n]).sum(axis=1) / 2 for n in sentences]).mean())
        for step, rows in sorted(whole.items())
    }


def came_to_stay(apart: Mapping[int, float]) -> int:
    """The first step from which on every moment is near the last one."""
    steps = sorted(apart)
    far = [place for place, step in enumerate(steps) if apart[step] >= NEAR]
    return steps[far[-1] + 1] if far else steps[0]


def loss_fallen(curve: Sequence[Mapping[str, Any]]) -> int | None:
    """The first step at which the dev loss has fallen by ``FALLEN`` of the way from its first to its lowest value."""
    losses = [(float(line["step"]), float(line["dev_loss"])) for line in curve if {"step", "dev_loss"} <= line.keys()]
    finite = [(int(step), loss) for step, loss in losses if np.isfinite(step) and np.isfinite(loss)]
    if len(finite) < 2:
        return None
    first, lowest = finite[0][1], min(loss for _, loss in finite)
    if not lowest < first:
        return None
    return next(step for step, loss in finite if first - loss >= FALLEN * (first - lowest))
