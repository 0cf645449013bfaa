"""Alignment error rate (Och and Ney 2003) of attention, against links that annotators drew."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from s2s.checkpoint.record import Checkpoint
from s2s.data.batches import MAX_TOKENS, Batch, Ids, collate
from s2s.decode.search import greedy
from s2s.errors import UserError
from s2s.evaluate.batching import Progress, chunks, quiet
from s2s.evaluate.bootstrap import Bootstrap, Floats, divide
from s2s.evaluate.measured import Estimate
from s2s.explain.gold_links import Gold
from s2s.explain.token_spans import Links, Overlap, cut, overlap, project
from s2s.model import Model
from s2s.text.rounding import significant
from s2s.text.vocab import UNK

SCHEMA = "lookback-alignment/1"
SHIFTS = (-1, 0, 1)


def error_rate(predicted: Iterable[Links], golds: Iterable[tuple[Links, Links]]) -> float | None:
    """``AER = 1 - (Σ|A∩S| + Σ|A∩P|) / (Σ|A| + Σ|S|)`` (Och and Ney 2003, eq. 21); ``golds`` has (S, P) per sentence.

    None if there are no links at all.

    >>> error_rate([frozenset({(0, 0), (1, 2)})], [(frozenset({(0, 0)}), frozenset({(0, 0), (1, 1)}))])
    0.33333333333333337
    """
    rows = [_counts(a, sure, possible) for a, (sure, possible) in zip(predicted, golds, strict=True)]
    value = float(_rates(np.array(rows, dtype=np.float64).sum(axis=0, keepdims=True))[0, 0])
    return None if np.isnan(value) else value


def _counts(predicted: Links, sure: Links, possible: Links) -> list[int]:
    """|A∩S|, |A∩P|, |A| and |S| of one sentence."""
    return [len(predicted & sure), len(predicted & possible), len(predicted), len(sure)]


def _rates(sums_RK: Floats) -> Floats:
    """AER, precision ``|A∩P|/|A|`` and recall ``|A∩S|/|S|`` from sums of ``_counts``: (R, 3)."""
    hit_sure, hit_possible, predicted, sure = sums_RK.T
    error_rate_R = 1 - divide(hit_sure + hit_possible, predicted + sure)
    return np.stack([error_rate_R, divide(hit_possible, predicted), divide(hit_sure, sure)], axis=1)


@dataclass(frozen=True)
class Score:
    """The scores of one way of linking over the whole file."""

    error_rate: Estimate
    precision: Estimate
    recall: Estimate


def alignment_score(counts: Sequence[Sequence[int]], bootstrap: Bootstrap) -> Score:
    """The rates with intervals over sentences, from (|A∩S|, |A∩P|, |A|, |S|) per sentence."""
    columns_NK = np.array(counts, dtype=np.float64)
    total = columns_NK.sum(axis=0)
    rates = bootstrap.curve(columns_NK, _rates, np.array([total[2] + total[3], total[2], total[3]]))
    return Score(*map(rates.at, range(3)))


@dataclass(frozen=True)
class Alignment:
    """Scores by lane and shift: ``forced``, ``free``, and the baseline ``diagonal``, which uses no model.

    ``by_token`` has the forced lane's scores counted in the model's tokens. ``free_words`` is the share of reference
    tokens that the free lane outputs at their position; ``free`` counts these tokens alone.
    """

    checkpoint: str
    digest: str
    threshold: float | None
    sentences: int
    left_out: int
    unknown_source: float
    unknown_target: float
    free_words: float
    forced: dict[str, Score]
    free: dict[str, Score]
    by_token: dict[str, Score]
    diagonal: Score
    bootstrap: Bootstrap = field(default_factory=Bootstrap)

    def to_json(self) -> str:
        """The record in one line of JSON, as docs/EVIDENCE.md describes."""
        return json.dumps({"schema": SCHEMA, **dataclasses.asdict(self)}, ensure_ascii=False, allow_nan=False)


@dataclass(frozen=True)
class _Pair:
    """A gold pair with the model's ids; by model token the gold tokens that it overlaps, and the inverse."""

    gold: Gold
    ids: Ids
    source: Overlap
    target: Overlap
    inverse: tuple[Overlap, Overlap]


def _pair(checkpoint: Checkpoint, gold: Gold) -> _Pair | None:
    """None if a side is empty, too long, or cannot be mapped to the gold tokens."""
    both = cut(checkpoint.source, gold.source), cut(checkpoint.target, gold.target)
    if both[0] is None or both[1] is None or not all(side and 0 < len(side[0]) <= MAX_TOKENS for side in both):
        return None
    (source, own_s, gold_s), (target, own_t, gold_t) = both[0], both[1]
    limit = checkpoint.model.longest_source
    if limit is not None and len(source) > limit:
        return None
    ids = checkpoint.source.vocab.encode(source), checkpoint.target.vocab.encode(target)
    inverse = overlap(gold_s, own_s), overlap(gold_t, own_t)
    return _Pair(gold, ids, overlap(own_s, gold_s), overlap(own_t, gold_t), inverse)


@torch.no_grad()
def forced_attention(model: Model, batch: Batch) -> Tensor:
    """The weights of every step of a teacher-forced pass, ``<eos>`` included: (B, T, S)."""
    memory, state = model.encode(batch.source_BS, batch.lengths_B)
    attentions = []
    for token_B in batch.target_in_BT.unbind(1):
        state, step_attention = model.attend(state, token_B, memory)
        attentions.append(step_attention.attention_BS)
    return torch.stack(attentions, dim=1)


