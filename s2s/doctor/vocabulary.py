"""Words that have other numbers than in training: every number moved by some, or single words exchanged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from s2s.data.batches import Ids
from s2s.doctor.batch import cured
from s2s.doctor.finding import Finding
from s2s.doctor.order import gained, strength
from s2s.doctor.run import Exam, alone, forced, score
from s2s.doctor.thresholds import EXCHANGED, SUITS
from s2s.text.vocab import EOS

MOVES = (-2, -1, 1, 2)  # by how much all numbers of a side may be moved
WORDS, CANDIDATES = 12, 200  # source words that get another number, and numbers that are tried
CHOSEN, TRIED = 3, 3  # sentences that choose a number, and others that judge it


def renumbered(exam: Exam) -> Iterator[Finding]:
    """Of a model that knows less than the frequencies of words: the same texts with other numbers."""
    before = score(exam.runs)
    if -before < exam.frequencies:
        return
    few = exam.some[:6]
    tried = [(side, by) for side in (0, 1) for by in MOVES]
    side, by = max(tried, key=lambda one: score([forced(exam.model, _moved(exam, few, *one))]))
    after = score(alone(exam.model, _moved(exam, exam.some, side, by)))
    exam.measures["renumbered_gain"] = after - before
    if gained(exam, before, after):
        numbers = {"side": side, "moved": by, "gain": after - before}
        cure = cured("same_vocabulary", before, after)
        yield Finding("wrong_vocabulary", strength(before, after), numbers, cure=cure)
        return
    others = _exchanged(exam)
    suits = [word for word, other in others.items() if word != other]
    exam.measures["words_exchanged"] = len(suits) / max(len(others), 1)
    after = score(alone(exam.model, [(_with(source, others), target) for source, target in exam.some]))
    if len(suits) > EXCHANGED * len(others) and gained(exam, before, after):
        numbers = {"words": exam.measures["words_exchanged"], "gain": after - before}
        cure = cured("same_vocabulary", before, after)
        yield Finding("wrong_vocabulary", strength(before, after), numbers, cure=cure)


def _moved(exam: Exam, pairs: Sequence[Ids], side: int, by: int) -> list[Ids]:
    """The numbers of all words of a side moved, those at the end to the beginning; the specials stay."""
    checkpoint, first = exam.checkpoint, EOS + 1
    count = len((checkpoint.source, checkpoint.target)[side].vocab) - first

    def move(ids: list[int]) -> list[int]:
        return [first + (i - first + by) % count if i >= first else i for i in ids]

    return [(move(s), t) if side == 0 else (s, move(t)) for s, t in pairs]


def _exchanged(exam: Exam) -> dict[int, int]:
    """For each of the most frequent source words the number that suits it best; its own if none is much better."""
    seen = Counter(word for source, _ in exam.pairs for word in set(source) if word > EOS)
    found, limit = dict[int, int](), min(len(exam.checkpoint.source.vocab), CANDIDATES)
    for word, _ in seen.most_common(WORDS):
        having = [pair for pair in exam.pairs if word in pair[0]][: CHOSEN + TRIED]
        if len(having) == CHOSEN + TRIED:
            found[word] = _best(exam, word, having, range(EOS + 1, limit))
    return found


def _best(exam: Exam, word: int, having: Sequence[Ids], numbers: Sequence[int]) -> int:
    sums = [0.0] * len(numbers)
    for source, target in having[:CHOSEN]:
        rows = forced(exam.model, [(_with(source, {word: number}), target) for number in numbers])
        sums = [total + float(row.sum()) for total, row in zip(sums, rows.log_probs_BT, strict=True)]
    other = numbers[max(range(len(numbers)), key=lambda n: sums[n])]
    tried = having[CHOSEN:]
    gain = score(alone(exam.model, [(_with(s, {word: other}), t) for s, t in tried])) - score(alone(exam.model, tried))
    return other if gain > SUITS else word


def _with(source: Sequence[int], others: Mapping[int, int]) -> list[int]:
    return [others.get(word, word) for word in source]
