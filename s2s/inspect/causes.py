"""What is wrong with an output, and why: names, columns, and the rule by which a mechanism is stated.

``CAUSES`` say what is wrong, in a translator's terms; ``judgement.py`` names the main one. ``MECHANISMS`` say why; each
is an experiment on the model (``experiments.py``) with a placebo on the same row. docs/INSPECT.md defines all of them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from s2s.inspect.judgement import CAUSES as CAUSES

Row = Mapping[str, Any]
TRIED = ("unknown", "segmentation", "attention", "search", "prefix", "reference")  # by an experiment and a placebo
PREFERENCE = "preference"  # nothing that was tried mends the word: the model prefers its own
MECHANISMS = (*TRIED, PREFERENCE)
TAGS = {**{name: f"cause_{name}" for name in CAUSES}, **{name: f"mechanism_{name}" for name in MECHANISMS}}
LEVEL = 0.05  # of the test whether an experiment does better than its placebo
OUTCOMES = tuple(f"{kind}_{name}" for name in TRIED for kind in ("experiment", "placebo"))


@dataclass(frozen=True)
class Trial:
    """An experiment on a file's errors: how many rows, in how many it mends the word, and its placebo does."""

    tried: int = 0
    mended: int = 0
    placebo: int = 0
    p: float = 1.0

    @property
    def stated(self) -> bool:
        """Whether the mechanism may be stated: the experiment mends more rows than the placebo, by the sign test."""
        return self.mended > self.placebo and self.p < LEVEL


def trial(experiment: Sequence[bool | None], placebo: Sequence[bool | None]) -> Trial:
    """Compare an experiment with its placebo over the rows in which both were tried.

    ``p`` is that of the one-sided sign test over the rows where only one of the two mends the word.

    >>> trial([True] * 6 + [False, None], [False] * 8)
    Trial(tried=7, mended=6, placebo=0, p=0.015625)
    """
    both = [(bool(a), bool(b)) for a, b in zip(experiment, placebo, strict=True) if a is not None and b is not None]
    only, other = sum(a and not b for a, b in both), sum(b and not a for a, b in both)
    return Trial(len(both), sum(a for a, _ in both), sum(b for _, b in both), sign_test(only, other))


def sign_test(wins: int, losses: int) -> float:
    """The probability of at least so many wins if wins and losses are equally likely."""
    total = wins + losses
    if total > 1000:  # the normal approximation with continuity correction
        return 0.5 * math.erfc((wins - 0.5 - total / 2) / math.sqrt(total / 2))
    return float(sum(math.comb(total, k) for k in range(wins, total + 1)) / 2**total)


def tag_columns(row: Row, trials: Mapping[str, Trial]) -> dict[str, bool | None]:
    """The columns of ``TAGS``; all None if only one lane was run, all False in a row that is no error.

    A mechanism holds if it may be stated of the file, its experiment mends this row, and its placebo does not. A word
    outside the vocabulary and an output of ``<unk>`` are facts and need no experiment.
    """
    if row["verdict"] is None:
        return dict.fromkeys(TAGS.values())
    if row["verdict"] != "error":
        return dict.fromkeys(TAGS.values(), False)
    out: dict[str, bool | None] = {f"cause_{name}": row["cause"] == name for name in CAUSES}
    for name in TRIED:
        mends = row[f"experiment_{name}"] is True and row[f"placebo_{name}"] is not True
        out[f"mechanism_{name}"] = mends and trials[name].stated
    facts = bool(row["output_unknown"]) or row["wanted_unknown"] is True
    out["mechanism_unknown"] = bool(out["mechanism_unknown"]) or facts
    out[f"mechanism_{PREFERENCE}"] = not any(out[f"mechanism_{name}"] for name in TRIED)
    return out


TAGGED_COLUMNS = ("verdict", "cause", "output_unknown", "wanted_unknown", *OUTCOMES)
