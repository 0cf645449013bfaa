"""Probes of an error's cause that run the model again, for the examples of a batch that have an error.

Each probe gives columns of evidence (docs/INSPECT.md), which the tests in ``causes.py`` read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from s2s.checkpoint.record import Checkpoint, Side
from s2s.data.batches import Ids
from s2s.exposure.beams import best_hypotheses
from s2s.inspect.lexical import is_word, segmentations
from s2s.inspect.measures import first_miss, never_looked
from s2s.inspect.passes import Forced, ForcedPass, Free, forced_lanes
from s2s.inspect.scores import SentenceScores
from s2s.text.vocab import EOS, UNK

BEAM = 5  # beam size
WAYS = 4  # other segmentations that are tried, at most


@dataclass(frozen=True)
class Case:
    """An example with an error: its row in the batch, its source tokens, its ids, its reference, both lanes."""

    row: int
    tokens: tuple[str, ...]
    ids: Ids
    reference: str
    forced: Forced
    free: Free

    @property
    def divergence(self) -> int | None:
        """The first step where the most probable token is not the reference's."""
        return first_miss(self.forced.hits)


def probe(checkpoint: Checkpoint, cases: Sequence[Case], forced: ForcedPass, scores: SentenceScores) -> list[Columns]:
    """The columns of evidence for each case."""
    parts = [
        _divergences(checkpoint, cases, forced),
        _resegmented(checkpoint, cases, forced),
        _searched(checkpoint, cases, scores),
        _without_source(checkpoint, cases),
    ]
    return [{name: value for part in columns for name, value in part.items()} for columns in zip(*parts, strict=True)]


Columns = dict[str, Any]


def _divergences(checkpoint: Checkpoint, cases: Sequence[Case], forced: ForcedPass) -> list[Columns]:
    """The words at the first divergence, and the source tokens that correct it if they have all attention."""
    diverged = [(case, t) for case in cases if (t := case.divergence) is not None]
    moved = forced.one_hot([(case.row, t) for case, t in diverged])
    columns, words = dict[int, Columns](), checkpoint.target.vocab.tokens
    for (case, t), (probability_S, mends) in zip(diverged, moved, strict=True):
        weights_S = forced.attention(case.row, t)
        at, wanted = int(weights_S.argmax()), case.forced.gold[t]
        columns[case.row] = {
            "wanted": words[wanted],
            "said": words[case.forced.best[t]],
            "wanted_unknown": wanted == UNK,
            "wanted_probability": float(np.exp(case.forced.log_prob_T[t])),
            "said_probability": float(np.exp(case.forced.best_log_prob_T[t])),
            "attended": at,
            "attended_weight": float(weights_S[at]),
            "attended_unknown": case.ids[0][at] == UNK,
            "mended_by": [s for s, mended in enumerate(mends) if mended],
            "moved_to": int(probability_S.argmax()),
            "moved_probability": float(probability_S.max()),
        }
    return [columns.get(case.row, {}) for case in cases]


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


def _resegmented(checkpoint: Checkpoint, cases: Sequence[Case], forced: ForcedPass) -> list[Columns]:
    """The other segmentation around the most attended token under which the reference is most probable."""
    side, tried = checkpoint.source, list[tuple[int, list[str]]]()
    for n, case in enumerate(cases):
        if case.divergence is not None:
            at = int(forced.attention(case.row, case.divergence).argmax())
            tried += [(n, way) for way in alternatives(side, case.tokens, at)]
    lanes = forced_lanes(checkpoint.model, [(side.vocab.encode(way), cases[n].ids[1]) for n, way in tried])
    out: list[Columns] = [{} for _ in cases]
    for (n, way), lane in zip(tried, lanes, strict=True):
        gain = float(lane.log_prob_T.sum() - cases[n].forced.log_prob_T.sum())
        if gain > out[n].get("resegmented_gain", -np.inf):
            mends = lane.hits[cases[n].divergence or 0]
            out[n] = {"resegmented": way, "resegmented_gain": gain, "resegmented_mends": mends}
    return out


def _searched(checkpoint: Checkpoint, cases: Sequence[Case], scores: SentenceScores) -> list[Columns]:
    """The best output of a beam search of size 5."""
    out = []
    for case, best in zip(cases, best_hypotheses(checkpoint.model, [c.ids[0] for c in cases], BEAM), strict=True):
        text = checkpoint.target.decode([i for i in best.ids if i != EOS])
        ended = best.ids[-1] == EOS
        out.append(
            {
                "beam_output": text,
                "beam_log_prob": best.log_prob if ended else None,
                "beam_chrf": scores.chrf(text, case.reference),
            }
        )
    return out


def _without_source(checkpoint: Checkpoint, cases: Sequence[Case]) -> list[Columns]:
    """The gain in nats per token from the source as a whole, and from its words that got no attention."""
    out: list[Columns] = [{} for _ in cases]
    pairs = list[tuple[int, str, Ids]]()
    for n, case in enumerate(cases):
        source, reference = case.ids
        output = list(case.free.output)
        pairs.append((n, "source_gain", ([UNK] * len(source), output)))
        unseen = [s for s in never_looked(case.free.attention_TS.sum(axis=0)) if is_word(case.tokens[s])]
        out[n]["uncovered"] = unseen
        seen = [token for s, token in enumerate(source) if s not in unseen]
        if unseen and seen:
            pairs.append((n, "uncovered_gain", (seen, output)))
            pairs.append((n, "uncovered_reference_gain", (seen, reference)))
    for (n, name, _), lane in zip(pairs, forced_lanes(checkpoint.model, [pair for *_, pair in pairs]), strict=True):
        case = cases[n]
        whole, tokens = case.free.log_prob_T, case.free.tokens
        if name == "uncovered_reference_gain":
            whole, tokens = case.forced.log_prob_T, case.forced.gold
        gain_T = whole - lane.log_prob_T[: len(whole)]
        if name == "source_gain":
            gain_T = gain_T[[token != UNK for token in tokens]]  # <unk> is likely if the whole source is unknown
        out[n][name] = float(gain_T.mean()) if len(gain_T) else None
    return out
