"""Both lanes of an inspected example, with what the features of its judgement are made of.

Letters of shapes: O tokens of the output, R of the reference, S of the source. Nothing here depends on the scale of a
model's log-probabilities: they are centred and scaled by ``Calibration``; attention enters as shares.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from s2s.evaluate.bootstrap import Floats
from s2s.inspect import lexical
from s2s.inspect.equivalence import Matching, match, normal
from s2s.text.vocab import SPECIALS, UNK

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Calibration:
    """Mean and standard deviation of the log-probabilities, in nats, of a model's own tokens."""

    mean: float = -0.75
    deviation: float = 0.95

    def scaled(self, log_prob_T: Floats) -> Floats:
        """Log-probabilities as distances from the mean in standard deviations."""
        scaled: Floats = np.asarray((log_prob_T - self.mean) / max(self.deviation, 1e-6), dtype=float)
        return scaled


def rarity(ids: Sequence[int], size: int) -> Floats:
    """How rare tokens are, 0 to 1: ``log rank / log V``, as vocabularies are in the order of frequency; ``<unk>`` is 1.

    >>> rarity([4, 103, 1], 10004).round(2).tolist()
    [0.0, 0.5, 1.0]
    """
    first, last = len(SPECIALS), math.log(max(size - len(SPECIALS), 2))
    ranks = [math.log(max(token - first + 1, 1)) / last if token != UNK else 1.0 for token in ids]
    rare: Floats = np.minimum(np.array(ranks), 1.0)
    return rare


@dataclass(frozen=True)
class Lanes:
    """Both lanes of an example: tokens, ids, log-probabilities with ``<eos>``, attention (steps, S)."""

    source: tuple[str, ...]
    output: tuple[str, ...]
    reference: tuple[str, ...]
    source_ids: tuple[int, ...]
    output_ids: tuple[int, ...]
    reference_ids: tuple[int, ...]
    output_log_prob_T: Floats
    output_attention_TS: Array
    reference_attention_TS: Array
    size: int  # of the target vocabulary
    calibration: Calibration

    @cached_property
    def matching(self) -> Matching:
        """Output and reference, matched."""
        return match(self.output, self.reference)

    @cached_property
    def scaled(self) -> Floats:
        """The output's scaled log-probabilities, one for ``<eos>`` included where it was output."""
        return self.calibration.scaled(self.output_log_prob_T)

    @cached_property
    def rare_O(self) -> Floats:
        """The rarity of the output's tokens."""
        return rarity(self.output_ids, self.size)

    @cached_property
    def rare_R(self) -> Floats:
        """The rarity of the reference's tokens."""
        return rarity(self.reference_ids, self.size)

    @cached_property
    def unmatched_O(self) -> Floats:
        """1 for output tokens without a partner in the reference, else 0."""
        return marked(self.matching.unmatched, len(self.output))

    @cached_property
    def missing_R(self) -> Floats:
        """1 for reference tokens without a partner in the output, else 0."""
        return marked(self.matching.missing, len(self.reference))

    @cached_property
    def unknown_O(self) -> Floats:
        """1 for each ``<unk>`` of the output."""
        return np.array([float(token == UNK) for token in self.output_ids])

    @cached_property
    def unknown_S(self) -> Floats:
        """1 for each source token outside the vocabulary."""
        return np.array([float(token == UNK) for token in self.source_ids])

    @cached_property
    def punctuation_O(self) -> Floats:
        """1 for each token of the output that is no word."""
        return np.array([float(not lexical.is_word(token)) for token in self.output])

    @cached_property
    def word_S(self) -> Floats:
        """1 for each token of the source that is a word."""
        return np.array([float(lexical.is_word(token)) for token in self.source])

    @cached_property
    def repeated_O(self) -> Floats:
        """1 for each word of the output that the tokens before it have, too."""
        words = [normal(token) for token in self.output]
        found = (lexical.is_word(t) and w in words[:k] for k, (t, w) in enumerate(zip(self.output, words, strict=True)))
        return np.array([float(repeated) for repeated in found])

    @cached_property
    def row(self) -> dict[str, float]:
        """The shares of content without a partner on either side, the mean and least log p, and unknown words."""
        return {
            "unmatched": share(self.rare_O, self.unmatched_O),
            "missing": share(self.rare_R, self.missing_R),
            "log p": float(self.scaled.mean()),
            "least log p": float(self.scaled.min()),
            "unknown": float(self.unknown),
        }

    @cached_property
    def affinity_OR(self) -> Floats:
        """The cosine of the attention of each output token and of each reference token, in its lane."""
        a, b = self.output_attention_TS[: len(self.output)], self.reference_attention_TS[: len(self.reference)]
        norms = np.linalg.norm(a, axis=1)[:, None] * np.linalg.norm(b, axis=1)[None]
        cosine: Floats = a @ b.T / np.maximum(norms, 1e-9)
        return cosine

    @property
    def unknown(self) -> bool:
        """Whether a word of the source or of the output is outside the vocabulary."""
        return UNK in self.source_ids or UNK in self.output_ids


def marked(positions: Sequence[int], count: int) -> Floats:
    """1 at some positions of ``count``, else 0.

    >>> marked([2, 0], 4).tolist()
    [1.0, 0.0, 1.0, 0.0]
    """
    values = np.zeros(count)
    values[list(positions)] = 1.0
    return values


def share(weights: Floats, part: Floats) -> float:
    """The share of the weights that a part, marked from 0 to 1, has; 0 without weights."""
    return float(weights @ part / max(float(weights.sum()), 1e-9))
