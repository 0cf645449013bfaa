"""One step of a decoding run: its tokens, attention and probabilities."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from s2s.errors import UserError

if TYPE_CHECKING:
    pass


UNKNOWN = math.nan  # a number that nobody has given; of a rank, which counts from 1, it is 0


@dataclass(frozen=True)
class Scored:
    """A token with its log-probability (nats) and its rank among all tokens, 1 the most probable.

    ``prior`` is ŷ of a model with prior knowledge, so that the token's own logit is ``2 logit - prior``.
    """

    token: str
    log_prob: float
    rank: int
    prior: float | None = None


@dataclass(frozen=True)
class Step:
    """One decoder step: it read ``input`` and the lane went on with ``output``.

    ``attention`` and ``scores`` have one number a source token: the weights and what their softmax
    was taken of; both are empty of a model without attention. ``top`` are the most probable tokens in
    order, ``target`` is the reference's token at this step, ``entropy`` is in nats, ``normaliser`` is
    log Σ exp(logits), so that a token's logit is its log-probability plus ``normaliser``. What only
    some models have is None or empty elsewhere: ``coverage``, the attention of earlier steps summed;
    of local attention the centre ``position`` and the ``factors`` on the weights; ``p_gen`` of a
    pointer-generator. Where the attention was edited, ``own_attention`` is the row that the model
    would have used. A step of ``Trace.from_arrays`` may lack what no model was asked for: ``log_prob``,
    ``entropy`` and ``normaliser`` are then ``UNKNOWN``, ``rank`` 0, ``scores`` and ``top`` empty.
    """

    input: str
    output: str
    log_prob: float
    rank: int
    entropy: float
    attention: np.ndarray
    scores: np.ndarray
    top: tuple[Scored, ...]
    normaliser: float = UNKNOWN
    target: Scored | None = None
    context: tuple[float, ...] = ()  # its first components, for the worked arithmetic
    score_terms: tuple[tuple[float, ...], ...] = ()  # first terms of the top-attended source token's score
    coverage: tuple[float, ...] = ()
    position: float | None = None
    factors: tuple[float, ...] = ()
    p_gen: float | None = None
    own_attention: np.ndarray | None = None

    def __post_init__(self) -> None:
        for name in ("attention", "scores", "own_attention"):
            if getattr(self, name) is not None:
                array = np.array(getattr(self, name), dtype=np.float32)
                array.setflags(write=False)
                object.__setattr__(self, name, array)
        own = self.attention if self.own_attention is None else self.own_attention
        for row_S in (self.attention, own):
            total = float(row_S.sum(dtype=np.float64))
            if (len(row_S) and not abs(total - 1) <= 1e-4) or (row_S < 0).any():  # also true of NaN
                raise UserError("trace_distribution", output=self.output)
        sizes = {"own_attention": len(own), "coverage": len(self.coverage), "factors": len(self.factors)}
        for name, size in sizes.items():
            if size != len(self.attention) and (size or name == "own_attention"):
                raise UserError("trace_row", name=name, step=self.output)

    @property
    def said(self) -> str:
        """The most probable token; the output if ``top`` is empty."""
        return self.top[0].token if self.top else self.output

    @property
    def whole(self) -> bool:
        """Whether it has all the numbers that a model gives (arrays may lack some)."""
        numbers = (self.log_prob, self.entropy, self.normaliser)
        return bool(self.top and self.rank) and not any(map(math.isnan, numbers))
