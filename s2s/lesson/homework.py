"""Exercises with their right answers, and the answers of common mistakes."""

from __future__ import annotations

import datetime
import math
import random
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from s2s.trace.step import Step

SHOWN = 6  # scores that an exercise writes out
EXACT = 0.0015  # how far a right answer with three decimals may be off: rounding, and rounded intermediate results
TOLERANCE = 0.01  # relative, or 0.002 absolute: how far an answer may be from that of a mistake, or is nearly right


@dataclass(frozen=True)
class Exercise:
    """A number to compute, and the numbers that common mistakes lead to, by the mistake's name."""

    right: float
    slips: Mapping[str, float]

    def verdict(self, answer: float) -> str:
        """``right``, ``close`` for too few decimals, the name of the mistake that gives this answer, or ``far``."""
        if abs(answer - self.right) <= EXACT:
            return "right"
        if _near(answer, self.right):
            return "close"
        return next((name for name, value in self.slips.items() if _near(answer, value)), "far")


def _near(answer: float, value: float) -> bool:
    return abs(answer - value) <= max(0.002, TOLERANCE * abs(value))


@dataclass(frozen=True)
class Scores:
    """The scores that an exercise shows, highest first, as positions and values, and Σ e^e of all others.

    The highest score is subtracted from all: the softmax stays the same, and the numbers suit a pocket calculator.
    """

    shown: tuple[tuple[int, float], ...]
    rest: float
    hidden: int


def scores(step: Step) -> Scores | None:
    """The scores of a step; None if its weights are not their plain softmax (local attention, an edit)."""
    row_S = step.scores.astype(float)
    if not np.isfinite(row_S).all() or step.factors or step.own_attention is not None:
        return None
    row_S -= row_S.max()
    order = np.argsort(-row_S, kind="stable")
    shown, others = order[:SHOWN], order[SHOWN:]
    return Scores(tuple((int(s), float(row_S[s])) for s in shown), float(np.exp(row_S[others]).sum()), len(others))


def weight(given: Scores) -> Exercise:
    """The weight of the source word with the highest score, ``e^{e_1} / Σ e^{e_s}``."""
    values = [value for _, value in given.shown]
    exponents = [math.exp(value) for value in values]
    right = exponents[0] / (sum(exponents) + given.rest)
    slips = {"percent": 100 * right, "base": 2 ** values[0] / sum(2**v for v in values), "highest": values[0]}
    if given.hidden:
        slips["rest"] = exponents[0] / sum(exponents)
    return Exercise(right, slips)


def surprise(logit: float, normaliser: float) -> Exercise:
    """``-ln p`` of a word: ``ln Σ e^z - z``."""
    right = normaliser - logit
    slips = {
        "sign": -right,
        "log2": right / math.log(2),
        "log10": right / math.log(10),
        "probability": math.exp(-right),
    }
    return Exercise(right, slips)


@dataclass(frozen=True)
class Dates:
    """The result on fresh dates with a single correct answer: how many, how many exact, the first wrong ones."""

    count: int
    exact: int
    wrong: tuple[tuple[str, str, str], ...]  # source, correct output, the model's output

    @property
    def share(self) -> float:
        """The share of exact outputs, 0 to 1."""
        return self.exact / self.count


GOAL = 0.99
SPLIT = 1  # seed of the split of days that the shipped model and `generate date` use


def fresh_dates(count: int, seed: int) -> list[tuple[str, str]]:
    """``count`` new pairs of held-out days, each with a single correct answer."""
    from s2s.tasks import date

    days, rng, found = date.split_days(SPLIT)["test"], random.Random(f"homework {seed}"), list[tuple[str, str]]()
    while len(found) < count:
        day: datetime.date = rng.choice(days)
        source = date.write_source(day, [], rng)
        if len(date.posterior(source)) == 1:
            found.append((source, str(day)))
    return found
