"""Accumulated excess error (Arora et al. 2022), where an oracle knows the right distribution."""

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

NOISE = 1e-6  # nats that are no difference in float32
Oracle = Callable[[str, Sequence[str]], Mapping[str, float]]  # (source, tokens so far) → P(next token); {}: undefined


@dataclass(frozen=True)
class Divergences:
    """One sentence's ``D_t = KL(oracle ‖ model)`` in nats, after reference prefixes (T,) and after own ones.

    The second ends with the own output, at the reference's length, or, ``undefined``, before the first
    prefix that the oracle knows no continuation of.
    """

    reference: Floats
    own: Floats
    undefined: bool


def kl(right: Mapping[str, float], log_probs_V: Tensor, vocab: Vocab) -> float:
    """``Σ_v o_v (log o_v - log p_v)``; a token outside the vocabulary counts as ``<unk>``.

    >>> vocab = Vocab(("<pad>", "<unk>", "<bos>", "<eos>", "a"))
    >>> round(kl({"a": 0.5, "<eos>": 0.5}, torch.tensor([0.0, 0.0, 0.0, 0.75, 0.25]).log(), vocab), 4)
    0.1438
    """
    total, mass = 0.0, dict[int, float]()
    for token, p in right.items():
        place = EOS if token == "<eos>" else vocab.encode([token])[0]
        mass[place] = mass.get(place, 0.0) + p
    for place, p in mass.items():
        total += p * (math.log(p) - float(log_probs_V[place])) if p else 0.0
    return total


def divergences(
    model: Model,
    sources: Sequence[str],
    pairs: Sequence[Ids],
    vocab: Vocab,
    oracle: Oracle,
    progress: Progress = quiet,
) -> list[Divergences]:
    """Both series of each pair; ``sources`` are the pairs' texts, ``vocab`` the target's. Own prefixes are greedy."""
    out: list[Divergences | None] = [None] * len(pairs)
    for index in chunks(pairs, model.vocabulary, progress):
        texts, some = [sources[i] for i in index], [pairs[i] for i in index]
        reference, _ = _lane(model, texts, some, vocab, oracle, forced=True)
        own, undefined = _lane(model, texts, some, vocab, oracle, forced=False)
        for row, i in enumerate(index):
            out[i] = Divergences(np.array(reference[row]), np.array(own[row]), undefined[row])
    return [found for found in out if found is not None]


@torch.inference_mode()
def _lane(
    model: Model, sources: Sequence[str], pairs: Sequence[Ids], vocab: Vocab, oracle: Oracle, forced: bool
) -> tuple[list[list[float]], list[bool]]:
    """D_t of each row along the reference or along the own output, and whether the oracle gave up."""
    batch = collate(list(pairs)).to(model.device)
    memory, state = model.encode(batch.source_BS, batch.lengths_B)
    token_B = torch.full_like(batch.target_out_BT[:, 0], BOS)
    found: list[list[float]] = [[] for _ in pairs]
    said: list[list[str]] = [[] for _ in pairs]
    going, undefined = [True] * len(pairs), [False] * len(pairs)
    for gold_B in batch.target_out_BT.T:
        step = model.step(state, token_B, memory)
        state = step.state
        token_B = gold_B if forced else step.log_probs_BV.argmax(dim=1)
        log_probs_BV = step.log_probs_BV.double().cpu()
        for row, (token, gold) in enumerate(zip(token_B.tolist(), gold_B.tolist(), strict=True)):
            going[row] = going[row] and gold != PAD
            right = oracle(sources[row], said[row]) if going[row] else {}
            if right:
                found[row].append(kl(right, log_probs_BV[row], vocab))
                said[row].append(vocab.tokens[token])
            undefined[row] = undefined[row] or (going[row] and not right)
            going[row] = bool(right) and token != EOS
        if not any(going):
            break
    return found, undefined


@dataclass(frozen=True)
class Excess:
    """By position t, or by length l = position + 1: D_t, its sums, and what own prefixes add in per cent.

    ``R(l) = Σ_{t<l} mean D_t`` over own prefixes, ``R_ref(l)`` over reference prefixes, each mean over the
    sentences that have D_t; ``ExAccErr(l) = 100 (R(l) / R_ref(l) - 1)``, 0 where the two differ by rounding alone.
    """

    divergence_reference: Curve
    divergence_own: Curve
    accumulated_reference: Curve
    accumulated_own: Curve
    excess: Curve
    undefined: Estimate  # the share of own outputs that the oracle knows no continuation of


def accumulated(sums_RK: Floats) -> Floats:
    """``Σ_{t<l}`` of mean D_t from its columns of sums and counts."""
    return np.cumsum(ratios(sums_RK), axis=1)


def percent(sums_RK: Floats) -> Floats:
    """ExAccErr(l) from the columns of own prefixes, sums and counts, and then of reference prefixes."""
    half = sums_RK.shape[1] // 2
    own, reference = accumulated(sums_RK[:, :half]), accumulated(sums_RK[:, half:])
    return np.where(np.abs(own - reference) < NOISE, 0.0, 100 * (divide(own, reference) - 1))


def excess(found: Sequence[Divergences], bootstrap: Bootstrap) -> Excess:
    """The summary of the series."""
    values, there = table([d.reference for d in found] + [d.own for d in found])
    n = len(found)
    reference, own = (np.hstack([values[part], there[part]]) for part in (slice(n), slice(n, None)))
    counts = [there[part].sum(axis=0) for part in (slice(n), slice(n, None))]
    return Excess(
        bootstrap.curve(reference, ratios, counts[0]),
        bootstrap.curve(own, ratios, counts[1]),
        bootstrap.curve(reference, accumulated, counts[0]),
        bootstrap.curve(own, accumulated, counts[1]),
        bootstrap.curve(np.hstack([own, reference]), percent, counts[1]),
        bootstrap.mean(np.array([float(d.undefined) for d in found]), np.ones(n)),
    )
