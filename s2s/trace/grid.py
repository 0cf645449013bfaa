"""Attention as a table, by tokens or by words."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from s2s.text.subwords import Spans, join_pieces, word_spans
from s2s.trace.trace import Trace


@dataclass(frozen=True)
class Grid:
    """Attention as a table: outputs down, source tokens across; ``weights`` are (..., T, S).

    ``stepwise``: every row stays a step, as its output need not go with the next one.
    """

    outputs: tuple[str, ...]
    sources: tuple[str, ...]
    weights: np.ndarray
    stepwise: bool = False

    @staticmethod
    def of(trace: Trace) -> Grid:
        """The attention of a trace, token by token."""
        return Grid(tuple(step.output for step in trace.steps), trace.source_tokens, trace.attention_TS)

    @staticmethod
    def said(trace: Trace) -> Grid:
        """The attention beside the token that the model says at each step, as the player has it.

        On a forced lane that is the most probable one, whatever the lane went on with.
        """
        if trace.mode == "free":
            return Grid.of(trace)
        return Grid(tuple(step.said for step in trace.steps), trace.source_tokens, trace.attention_TS, stepwise=True)

    def words(self) -> Grid:
        """The same by words: a source word sums its pieces' weights, an output word averages its steps.

        Rows still sum to 1.
        """
        rows, columns = self._rows(), word_spans(self.sources)
        summed = np.stack([self.weights[..., a:b].sum(axis=-1) for a, b in columns], axis=-1)
        meant = np.stack([summed[..., a:b, :].mean(axis=-2) for a, b in rows], axis=-2)
        outputs, sources = (
            tuple(join_pieces(tokens[a:b]) for a, b in cuts)
            for tokens, cuts in ((self.outputs, rows), (self.sources, columns))
        )
        return Grid(outputs, sources, meant, self.stepwise)

    def _rows(self) -> Spans:
        return tuple((t, t + 1) for t in range(len(self.outputs))) if self.stepwise else word_spans(self.outputs)

    @property
    def subwords(self) -> bool:
        """Whether any word is made of several tokens."""
        return len(self._rows()) < len(self.outputs) or len(word_spans(self.sources)) < len(self.sources)
