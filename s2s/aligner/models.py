"""IBM model 1 (Brown et al. 1993) and an HMM (Vogel, Ney and Tillmann 1996): which source word made each target word?

Both are learnt by expectation maximisation: the likelihood never falls from one pass to the next.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from s2s.aligner.bitext import Bitext, Block, Floats, Numbers

NO_SOURCE = 0.2  # the HMM's probability that a target word has no source word
FURTHEST = 7  # all jumps over more words forward share one probability, and so do all backward
JUMPS = 2 * FURTHEST + 3
LEAST = 1e-12  # added to each count: no probability becomes 0


class Table(NamedTuple):
    """t(target word | source word) of each entry, and the probability of each jump; both are normalised counts."""

    word_E: Floats
    jump_J: Floats


class Expected(NamedTuple):
    """The probability of each source word, empty word first, for each target word of a block; the expected jumps."""

    posterior_NTS: Floats
    jump_J: Floats
    log_likelihood: float


Model = Callable[[Block, Table], Expected]


def first_table(bitext: Bitext) -> Table:
    """All words that occur together are equally probable, and so are all jumps."""
    return maximised(bitext, np.ones(len(bitext.source_E)), np.ones(JUMPS))


def maximised(bitext: Bitext, count_E: Floats, jump_J: Floats) -> Table:
    """The counts divided by their sum: by that of the source word, and by that of all jumps."""
    count_E = count_E + LEAST
    total_W = np.bincount(bitext.source_E, count_E)
    return Table(count_E / total_W[bitext.source_E], (jump_J + LEAST) / (jump_J + LEAST).sum())


def model1(block: Block, table: Table) -> Expected:
    """Each target word was made by one of the S + 1 source words, all equally likely beforehand."""
    joint_NTS = table.word_E[block.entry_NTS] / block.entry_NTS.shape[2]
    total_NT1 = joint_NTS.sum(axis=2, keepdims=True)
    return Expected(joint_NTS / total_NT1, np.zeros(JUMPS), float(np.log(total_NT1).sum()))


def jump_kinds(length: int) -> Numbers:
    """The kind of the jump from each source word to each: (S, S), 0 for the furthest backward."""
    places_S = np.arange(length)
    jump_SS: Numbers = np.clip(places_S[None, :] - places_S[:, None], -FURTHEST - 1, FURTHEST + 1)
    return jump_SS + FURTHEST + 1


def hmm(block: Block, table: Table) -> Expected:
    """The source word of a target word depends on how far it lies from that of the word before.

    A target word without source word remembers the place (Och and Ney 2003). The first place is any, equally likely.
    Jumps out of the sentence keep their probability, so that the maximum of the expected counts is exact.
    """
    pairs, length, width = block.entry_NTS.shape
    word_NTS, kind_SS = table.word_E[block.entry_NTS], jump_kinds(width - 1)
    jump_SS, none_NT = table.jump_J[kind_SS], NO_SOURCE * word_NTS[:, :, 0]
    made_NTS = (1 - NO_SOURCE) * word_NTS[:, :, 1:]
    place_NS = np.full((pairs, width - 1), 1 / (width - 1))  # where the last target word left off
    before, linked, without, total = list[Floats](), list[Floats](), list[Floats](), list[Floats]()
    for t in range(length):
        before.append(place_NS)
        linked_NS = (place_NS @ jump_SS if t else place_NS) * made_NTS[:, t]
        without_NS = place_NS * none_NT[:, t, None]
        total.append((linked_NS + without_NS).sum(axis=1, keepdims=True))
        linked.append(linked_NS / total[t])
        without.append(without_NS / total[t])
        place_NS = linked[t] + without[t]
    posterior_NTS, pair_SS = np.empty_like(word_NTS), np.zeros_like(jump_SS)
    after_NS = np.ones_like(place_NS)
    for t in reversed(range(length)):
        posterior_NTS[:, t, 1:] = linked[t] * after_NS
        posterior_NTS[:, t, 0] = (without[t] * after_NS).sum(axis=1)
        if t:
            next_NS = made_NTS[:, t] * after_NS / total[t]
            pair_SS += before[t].T @ next_NS
            after_NS = next_NS @ jump_SS.T + none_NT[:, t, None] * after_NS / total[t]
    jump_J = np.bincount(kind_SS.ravel(), (pair_SS * jump_SS).ravel(), minlength=JUMPS).astype(np.float64)
    return Expected(posterior_NTS, jump_J, float(np.log(total).sum()))


def one_pass(model: Model, bitext: Bitext, table: Table) -> tuple[Table, float]:
    """A pass of expectation maximisation: the next table, and the log-likelihood of the given one."""
    expected = [model(block, table) for block in bitext.blocks]
    return _next(bitext, [e.posterior_NTS for e in expected], expected), sum(e.log_likelihood for e in expected)


def joint_pass(model: Model, both: Sequence[Bitext], tables: Sequence[Table]) -> list[Table]:
    """A pass in which two directions agree: each counts the product of both posteriors (Liang, Taskar and Klein 2006).

    A word without partner counts as in its own direction.
    """
    expected = [[model(block, table) for block in bitext.blocks] for bitext, table in zip(both, tables, strict=True)]
    counts = [[e.posterior_NTS for e in direction] for direction in expected]
    for one_NTS, other_NST in zip(*counts, strict=True):
        one_NTS[:, :, 1:] *= other_NST[:, :, 1:].swapaxes(1, 2)
        other_NST[:, :, 1:] = one_NTS[:, :, 1:].swapaxes(1, 2)
    return [_next(*direction) for direction in zip(both, counts, expected, strict=True)]


def _next(bitext: Bitext, counts: Sequence[Floats], expected: Sequence[Expected]) -> Table:
    flat_C = np.concatenate([count.ravel() for count in counts]) if counts else np.empty(0)
    count_E = np.bincount(bitext.entry_C, flat_C, minlength=len(bitext.source_E)).astype(np.float64)
    return maximised(bitext, count_E, sum((e.jump_J for e in expected), np.zeros(JUMPS)))
