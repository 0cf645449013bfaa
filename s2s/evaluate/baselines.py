"""Trivial baselines: what a test file scores without a model."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from s2s.evaluate.metrics import score_outputs

if TYPE_CHECKING:
    from s2s.checkpoint.record import Side

BASELINES = ("copy", "frequent", "first", "random")
SCORED = ("bleu", "chrf", "rouge_l")
MOST = 2000  # rows that are scored, at most; of a larger file a random sample
SEED = 0
TURN = 4  # characters between the spaces of a Chinese text, on average, if they separate turns and not words

_HAN = r"[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]"
_TURNS = re.compile(rf"[|\n]|(?<={_HAN})\s+(?={_HAN})")
_SENTENCE = re.compile(r".+?(?:[。！？!?…]+[”’」』）)\"']*|\.+[”’)\"']*(?=\s)|$)", re.DOTALL)


@dataclass(frozen=True)
class File:
    """A test file: its references with their numbers of tokens, and the sources of the rows that are scored."""

    references: Sequence[str]
    lengths: Sequence[int]  # of the references
    sample: Sequence[int]  # the rows that are scored
    sources: Sequence[str]  # of these rows

    def outputs(self) -> dict[str, list[str]]:
        """By baseline its outputs for the rows of the sample, without the baselines that make no sense for this file.

        - ``copy``: the source.
        - ``frequent``: the most frequent reference of the other rows, if any reference occurs twice.
        - ``first``: ``first_part`` of the source, if it is shorter than the source in at least half of the rows.
        - ``random``: the reference of another row that has as many tokens, or else the nearest number.
        """
        made = {"copy": list(self.sources)}
        if frequent := self._frequent():
            made["frequent"] = frequent
        first = [first_part(source) for source in self.sources]
        if sum(part != source.strip() for part, source in zip(first, self.sources, strict=True)) * 2 >= len(first):
            made["first"] = first
        if len(self.references) > 1:
            made["random"] = self._random()
        return made

    def _frequent(self) -> list[str]:
        """Without its own row, the most frequent reference gives way to one that was as frequent."""
        counts = Counter(self.references).most_common(2)
        top, count = counts[0]
        if count < 2:
            return []
        second = counts[1][0] if len(counts) > 1 and counts[1][1] == count else top
        return [second if self.references[row] == top else top for row in self.sample]

    def _random(self) -> list[str]:
        lengths_N, rng = np.asarray(self.lengths), np.random.default_rng(SEED)
        known = np.unique(lengths_N)
        by_length = {length: np.flatnonzero(lengths_N == length) for length in known.tolist()}
        chosen = []
        for row in self.sample:
            apart = np.abs(known - lengths_N[row])
            for distance in np.unique(apart):
                rows = np.concatenate([by_length[length] for length in known[apart == distance].tolist()])
                if len(others := rows[rows != row]):
                    chosen.append(self.references[rng.choice(others)])
                    break
        return chosen


def sample_rows(count: int) -> list[int]:
    """The rows of a file of ``count`` rows that are scored, in order: all, or a seeded sample of ``MOST``."""
    if count <= MOST:
        return list(range(count))
    drawn: list[int] = np.sort(np.random.default_rng(SEED).choice(count, MOST, replace=False)).tolist()
    return drawn


def first_part(text: str) -> str:
    """The first turn of a dialogue, or the first sentence of a text.

    A turn ends at a line end, at ``|``, and in Chinese at a space, unless spaces separate words.

    >>> first_part("灯不亮 换过灯泡。 查保险丝"), first_part("我 爱 喝 茶 。 你 呢 ？"), first_part("At 3.5 m. Stop.")
    ('灯不亮', '我 爱 喝 茶 。', 'At 3.5 m.')
    """
    text = text.strip()
    turns = [turn.strip() for turn in _TURNS.split(text) if turn.strip()]
    if len(turns) > 1 and sum(map(len, turns)) >= TURN * len(turns):
        text = turns[0]
    match = _SENTENCE.match(text)
    return match.group().strip() if match else text


def corpus_baselines(pairs: Sequence[tuple[str, str]], target: Side) -> dict[str, Any]:
    """The scores of each baseline on pairs, 0 to 100: ``rows`` that were scored, ``seed``, ``scores`` by baseline."""
    sample = sample_rows(len(pairs))
    references = [reference for _, reference in pairs]
    lengths = [len(target.tokens(reference)) for reference in references]
    file = File(references, lengths, sample, [pairs[row][0] for row in sample])
    wanted = [references[row] for row in sample]
    scores = {}
    for name, outputs in file.outputs().items():
        made = score_outputs([as_output(name, output, target) for output in outputs], wanted, target)
        scores[name] = {score: made[score] for score in SCORED}
    return summarise(len(sample), scores)


def as_output(name: str, text: str, target: Side) -> str:
    """A baseline's text as a model would write it: references are cut and joined, sources stay as they are."""
    return target.written(text) if name in ("frequent", "random") else text


def summarise(rows: int, scores: Mapping[str, Mapping[str, float]]) -> dict[str, Any]:
    """The record in ``summary.json`` and in the JSON of ``evaluate``."""
    rounded = {name: {score: round(value, 4) for score, value in of.items()} for name, of in scores.items()}
    return {"rows": rows, "seed": SEED, "scores": rounded}
