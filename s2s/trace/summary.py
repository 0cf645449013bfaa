"""One sentence about a lane, computed from its trace: where it leaves the reference, and where the weight was.

Each clause states what was measured and gives the number; none says what caused an error, which a trace cannot show.
docs/GUIDE.md lists the clauses and their limits.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from s2s.errors import LANGUAGES, say
from s2s.text.safe import printable, shortened
from s2s.text.subwords import join_pieces, word_spans
from s2s.trace.step import Scored, Step
from s2s.trace.trace import Trace

CLAUSES = 6  # most in one sentence; the first ones are the most important
WORD = 24  # characters of a word in a sentence
AMOUNTS = {"all": 0.995, "nearly_all": 0.9, "most": 0.5}  # least weight for each of these words
UNSEEN = 0.1  # a source word is never looked at if no step gives it this weight
NAMED = 3  # most words of a list; of more unseen words none is named
LONGEST_UNIT = 6  # most tokens of a unit that is repeated
END = "<eos>"


@dataclass(frozen=True)
class Word:
    """A word that a clause names, with its probability and rank where the clause gives them."""

    text: str
    p: float | None = None
    rank: int | None = None

    @staticmethod
    def scored(token: Scored, rank: bool = False) -> Word:
        """A token with its probability, and with its rank if wanted."""
        return Word(token.token, _probability(token.log_prob), token.rank if rank and token.rank else None)

    @staticmethod
    def output(step: Step) -> Word:
        """The token that the lane went on with."""
        return Word(step.output, _probability(step.log_prob))


Value = int | float | Word | tuple[Word, ...]


@dataclass(frozen=True)
class Clause:
    """A part of the sentence: the key ``summary.KEY`` of the locales, and the values of its places.

    A whole number is a step or a count, another number a weight. Steps count from 1.
    """

    key: str
    values: Mapping[str, Value] = field(default_factory=dict)


def summary(trace: Trace, forced: Trace | None = None) -> str:
    """The English sentence about a lane; ``forced`` is the teacher-forced lane beside a free one.

    >>> step = Step("<bos>", "hi", -0.1, 1, 0.3, np.array([1.0]), np.array([2.0]), (Scored("hi", -0.1, 1),))
    >>> summary(Trace("free", {"name": "demo", "attention": "additive"}, "你好", ("你好",), (step,), "hi"))
    'It is compared with no reference; it is least sure at step 1: “hi” (90 %); there, all the attention is on “你好”.'
    """
    return sentence(clauses(trace, forced), "en")


def summaries(trace: Trace, forced: Trace | None = None) -> dict[str, str]:
    """The sentence about a lane in every language."""
    found = clauses(trace, forced)
    return {language: sentence(found, language) for language in LANGUAGES}


def sentence(found: Sequence[Clause], language: str) -> str:
    """Join clauses to a sentence."""
    texts = ({name: _text(value, language) for name, value in one.values.items()} for one in found)
    parts = (say(f"summary.{one.key}", language, **values) for one, values in zip(found, texts, strict=True))
    return say("summary.whole", language, clauses=say("summary.and", language).join(parts))


def clauses(trace: Trace, forced: Trace | None = None) -> tuple[Clause, ...]:
    """What can be said about a lane, the most important first."""
    if not trace.steps:
        return (Clause("empty"),)
    found = [*_head(trace)]
    at = trace.divergence
    focus = _least_sure(trace) if at is None else at
    if at is None and focus is not None:
        found.append(_unsure(trace, focus))
    if focus is not None and trace.looks:
        found += _looked(trace, focus)
    found += _ending(trace)
    if at is not None:
        found += _after(trace, at, forced)
    if trace.looks and at is not None:
        found += _unseen(trace)
    found += _unknown(trace)
    return tuple(found[:CLAUSES])


def _head(trace: Trace) -> Iterator[Clause]:
    """Whether and where the lane leaves the reference."""
    at = trace.divergence
    if at is not None:
        yield _parting(trace, at)
        return
    if not trace.reference_tokens:
        yield Clause("alone")
        return
    outputs = [step.output for step in trace.steps]
    left = next((t for t, step in enumerate(trace.steps) if step.target and step.output != step.target.token), None)
    if trace.mode == "forced":
        yield Clause("same_forced")
    elif left is not None:
        made = "made" if left < trace.prefix else "chosen"
        yield Clause(f"left_{made}", {"step": left + 1, "output": Word.output(trace.steps[left])})
    else:
        yield Clause("same" if outputs == [*trace.reference_tokens, END] else "same_so_far")


def _parting(trace: Trace, at: int) -> Clause:
    """The step ◆, where the most probable token is not the reference's."""
    step = trace.steps[at]
    said = Word.scored(step.top[0]) if step.top else Word.output(step)
    values: dict[str, Value] = {"step": at + 1, "said": said}
    if step.target is None:
        return Clause("parts_past", values | {"said": Word.output(step)})
    values["gold"] = Word.scored(step.target, rank=True)
    if trace.mode == "forced":
        return Clause("parts_forced", values)
    if step.output == step.said:
        return Clause("parts", values)
    made = "made" if at < trace.prefix else "chosen"
    return Clause(f"parts_{made}", values | {"output": Word.output(step)})


