"""How far attention agrees with other evidence, in one number and one word. numpy alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

ROUNDING = 1e-9  # of a mean of rational τ
AGREES, PARTLY = 0.5, 0.2  # mean τ from which on attention agrees with the other rows, or does so in part
IDLE = 0.1  # total variation below which other weights change next to nothing
FEW = 3  # source tokens; τ of fewer says nothing
VERDICTS = ("few", "idle", "agrees", "first", "partly", "disagrees")


def shares(values: Sequence[float]) -> list[float]:
    """Absolute values on the scale of attention, summing to 1; zeros stay zeros.

    >>> shares([-1.0, 3.0])
    [0.25, 0.75]
    """
    sizes = np.abs(np.asarray(values, dtype=np.float64))
    total = float(sizes.sum())
    return [float(x) for x in (sizes / total if total > 0 else sizes)]


def kendall(a: Sequence[float], b: Sequence[float]) -> float | None:
    """Kendall's τ_b (1945): of all pairs, those in the same order minus those in opposite order, ties allowed for.

    None where all values of a side are equal.

    >>> kendall([1, 2, 3, 4], [1, 2, 4, 3])
    0.6666666666666666
    """
    sign_a, sign_b = (np.sign(np.subtract.outer(x, x)) for x in (np.asarray(a), np.asarray(b)))
    untied = float(np.abs(sign_a).sum()) * float(np.abs(sign_b).sum())
    return float((sign_a * sign_b).sum()) / untied**0.5 if untied else None


def mean_tau(taus: Sequence[float | None]) -> float | None:
    """The mean of those that are defined."""
    known = [tau for tau in taus if tau is not None]
    return sum(known) / len(known) if known else None


def same_first(rows: Sequence[Sequence[float]]) -> bool:
    """Whether one token has the largest value of every row, and no other token has as much.

    >>> same_first([[0.9, 0.1], [0.6, 0.4]]), same_first([[0.9, 0.1], [0.5, 0.5]])
    (True, False)
    """
    firsts = [np.flatnonzero(np.asarray(row) == max(row)).tolist() for row in rows]
    return len(firsts[0]) == 1 and all(first == firsts[0] for first in firsts)


def verdict(length: int, taus: Sequence[float | None], uniform: float, permuted: float, first: bool = False) -> str:
    """One of ``VERDICTS`` for a step; ``uniform`` and ``permuted`` are total variations, ``first`` is ``same_first``.

    ``few``: fewer than 3 source tokens. ``idle``: neither uniform nor permuted weights move the distribution by
    0.1, so attention decides nothing here. Else by the mean τ of attention with the other rows: ``agrees`` from
    0.5 on; below that ``first`` where all rows put the same token first, for τ gives the order of tokens that
    all get nearly nothing as much say; else ``partly`` from 0.2 on, and ``disagrees``, also where none is defined.
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