def attention_links(attention_TS: Tensor, words: int, shift: int, threshold: float | None = None) -> Links:
    """Link target token t, below ``words``, to the source token with the largest weight at step t + shift.

    With a threshold, to all source tokens of at least that weight. A token without such a step gets no link.
    """
    links = set()
    for t in range(words):
        if 0 <= t + shift < len(attention_TS):
            row_S = attention_TS[t + shift]
            sources = [int(row_S.argmax())] if threshold is None else (row_S >= threshold).nonzero()[:, 0].tolist()
            links |= {(s, t) for s in sources}
    return frozenset(links)


def diagonal_links(source: int, target: int) -> Links:
    """Link each target token to the source token at the same relative position."""
    return frozenset((min(source - 1, (2 * t + 1) * source // (2 * target)), t) for t in range(target))


def _lanes(model: Model, ids: Sequence[Ids], progress: Progress) -> tuple[list[Tensor], list[tuple[list[int], Tensor]]]:
    """For each pair the forced lane's weights, (T, S), and the free lane's ids and weights."""
    forced, free = dict[int, Tensor](), dict[int, tuple[list[int], Tensor]]()
    for index in chunks(ids, model.vocabulary, progress):
        batch = collate([ids[n] for n in index])
        attention_BTS, free_attention = forced_attention(model, batch), list[Tensor]()
        outputs = greedy(model, [ids[n][0] for n in index], attention=free_attention)
        for row, n in enumerate(index):
            source, target = ids[n]
            forced[n] = attention_BTS[row, : len(target) + 1, : len(source)]
            free[n] = outputs[row], free_attention[row]
    return [forced[n] for n in range(len(ids))], [free[n] for n in range(len(ids))]


def _agreeing(output: Sequence[int], target: Sequence[int]) -> set[int]:
    """The positions where the free lane outputs the reference's token; ``<unk>`` does not count."""
    return {t for t, (a, b) in enumerate(zip(output, target, strict=False)) if a == b and a != UNK}


def _gold_counts(pair: _Pair, predicted: Links, positions: set[int]) -> list[int]:
    """Counts in gold tokens, limited to those that overlap the model's target tokens at ``positions``."""
    covered = {j for t in positions for j in pair.target[t]}
    sure, possible = (frozenset(x for x in gold if x[1] in covered) for gold in (pair.gold.sure, pair.gold.possible))
    predicted = frozenset(link for link in predicted if link[1] in positions)
    return _counts(project(predicted, pair.source, pair.target), sure, possible)


def _token_counts(pair: _Pair, predicted: Links, positions: set[int]) -> list[int]:
    """Counts in the model's tokens; a gold link links all model tokens that its two tokens overlap."""
    return _counts(predicted, *(project(gold, *pair.inverse) for gold in (pair.gold.sure, pair.gold.possible)))


def _diagonal_counts(pair: _Pair) -> list[int]:
    source, target = map(len, pair.ids)
    return _gold_counts(pair, diagonal_links(source, target), set(range(target)))


Count = Callable[[_Pair, Links, set[int]], list[int]]


def _linked(
    pairs: Sequence[_Pair],
    rows: Sequence[Tensor],
    positions: Sequence[set[int]],
    count: Count,
    shift: int,
    threshold: float | None,
) -> list[list[int]]:
    """The counts of each pair when its rows of attention make the links."""
    return [
        count(pair, attention_links(row, len(pair.ids[1]), shift, threshold), some)
        for pair, row, some in zip(pairs, rows, positions, strict=True)
    ]


def _share(values: Sequence[bool]) -> float:
    return significant(sum(values) / len(values), 6)


def measure_alignment(
    checkpoint: Checkpoint,
    golds: Sequence[Gold],
    threshold: float | None = None,
    bootstrap: Bootstrap | None = None,
    progress: Progress = quiet,
) -> Alignment:
    """Score the attention of both lanes and the diagonal at all shifts; ``progress`` gets the share that is done.

    Raises UserError if the model has no attention or if no pair can be used.
    """
    if checkpoint.config.model.attention == "none":
        raise UserError("attention_none", checkpoint=checkpoint.name)
    pairs = [pair for gold in golds if (pair := _pair(checkpoint, gold)) is not None]
    if not pairs:
        raise UserError("alignment_no_pairs")
    model, by = checkpoint.model, bootstrap or Bootstrap()
    ids = [pair.ids for pair in pairs]
    forced, free = _lanes(model, ids, progress)

    agreeing = [_agreeing(output, target) for (output, _), (_, target) in zip(free, ids, strict=True)]
    everywhere = [set(range(len(target))) for _, target in ids]

    def by_shift(
        rows: Sequence[Tensor], positions: Sequence[set[int]], count: Count = _gold_counts
    ) -> dict[str, Score]:
        counts = {str(shift): _linked(pairs, rows, positions, count, shift, threshold) for shift in SHIFTS}
        return {shift: alignment_score(rows, by) for shift, rows in counts.items()}

    return Alignment(
        checkpoint=checkpoint.name,
        digest=checkpoint.digest,
        threshold=threshold,
        sentences=len(pairs),
        left_out=len(golds) - len(pairs),
        unknown_source=_share([i == UNK for source, _ in ids for i in source]),
        unknown_target=_share([i == UNK for _, target in ids for i in target]),
        free_words=_share(
            [t in some for some, (_, target) in zip(agreeing, ids, strict=True) for t in range(len(target))]
        ),
        forced=by_shift(forced, everywhere),
        free=by_shift([rows for _, rows in free], agreeing),
        by_token=by_shift(forced, everywhere, _token_counts),
        diagonal=alignment_score([_diagonal_counts(pair) for pair in pairs], by),
        bootstrap=by,
    )
