"""Does attention look where a translator would? The alignment error rate against links that people drew."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from s2s.checkpoint.record import Checkpoint
from s2s.data.batches import MAX_TOKENS, Batch, Ids, collate
from s2s.data.readers import Note, read_lines, silent
from s2s.data.text_file import AUTO
from s2s.decode.search import greedy
from s2s.errors import UserError
from s2s.evaluate.batching import Progress, chunks, quiet
from s2s.evaluate.bootstrap import Bootstrap, Floats, divide
from s2s.evaluate.measured import Estimate
from s2s.explain.token_spans import Links, Overlap, cut, overlap, project
from s2s.model import Model
from s2s.text.rounding import significant
from s2s.text.segmenters import spaced
from s2s.text.vocab import UNK

SCHEMA = "lookback-alignment/1"
SHIFTS = (-1, 0, 1)
LINK = re.compile(r"([0-9]{1,9})-([0-9]{1,9})")


@dataclass(frozen=True)
class Gold:
    """A pair as its annotators cut it, with links that are sure and links that are at least possible."""

    source: tuple[str, ...]
    target: tuple[str, ...]
    sure: Links
    possible: Links  # the sure ones among them


def read_gold(path: str | Path, encoding: str = AUTO, note: Note = silent) -> list[Gold]:
    """The pairs of ``source TAB target TAB sure TAB possible``: tokens between spaces, links ``i-j`` from 0.

    The last column may be empty or missing. Raises UserError naming the row.
    """
    found = []
    for row, line in enumerate(read_lines(path, encoding=encoding, note=note), start=1):
        if not line.strip(" \t"):
            continue
        columns = line.split("\t")
        if not 3 <= len(columns) <= 4:
            raise UserError("alignment_row", file=str(path), row=row, columns=len(columns))
        source, target = (tuple(spaced(column)) for column in columns[:2])
        if not source or not target:
            raise UserError("alignment_row", file=str(path), row=row, columns=len(columns))
        sure, possible = (_links(column, len(source), len(target), str(path), row) for column in [*columns[2:], ""][:2])
        found.append(Gold(source, target, sure, sure | possible))
    if not found:
        raise UserError("file_no_pairs", file=str(path))
    return found


def _links(column: str, sources: int, targets: int, file: str, row: int) -> Links:
    links = set()
    for text in spaced(column):
        match = LINK.fullmatch(text)
        if match is None or int(match[1]) >= sources or int(match[2]) >= targets:
            raise UserError("alignment_link", file=file, row=row, link=text)
        links.add((int(match[1]), int(match[2])))
    return frozenset(links)


def error_rate(made: Iterable[Links], golds: Iterable[tuple[Links, Links]]) -> float | None:
    """``AER = 1 - (Σ|A∩S| + Σ|A∩P|) / (Σ|A| + Σ|S|)`` (Och and Ney 2003, eq. 21), of (S, P) a sentence.

    >>> error_rate([frozenset({(0, 0), (1, 2)})], [(frozenset({(0, 0)}), frozenset({(0, 0), (1, 1)}))])
    0.33333333333333337
    """
    rows = [_counts(a, sure, possible) for a, (sure, possible) in zip(made, golds, strict=True)]
    value = float(_rates(np.array(rows, dtype=np.float64).sum(axis=0, keepdims=True))[0, 0])
    return None if np.isnan(value) else value


def _counts(made: Links, sure: Links, possible: Links) -> list[int]:
    return [len(made & sure), len(made & possible), len(made), len(sure)]


def _rates(sums_RK: Floats) -> Floats:
    """AER, precision ``|A∩P|/|A|`` and recall ``|A∩S|/|S|`` of sums."""
    hit_sure, hit_possible, made, sure = sums_RK.T
    return np.stack(
        [1 - divide(hit_sure + hit_possible, made + sure), divide(hit_possible, made), divide(hit_sure, sure)], axis=1
    )


@dataclass(frozen=True)
class Score:
    """One way of linking over the whole file, its counts over sentences."""

    error_rate: Estimate
    precision: Estimate
    recall: Estimate


def score(counts: Sequence[Sequence[int]], bootstrap: Bootstrap) -> Score:
    """Rates of (|A∩S|, |A∩P|, |A|, |S|) a sentence, with intervals."""
    columns_NK = np.array(counts, dtype=np.float64)
    total = columns_NK.sum(axis=0)
    made = bootstrap.curve(columns_NK, _rates, np.array([total[2] + total[3], total[2], total[3]]))
    return Score(*map(made.at, range(3)))


@dataclass(frozen=True)
class Alignment:
    """Scores by lane and shift: ``forced``, ``free``, and ``diagonal``, which looks at no word at all.

    ``by_token`` has the forced lane's, counted in the model's own tokens. ``free_words`` is the share of words
    that the free lane says at the reference's positions; only they are counted there.
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
    """A gold pair with the model's ids, and which gold tokens each of the model's overlaps."""

    gold: Gold
    ids: Ids
    source: Overlap
    target: Overlap
    inverse: tuple[Overlap, Overlap]


def _pair(checkpoint: Checkpoint, gold: Gold) -> _Pair | None:
    """None where a side cannot be mapped or is empty or too long."""
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
    """The weights of every step of a teacher-forced pass, ``<eos>``'s too: (B, T, S)."""
    memory, state = model.encode(batch.source_BS, batch.lengths_B)
    looks = []
    for token_B in batch.target_in_BT.unbind(1):
        state, look = model.look(state, token_B, memory)
        looks.append(look.attention_BS)
    return torch.stack(looks, dim=1)


