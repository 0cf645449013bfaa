"""What is measured about an output, its tokens and its source tokens, for the judgement of errors.

Letters of shapes: O tokens of the output, R of the reference, S of the source. Nothing here depends on the scale of a
model's log-probabilities: they are centred and scaled by ``Calibration``; attention enters as shares.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from s2s.evaluate.bootstrap import Floats
from s2s.inspect import lexical, measures
from s2s.inspect.equivalence import Matching, match, normal
from s2s.text.vocab import SPECIALS, UNK

Array = NDArray[np.float32]
CONTENT = 0.4  # rarity of a token that carries content: the rank of the V-th root of V^0.4; 40 of 10,000


@dataclass(frozen=True)
class Calibration:
    """Mean and standard deviation of the log-probabilities, in nats, of a model's own tokens."""

    mean: float = -0.75
    deviation: float = 0.95

    def scaled(self, log_prob_T: Floats) -> Floats:
        """Log-probabilities as distances from the mean in standard deviations."""
        scaled: Floats = np.asarray((log_prob_T - self.mean) / max(self.deviation, 1e-6), dtype=float)
        return scaled


def rarity(ids: Sequence[int], size: int) -> Floats:
    """How rare tokens are, 0 to 1: ``log rank / log V``, as vocabularies are in the order of frequency; ``<unk>`` is 1.

    >>> rarity([4, 103, 1], 10004).round(2).tolist()
    [0.0, 0.5, 1.0]
    """
    first, last = len(SPECIALS), math.log(max(size - len(SPECIALS), 2))
    ranks = [math.log(max(token - first + 1, 1)) / last if token != UNK else 1.0 for token in ids]
    rare: Floats = np.minimum(np.array(ranks), 1.0)
    return rare


@dataclass(frozen=True)
class Lanes:
    """Both lanes of an example: tokens, ids, log-probabilities with ``<eos>``, attention (steps, S)."""

    source: tuple[str, ...]
    output: tuple[str, ...]
    reference: tuple[str, ...]
    source_ids: tuple[int, ...]
    output_ids: tuple[int, ...]
    reference_ids: tuple[int, ...]
    output_log_prob_T: Floats
    output_attention_TS: Array
    reference_attention_TS: Array
    size: int  # of the target vocabulary
    calibration: Calibration

    @cached_property
    def matching(self) -> Matching:
        """Output and reference, matched."""
        return match(self.output, self.reference)

    @cached_property
    def scaled(self) -> Floats:
        """The output's scaled log-probabilities, one for ``<eos>`` included where it was output."""
        return self.calibration.scaled(self.output_log_prob_T)

    @cached_property
    def rare_O(self) -> Floats:
        """The rarity of the output's tokens."""
        return rarity(self.output_ids, self.size)

    @cached_property
    def rare_R(self) -> Floats:
        """The rarity of the reference's tokens."""
        return rarity(self.reference_ids, self.size)

    @cached_property
    def unmatched_O(self) -> Floats:
        """1 for output tokens without a partner in the reference, else 0."""
        return _at(self.matching.unmatched, len(self.output))

    @cached_property
    def missing_R(self) -> Floats:
        """1 for reference tokens without a partner in the output, else 0."""
        return _at(self.matching.missing, len(self.reference))

    @cached_property
    def affinity_OR(self) -> Floats:
        """The cosine of the attention of each output token and of each reference token, in its lane."""
        a, b = self.output_attention_TS[: len(self.output)], self.reference_attention_TS[: len(self.reference)]
        norms = np.linalg.norm(a, axis=1)[:, None] * np.linalg.norm(b, axis=1)[None]
        cosine: Floats = a @ b.T / np.maximum(norms, 1e-9)
        return cosine

    @property
    def unknown(self) -> bool:
        """Whether a word of the source or of the output is outside the vocabulary."""
        return UNK in self.source_ids or UNK in self.output_ids


def _at(positions: Sequence[int], count: int) -> Floats:
    marked = np.zeros(count)
    marked[list(positions)] = 1.0
    return marked


def _share(weights: Floats, marked: Floats) -> float:
    return float(weights @ marked / max(float(weights.sum()), 1e-9))


def shift(values: Floats, by: int, empty: float = 0.0) -> Floats:
    """The values of the neighbours ``by`` places before (negative: after); ``empty`` beyond the ends.

    >>> shift(np.array([1.0, 2.0, 3.0]), 1).tolist()
    [0.0, 1.0, 2.0]
    """
    moved = np.full_like(values, empty)
    if by > 0:
        moved[by:] = values[:-by]
    elif by < 0:
        moved[:by] = values[-by:]
    return moved


