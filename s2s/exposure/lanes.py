"""Both lanes of every sentence: teacher-forced (reading the reference) and free-running (reading its own output)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from s2s.data.batches import Batch, Ids, collate
from s2s.decode.search import running
from s2s.evaluate.batching import Progress, chunks, forced_log_probs, quiet
from s2s.evaluate.bootstrap import Bootstrap, Curve, Floats, table
from s2s.evaluate.measured import Estimate
from s2s.model import Model
from s2s.text.vocab import BOS, EOS, PAD, matches_reference


@dataclass(frozen=True)
class Lane:
    """Both lanes of one sentence; arrays (T,) for its T reference tokens with ``<eos>``, log-probabilities in nats."""

    gold: tuple[int, ...]
    forced_log_prob: Floats  # of the reference's token after the reference's prefix
    forced_best: tuple[int, ...]  # the most probable tokens after the reference's prefix
    confidence: Floats  # their probabilities
    free: tuple[int, ...]  # the greedy output at the reference's positions, shorter than T if it ended earlier
    free_log_prob: Floats  # of the reference's token after the own prefix; NaN after the end of the output

    @property
    def forced_hits(self) -> Floats:
        """1 where the most probable token is the reference's, else 0; ``<unk>`` is never right."""
        return np.array(matches_reference(self.forced_best, self.gold), dtype=float)

    @property
    def free_hits(self) -> Floats:
        """1 where the output has the reference's token at the same position, else 0; ``<unk>`` is never right."""
        return np.array(matches_reference(self.free, self.gold), dtype=float)


@torch.inference_mode()
def lanes(model: Model, pairs: Sequence[Ids], progress: Progress = quiet) -> list[Lane]:
    """Both lanes of each pair, in the order of the pairs; the free lane is greedy."""
    out: list[Lane | None] = [None] * len(pairs)
    for index in chunks(pairs, model.vocabulary, progress):
        batch = collate([pairs[i] for i in index]).to(model.device)
        forced = forced_pass(model, batch)
        free_BT, log_prob_BT = free_pass(model, batch)
        for row, i in enumerate(index):
            gold = (*pairs[i][1], EOS)
            own = [token for token in free_BT[row].tolist() if token >= 0]
            log_probs = log_prob_BT[row, : len(gold)].double().cpu().numpy()
            log_prob_T, best_T, top_T = (part[row] for part in forced)
            out[i] = Lane(gold, log_prob_T, tuple(best_T.astype(int).tolist()), np.exp(top_T), tuple(own), log_probs)
    return [lane for lane in out if lane is not None]


def forced_pass(model: Model, batch: Batch) -> tuple[list[Floats], ...]:
    """A teacher-forced pass over a batch; returns what ``forced_log_probs`` does."""
    return forced_log_probs(model(batch), batch)


def free_pass(model: Model, batch: Batch) -> tuple[Tensor, Tensor]:
    """Greedy tokens at the reference's positions, and log p of the reference's tokens there: (B, T) each.

    After the end of an output the tokens are -1 and the log-probabilities NaN.
    """
    gold_BT, device = batch.target_out_BT, batch.target_out_BT.device
    memory, state = model.encode(batch.source_BS, batch.lengths_B)
    own_BT = torch.full_like(gold_BT, -1)
    log_prob_BT = torch.full(gold_BT.shape, torch.nan, device=device)
    limit_B = (gold_BT != PAD).sum(dim=1)
    steps = running(model, memory, state, torch.full_like(limit_B, BOS), limit_B)
    for t, (row_N, token_N, step) in enumerate(steps):
        own_BT[row_N, t] = token_N
        log_prob_BT[row_N, t] = step.log_probs_BV.gather(1, gold_BT[row_N, t].unsqueeze(1)).squeeze(1).float()
    return own_BT, log_prob_BT


@dataclass(frozen=True)
class Positions:
    """Accuracy and NLL by position (from 0) and over all of the first 100, teacher-forced against free-running.

    ``nll_running`` is the teacher-forced NLL over the same tokens as ``nll_free``: those before the end of the
    sentence's own output.
    """

    accuracy_forced: Curve
    accuracy_free: Curve
    accuracy_gap: Curve
    nll_forced: Curve
    nll_running: Curve
    nll_free: Curve
    overall: dict[str, Estimate]


def positions(lanes: Sequence[Lane], bootstrap: Bootstrap) -> Positions:
    """The summary over a corpus: at each position means over the sentences that have it."""
    forced, there = table([lane.forced_hits for lane in lanes])
    free, _ = table([lane.free_hits for lane in lanes])
    nll, _ = table([-lane.forced_log_prob for lane in lanes])
    nll_free, running = table([-lane.free_log_prob for lane in lanes])
    columns = {
        "accuracy_forced": (forced, there),
        "accuracy_free": (free, there),
        "accuracy_gap": (forced - free, there),
        "nll_forced": (nll, there),
        "nll_running": (nll * running, running),
        "nll_free": (nll_free, running),
    }
    overall = {name: bootstrap.mean(total.sum(axis=1), count.sum(axis=1)) for name, (total, count) in columns.items()}
    return Positions(**{name: bootstrap.means(*both) for name, both in columns.items()}, overall=overall)
