"""Aligns the words of sentence pairs, which are also all that it learns from."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from s2s.aligner.bitext import Bitext, Words, make_bitext
from s2s.aligner.models import Table, first_table, hmm, joint_pass, model1, one_pass
from s2s.aligner.symmetrise import grow_diag_final_and
from s2s.data.batches import Links

MODEL1_PASSES = 5
HMM_PASSES = 6


def quiet(share: float) -> None:
    """Report no progress."""


def align_words(pairs: Sequence[tuple[Words, Words]], progress: Callable[[float], None] = quiet) -> list[Links]:
    """The links of each pair: model 1 in both directions, the HMM with both agreeing, then grow-diag-final-and.

    In each direction a target word is linked to the most probable source word, or to none. ``progress`` gets the
    share that is done. Raises UserError for too many pairs.
    """
    both = make_bitext(pairs), make_bitext([(target, source) for source, target in pairs])
    tables = [first_table(bitext) for bitext in both]
    for done in range(MODEL1_PASSES):
        tables = [one_pass(model1, bitext, table)[0] for bitext, table in zip(both, tables, strict=True)]
        progress((done + 1) / 20)
    for done in range(HMM_PASSES):
        tables = joint_pass(hmm, both, tables)
        progress((MODEL1_PASSES + 2 * (done + 1)) / 20)
    forward, backward = (_best(bitext, table, len(pairs)) for bitext, table in zip(both, tables, strict=True))
    progress(0.95)
    swapped = [frozenset((s, t) for t, s in links) for links in backward]
    out = [grow_diag_final_and(a, b) for a, b in zip(forward, swapped, strict=True)]
    progress(1.0)
    return out


def _best(bitext: Bitext, table: Table, count: int) -> list[Links]:
    """The most probable source word of each target word, by the HMM; (source, target) of those that have one."""
    out = [Links()] * count
    for block in bitext.blocks:
        source_NT = hmm(block, table).posterior_NTS.argmax(axis=2) - 1
        for n, source_T in zip(block.index_N.tolist(), source_NT.tolist(), strict=True):
            out[n] = frozenset((s, t) for t, s in enumerate(source_T) if s >= 0)
    return out
