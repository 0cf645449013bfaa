"""The network of this program with a model's own weights: what the model would say were its code ours."""

from __future__ import annotations

import copy

import torch
from torch import Tensor

from s2s.checkpoint.record import Checkpoint
from s2s.model import Model, Seq2Seq


def rebuilt(checkpoint: Checkpoint, weights: dict[str, Tensor] | None = None) -> Model | None:
    """The network that the checkpoint's config describes, with its weights or those given; None if they do not fit."""
    model = checkpoint.model
    if not isinstance(model, Seq2Seq):
        return None
    try:
        network = Seq2Seq(checkpoint.config.model, len(checkpoint.source.vocab), len(checkpoint.target.vocab))
        network.load_state_dict(model.state_dict() if weights is None else weights)
    except RuntimeError:
        return None
    return network.eval()


def changed(model: Model, weights: dict[str, Tensor]) -> Model:
    """A copy of a model, some of whose weights are others."""
    other = copy.deepcopy(model)
    own = dict(other.named_parameters())
    with torch.no_grad():
        for name, weight in weights.items():
            own[name].copy_(weight)
    return other
