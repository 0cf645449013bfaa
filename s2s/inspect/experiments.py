"""Experiments on why a word went wrong, each with a placebo, for the examples of a batch that are errors.

Each looks at one word of the reference that the output lacks (``wanted``) and asks whether a change brings it: another
prefix, another attention, another segmentation, a wider beam. The placebo makes the same change with something drawn
at random, in as many tries. docs/INSPECT.md defines the columns; ``causes.py`` decides what may be stated.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Any

import numpy as np

from s2s.checkpoint.record import Checkpoint, Side
from s2s.data.batches import Ids
from s2s.exposure.beams import best_hypotheses
from s2s.inspect.equivalence import match
from s2s.inspect.features import CONTENT
from s2s.inspect.judgement import Judgement
from s2s.inspect.lanes import Lanes
from s2s.inspect.lexical import is_word, segmentations
from s2s.inspect.passes import Forced, ForcedPass, Free, forced_lanes
from s2s.inspect.scores import SentenceScores
from s2s.text.vocab import EOS, UNK

BEAM = 5  # beam size
WAYS = 4  # other segmentations that are tried, at most
GAIN = 1.0  # nats; least gain of the reference's log-probability under another segmentation
FEW = 2  # source words that mend a step, at most; if more do, attention on this one is no reason
NEAR = 0.3  # least cosine of attention for an output token that stands where the wanted word should
OTHERS = 2  # other references that are tried against the row's own
Columns = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """An example with an error: its row in the batch, its id, its reference, both lanes and the judgement."""

    row: int
    number: int
    reference: str
    forced: Forced
    free: Free
    lanes: Lanes
    judgement: Judgement

    @property
    def ids(self) -> Ids:
        """The ids of source and reference."""
        return list(self.lanes.source_ids), list(self.lanes.reference_ids)

    @property
    def rng(self) -> np.random.Generator:
        """Random numbers of this row, the same in every run."""
        return np.random.default_rng(self.number)

    @property
    def words(self) -> list[int]:
        """The places of the source's words."""
        return [s for s, token in enumerate(self.lanes.source) if is_word(token)]

    @cached_property
    def wanted(self) -> int | None:
        """The place of the missing word of the reference with the most content, best where the output is wrong."""
        lanes, wrong = self.lanes, list(self.judgement.wrong_output)
        near_R = lanes.affinity_OR[wrong].max(axis=0, initial=0.0) if wrong else np.zeros(len(lanes.reference))
        missing = [q for q in lanes.matching.missing if is_word(lanes.reference[q])]
        return max(missing, key=lambda q: (float(lanes.rare_R[q] * (0.5 + near_R[q])), -q), default=None)

    @cached_property
    def said(self) -> int | None:
        """The place of the wrong word of the output that stands for it."""
        wrong = self.judgement.wrong_output
        if self.wanted is None:
            return max(wrong, key=lambda k: float(self.judgement.wrong_O[k]), default=None)
        near_O = self.lanes.affinity_OR[:, self.wanted]
        best = max(wrong, key=lambda k: float(near_O[k]), default=None)
        return best if best is not None and near_O[best] >= NEAR else None

    @property
    def known(self) -> int | None:
        """The place of the wanted word if the model has it in its vocabulary."""
        return self.wanted if self.wanted is not None and self.lanes.reference_ids[self.wanted] != UNK else None


def experiment(
    checkpoint: Checkpoint, cases: Sequence[Case], forced: ForcedPass, scores: SentenceScores, pool: Sequence[Ids]
) -> list[Columns]:
    """The columns of evidence for each case; ``pool`` has pairs of the file, whose references serve as placebos."""
    if not cases:
        return []
    right = _right_words(checkpoint, cases)
    parts = [
        [_words(case) for case in cases],
        [_unknown(case) for case in cases],
        _prefixes(checkpoint, cases, pool),
        _attentions(cases, forced, right),
        _segmentations(checkpoint, cases, right),
        _beams(checkpoint, cases, scores),
        _references(checkpoint, cases, pool),
    ]
    return [{name: value for part in columns for name, value in part.items()} for columns in zip(*parts, strict=True)]


def _words(case: Case) -> Columns:
    """The wanted word and what the output says in its place."""
    lanes, q, k = case.lanes, case.wanted, case.said
    return {
        "wanted": None if q is None else lanes.reference[q],
        "wanted_at": q,
        "wanted_unknown": None if q is None else case.known is None,
        "wanted_probability": None if case.known is None else float(np.exp(case.forced.log_prob_T[case.known])),
        "said": None if k is None else lanes.output[k],
        "said_at": k,
    }


