"""The model's own tokens during training: without gradient or dropout, drawn from a given generator."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

from s2s.data.batches import Batch
from s2s.decode.search import running
from s2s.model import Seq2Seq
from s2s.text.vocab import BOS, EOS, PAD

Pick = Callable[[Tensor], Tensor]  # log_probs_BV → ids (B,)


@contextmanager
def undisturbed(model: Seq2Seq) -> Iterator[None]:
    """A context without dropout; the model's mode is restored afterwards."""
    before = model.training
    model.eval()
    try:
        yield
    finally:
        model.train(before)


def argmax(log_probs_BV: Tensor) -> Tensor:
    """The most probable token of each row: (B,)."""
    return log_probs_BV.argmax(dim=1)


def drawing(rng: torch.Generator) -> Pick:
    """A function that draws a token for each row by inverting the cumulative distribution at one uniform number."""

    def draw(log_probs_BV: Tensor) -> Tensor:
        below_BV = log_probs_BV.double().exp().cumsum(dim=1)
        uniform_B1 = torch.rand(len(below_BV), 1, generator=rng, dtype=torch.float64).to(below_BV.device)
        place_B1 = torch.searchsorted(below_BV, uniform_B1 * below_BV[:, -1:], right=True)
        return place_B1.squeeze(1).clamp(max=below_BV.size(1) - 1)

    return draw


@torch.no_grad()
def mixed_inputs(model: Seq2Seq, batch: Batch, own_BT: Tensor, pick: Pick) -> Tensor:
    """Decoder inputs (B, T) that are the model's own tokens where ``own_BT`` is true, else the batch's.

    The model's token at t is picked from its distribution after the mixed inputs before t.
    """
    inputs_BT = batch.target_in_BT.clone()
    columns = own_BT.any(dim=0).nonzero().flatten().tolist()
    with undisturbed(model):
        memory, state = model.encode(batch.source_BS, batch.lengths_B)
        for t in range(1, columns[-1] + 1 if columns else 0):
            step = model.step(state, inputs_BT[:, t - 1], memory)
            inputs_BT[:, t] = torch.where(own_BT[:, t], pick(step.log_probs_BV), inputs_BT[:, t])
            state = step.state
    return inputs_BT


@torch.no_grad()
def rollout(model: Seq2Seq, batch: Batch, given_B: Tensor, limit_B: Tensor, pick: Pick) -> tuple[Tensor, Tensor]:
    """Outputs that begin with ``given_B`` tokens of the reference and continue with picked tokens.

    Returns ids (B, T), 0 after the end, and lengths (B,). An output ends with ``<eos>``, which counts, or
    after ``limit_B`` tokens.
    """
    gold_BT, device = batch.target_out_BT, batch.target_out_BT.device
    ids_BT = torch.full((len(gold_BT), int(limit_B.max())), PAD, device=device)
    lengths_B = limit_B.clone()

    def choose(log_probs_NV: Tensor, row_N: Tensor, t: int) -> Tensor:
        picked_N = pick(log_probs_NV)
        return torch.where(t < given_B[row_N], gold_BT[row_N, t], picked_N) if t < gold_BT.size(1) else picked_N

    with undisturbed(model):
        memory, state = model.encode(batch.source_BS, batch.lengths_B)
        steps = running(model, memory, state, torch.full_like(limit_B, BOS), limit_B, choose)
        for t, (row_N, token_N, _) in enumerate(steps):
            ids_BT[row_N, t] = token_N
            lengths_B[row_N[token_N == EOS]] = t + 1
    return ids_BT[:, : int(lengths_B.max())], lengths_B