def _repeated(tokens: Sequence[str]) -> Floats:
    """1 for each word that the tokens before it have, too."""
    words = [normal(token) for token in tokens]
    return np.array(
        [float(lexical.is_word(t) and w in words[:k]) for k, (t, w) in enumerate(zip(tokens, words, strict=True))]
    )


def token_features(lanes: Lanes) -> dict[str, Floats]:
    """By name the (O,) features of the output's tokens, for how wrong each is given the reference."""
    unmatched, rare, log_prob = lanes.unmatched_O, lanes.rare_O, lanes.scaled[: len(lanes.output)]
    following = np.append(lanes.scaled, 0.0)[1 : len(lanes.output) + 1]
    weight_OR = (
        lanes.output_attention_TS[: len(rare)] @ lanes.reference_attention_TS[: len(lanes.rare_R)].T
    ) * lanes.rare_R
    lost = weight_OR @ lanes.missing_R / np.maximum(weight_OR.sum(axis=1), 1e-9)
    row = row_measures(lanes)
    return {
        "unmatched": unmatched,
        "rarity": rare,
        "unmatched × rarity": unmatched * rare,
        "log p": log_prob,
        "<unk>": np.array([float(token == UNK) for token in lanes.output_ids]),
        "inflected": _at(lanes.matching.inflected, len(rare)),
        "unmatched before": shift(unmatched, 1),
        "unmatched after": shift(unmatched, -1),
        "lost here": lost,
        "unmatched × lost here": unmatched * lost,
        "punctuation": np.array([float(not lexical.is_word(token)) for token in lanes.output]),
        "repeated": _repeated(lanes.output),
        "log p before": shift(log_prob, 1),
        "log p after": following,
        **{f"row {name}": np.full(len(rare), value) for name, value in row.items() if name != "unknown"},
        "unmatched × row log p": unmatched * row["log p"],
        "unmatched × row unmatched": unmatched * row["unmatched"],
        "unmatched × row unknown": unmatched * row["unknown"],
    }


def row_measures(lanes: Lanes) -> dict[str, float]:
    """The shares of content without a partner on either side, the mean and least log p, and unknown words."""
    return {
        "unmatched": _share(lanes.rare_O, lanes.unmatched_O),
        "missing": _share(lanes.rare_R, lanes.missing_R),
        "log p": float(lanes.scaled.mean()),
        "least log p": float(lanes.scaled.min()),
        "unknown": float(lanes.unknown),
    }


def own_features(lanes: Lanes) -> dict[str, Floats]:
    """By name the (O,) features of the output's tokens from the model's own signals, without the reference."""
    count, source = len(lanes.output), len(lanes.source)
    log_prob, attention_OS = lanes.scaled[:count], lanes.output_attention_TS[:count]
    repeated = _repeated(lanes.output)
    unknown_S = np.array([float(token == UNK) for token in lanes.source_ids])
    is_unk = np.array([float(token == UNK) for token in lanes.output_ids])
    entropy = -(attention_OS * np.log(np.maximum(attention_OS, 1e-9))).sum(axis=1) / math.log(source + 1)
    covered = np.minimum(np.cumsum(attention_OS, axis=0) - attention_OS, 2.0)
    whole = np.ones(count)
    return {
        "log p": log_prob,
        "log p before": shift(log_prob, 1),
        "log p after": np.append(lanes.scaled, 0.0)[1 : count + 1],
        "row log p": whole * lanes.scaled.mean(),
        "row least log p": whole * lanes.scaled.min(),
        "rarity": lanes.rare_O,
        "<unk>": is_unk,
        "repeated": repeated,
        "punctuation": np.array([float(not lexical.is_word(token)) for token in lanes.output]),
        "entropy of attention": entropy,
        "greatest attention": attention_OS.max(axis=1).astype(float),
        "attention on unknown words": attention_OS @ unknown_S,
        "row unknown source": whole * unknown_S.mean(),
        "row <unk>": whole * (is_unk.mean() if count else 0.0),
        "attention on covered words": (attention_OS * covered).sum(axis=1),
        "place": np.arange(count) / max(count, 1),
        "row length": whole * math.log(max(count, 1) / source),
    }