def _unknown(case: Case) -> Columns:
    """Is an unknown source word lost? The placebo is a known word of the same source."""
    lost, ids = set(case.judgement.lost_source), case.lanes.source_ids
    strange = [s for s in case.words if ids[s] == UNK]
    known = [s for s in case.words if ids[s] != UNK]
    if not strange or not known:
        return {}
    pick = case.rng.choice(known)
    return {"experiment_unknown": strange[0] in lost, "placebo_unknown": int(pick) in lost}


def _prefixes(checkpoint: Checkpoint, cases: Sequence[Case], pool: Sequence[Ids]) -> list[Columns]:
    """Does the model say the word after the reference's words so far? The placebo is another reference's beginning."""
    out: list[Columns] = [{} for _ in cases]
    tried = list[tuple[int, int, list[int]]]()
    for n, case in enumerate(cases):
        q, reference = case.known, case.ids[1]
        others = [ids for _, ids in pool if q and len(ids) >= q and ids[:q] != reference[:q]]
        if q and others:
            tried.append((n, q, [*others[int(case.rng.integers(len(others)))][:q], reference[q]]))
    lanes = forced_lanes(checkpoint.model, [(cases[n].ids[0], ids) for n, _, ids in tried])
    for (n, q, _), lane in zip(tried, lanes, strict=True):
        out[n] = {"experiment_prefix": cases[n].forced.hits[q], "placebo_prefix": lane.hits[q]}
    return out


def _right_words(checkpoint: Checkpoint, cases: Sequence[Case]) -> list[int | None]:
    """The source word without which the wanted word loses most of its log-probability; only where it is missed."""
    tried = list[tuple[int, int]]()
    for n, case in enumerate(cases):
        if case.known is not None and not case.forced.hits[case.known]:
            tried += [(n, s) for s in case.words if case.lanes.source_ids[s] != UNK]
    pairs = list[Ids]()
    for n, s in tried:
        source, reference = cases[n].ids
        source[s] = UNK
        pairs.append((source, reference[: (cases[n].known or 0) + 1]))
    best: list[tuple[float, int | None]] = [(0.0, None) for _ in cases]
    for (n, s), lane in zip(tried, forced_lanes(checkpoint.model, pairs), strict=True):
        q = cases[n].known or 0
        gain = float(cases[n].forced.log_prob_T[q] - lane.log_prob_T[q])
        if gain > best[n][0]:
            best[n] = gain, s
    return [s for _, s in best]


def _attentions(cases: Sequence[Case], forced: ForcedPass, right: Sequence[int | None]) -> list[Columns]:
    """Does all attention on the right source word bring the wanted word? The placebo is another word of the source."""
    out: list[Columns] = [{} for _ in cases]
    tried = [(n, case.known, s) for n, (case, s) in enumerate(zip(cases, right, strict=True)) if s is not None]
    steps = [(cases[n].row, q or 0) for n, q, _ in tried]
    for (n, _, s), (row, t), (probability_S, mends) in zip(tried, steps, forced.one_hot(steps), strict=True):
        case, weights_S = cases[n], forced.attention(row, t)
        attended = int(weights_S.argmax())
        mending = [place for place in case.words if mends[place]]
        others = [place for place in case.words if place != s]
        other = int(case.rng.choice(others)) if others else None
        few = len(mending) <= FEW
        out[n] = {
            "attended": attended,
            "attended_weight": float(weights_S[attended]),
            "mended_by": mending,
            "moved_to": s,
            "moved_probability": float(probability_S[s]),
            "experiment_attention": few and s in mending and s != attended,
            "placebo_attention": None if other is None else few and other in mending and other != attended,
        }
    return out


def alternatives(side: Side, tokens: Sequence[str], at: int) -> list[list[str]]:
    """Other segmentations of a source around the token ``at``, in words of the vocabulary.

    The token and its neighbours are segmented again. Only for the jieba segmenter; empty for others.
    """
    if side.segmenter.name != "jieba":
        return []
    first, last = max(0, at - 1), min(len(tokens), at + 2)
    while first < at and not is_word(tokens[first]):
        first += 1
    while last > at + 1 and not is_word(tokens[last - 1]):
        last -= 1
    span = list(tokens[first:last])
    return [[*tokens[:first], *way, *tokens[last:]] for way in segmentations("".join(span), side.vocab.ids, span, WAYS)]


