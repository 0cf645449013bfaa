"""Align two traces: pairs of steps and of source tokens, and how much they differ.

Rows are the steps of both, columns the tokens of both sources (``alignment.py``). Nothing is left
out: a step or a token that only one side has is a row or a column with no number for the other.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from s2s import spreadsheet
from s2s.text.align import Column, Pair, align, aligned_columns
from s2s.text.rounding import significant
from s2s.trace.step import Step
from s2s.trace.trace import Trace

TOP = 5  # candidates of a step that the page shows
SAME = 1e-6  # what two runs of one computation may differ by


def lane_output(step: Step, mode: str) -> str:
    """The token that a lane outputs at a step: the most probable one if forced, the one it went on with if free."""
    return step.top[0].token if mode == "forced" else step.output


@dataclass(frozen=True)
class Comparison:
    """Two lanes of one mode; ``rows`` pairs their steps, ``columns`` their source tokens."""

    a: Trace
    b: Trace
    rows: tuple[Pair, ...]
    columns: tuple[Column, ...]

    @property
    def parting(self) -> int | None:
        """The first row where the outputs differ or only one side has a step; None if there is no such row."""
        words = [[lane_output(step, side.mode) for step in side.steps] for side in (self.a, self.b)]
        for t in range(max(map(len, words))):
            if words[0][t : t + 1] != words[1][t : t + 1]:
                return t
        return None

    @cached_property
    def attention_2RC(self) -> np.ndarray:
        """Both sides' attention, (2, R, C): of a column the sum over its tokens; NaN where a side has no such cell."""
        both = np.full((2, len(self.rows), len(self.columns)), np.nan)
        for n, trace in enumerate((self.a, self.b)):
            weights_TS = trace.attention_TS.astype(np.float64)
            steps = [(row, pair[n]) for row, pair in enumerate(self.rows) if pair[n] is not None]
            for c, column in enumerate(self.columns):
                places = (column.a, column.b)[n]
                if places and trace.looks:
                    sums_T = weights_TS[:, list(places)].sum(axis=1)
                    both[n, [row for row, _ in steps], c] = sums_T[[t for _, t in steps]]
        return both

    @property
    def difference_RC(self) -> np.ndarray:
        """Attention of B minus attention of A; NaN where only one of them has the step or the token."""
        difference: np.ndarray = self.attention_2RC[1] - self.attention_2RC[0]
        return difference

    @property
    def log_probs_2(self) -> tuple[float, float]:
        """Each side's log-probability of its whole output, nats."""
        a, b = (math.fsum(step.log_prob for step in side.steps) for side in (self.a, self.b))
        return a, b

    def steps(self, row: int) -> tuple[Step | None, Step | None]:
        """The steps of a row."""
        i, j = self.rows[row]
        return (None if i is None else self.a.steps[i], None if j is None else self.b.steps[j])

    @cached_property
    def log_prob_differences(self) -> list[float | None]:
        """A number a row, log p of B's word minus log p of A's; None where only one side has the step."""
        pairs = map(self.steps, range(len(self.rows)))
        return [None if x is None or y is None else y.log_prob - x.log_prob for x, y in pairs]

    @property
    def largest(self) -> int:
        """The row whose log-probabilities differ most."""
        return max(range(len(self.rows)), key=lambda row: abs(self.log_prob_differences[row] or 0.0))

    @property
    def start(self) -> int:
        """The row to look at first: where they part, else where the probabilities differ most."""
        at = self.parting
        return self.largest if at is None else next(row for row, pair in enumerate(self.rows) if at in pair)

    @property
    def identical(self) -> bool:
        """Whether no word, no probability and no weight differs, nor the source."""
        differences = [x for x in self.log_prob_differences if x is not None]
        return (
            self.parting is None
            and self.a.source_tokens == self.b.source_tokens
            and bool((np.abs(self.difference_RC) <= SAME).all() or not (self.a.looks or self.b.looks))  # not of NaN
            and max(map(abs, differences), default=0.0) <= SAME
        )

    def to_dict(self) -> dict[str, Any]:
        """What the page's component paints; ``parting`` and ``start`` are rows, null is attention that is not there."""
        return {
            "rows": [list(row) for row in self.rows],
            "columns": [{"a": list(c.a), "b": list(c.b)} for c in self.columns],
            "sides": [self._side(n) for n in (0, 1)],
            "parting": None if self.parting is None else self.start,
            "start": self.start,
            "mode": self.a.mode,
        }

    def _side(self, n: int) -> dict[str, Any]:
        trace = (self.a, self.b)[n]
        rows = [[None if math.isnan(x) else round(x, 5) for x in row] for row in self.attention_2RC[n].tolist()]
        return {
            "checkpoint": trace.checkpoint["name"],
            "tokens": list(trace.source_tokens),
            "unknown": list(trace.source_unknown),
            "steps": [_step(step, trace.mode) for step in trace.steps],
            "attention": rows,
            "log_prob": self.log_probs_2[n],
        }

    def to_csv(self) -> str:
        """A row an aligned step; of every column of the sources A's attention, B's, and B's minus A's."""
        numbers = [f"{name}_{side}" for side in "ab" for name in ("step", "output", "log_prob")]
        heads = [f"{side} {self._head(column)}" for column in self.columns for side in ("A", "B", "B-A")]
        table: list[list[object]] = [[*numbers, "log_prob_difference", *heads]]
        difference_RC = self.difference_RC
        for row, pair in enumerate(self.rows):
            cells: list[object] = []
            for t, step in zip(pair, self.steps(row), strict=True):
                cells += ["", "", ""] if step is None else [t, step.output, _number(step.log_prob)]
            cells.append(_number(self.log_prob_differences[row]))
            for c in range(len(self.columns)):
                cells += map(_number, (*self.attention_2RC[:, row, c], difference_RC[row, c]))
            table.append(cells)
        return spreadsheet.csv_text(table)

    def _head(self, column: Column) -> str:
        """``places:tokens`` of A, ``/``, the same of B."""
        sides = ((column.a, self.a.source_tokens), (column.b, self.b.source_tokens))
        return "/".join(" ".join(f"{s}:{tokens[s]}" for s in places) for places, tokens in sides)


def compare(a: Trace, b: Trace) -> Comparison:
    """Align two lanes; ValueError where one is teacher-forced and the other is not."""
    if a.mode != b.mode:
        raise ValueError(f"a {a.mode} lane cannot be compared with a {b.mode} lane")
    rows = align([step.output for step in a.steps], [step.output for step in b.steps])
    return Comparison(a, b, tuple(rows), aligned_columns(a.source_tokens, b.source_tokens))


def _number(value: float | None) -> float | str:
    return "" if value is None or math.isnan(value) else significant(value, 8)


def _step(step: Step, mode: str) -> dict[str, Any]:
    return {
        "input": step.input,
        "output": step.output,
        "said": lane_output(step, mode),
        "log_prob": round(step.log_prob, 5),
        "rank": step.rank,
        "entropy": round(step.entropy, 4),
        "top": [{"token": s.token, "log_prob": round(s.log_prob, 5)} for s in step.top[:TOP]],
    }
