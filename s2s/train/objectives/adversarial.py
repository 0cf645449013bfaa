"""Adversarial training: small changes of the embeddings in the direction that raises the loss most.

E is one vector of the embedding matrices of both sides (one matrix if they are shared). With tied
embeddings the output layer's weight is part of it and changes too.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.func import functional_call
from torch.nn import functional as F

from s2s.data.batches import Batch
from s2s.model import Seq2Seq
from s2s.model.kernels.linear import plain
from s2s.text.vocab import PAD
from s2s.train.objectives.objective import TrainingProgress
from s2s.train.objectives.teacher_forcing import cross_entropy


def embeddings(model: Seq2Seq) -> dict[str, Tensor]:
    """The embedding matrices by name, each tensor once."""
    both = {"encoder.embedding.weight": model.encoder.embedding.weight, "embedding.weight": model.embedding.weight}
    return {name: weight for name, weight in both.items() if name in dict(model.named_parameters())}


def perturbation(loss: Tensor, weights: dict[str, Tensor], epsilon: float) -> dict[str, Tensor]:
    """``Δ = ε g / ‖g‖``, g the loss's gradient by all the weights together (Miyato, Dai and Goodfellow 2017)."""
    gradients = torch.autograd.grad(loss, list(weights.values()), retain_graph=True)
    norm = torch.stack([g.norm() for g in gradients]).norm().clamp(min=torch.finfo(torch.float32).tiny)
    return {name: epsilon / norm * g for name, g in zip(weights, gradients, strict=True)}


def fgm(model: Seq2Seq, batch: Batch, rng: torch.Generator, progress: TrainingProgress) -> Tensor:
    """``L(E) + L(E + Δ)``, Δ held fixed: cross-entropy and the same at the perturbed point (FGM).

    The parameters themselves do not change. Each of several processes uses the gradient of its own part.
    """
    settings, weights = progress.settings, embeddings(model)
    with plain():  # the backward pass runs twice, first for the embeddings only
        loss = cross_entropy(model, batch, rng, progress)
        moved = {n: weights[n] + d for n, d in perturbation(loss, weights, settings.fgm_epsilon).items()}
    logits_NV = functional_call(model, moved, (batch,))  # tied weights change too
    target_N = batch.target_out_BT[batch.target_out_BT != PAD]
    return loss + F.cross_entropy(logits_NV, target_N, label_smoothing=settings.label_smoothing)


def gradient_penalty(model: Seq2Seq, batch: Batch, rng: torch.Generator, progress: TrainingProgress) -> Tensor:
    """``L + ½ ε ‖∇_E L‖²``: cross-entropy and a penalty on its gradient by the embeddings.

    Each of several processes uses the norm of its own part's gradient.
    """
    with plain():  # differentiated twice
        loss = cross_entropy(model, batch, rng, progress)
        gradients = torch.autograd.grad(loss, list(embeddings(model).values()), create_graph=True)
        squares = torch.stack([g.square().sum() for g in gradients]).sum()
        return loss + 0.5 * progress.settings.penalty_weight * squares