def _segmentations(checkpoint: Checkpoint, cases: Sequence[Case], right: Sequence[int | None]) -> list[Columns]:
    """Does another segmentation of the right source word bring the wanted word? The placebo cuts elsewhere."""
    side, tried = checkpoint.source, list[tuple[int, str, list[str]]]()
    for n, case in enumerate(cases):
        if case.known is None or case.forced.hits[case.known]:
            continue
        place = right[n] if right[n] is not None else next(iter(case.judgement.lost_source), None)
        if place is None:
            continue
        ways = alternatives(side, case.lanes.source, place)
        far = [s for s in case.words if abs(s - place) > 2]
        others = (way for s in case.rng.permutation(far).tolist() for way in alternatives(side, case.lanes.source, s))
        tried += [(n, "experiment", way) for way in ways]
        tried += [(n, "placebo", way) for way in islice(others, len(ways))]
    lanes = forced_lanes(checkpoint.model, [(side.vocab.encode(way), cases[n].ids[1]) for n, _, way in tried])
    out: list[Columns] = [{} for _ in cases]
    for (n, kind, way), lane in zip(tried, lanes, strict=True):
        case, columns = cases[n], out[n]
        gain = float(lane.log_prob_T.sum() - case.forced.log_prob_T.sum())
        mends = lane.hits[case.known or 0] and gain >= GAIN
        columns[f"{kind}_segmentation"] = columns.get(f"{kind}_segmentation", False) or mends
        better = (mends, gain) > (columns.get("resegmented_mends", False), columns.get("resegmented_gain", -np.inf))
        if kind == "experiment" and better:
            columns |= {"resegmented": way, "resegmented_gain": gain, "resegmented_mends": mends}
    return out


def _beams(checkpoint: Checkpoint, cases: Sequence[Case], scores: SentenceScores) -> list[Columns]:
    """Does a beam find the wanted word, and is the reference more probable? The placebo: it loses a right word."""
    out, target = list[Columns](), checkpoint.target
    for case, best in zip(cases, best_hypotheses(checkpoint.model, [c.ids[0] for c in cases], BEAM), strict=True):
        ids = [i for i in best.ids if i != EOS]
        text, ended = target.decode(ids), best.ids[-1] == EOS
        columns = {
            "beam_output": text,
            "beam_log_prob": best.log_prob if ended else None,
            "beam_chrf": scores.chrf(text, case.reference),
        }
        own = float(case.free.log_prob_T.sum())
        missed = ended and best.log_prob > own and float(case.forced.log_prob_T.sum()) > own and not case.free.cut_off
        lanes = case.lanes
        right = [q for q in lanes.matching.kept.values() if lanes.rare_R[q] > CONTENT]
        if case.known is not None and right:
            missing = match([target.vocab.tokens[i] for i in ids], lanes.reference).missing
            columns["experiment_search"] = missed and case.known not in missing
            columns["placebo_search"] = missed and int(case.rng.choice(right)) in missing
        out.append(columns)
    return out


def _references(checkpoint: Checkpoint, cases: Sequence[Case], pool: Sequence[Ids]) -> list[Columns]:
    """Does the source fit other references as well as its own? The placebo puts the output in the reference's place."""
    out: list[Columns] = [{} for _ in cases]
    tried = list[tuple[int, str, list[int]]]()
    for n, case in enumerate(cases):
        reference = case.ids[1]
        others = [ids for _, ids in pool if ids != reference]
        if len(others) < OTHERS or not case.lanes.output:
            continue
        for pick in case.rng.choice(len(others), OTHERS, replace=False).tolist():
            tried.append((n, "other", others[pick]))
        tried += [(n, "reference", reference), (n, "output", list(case.lanes.output_ids))]
    known = [(cases[n].ids[0], ids) for n, _, ids in tried]
    blank = [([UNK] * len(source), ids) for source, ids in known]
    lanes = forced_lanes(checkpoint.model, known + blank)
    gains: list[dict[str, float]] = [{} for _ in cases]
    for (n, kind, _), seen, unseen in zip(tried, lanes[: len(tried)], lanes[len(tried) :], strict=True):
        gain = float((seen.log_prob_T - unseen.log_prob_T).mean())
        gains[n][kind] = max(gain, gains[n].get(kind, -np.inf))
    for columns, found in zip(out, gains, strict=True):
        if found:
            columns |= {"reference_gain": found["reference"], "random_gain": found["other"]}
            columns |= {"experiment_reference": found["reference"] <= found["other"]}
            columns |= {"placebo_reference": found["output"] <= found["other"]}
    return out
