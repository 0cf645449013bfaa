"""What can be measured of a model without a doctor: each number straight from its definition."""

from __future__ import annotations

import copy
import dataclasses
from dataclasses import dataclass

import torch
from torch import Tensor

from s2s.checkpoint.record import Checkpoint
from s2s.data.batches import Batch, Pair, collate
from s2s.model import StepOutput
from s2s.model.attention import AdditiveAttention
from s2s.text.vocab import PAD, UNK
from tests.doctor.ward.tasks import Links

SHIFTS = (-1, 0, 1)


@dataclass(frozen=True)
class Measures:
    """Means over the steps of some pairs, decoded together with the references given."""

    loss: float  # nats a token
    first_loss: float  # of the first token
    learnt: float  # the loss of training pairs
    unknown: float  # share of source tokens
    alone: float  # the loss where every sentence is decoded alone
    again: float  # the largest difference between the log-probabilities of two runs
    uniform: float  # the loss with uniform attention
    padding: float  # weight on padding
    row_error: float  # |Σ α - 1|, the largest
    invalid: float  # share of rows with a NaN
    empty: float  # share of rows without weight
    on_links: dict[int, float]  # weight on the right place, and on its neighbours
    first: float  # weight on the first token
    last: float  # weight on the last token
    entropy: float  # divided by that of uniform attention
    movement: float  # half of Σ |α_t - α_(t-1)|
    context_error: float  # |c - Σ α h| / |Σ α h|
    largest_score: float
    squashed: float  # share of the numbers of additive scores that are tanh beyond ±0.98
    starts: float  # standard deviation of the first states between sentences


@torch.no_grad()
def measure(checkpoint: Checkpoint, pairs: list[Pair], links: list[Links], train: list[Pair]) -> Measures:
    """All numbers of some pairs; of training pairs the loss. What a model keeps between sentences is left as it was."""
    torch.manual_seed(1)
    checkpoint = dataclasses.replace(checkpoint, model=copy.deepcopy(checkpoint.model))
    ids, known = (
        [(checkpoint.source.encode(s), checkpoint.target.encode(t)) for s, t in some] for some in (pairs, train)
    )
    batch, learnt = collate(ids), collate(known[: len(ids)])
    real_BT = batch.target_out_BT != PAD
    outputs, states_BSM, top_BH = _run(checkpoint, batch)
    nll_BT = _losses(outputs, batch)
    again_BT = _losses(_run(checkpoint, batch)[0], batch)
    alone = [_losses(_run(checkpoint, one)[0], one)[0] for one in (collate([pair]) for pair in ids)]
    there_BS = torch.arange(batch.source_BS.size(1)) < batch.lengths_B[:, None]
    uniform_BS = there_BS / batch.lengths_B[:, None]
    learnt_BT = _losses(_run(checkpoint, learnt)[0], learnt)
    uniform_BT = _losses(_run(checkpoint, batch, uniform_BS)[0], batch)
    weights_BTS = torch.stack([output.attention_BS for output in outputs], dim=1)
    context_BTM = torch.stack([output.attention.context_BM for output in outputs], dim=1)
    rows_NS, sums_N = weights_BTS[real_BT], weights_BTS.sum(2)[real_BT]
    finite = torch.nan_to_num(weights_BTS)
    summed_BTM = finite @ states_BSM if context_BTM.size(2) == states_BSM.size(2) else context_BTM
    scores = torch.stack([output.attention.scores_BS for output in outputs], dim=1)[real_BT]
    moved_BT = (finite[:, 1:] - finite[:, :-1]).abs().sum(2) / 2
    mass_BTS = finite.clamp_min(1e-30)
    entropy_BT = -(mass_BTS * mass_BTS.log()).sum(2) / batch.lengths_B.clamp_min(2).log()[:, None]
    return Measures(
        loss=float(nll_BT[real_BT].mean()),
        first_loss=float(nll_BT[:, 0].mean()),
        learnt=float(learnt_BT[learnt.target_out_BT != PAD].mean()),
        unknown=float((batch.source_BS == UNK).sum() / batch.lengths_B.sum()),
        alone=float(torch.cat(alone).mean()),
        again=float((nll_BT - again_BT)[real_BT].abs().max()),
        uniform=float(uniform_BT[real_BT].mean()),
        padding=float((finite * ~there_BS[:, None]).sum(2)[real_BT & ~there_BS.all(1)[:, None]].mean()),
        row_error=float((torch.nan_to_num(sums_N) - 1).abs().max()),
        invalid=float(rows_NS.isnan().any(1).float().mean()),
        empty=float((sums_N.abs() < 1e-6).float().mean()),
        on_links={shift: _on_links(finite, links, shift) for shift in SHIFTS},
        first=float(finite[:, :, 0][real_BT].mean()),
        last=float(torch.stack([finite[i, :, n - 1] for i, n in enumerate(batch.lengths_B)])[real_BT].mean()),
        entropy=float(entropy_BT[real_BT].mean()),
        movement=float(moved_BT[real_BT[:, 1:]].mean()),
        context_error=float(((context_BTM - summed_BTM).norm(dim=2) / summed_BTM.norm(dim=2))[real_BT].mean()),
        largest_score=float(scores.abs().max()) if scores.numel() else 0.0,
        squashed=_squashed(checkpoint, outputs, batch),
        starts=float(top_BH.std(0).mean()),
    )


def _run(
    checkpoint: Checkpoint, batch: Batch, given_BS: Tensor | None = None
) -> tuple[list[StepOutput], Tensor, Tensor]:
    """The steps along the references, the source's states and the decoder's first one."""
    memory, state = checkpoint.model.encode(batch.source_BS, batch.lengths_B)
    first, outputs = state.top_BH, []
    for token_B in batch.target_in_BT.unbind(1):
        output = checkpoint.model.step(state, token_B, memory, given_BS)
        outputs.append(output)
        state = output.state
    return outputs, memory.states_BSM, first


def _losses(outputs: list[StepOutput], batch: Batch) -> Tensor:
    """-log p of every reference token: (B, T)."""
    log_probs_BTV = torch.stack([output.log_probs_BV for output in outputs], dim=1)
    return -log_probs_BTV.gather(2, batch.target_out_BT[:, :, None])[:, :, 0]


def _squashed(checkpoint: Checkpoint, outputs: list[StepOutput], batch: Batch) -> float:
    attention = getattr(getattr(checkpoint.model, "decoder", None), "attention", None)
    if not isinstance(attention, AdditiveAttention):
        return 0.0
    keys_BSA = checkpoint.model.encode(batch.source_BS, batch.lengths_B)[0].keys_BSA
    there_BS = batch.source_BS != PAD
    inner = [(attention.query(o.attention.query_BH).unsqueeze(1) + keys_BSA)[there_BS].tanh() for o in outputs]
    return float((torch.stack(inner).abs() > 0.98).float().mean())


def _on_links(weights_BTS: Tensor, links: list[Links], shift: int) -> float:
    """The mean weight on the linked places, moved by ``shift``; 0 outside the sentence."""
    width = weights_BTS.size(2)
    found = [
        float(weights_BTS[row, step, place + shift]) if 0 <= place + shift < width else 0.0
        for row, places in enumerate(links)
        for step, place in enumerate(places)
    ]
    return sum(found) / len(found)
