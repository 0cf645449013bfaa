"""Attention as a table, by tokens or by words."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from s2s.text.subwords import join_pieces, word_spans
from s2s.trace.trace import Trace


@dataclass(frozen=True)
class Grid:
    """Attention as a table: outputs down, source tokens across; ``weights`` are (..., T, S)."""

    outputs: tuple[str, ...]
    sources: tuple[str, ...]
    weights: np.ndarray

    @staticmethod
    def of(trace: Trace) -> Grid:
        """The attention of a trace, token by token."""
        return Grid(tuple(step.output for step in trace.steps), trace.source_tokens, trace.attention_TS)

    def words(self) -> Grid:
        """The same by words: a source word sums its pieces' weights, an output word averages its steps.

        Rows still sum to 1.
        """
        rows, columns = word_spans(self.outputs), word_spans(self.sources)
        summed = np.stack([self.weights[..., a:b].sum(axis=-1) for a, b in columns], axis=-1)
        meant = np.stack([summed[..., a:b, :].mean(axis=-2) for a, b in rows], axis=-2)
        outputs, sources = (
            tuple(join_pieces(tokens[a:b]) for a, b in cuts)
            for tokens, cuts in ((self.outputs, rows), (self.sources, columns))
        )
        return Grid(outputs, sources, meant)

    @property
    def subwords(self) -> bool:
        """Whether any word is made of several tokens."""
        return len(word_spans(self.outputs)) < len(self.outputs) or len(word_spans(self.sources)) < len(self.sources)
