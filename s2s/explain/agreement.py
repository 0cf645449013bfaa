"""Agreement of attention with other evidence: rank correlation and a verdict. Needs numpy alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

ROUNDING = 1e-9  # tolerance when a mean τ is compared with a limit
AGREES, PARTLY = 0.5, 0.2  # least mean τ of the verdicts "agrees" and "partly"
IDLE = 0.1  # total variation; below it other weights change too little to judge
FEW = 3  # source tokens; with fewer τ is not judged
VERDICTS = ("few", "idle", "agrees", "first", "partly", "disagrees")


def shares(values: Sequence[float]) -> list[float]:
    """The absolute values divided by their sum, as attention is scaled; all zeros stay zeros.

    >>> shares([-1.0, 3.0])
    [0.25, 0.75]
    """
    sizes = np.abs(np.asarray(values, dtype=np.float64))
    total = float(sizes.sum())
    return [float(x) for x in (sizes / total if total > 0 else sizes)]


def kendall(a: Sequence[float], b: Sequence[float]) -> float | None:
    """Kendall's τ_b (1945), between -1 and 1: concordant minus discordant pairs, corrected for ties.

    None if all values of one side are equal.

    >>> kendall([1, 2, 3, 4], [1, 2, 4, 3])
    0.6666666666666666
    """
    sign_a, sign_b = (np.sign(np.subtract.outer(x, x)) for x in (np.asarray(a), np.asarray(b)))
    untied = float(np.abs(sign_a).sum()) * float(np.abs(sign_b).sum())
    return float((sign_a * sign_b).sum()) / untied**0.5 if untied else None


def mean_tau(taus: Sequence[float | None]) -> float | None:
    """The mean of the values that are defined; None if there are none."""
    known = [tau for tau in taus if tau is not None]
    return sum(known) / len(known) if known else None


def same_first(rows: Sequence[Sequence[float]]) -> bool:
    """True if the same token has the largest value in every row, without a tie.

    >>> same_first([[0.9, 0.1], [0.6, 0.4]]), same_first([[0.9, 0.1], [0.5, 0.5]])
    (True, False)
    """
    firsts = [np.flatnonzero(np.asarray(row) == max(row)).tolist() for row in rows]
    return len(firsts[0]) == 1 and all(first == firsts[0] for first in firsts)


def verdict(length: int, taus: Sequence[float | None], uniform: float, permuted: float, first: bool = False) -> str:
    """One of ``VERDICTS`` for a step; ``uniform`` and ``permuted`` are total variations, ``first`` is ``same_first``.

    The first verdict that applies:

    - ``few``: fewer than 3 source tokens.
    - ``idle``: neither uniform nor permuted weights move the distribution by 0.1, so attention decides nothing.
    - ``agrees``: the mean τ of attention with the other rows is at least 0.5.
    - ``first``: all rows put the same token first. τ weighs the order of tokens with nearly no weight just as much.
    - ``partly``: the mean τ is at least 0.2.
    - ``disagrees``: it is lower, or no τ is defined.
    """
    tau = mean_tau(taus)
    if length < FEW:
        return "few"
    if max(uniform, permuted) < IDLE:
        return "idle"
    if tau is not None and tau >= AGREES - ROUNDING:
        return "agrees"
    if first:
        return "first"
    return "disagrees" if tau is None or tau < PARTLY - ROUNDING else "partly"
