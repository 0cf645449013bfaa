"""Prior knowledge at one step: the decoder's output, the prior's share, the result."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from s2s.checkpoint.record import Checkpoint
from s2s.decode.decode import walk
from s2s.decode.inputs import reference_ids, source_ids
from s2s.decode.prefix_cache import PrefixCache
from s2s.decode.strategy import Settings, chooser, forcing, limit
from s2s.errors import UserError
from s2s.model.prior import blend
from s2s.text.vocab import EOS, SPECIALS


@dataclass(frozen=True)
class Word:
    """A word of the vocabulary at the step; all logarithms are natural."""

    token: str
    in_source: bool  # x
    log_scale: float
    shift: float
    prior: float  # ŷ = exp(log_scale) x + shift
    logit: float  # y, of the decoder
    alone: float  # log softmax(y)
    halved: float  # log softmax(y/2): the average with a prior of 0 everywhere
    blended: float  # log softmax((y + ŷ)/2), the model's output

    @property
    def gain(self) -> float:
        """The change of the log-probability by the prior, compared with a prior of 0."""
        return self.blended - self.halved


@dataclass(frozen=True)
class PriorStep:
    """The most affected words of a step, the most probable first."""

    words: tuple[Word, ...]
    read: str  # the token that the step read
    said: str


@dataclass(frozen=True)
class PriorRun:
    """One sentence decoded with prior knowledge: x of its source words, and every step."""

    source: tuple[Word, ...]  # with logit and log-probabilities 0: those belong to a step
    steps: tuple[PriorStep, ...]
    ones: int  # words with x = 1
    size: int  # V


@torch.inference_mode()
def prior_run(checkpoint: Checkpoint, text: str, reference: str = "", most: int = 6) -> PriorRun:
    """Decode greedily or along a reference, and show at each step the prior's effect on ``most`` words.

    These are the most probable before and after, and those that gained most. UserError if the model has no prior.
    """
    model = checkpoint.recurrent
    if model.prior is None:
        raise UserError("prior_missing", checkpoint=checkpoint.name)
    _, source = source_ids(checkpoint, text)
    gold = [*reference_ids(checkpoint, reference)[1], EOS] if reference.strip() else []
    reading, settings = PrefixCache(model, source), Settings()
    assert reading.memory.prior_BV is not None
    longest = len(gold) or limit(settings, len(source))
    ids, places = walk(reading, forcing(gold, chooser(settings)), longest, {})
    table = _Table(checkpoint, set(source), reading.memory.prior_BV[0])
    states = [place.output.state.readout_BR[0] for place in places if place.output is not None]
    said = [checkpoint.target.vocab.tokens[i] for i in ids]
    steps = []
    for t, readout_R in enumerate(states):
        logits_V = model.output(readout_R.unsqueeze(0))[0]
        steps.append(PriorStep(table.step(logits_V, most), said[t - 1] if t else "<bos>", said[t]))
    own = list(dict.fromkeys(i for i in source if i >= len(SPECIALS)))
    zeros_V = torch.zeros(len(checkpoint.target.vocab))
    return PriorRun(table.words(own, *[zeros_V] * 4), tuple(steps), len(own), len(zeros_V))


class _Table:
    """Rows of words by their ids."""

    def __init__(self, checkpoint: Checkpoint, source: set[int], prior_V: torch.Tensor) -> None:
        assert checkpoint.recurrent.prior is not None
        self.tokens, self.source, self.prior_V = checkpoint.target.vocab.tokens, source, prior_V
        self.log_scale_V, self.shift_V = checkpoint.recurrent.prior.log_scale, checkpoint.recurrent.prior.shift

    def step(self, logits_V: torch.Tensor, most: int) -> tuple[Word, ...]:
        alone_V = torch.log_softmax(logits_V, dim=0)
        halved_V = torch.log_softmax(blend(logits_V, torch.zeros_like(logits_V)), dim=0)
        blended_V = torch.log_softmax(blend(logits_V, self.prior_V), dim=0)
        # of words that nobody would say it is no matter how much they gained
        gained_V = (blended_V - halved_V) * blended_V.exp()
        shown = {
            i for row_V in (alone_V, blended_V, gained_V) for i in row_V.topk(min(most, len(row_V))).indices.tolist()
        }
        ids = sorted(shown, key=lambda i: -float(blended_V[i]))
        return self.words(ids, logits_V, alone_V, halved_V, blended_V)

    def words(self, ids: list[int], *rows: torch.Tensor) -> tuple[Word, ...]:
        return tuple(
            Word(
                self.tokens[i],
                i in self.source and i >= len(SPECIALS),
                float(self.log_scale_V[i]),
                float(self.shift_V[i]),
                float(self.prior_V[i]),
                *(float(row_V[i]) for row_V in rows),
            )
            for i in ids
        )
