"""Searching for output ids, without recording: batched greedy for corpora, beam search for a sentence."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from s2s.data import pad
from s2s.model import Seq2Seq
from s2s.strategy import Settings, limit
from s2s.vocab import BOS, EOS


@torch.inference_mode()
def greedy(model: Seq2Seq, sources: Sequence[Sequence[int]], max_length: int = 0) -> list[list[int]]:
    """The most probable token at every step, for a batch; ids without ``<eos>``.

    A row ends at ``<eos>`` or after ``max_length`` tokens (by default twice its source plus 10).
    """
    device = model.output.weight.device
    lengths_B = torch.tensor([len(s) for s in sources])
    memory, state = model.encode(pad(sources).to(device), lengths_B)
    limits = [max_length or 2 * len(s) + 10 for s in sources]
    outputs: list[list[int]] = [[] for _ in sources]
    rows = torch.arange(len(sources), device=device)  # those still running
    token_B = torch.full((len(sources),), BOS, device=device)
    while len(rows):
        step = model.step(state, token_B, memory)
        token_B, state = step.log_probs_BV.argmax(dim=1), step.state
        going = []
        for place, (row, token) in enumerate(zip(rows.tolist(), token_B.tolist(), strict=True)):
            if token != EOS:
                outputs[row].append(token)
                if len(outputs[row]) < limits[row]:
                    going.append(place)
        if len(going) < len(rows):
            index_N = torch.tensor(going, dtype=torch.long, device=device)
            rows, token_B = rows[index_N], token_B[index_N]
            memory, state = memory.select(index_N), state.select(index_N)
    return outputs


@dataclass(frozen=True)
class Hypothesis:
    """A finished output with ``<eos>``, its log-probability and the score that it was ranked by."""

    ids: list[int]
    log_prob: float
    score: float


def rank_score(log_prob: float, length: int, coverage_S: Tensor, settings: Settings) -> float:
    """``log P / lp + cp`` with ``lp = (5+|Y|)^a / 6^a``, ``cp = β Σ_i log min(Σ_t α_ti, 1)`` (Wu et al. 2016, eq. 14).

    A source word that got no attention at all counts as 1e-10, so that it is penalised, not skipped.
    """
    lp: float = ((5 + length) / 6) ** settings.length_penalty
    cp = settings.coverage_penalty * float(coverage_S.clamp(1e-10, 1.0).log().sum())
    return log_prob / lp + cp


@torch.inference_mode()
def beam(
    model: Seq2Seq, source: Sequence[int], settings: Settings, prefix: Sequence[int] = (), max_length: int = 0
) -> list[Hypothesis]:
    """Beam search for one sentence: finished hypotheses, best score first.

    The ``beam`` most probable continuations are kept a step; those that end leave the beam and are
    kept as finished. It stops when no live hypothesis can still win, or at ``max_length``.
    """
    memory, state = model.encode(torch.tensor([list(source)]), torch.tensor([len(source)]))
    longest, width = max_length or limit(settings, len(source)), settings.beam
    ids: list[list[int]] = [[]]
    log_probs_N, coverage_NS = torch.zeros(1), torch.zeros(1, len(source))
    finished: list[Hypothesis] = []
    for t in range(longest):
        rows = memory.select(torch.zeros(len(ids), dtype=torch.long))
        step = model.step(state, torch.tensor([row[-1] if row else BOS for row in ids]), rows)
        coverage_NS = coverage_NS + step.attention_BS
        if t < len(prefix):
            log_probs_N, ids, state = log_probs_N + step.log_probs_BV[:, prefix[t]], [[*ids[0], prefix[t]]], step.state
            continue
        total_NV = log_probs_N.unsqueeze(1) + step.log_probs_BV
        best = total_NV.flatten().topk(min(width, total_NV.numel()))
        origin_K, token_K = best.indices // total_NV.size(1), best.indices % total_NV.size(1)
        live = []
        for k, (row, token, value) in enumerate(
            zip(origin_K.tolist(), token_K.tolist(), best.values.tolist(), strict=True)
        ):
            if token == EOS or t == longest - 1:
                score = rank_score(value, t + 1, coverage_NS[row], settings)
                finished.append(Hypothesis([*ids[row], token], value, score))
            else:
                live.append(k)
        if not live:
            break
        index_K = torch.tensor(live)
        ids = [[*ids[r], t] for r, t in zip(origin_K[index_K].tolist(), token_K[index_K].tolist(), strict=True)]
        log_probs_N, coverage_NS = best.values[index_K], coverage_NS[origin_K[index_K]]
        state = step.state.select(origin_K[index_K])
        if len(finished) >= width and _decided(finished, float(log_probs_N.max()), longest, settings):
            break
    return sorted(finished, key=lambda h: -h.score)


def _decided(finished: Sequence[Hypothesis], best_live: float, longest: int, settings: Settings) -> bool:
    """Whether the best live hypothesis, were it to lose nothing more, would still rank below the best finished one."""
    bound = best_live / max(1.0, ((5 + longest) / 6) ** settings.length_penalty)
    return math.isfinite(bound) and max(h.score for h in finished) >= bound
