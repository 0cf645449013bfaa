"""The alignment error rate of a model's attention and of the evidence beside it, against links that annotators drew."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from s2s.checkpoint.record import Checkpoint
from s2s.data.batches import Batch, Ids, Links, collate
from s2s.decode.search import greedy
from s2s.errors import UserError
from s2s.evaluate.batching import Progress, chunks, quiet
from s2s.evaluate.bootstrap import Bootstrap
from s2s.explain.alignment_score import GoldPair, Score, alignment_score, gold_counts, gold_pair, token_counts
from s2s.explain.erasure import leave_one_out
from s2s.explain.gold_links import Gold
from s2s.explain.gradients import attributions
from s2s.explain.replay import Lane
from s2s.model import Model
from s2s.text.rounding import significant
from s2s.text.vocab import BOS, UNK

SCHEMA = "lookback-alignment/1"
SHIFTS = (-1, 0, 1)
ROWS = 50  # pairs, at most, of which evidence beside attention is measured, by default
LONGEST = 40  # tokens of a side, at most, in such a pair


@dataclass(frozen=True)
class Alignment:
    """Scores by lane and shift: ``forced``, ``free``, and the baseline ``diagonal``, which uses no model.

    ``by_token`` has the forced lane's scores counted in the model's tokens. ``free_words`` is the share of reference
    tokens that the free lane outputs at their position; ``free`` counts these tokens alone. ``rows`` has the forced
    lane's scores of attention and of all evidence beside it, over the same ``row_sentences`` sentences.
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
    rows: dict[str, Score]
    row_sentences: int
    bootstrap: Bootstrap = field(default_factory=Bootstrap)

    def to_json(self) -> str:
        """The record in one line of JSON, as docs/EVIDENCE.md describes."""
        return json.dumps({"schema": SCHEMA, **dataclasses.asdict(self)}, ensure_ascii=False, allow_nan=False)


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


def evidence_rows(model: Model, pair: GoldPair, attention_TS: Tensor) -> dict[str, Tensor]:
    """Each kind of evidence for each target word of the reference, as shares of the source: (T, S).

    The values of gradients and erasure are divided by the sum of their sizes; negative ones stay negative.
    """
    source, target = pair.ids
    lane, steps = Lane(tuple(source), (BOS, *target[:-1]), tuple(target)), range(len(target))
    attributed = attributions(model, lane, steps)
    with torch.no_grad():
        values = {
            "gradient": torch.stack([step.gradient_S for step in attributed]),
            "integrated": torch.stack([step.integrated_S for step in attributed]),
            "erasure": leave_one_out(model, lane, steps),
        }
    tiny = torch.finfo(torch.float32).tiny
    shares = {name: row_TS / row_TS.abs().sum(dim=1, keepdim=True).clamp(min=tiny) for name, row_TS in values.items()}
    return {"attention": attention_TS[: len(target)], **shares}


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


def diagonal_counts(pair: GoldPair) -> list[int]:
    """The counts of a pair when the diagonal makes the links."""
    source, target = map(len, pair.ids)
    return gold_counts(pair, diagonal_links(source, target), set(range(target)))


Count = Callable[[GoldPair, Links, set[int]], list[int]]


def _linked(
    pairs: Sequence[GoldPair],
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


def _row_scores(
    model: Model,
    pairs: Sequence[tuple[GoldPair, Tensor]],
    threshold: float | None,
    bootstrap: Bootstrap,
    progress: Progress,
) -> dict[str, Score]:
    """The score of each kind of evidence over pairs with their attention; none without pairs."""
    counts = dict[str, list[list[int]]]()
    for done, (pair, attention_TS) in enumerate(pairs, start=1):
        everywhere = set(range(len(pair.ids[1])))
        for name, row_TS in evidence_rows(model, pair, attention_TS).items():
            predicted = attention_links(row_TS, len(everywhere), 0, threshold)
            counts.setdefault(name, []).append(gold_counts(pair, predicted, everywhere))
        progress(done / len(pairs))
    return {name: alignment_score(some, bootstrap) for name, some in counts.items()}


def usable(checkpoint: Checkpoint, golds: Sequence[Gold]) -> list[GoldPair]:
    """The pairs in the model's tokens that can be measured. UserError if there are none, or no attention."""
    if checkpoint.config.model.attention == "none":
        raise UserError("attention_none", checkpoint=checkpoint.name)
    sides, longest = (checkpoint.source, checkpoint.target), checkpoint.model.longest_source
    pairs = [pair for gold in golds if (pair := gold_pair(*sides, gold, longest)) is not None]
    if not pairs:
        raise UserError("alignment_no_pairs", row=golds[0].row)
    return pairs


def left_out(golds: Sequence[Gold], pairs: Sequence[GoldPair]) -> list[int]:
    """The rows of the pairs that cannot be measured."""
    kept = {id(pair.gold) for pair in pairs}
    return [gold.row for gold in golds if id(gold) not in kept]


def measure_alignment(
    checkpoint: Checkpoint,
    golds: Sequence[Gold],
    threshold: float | None = None,
    bootstrap: Bootstrap | None = None,
    progress: Progress = quiet,
    rows: int = ROWS,
) -> Alignment:
    """Score the attention of both lanes and the diagonal at all shifts; ``progress`` gets the share that is done.

    All evidence of the first ``rows`` pairs of at most ``LONGEST`` tokens a side is scored, too.

    Raises UserError if the model has no attention or if no pair can be used.
    """
    pairs, model, by = usable(checkpoint, golds), checkpoint.model, bootstrap or Bootstrap()
    ids = [pair.ids for pair in pairs]
    lanes = 0.1 if rows else 1.0  # their part of the time, about
    forced, free = _lanes(model, ids, lambda share: progress(lanes * share))
    both = [pair for pair in zip(pairs, forced, strict=True) if max(map(len, pair[0].ids)) <= LONGEST][:rows]

    agreeing = [_agreeing(output, target) for (output, _), (_, target) in zip(free, ids, strict=True)]
    everywhere = [set(range(len(target))) for _, target in ids]

    def by_shift(rows: Sequence[Tensor], positions: Sequence[set[int]], count: Count = gold_counts) -> dict[str, Score]:
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
        by_token=by_shift(forced, everywhere, token_counts),
        diagonal=alignment_score([diagonal_counts(pair) for pair in pairs], by),
        rows=_row_scores(model, both, threshold, by, lambda share: progress(lanes + (1 - lanes) * share)),
        row_sentences=len(both),
        bootstrap=by,
    )
