"""Accumulated excess error (ExAccErr, Arora et al. 2022), for tasks whose exact distribution an oracle knows."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from s2s.data.batches import Ids, collate
from s2s.evaluate.batching import Progress, chunks, quiet
from s2s.evaluate.bootstrap import Bootstrap, Curve, Floats, divide, ratios, table
from s2s.evaluate.measured import Estimate
from s2s.model import Model
from s2s.text.vocab import BOS, EOS, PAD, Vocab

NOISE = 1e-6  # nats; a smaller difference of sums is rounding in float32
Oracle = Callable[[str, Sequence[str]], Mapping[str, float]]  # (source, prefix) → P(next token); {} if undefined


@dataclass(frozen=True)
class Divergences:
    """One sentence's ``D_t = KL(oracle ‖ model)`` in nats, after reference prefixes (T,) and after own prefixes.

    ``own`` ends with the model's output, at the reference's length, or before the first prefix for which the
    oracle has no continuation; in that case ``undefined`` is true.
    """

    reference: Floats
    own: Floats
    undefined: bool


def kl(right: Mapping[str, float], log_probs_V: Tensor, vocab: Vocab) -> float:
    """``KL(o ‖ p) = Σ_v o_v (log o_v - log p_v)`` in nats; a token outside the vocabulary counts as ``<unk>``.

    >>> vocab = Vocab(("<pad>", "<unk>", "<bos>", "<eos>", "a"))
    >>> round(kl({"a": 0.5, "<eos>": 0.5}, torch.tensor([0.0, 0.0, 0.0, 0.75, 0.25]).log(), vocab), 4)
    0.1438
    """
    total, mass = 0.0, dict[int, float]()
    for token, p in right.items():
        id = EOS if token == "<eos>" else vocab.encode([token])[0]
        mass[id] = mass.get(id, 0.0) + p
    for id, p in mass.items():
        total += p * (math.log(p) - float(log_probs_V[id])) if p else 0.0
    return total


def divergences(
    model: Model,
    sources: Sequence[str],
    pairs: Sequence[Ids],
    vocab: Vocab,
    oracle: Oracle,
    progress: Progress = quiet,
) -> list[Divergences]:
    """Both series of each pair; own prefixes are greedy.

    ``sources`` are the pairs' source texts, ``vocab`` is the target vocabulary.
    """
    out: list[Divergences | None] = [None] * len(pairs)
    for index in chunks(pairs, model.vocabulary, progress):
        texts, some = [sources[i] for i in index], [pairs[i] for i in index]
        reference, _ = _lane(model, texts, some, vocab, oracle, forced=True)
        own, undefined = _lane(model, texts, some, vocab, oracle, forced=False)
        for row, i in enumerate(index):
            out[i] = Divergences(np.array(reference[row]), np.array(own[row]), undefined[row])
    return [series for series in out if series is not None]


@torch.inference_mode()
def _lane(
    model: Model, sources: Sequence[str], pairs: Sequence[Ids], vocab: Vocab, oracle: Oracle, forced: bool
) -> tuple[list[list[float]], list[bool]]:
    """D_t of each row along the reference or along the own output, and whether the oracle was undefined."""
    batch = collate(list(pairs)).to(model.device)
    memory, state = model.encode(batch.source_BS, batch.lengths_B)
    token_B = torch.full_like(batch.target_out_BT[:, 0], BOS)
    series: list[list[float]] = [[] for _ in pairs]
    prefixes: list[list[str]] = [[] for _ in pairs]
    going, undefined = [True] * len(pairs), [False] * len(pairs)
    for gold_B in batch.target_out_BT.T:
        step = model.step(state, token_B, memory)
        state = step.state
        token_B = gold_B if forced else step.log_probs_BV.argmax(dim=1)
        log_probs_BV = step.log_probs_BV.double().cpu()
        for row, (token, gold) in enumerate(zip(token_B.tolist(), gold_B.tolist(), strict=True)):
            going[row] = going[row] and gold != PAD
            right = oracle(sources[row], prefixes[row]) if going[row] else {}
            if right:
                series[row].append(kl(right, log_probs_BV[row], vocab))
                prefixes[row].append(vocab.tokens[token])
            undefined[row] = undefined[row] or (going[row] and not right)
            going[row] = bool(right) and token != EOS
        if not any(going):
            break
    return series, undefined


@dataclass(frozen=True)
class Excess:
    """By position t, or by length l = t + 1: mean D_t, its sums, and the excess error in per cent.

    ``R(l) = Σ_{t<l} mean D_t`` over own prefixes and ``R_ref(l)`` over reference prefixes; each mean is over the
    sentences that have D_t. ``ExAccErr(l) = 100 (R(l) / R_ref(l) - 1)``, or 0 if the two differ by rounding alone.
    """

    divergence_reference: Curve
    divergence_own: Curve
    accumulated_reference: Curve
    accumulated_own: Curve
    excess: Curve
    undefined: Estimate  # share of own outputs for which the oracle has no continuation


def accumulated(sums_RK: Floats) -> Floats:
    """``Σ_{t<l} mean D_t`` by l, from columns of sums and then counts."""
    return np.cumsum(ratios(sums_RK), axis=1)


def percent(sums_RK: Floats) -> Floats:
    """ExAccErr(l) from columns: sums and counts of own prefixes, then those of reference prefixes."""
    half = sums_RK.shape[1] // 2
    own, reference = accumulated(sums_RK[:, :half]), accumulated(sums_RK[:, half:])
    return np.where(np.abs(own - reference) < NOISE, 0.0, 100 * (divide(own, reference) - 1))


def excess(series: Sequence[Divergences], bootstrap: Bootstrap) -> Excess:
    """The summary over the sentences of a corpus."""
    values, there = table([d.reference for d in series] + [d.own for d in series])
    n = len(series)
    reference, own = (np.hstack([values[part], there[part]]) for part in (slice(n), slice(n, None)))
    counts = [there[part].sum(axis=0) for part in (slice(n), slice(n, None))]
    return Excess(
        bootstrap.curve(reference, ratios, counts[0]),
        bootstrap.curve(own, ratios, counts[1]),
        bootstrap.curve(reference, accumulated, counts[0]),
        bootstrap.curve(own, accumulated, counts[1]),
        bootstrap.curve(np.hstack([own, reference]), percent, counts[1]),
        bootstrap.mean(np.array([float(d.undefined) for d in series]), np.ones(n)),
    )