def _least_sure(trace: Trace) -> int | None:
    """The step whose output was least probable, of those that it was not made to say; None without probabilities."""
    known = {t: s.log_prob for t, s in enumerate(trace.steps) if t >= trace.prefix and not math.isnan(s.log_prob)}
    return min(known, key=known.__getitem__) if known else None


def _unsure(trace: Trace, at: int) -> Clause:
    step = trace.steps[at]
    values: dict[str, Value] = {"step": at + 1, "output": Word.output(step)}
    n = next((n for n, other in enumerate(step.top) if other.token != step.output), None)
    forked = "_forked" if trace.prefix else ""  # earlier words were given
    if n is None:
        return Clause(f"unsure{forked}", values)
    place = "second" if n else "first"  # decoding may choose another than the most probable word
    return Clause(f"unsure_{place}{forked}", values | {place: Word.scored(step.top[n])})


def _looked(trace: Trace, at: int) -> Iterator[Clause]:
    """Where the weight of a step was, by whole words, and whether an earlier step looked at the same word."""
    words, weights_TW = _by_word(trace)
    row_W = weights_TW[at]
    first, *others = np.argsort(-row_W, kind="stable").tolist()
    whose = "own" if trace.steps[at].own_attention is None else "edited"
    values: dict[str, Value] = {"word": Word(words[first]), "weight": float(row_W[first])}
    amount = next((name for name, least in AMOUNTS.items() if row_W[first] >= least), None)
    if amount is None:
        second: dict[str, Value] = {"second": Word(words[others[0]]), "weight_second": float(row_W[others[0]])}
        yield Clause(f"spread_{whose}", values | second)
        return
    yield Clause(f"{amount}_{whose}", values)
    if before := [t for t in range(at) if weights_TW[t, first] >= AMOUNTS["most"]]:
        yield Clause("again", {"word": Word(words[first]), "step": before[-1] + 1})


def _by_word(trace: Trace) -> tuple[list[str], np.ndarray]:
    """The source's whole words, and the weights (T, W): a word sums its pieces'."""
    spans = word_spans(trace.source_tokens)
    weights_TS = trace.attention_TS.astype(np.float64)
    weights_TW = np.stack([weights_TS[:, start:end].sum(axis=1) for start, end in spans], axis=1)
    return [join_pieces(trace.source_tokens[start:end]) for start, end in spans], weights_TW


def _after(trace: Trace, at: int, forced: Trace | None) -> Iterator[Clause]:
    """How it goes on after ◆."""
    if trace.mode == "forced":
        missed = sum(map(trace.misses, range(len(trace.steps))))
        yield Clause("missed", {"missed": missed, "steps": len(trace.steps)})
        return
    outputs = [step.output for step in trace.steps if step.output != END]
    if trace.ended == "eos" and len(outputs) > at + 1:
        yield _end(outputs, trace.reference_tokens, at)
    later = range(at + 1, len(forced.steps)) if forced is not None else ()
    if forced is not None and later:
        missed = sum(map(forced.misses, later))
        yield Clause("teacher", {"missed": missed, "steps": len(later)}) if missed else Clause("teacher_right")


