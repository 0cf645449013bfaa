"""Subwords as words: which pieces belong together, and the weights of words. numpy alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from s2s.trace import Trace

BEGIN, GOES_ON, FOLLOWS = "▁", "@@", "##"  # SentencePiece and byte-level pairs; subword-nmt; WordPiece
CHINESE = ("\u2e80", "\uffef")  # no spaces: every piece is a word
Spans = tuple[tuple[int, int], ...]


def spans(tokens: Sequence[str]) -> Spans:
    """From where to where each word goes; without marks of subwords every token is one.

    Punctuation, special tokens and Chinese pieces stand for themselves, as no mark says which belong together.

    >>> spans(["▁ri", "des", ".", "</s>"]), spans(["well@@", "known"]), spans(["ab", "cd"])
    (((0, 2), (2, 3), (3, 4)), ((0, 2),), ((0, 1), (1, 2)))
    """
    spaced = any(token.startswith(BEGIN) for token in tokens)
    starts = [s for s, token in enumerate(tokens) if s == 0 or not _joined(tokens[s - 1], token, spaced)]
    return tuple(zip(starts, [*starts[1:], len(tokens)], strict=True))


def _joined(before: str, token: str, spaced: bool) -> bool:
    """Whether a token goes on with the word before it."""
    if token.startswith(FOLLOWS) or before.endswith(GOES_ON):
        return True
    last, first = before[-1:], token[:1]
    if not spaced or token.startswith(BEGIN) or not _letters(before) or not _letters(token):
        return before == BEGIN and not token.startswith(BEGIN)
    return not any(CHINESE[0] <= c <= CHINESE[1] for c in (last, first))


def _letters(token: str) -> bool:
    return any(c.isalnum() for c in token) and not (token.startswith("<") and token.endswith(">"))


def word(tokens: Sequence[str]) -> str:
    """The pieces of one word put together.

    >>> word(["▁ri", "des"]), word(["well@@", "known"]), word(["▁"])
    ('rides', 'wellknown', '▁')
    """
    parts = [token.removesuffix(GOES_ON) if n + 1 < len(tokens) else token for n, token in enumerate(tokens)]
    parts = [token.removeprefix(FOLLOWS) if n else token for n, token in enumerate(parts)]
    return "".join(parts).removeprefix(BEGIN) or tokens[0]


@dataclass(frozen=True)
class Grid:
    """Attention as a table: outputs down, source tokens across; ``weights`` are (..., T, S)."""

    outputs: tuple[str, ...]
    sources: tuple[str, ...]
    weights: np.ndarray

    @staticmethod
    def of(trace: Trace) -> Grid:
        """A lane's, token by token."""
        return Grid(tuple(step.output for step in trace.steps), trace.source_tokens, trace.attention_TS)

    def words(self) -> Grid:
        """The same by words: of a source word the sum of its pieces' weights, of an output word the mean of its steps.

        So rows still sum to 1.
        """
        rows, columns = spans(self.outputs), spans(self.sources)
        summed = np.stack([self.weights[..., a:b].sum(axis=-1) for a, b in columns], axis=-1)
        meant = np.stack([summed[..., a:b, :].mean(axis=-2) for a, b in rows], axis=-2)
        outputs, sources = (
            tuple(word(tokens[a:b]) for a, b in cuts)
            for tokens, cuts in ((self.outputs, rows), (self.sources, columns))
        )
        return Grid(outputs, sources, meant)

    @property
    def subwords(self) -> bool:
        """Whether words are other than tokens."""
        return len(spans(self.outputs)) < len(self.outputs) or len(spans(self.sources)) < len(self.sources)
