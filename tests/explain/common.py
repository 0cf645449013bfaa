"""Lanes of tiny models that the tests of evidence share."""

from __future__ import annotations

from typing import Any

import torch

from s2s.explain.counterfactual import AttentionMoment, moments
from s2s.explain.replay import Lane
from s2s.model import Seq2Seq
from s2s.text.vocab import BOS
from tests.exposure.common import KINDS, tiny

ALL: list[dict[str, Any]] = [*KINDS, {"attention": "general", "prior": True}, {"attention": "location"}]
ALL += [{"attention": "concat", "readout": "linear", "attention_bias": True, "bridge": "linear"}]
ALL += [{"attention": "additive", "readout": "state", "carry_state": False, "tied_embeddings": False}]


def some_lane(model: Seq2Seq, length: int = 5, steps: int = 4, seed: int = 0) -> Lane:
    """A random source and prefix; explained is what the model would say."""
    rng = torch.Generator().manual_seed(seed)
    source = torch.randint(4, model.encoder.embedding.num_embeddings, (length,), generator=rng).tolist()
    read = [BOS, *torch.randint(4, model.embedding.num_embeddings, (steps - 1,), generator=rng).tolist()]
    blank = Lane(tuple(source), tuple(read), tuple(read))
    with torch.no_grad():
        said = [int(m.log_probs_V.argmax()) for m in moments(model, blank, range(steps))]
    return Lane(blank.source, blank.read, tuple(said))


def one_moment(model: Seq2Seq, lane: Lane, t: int) -> AttentionMoment:
    with torch.no_grad():
        return moments(model, lane, [t])[0]


def naive(model: Seq2Seq, lane: Lane, source: list[int], t: int, kept: list[int] | None = None) -> torch.Tensor:
    """Log-probabilities of step t from a source, one step after the other: (V,).

    Of edited weights those of the ``kept`` places are used, divided by their sum; where that is 0 the model's own.
    """
    with torch.no_grad():
        memory, state = model.encode(torch.tensor([source]), torch.tensor([len(source)]))
        for i, token in enumerate(lane.read[: t + 1]):
            row = (
                [lane.edited[i][s] for s in (range(len(source)) if kept is None else kept)] if i in lane.edited else []
            )
            used = torch.tensor([[w / sum(row) for w in row]]) if sum(row) else None
            output = model.step(state, torch.tensor([token]), memory, used)
            state = output.state
    return output.log_probs_BV[0]


__all__ = ["ALL", "naive", "one_moment", "some_lane", "tiny"]