def _end(outputs: Sequence[str], reference: Sequence[str], at: int) -> Clause:
    """Whether the outputs after step ``at`` end in the reference's words, and in step with it or not."""
    same = _common_ending(outputs[at + 1 :], reference)
    ending = outputs[len(outputs) - same :]
    step, gold = len(outputs) - same + 1, len(reference) - same + 1
    if not same:
        return Clause("lost")
    if not any(map(_spelt, ending)):
        return Clause("lost_mark", {"words": tuple(map(Word, ending[-NAMED:]))})
    return Clause("back", {"step": step}) if step == gold else Clause("back_moved", {"step": step, "gold": gold})


def _common_ending(a: Sequence[str], b: Sequence[str]) -> int:
    """The number of last tokens that are the same."""
    pairs = zip(reversed(a), reversed(b), strict=False)
    return next((n for n, (x, y) in enumerate(pairs) if x != y), min(len(a), len(b)))


def _ending(trace: Trace) -> Iterator[Clause]:
    """Whether a free lane repeats itself, and whether the limit of length ended it."""
    if trace.mode == "forced":
        return
    if found := _repetition([step.output for step in trace.steps], trace.reference_tokens):
        start, unit = found
        yield Clause("repeats", {"step": start + 1, "words": tuple(map(Word, unit[:NAMED]))})
    if trace.ended == "length":
        yield Clause("cut", {"steps": len(trace.steps)})


def _repetition(outputs: Sequence[str], reference: Sequence[str]) -> tuple[int, Sequence[str]] | None:
    """Where several tokens are said twice in a row, or one three times, and these tokens; the reference does neither.

    >>> _repetition(["a", "b", "c", "b", "c"], []), _repetition(["so", "so", "good"], [])
    ((1, ['b', 'c']), None)
    """
    for start in range(len(outputs)):
        for size in range(1, LONGEST_UNIT + 1):
            unit, times = outputs[start : start + size], 3 if size == 1 else 2
            again = [*unit] * times
            lettered = any(c.isalpha() for token in unit for c in token)
            if lettered and [*outputs[start : start + len(again)]] == again and not _contains(reference, again):
                return start, unit
    return None


def _contains(tokens: Sequence[str], part: Sequence[str]) -> bool:
    return any([*tokens[t : t + len(part)]] == [*part] for t in range(len(tokens)))


def _unseen(trace: Trace) -> Iterator[Clause]:
    """Source words with letters or digits that no step gave a weight, wherever they stand in the source."""
    words, weights_TW = _by_word(trace)
    most: dict[str, float] = {}
    for word, weight in zip(words, weights_TW.max(axis=0).tolist(), strict=True):
        most[word] = max(weight, most.get(word, 0.0))
    unseen = [word for word, weight in most.items() if weight < UNSEEN and _spelt(word)]
    if 0 < len(unseen) <= NAMED:
        yield Clause("unseen", {"words": tuple(map(Word, unseen)), "weight": UNSEEN})


def _unknown(trace: Trace) -> Iterator[Clause]:
    """Source words that the model reads as <unk>."""
    if trace.source_unknown:
        unknown = [Word(trace.source_tokens[s]) for s in trace.source_unknown[:NAMED]]
        yield Clause("unknown", {"words": tuple(unknown)})


def _spelt(token: str) -> bool:
    """Whether a token has letters or digits."""
    return any(map(str.isalnum, token))


def _probability(log_prob: float) -> float | None:
    return None if math.isnan(log_prob) else math.exp(min(log_prob, 0.0))


def _text(value: Value, language: str) -> object:
    if isinstance(value, tuple):
        return say("app.list", language).join(_named(word, language) for word in value)
    if isinstance(value, Word):
        return _named(value, language)
    return f"{value:.2f}" if isinstance(value, float) else value


def _named(word: Word, language: str) -> str:
    """A word in quotation marks, with what is known of it."""
    kind = "end" if word.text == END else "word"
    known = "" if word.p is None else "_p" if word.rank is None else "_rank"
    text = shortened(printable(word.text), WORD)
    return say(f"summary.{kind}{known}", language, word=text, p=_share(word.p or 0.0), rank=word.rank)


def _share(p: float) -> str:
    """A probability in whole per cent.

    >>> _share(0.82), _share(0.001), _share(0.999)
    ('82 %', '<1 %', '>99 %')
    """
    return "<1 %" if 0 < p < 0.005 else ">99 %" if 0.995 < p < 1 else f"{100 * p:.0f} %"