def links(attention_TS: Tensor, words: int, shift: int, threshold: float | None = None) -> Links:
    """Links of ``words`` target tokens: word t to the source token with most weight at step t + shift.

    With a threshold to all source tokens of at least that weight. A word without such a step has no link.
    """
    found = set()
    for t in range(words):
        if 0 <= t + shift < len(attention_TS):
            row_S = attention_TS[t + shift]
            places = [int(row_S.argmax())] if threshold is None else (row_S >= threshold).nonzero()[:, 0].tolist()
            found |= {(s, t) for s in places}
    return frozenset(found)


def diagonal(source: int, target: int) -> Links:
    """Each target token to the source token at the same share of its sentence."""
    return frozenset((min(source - 1, (2 * t + 1) * source // (2 * target)), t) for t in range(target))


def _lanes(model: Model, ids: Sequence[Ids], progress: Progress) -> tuple[list[Tensor], list[tuple[list[int], Tensor]]]:
    """Of each pair the forced lane's weights, (T, S), and the free lane's words and weights."""
    forced, free = dict[int, Tensor](), dict[int, tuple[list[int], Tensor]]()
    for index in chunks(ids, model.vocabulary, progress):
        batch = collate([ids[n] for n in index])
        attention_BTS, seen = forced_attention(model, batch), list[Tensor]()
        said = greedy(model, [ids[n][0] for n in index], attention=seen)
        for row, n in enumerate(index):
            source, target = ids[n]
            forced[n] = attention_BTS[row, : len(target) + 1, : len(source)]
            free[n] = said[row], seen[row]
    return [forced[n] for n in range(len(ids))], [free[n] for n in range(len(ids))]


def _agreeing(own: Sequence[int], target: Sequence[int]) -> set[int]:
    """The positions where the free lane says the reference's word."""
    return {t for t, (a, b) in enumerate(zip(own, target, strict=False)) if a == b and a != UNK}


def _gold_counts(pair: _Pair, made: Links, keep: set[int]) -> list[int]:
    """Counted in gold tokens, over those that the kept target tokens of the model overlap."""
    there = {j for t in keep for j in pair.target[t]}
    sure, possible = (frozenset(x for x in gold if x[1] in there) for gold in (pair.gold.sure, pair.gold.possible))
    made = frozenset(link for link in made if link[1] in keep)
    return _counts(project(made, pair.source, pair.target), sure, possible)


def _own_counts(pair: _Pair, made: Links, keep: set[int]) -> list[int]:
    """Counted in the model's tokens: gold links become links between all tokens that theirs overlap."""
    return _counts(made, *(project(gold, *pair.inverse) for gold in (pair.gold.sure, pair.gold.possible)))


Count = Callable[[_Pair, Links, set[int]], list[int]]


def _linked(
    pairs: Sequence[_Pair],
    rows: Sequence[Tensor],
    keep: Sequence[set[int]],
    count: Count,
    shift: int,
    threshold: float | None,
) -> list[list[int]]:
    """The counts of each pair, linked by its rows of attention."""
    return [
        count(pair, links(row, len(pair.ids[1]), shift, threshold), places)
        for pair, row, places in zip(pairs, rows, keep, strict=True)
    ]


def _share(values: Sequence[bool]) -> float:
    return significant(sum(values) / len(values), 6)


def align(
    checkpoint: Checkpoint,
    golds: Sequence[Gold],
    threshold: float | None = None,
    bootstrap: Bootstrap | None = None,
    progress: Progress = quiet,
) -> Alignment:
    """All scores; ``progress`` is told the share that is done. UserError where no pair can be used."""
    if checkpoint.config.model.attention == "none":
        raise UserError("attention_none", checkpoint=checkpoint.name)
    pairs = [pair for gold in golds if (pair := _pair(checkpoint, gold)) is not None]
    if not pairs:
        raise UserError("alignment_no_pairs")
    model, by = checkpoint.model, bootstrap or Bootstrap()
    ids = [pair.ids for pair in pairs]
    forced, free = _lanes(model, ids, progress)

    kept = [_agreeing(own, target) for (own, _), (_, target) in zip(free, ids, strict=True)]
    everything = [set(range(len(target))) for _, target in ids]

    def scored(rows: Sequence[Tensor], keep: Sequence[set[int]], count: Count = _gold_counts) -> dict[str, Score]:
        return {str(shift): score(_linked(pairs, rows, keep, count, shift, threshold), by) for shift in SHIFTS}

    straight = [
        _gold_counts(p, diagonal(*map(len, p.ids)), places) for p, places in zip(pairs, everything, strict=True)
    ]
    return Alignment(
        checkpoint=checkpoint.name,
        digest=checkpoint.digest,
        threshold=threshold,
        sentences=len(pairs),
        left_out=len(golds) - len(pairs),
        unknown_source=_share([i == UNK for source, _ in ids for i in source]),
        unknown_target=_share([i == UNK for _, target in ids for i in target]),
        free_words=_share([t in said for said, (_, target) in zip(kept, ids, strict=True) for t in range(len(target))]),
        forced=scored(forced, everything),
        free=scored([rows for _, rows in free], kept),
        by_token=scored(forced, everything, _own_counts),
        diagonal=score(straight, by),
        bootstrap=by,
    )
