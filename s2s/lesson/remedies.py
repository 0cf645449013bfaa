"""The remedies for exposure bias on one sentence, computed by the training code itself."""

from __future__ import annotations

import copy
import dataclasses
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.func import functional_call
from torch.nn import functional as F

from s2s.checkpoint.record import Checkpoint
from s2s.config import TrainConfig
from s2s.data.batches import Batch
from s2s.lesson.loss import batch
from s2s.model import Seq2Seq
from s2s.model.kernels.linear import plain
from s2s.text.vocab import EOS, PAD
from s2s.train.objectives import TrainingProgress
from s2s.train.objectives.adversarial import embeddings, perturbation
from s2s.train.objectives.corruption import masked, replaced
from s2s.train.objectives.policy import rewards
from s2s.train.objectives.rollout import argmax, drawing, rollout
from s2s.train.objectives.sampling import mixed, teacher_share

COPIES = 200  # copies of the sentence from which the shares are measured


def shares(schedule: str, k: float, slope: float, steps: Sequence[int]) -> list[float]:
    """ε_i of a schedule at these steps."""
    settings = TrainConfig(sampling_schedule=schedule, sampling_k=k, sampling_slope=slope)
    return [teacher_share(step, settings) for step in steps]


@dataclass(frozen=True)
class Draw:
    """The decoder inputs of one draw after ``<bos>``, and which of them differ from the reference."""

    tokens: tuple[str, ...]
    changed: tuple[bool, ...]


@dataclass(frozen=True)
class Drawn:
    """The reference's words, a few draws, and the shares of words that were changed in many draws."""

    reference: tuple[str, ...]
    draws: tuple[Draw, ...]
    unknown: float  # share that became <unk>
    other: float  # share that became another word
    kept: float


def drawn(
    checkpoint: Checkpoint, text: str, reference: str, kind: str, seed: int, shown: int = 6, teacher: float = 0.5
) -> Drawn:
    """``sampling``, ``replacement`` or ``mask`` with the settings that training has by default.

    ``teacher`` is ε of scheduled sampling. UserError for a pair that cannot be used.
    """
    pair = batch(checkpoint, text, reference, shown if kind == "sampling" else COPIES)
    inputs_BT = _inputs(checkpoint, pair, kind, torch.Generator().manual_seed(seed), teacher)
    words, gold_BT = checkpoint.target.vocab.tokens, pair.target_in_BT
    changed_BT = (inputs_BT != gold_BT)[:, 1:]
    # What the vocabulary lacks is <unk> in the reference, too.
    rows = zip(inputs_BT[:shown, 1:].tolist(), changed_BT[:shown].tolist(), strict=True)
    unknown = float(((inputs_BT[:, 1:] == 1) & changed_BT).double().mean())
    changed = float(changed_BT.double().mean())
    return Drawn(
        tuple(words[i] for i in gold_BT[0, 1:].tolist()),
        tuple(Draw(tuple(words[i] for i in ids), tuple(marks)) for ids, marks in rows),
        unknown,
        changed - unknown,
        1 - changed,
    )


def _inputs(checkpoint: Checkpoint, pair: Batch, kind: str, rng: torch.Generator, teacher: float) -> Tensor:
    if kind == "sampling":
        settings = TrainConfig(sampling_k=teacher, sampling_slope=0.0)
        return mixed(checkpoint.recurrent, pair, rng, TrainingProgress(0, 1, settings))
    progress = TrainingProgress(0, 1, TrainConfig())
    if kind == "mask":
        return masked(pair, len(checkpoint.target.vocab), rng, progress)
    return replaced(pair, rng, progress)


@dataclass(frozen=True)
class Adversarial:
    """The loss of a sentence with its embeddings moved by norm ε, in the worst and in a random direction."""

    gradient: float  # ‖g‖
    epsilons: tuple[float, ...]
    worst: tuple[float, ...]
    random: tuple[float, ...]
    moved: tuple[tuple[str, float], ...]  # ‖Δ_v‖ / ‖Δ‖ of each word that moves, largest first