def source_features(lanes: Lanes, wrong_O: Floats) -> dict[str, Floats]:
    """By name the (S,) features of the source's tokens; ``wrong_O`` is how wrong each output token is."""
    read_RS = lanes.reference_attention_TS[: len(lanes.reference)] * lanes.rare_R[:, None]
    said_OS = lanes.output_attention_TS[: len(lanes.output)] * lanes.rare_O[:, None]
    read_S, said_S = read_RS.sum(axis=0), said_OS.sum(axis=0)
    missing_S = lanes.missing_R @ read_RS / np.maximum(read_S, 1e-9)
    wrong_S = wrong_O @ said_OS / np.maximum(said_S, 1e-9)
    whole = np.ones(len(lanes.source))
    return {
        "missing": missing_S,
        "read": np.minimum(read_S, 3.0),
        "wrong": wrong_S,
        "said": np.minimum(said_S, 3.0),
        "missing × wrong": missing_S * wrong_S,
        "unknown": np.array([float(token == UNK) for token in lanes.source_ids]),
        "word": np.array([float(lexical.is_word(token)) for token in lanes.source]),
        "characters": np.array([float(min(len(token), 8)) for token in lanes.source]),
        "log rank": np.array([math.log(1 + token) for token in lanes.source_ids]),
        "most said": lanes.output_attention_TS[: len(lanes.output)].max(axis=0, initial=0.0).astype(float),
        "most read": lanes.reference_attention_TS[: len(lanes.reference)].max(axis=0, initial=0.0).astype(float),
        "row missing": whole * float(lanes.missing_R.mean()),
        "row wrong": whole * float(wrong_O.mean()) if len(wrong_O) else whole * 0.0,
        "row log p": whole * float(lanes.scaled.mean()),
    }


def row_features(lanes: Lanes, wrong_O: Floats) -> dict[str, float]:
    """By name the features of the row for whether it is an error; ``wrong_O`` is how wrong each output token is."""
    return {
        **row_measures(lanes),
        "greatest wrong": float(wrong_O.max(initial=0.0)),
        "mean wrong": float(wrong_O.mean()) if len(wrong_O) else 1.0,
        "wrong content": _share(lanes.rare_O, wrong_O),
    }


def cause_features(lanes: Lanes, wrong_O: Floats, lost_S: Floats) -> dict[str, float]:
    """By name the features of the row for what is wrong.

    Content of the reference that has no partner is paired with such content of the output by what both look at:
    ``replaced``, and what is left of either ``left out`` and ``added``.
    """
    rare_O, rare_R, matching = lanes.rare_O, lanes.rare_R, lanes.matching
    gone = [q for q in matching.missing if rare_R[q] > CONTENT]
    new = [k for k in matching.unmatched if rare_O[k] > CONTENT]
    affinity = lanes.affinity_OR[np.ix_(new, gone)]
    by_gone = affinity.max(axis=0, initial=0.0) if gone else np.zeros(0)
    by_new = affinity.max(axis=1, initial=0.0) if new else np.zeros(0)
    whole, count, words = max(float(rare_R.sum()), 1e-9), max(len(lanes.output), 1), len(lanes.reference)
    output, reference, source = " ".join(lanes.output), " ".join(lanes.reference), "".join(lanes.source)
    numbers = [lanes.reference[q] for q in matching.missing] + [lanes.output[k] for k in matching.unmatched]
    word_S = np.array([float(lexical.is_word(token)) for token in lanes.source])
    lost, wrong = float(lost_S @ word_S), float(wrong_O.sum())
    coverage_S = lanes.output_attention_TS[: len(lanes.output)].sum(axis=0)
    return {
        "replaced": float((rare_R[gone] * by_gone).sum()) / whole,
        "left out": float((rare_R[gone] * (1 - by_gone)).sum()) / whole,
        "added": float((rare_O[new] * (1 - by_new)).sum()) / whole,
        "only left out": float(bool(gone) and not new),
        "only added": float(bool(new) and not gone),
        "number gone": float(min(len(gone), 8)),
        "number new": float(min(len(new), 8)),
        "both": float(min(len(gone), len(new), 8)),
        "moved": len(matching.moved) / count,
        "inflected": len(matching.inflected) / count,
        "<unk>": float(min(lanes.output_ids.count(UNK), 4)),
        "unknown source": float(min(lanes.source_ids.count(UNK), 4)),
        "unknown": float(lanes.unknown),
        "length": math.log(count / max(words, 1)),
        "length to source": math.log(count / len(lanes.source)),
        "repetition": measures.repetition(lanes.output),
        "repeated content": float(min((_repeated(lanes.output) * (rare_O > CONTENT)).sum(), 6)),
        "names": float(len(lexical.missing(lexical.names(reference, source), lexical.WORD.findall(output)))),
        "numbers": float(sum(normal(token)[:1].isdigit() for token in numbers)),
        "seen by both": float(by_gone.mean()) if gone else 0.5,
        "unread": float(word_S @ (coverage_S < 0.2)) / len(lanes.source),
        "row unmatched": _share(rare_O, lanes.unmatched_O),
        "row missing": _share(rare_R, lanes.missing_R),
        "wrong though matched": 1 - _share(wrong_O, lanes.unmatched_O) if wrong else 0.0,
        "lost to wrong": math.log((lost + 0.3) / (wrong + 0.3)),
        "lost": lost / max(float(word_S.sum()), 1.0),
        "wrong": wrong / count,
    }
