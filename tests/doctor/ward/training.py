"""Trains the small models in seconds: what a person would do with a page of PyTorch."""

from __future__ import annotations

import functools
import random
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch.nn import functional as F

from s2s.checkpoint.record import Checkpoint, make_side
from s2s.config import Config, ModelConfig, TextConfig, TrainConfig
from s2s.data.batches import Batch, Ids, Pair, collate
from s2s.model import Seq2Seq
from s2s.text.vocab import EOS, PAD, Vocab
from tests.doctor.ward.tasks import Links, Task

SIZES = {"embedding_size": 24, "encoder_size": 24, "decoder_size": 48, "attention_size": 32}
TRAIN, DEV = 1500, 60  # pairs
STEPS, BATCH, RATE, DECAY = 200, 32, 1e-2, 0.2
MOMENT = 25  # steps between two rows of the curve
SEED = 1  # of data and weights; another one makes another ward
Change = Callable[[Seq2Seq], None]  # of a model before it is trained


@dataclass(frozen=True, eq=False)
class Trained:
    """A model with the pairs that it learnt, others that it did not see, and the links of these."""

    checkpoint: Checkpoint
    train: list[Pair]
    dev: list[Pair]
    links: list[Links]
    curve: list[dict[str, float | None]]  # as in a run's curve.jsonl

    @property
    def model(self) -> Seq2Seq:
        """The network."""
        return self.checkpoint.recurrent


def nothing(model: Seq2Seq) -> None:
    """Leave a model as it is."""


@functools.cache
def trained(
    task: Task,
    *,
    before: Change = nothing,
    steps: int = STEPS,
    stop: int = STEPS,
    pairs: int = TRAIN,
    vocabulary: int = 1000,
    eos: bool = False,
    rate: float = RATE,
    clip: float = 1.0,
    dropout: float = 0.0,
    penalty: float = 0.0,
    languages: bool = False,
    **model: object,
) -> Trained:
    """A model of the task; ``before`` changes it first, and of so many steps it is stopped after ``stop``.

    With ``languages`` it learns to write backwards after <bos>, too, and the task after <eos>, as multilingual models
    learn a token for every language.
    """
    known, (dev, links) = task.examples(pairs, 2 * SEED - 1)[0], task.examples(DEV, 2 * SEED)
    config = Config(
        name=task.name,
        model=ModelConfig(**{**SIZES, "tied_embeddings": False, **model}),  # type: ignore[arg-type]
        text=TextConfig(source="spaces", target="spaces", source_min_count=1, target_min_count=1, source_eos=eos),
        train=TrainConfig(batch_size=BATCH, learning_rate=rate, clip=clip, dropout=dropout, coverage_weight=penalty),
    )
    sides = [Vocab.build((pair[side].split() for pair in known), 1, vocabulary) for side in (0, 1)]
    source = make_side("spaces", Vocab(sides[0].tokens, eos=eos))
    target = make_side("spaces", sides[1])
    torch.manual_seed(SEED)
    network = Seq2Seq(config.model, len(source.vocab), len(target.vocab), dropout)
    before(network)
    ids = [(source.encode(s), target.encode(t)) for s, t in known]
    data = Data(ids, [(source.encode(s), target.encode(t)) for s, t in dev], languages)
    curve = _fit(network, data, config.train, steps, stop)
    metrics = {"training": {"pairs": pairs, "parameters": sum(p.numel() for p in network.parameters())}}
    checkpoint = Checkpoint(task.name, config, source, target, network.eval(), metrics, "")
    return Trained(checkpoint, known, dev, links, curve)


@dataclass(frozen=True)
class Data:
    """The pairs as ids."""

    train: list[Ids]
    dev: list[Ids]
    languages: bool

    def batch(self, rng: random.Random) -> Batch:
        """Pairs drawn at random."""
        drawn = rng.sample(self.train, min(BATCH, len(self.train)))
        if not self.languages:
            return collate(drawn)
        half = len(drawn) // 2
        batch = collate([(s, t if i < half else t[::-1]) for i, (s, t) in enumerate(drawn)])
        batch.target_in_BT[:half, 0] = EOS
        return batch


def _fit(model: Seq2Seq, data: Data, settings: TrainConfig, steps: int, stop: int) -> list[dict[str, float | None]]:
    """AdamW; the learning rate rises for 30 steps and then falls. Returns the curve."""
    weights = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(weights, lr=settings.learning_rate, weight_decay=DECAY)
    rng, losses, curve = random.Random(SEED), list[float](), list[dict[str, float | None]]()
    for step in range(stop):
        if step % MOMENT == 0:
            curve.append(_moment(model, data.dev, step, losses))
            losses = []
        optimizer.param_groups[0]["lr"] = settings.learning_rate * min(1, (step + 1) / 30) * (1 - step / steps) ** 0.5
        batch = data.batch(rng)
        logits_NV, coverage_N, *_ = model.forced(batch)
        loss = F.cross_entropy(logits_NV, batch.target_out_BT[batch.target_out_BT != PAD])
        if coverage_N is not None:
            loss = loss + settings.coverage_weight * coverage_N.mean()
        losses.append(float(loss.detach()))
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(model.parameters(), settings.clip)
        optimizer.step()
    return [*curve, _moment(model, data.dev, stop, losses)]


def _moment(model: Seq2Seq, dev: list[Ids], step: int, losses: list[float]) -> dict[str, float | None]:
    """A row of the curve: a greedy output is the reference if every token that follows it is the most probable one."""
    batch = collate(dev)
    with torch.no_grad():
        logits_NV = model(batch)
    target_N, row_N = batch.target_out_BT[batch.target_out_BT != PAD], (batch.target_out_BT != PAD).nonzero()[:, 0]
    missed = set(row_N[logits_NV.argmax(1) != target_N].tolist())
    return {
        "step": step,
        "seconds": float(step),
        "train_loss": sum(losses) / len(losses) if losses else None,
        "dev_loss": float(F.cross_entropy(logits_NV, target_N)),
        "exact": 1 - len(missed) / len(dev),
        "pairs": len(dev),
    }