def adversarial(
    checkpoint: Checkpoint, text: str, reference: str, epsilons: Sequence[float], seed: int, most: int = 8
) -> Adversarial:
    """FGM's perturbation on one pair, and the loss at each ε. The model does not change."""
    pair, model = batch(checkpoint, text, reference), _same_weights(checkpoint.recurrent)
    target_N = pair.target_out_BT[pair.target_out_BT != PAD]

    def loss(weights: dict[str, Tensor]) -> Tensor:
        return F.cross_entropy(functional_call(model, weights, (pair,)), target_N)

    weights = {name: weight.detach().clone().requires_grad_() for name, weight in embeddings(model).items()}
    with torch.enable_grad(), plain():
        first = loss(weights)
        unit = perturbation(first, weights, 1.0)
        gradient = torch.autograd.grad(first, list(weights.values()))
    rng = torch.Generator().manual_seed(seed)
    noise = {name: torch.randn(change.shape, generator=rng) * (change != 0) for name, change in unit.items()}
    length = _norm(noise.values())

    with torch.no_grad():
        worst, random = (
            tuple(float(loss({n: weights[n] + epsilon * step[n] / size for n in weights})) for epsilon in epsilons)
            for step, size in ((unit, 1.0), (noise, length))
        )
    return Adversarial(_norm(gradient), tuple(epsilons), worst, random, _moved(checkpoint, unit, most))


def _same_weights(model: Seq2Seq) -> Seq2Seq:
    """New modules with the same weights: ``functional_call`` exchanges the weights of modules that others use, too."""
    return copy.deepcopy(model, {id(weight): weight for weight in (*model.parameters(), *model.buffers())})


def _norm(parts: Iterable[Tensor]) -> float:
    return math.sqrt(sum(float(part.square().sum()) for part in parts))


def _moved(checkpoint: Checkpoint, unit: dict[str, Tensor], most: int) -> tuple[tuple[str, float], ...]:
    """The words whose rows move most."""
    names = {"encoder.embedding.weight": checkpoint.source, "embedding.weight": checkpoint.target}
    rows = []
    for name, change_VE in unit.items():
        norms = change_VE.norm(dim=1).topk(min(most, len(change_VE)))
        words = names[name].vocab.tokens
        rows += [(words[i], value) for i, value in zip(norms.indices.tolist(), norms.values.tolist(), strict=True)]
    return tuple(sorted(rows, key=lambda row: -row[1])[:most])


@dataclass(frozen=True)
class Sampled:
    """An output drawn from the model: its text, reward, log-probability and self-critical loss."""

    text: str
    reward: float
    log_prob: float
    loss: float  # (r(greedy) - r(sample)) log p(sample)


@dataclass(frozen=True)
class Rewarded:
    """The greedy output as baseline, and samples, best first."""

    greedy: str
    baseline: float
    samples: tuple[Sampled, ...]


@torch.inference_mode()
def rewarded(
    checkpoint: Checkpoint, text: str, reference: str, seed: int, count: int = 20, reward: str = "rouge_l"
) -> Rewarded:
    """``count`` samples of one pair against greedy, as ``rl_loss`` draws and rewards them."""
    pair, model = batch(checkpoint, text, reference, count), checkpoint.recurrent
    given_B, limit_B = torch.zeros(count, dtype=torch.long), 2 * (pair.target_out_BT != PAD).sum(dim=1) + 8
    sample_BT, lengths_B = rollout(model, pair, given_B, limit_B, drawing(torch.Generator().manual_seed(seed)))
    greedy_BT, greedy_B = rollout(model, pair, given_B, limit_B, argmax)
    found_B = rewards(pair, sample_BT, lengths_B, reward)
    baseline = float(rewards(pair, greedy_BT, greedy_B, reward)[0])

    def written(ids_T: Tensor, length: Tensor) -> str:
        return checkpoint.target.decode([i for i in ids_T[: int(length)].tolist() if i != EOS])

    log_probs = _log_probs(checkpoint, pair, sample_BT, lengths_B)
    samples = [
        Sampled(written(sample_BT[b], lengths_B[b]), float(found_B[b]), value, (baseline - float(found_B[b])) * value)
        for b, value in enumerate(log_probs)
    ]
    samples.sort(key=lambda one: (-one.reward, -one.log_prob))
    return Rewarded(written(greedy_BT[0], greedy_B[0]), baseline, tuple(samples))


def _log_probs(checkpoint: Checkpoint, pair: Batch, ids_BT: Tensor, lengths_B: Tensor) -> list[float]:
    """log p of each output, by one teacher-forced pass."""
    real_BT = torch.arange(ids_BT.size(1)) < lengths_B.unsqueeze(1)
    inputs_BT = torch.cat([pair.target_in_BT[:, :1], ids_BT[:, :-1]], dim=1)
    marks_BT = torch.where(real_BT, EOS, PAD)  # only their positions are used: which tokens are real
    logits_NV = checkpoint.model(dataclasses.replace(pair, target_in_BT=inputs_BT, target_out_BT=marks_BT))
    values_N = torch.log_softmax(logits_NV, dim=1).gather(1, ids_BT[real_BT].unsqueeze(1)).squeeze(1)
    return [float(part.sum()) for part in torch.split(values_N, lengths_B.tolist())]
