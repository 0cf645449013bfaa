"""What is measured about an output, its tokens and its source tokens, for the judgement of errors.

Letters of shapes as in ``lanes.py``.
"""

from __future__ import annotations

import math

import numpy as np

from s2s.evaluate.bootstrap import Floats
from s2s.inspect import lexical, measures
from s2s.inspect.equivalence import normal
from s2s.inspect.lanes import Lanes, marked, share
from s2s.text.vocab import UNK

CONTENT = 0.4  # rarity of a token that carries content: the rank of the V-th root of V^0.4; 40 of 10,000


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


def token_features(lanes: Lanes) -> dict[str, Floats]:
    """By name the (O,) features of the output's tokens, for how wrong each is given the reference."""
    unmatched, rare, log_prob = lanes.unmatched_O, lanes.rare_O, lanes.scaled[: len(lanes.output)]
    following = np.append(lanes.scaled, 0.0)[1 : len(lanes.output) + 1]
    weight_OR = (
        lanes.output_attention_TS[: len(rare)] @ lanes.reference_attention_TS[: len(lanes.rare_R)].T
    ) * lanes.rare_R
    lost = weight_OR @ lanes.missing_R / np.maximum(weight_OR.sum(axis=1), 1e-9)
    return {
        "unmatched": unmatched,
        "rarity": rare,
        "unmatched × rarity": unmatched * rare,
        "log p": log_prob,
        "<unk>": lanes.unknown_O,
        "inflected": marked(lanes.matching.inflected, len(rare)),
        "unmatched before": shift(unmatched, 1),
        "unmatched after": shift(unmatched, -1),
        "lost here": lost,
        "unmatched × lost here": unmatched * lost,
        "punctuation": lanes.punctuation_O,
        "repeated": lanes.repeated_O,
        "log p before": shift(log_prob, 1),
        "log p after": following,
        **{f"row {name}": np.full(len(rare), value) for name, value in lanes.row.items() if name != "unknown"},
        "unmatched × row log p": unmatched * lanes.row["log p"],
        "unmatched × row unmatched": unmatched * lanes.row["unmatched"],
        "unmatched × row unknown": unmatched * lanes.row["unknown"],
    }


def own_features(lanes: Lanes) -> dict[str, Floats]:
    """By name the (O,) features of the output's tokens from the model's own signals, without the reference."""
    count, source = len(lanes.output), len(lanes.source)
    log_prob, attention_OS = lanes.scaled[:count], lanes.output_attention_TS[:count]
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
        "<unk>": lanes.unknown_O,
        "repeated": lanes.repeated_O,
        "punctuation": lanes.punctuation_O,
        "entropy of attention": entropy,
        "greatest attention": attention_OS.max(axis=1).astype(float),
        "attention on unknown words": attention_OS @ lanes.unknown_S,
        "row unknown source": whole * lanes.unknown_S.mean(),
        "row <unk>": whole * (lanes.unknown_O.mean() if count else 0.0),
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
        "unknown": lanes.unknown_S,
        "word": lanes.word_S,
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
        **lanes.row,
        "greatest wrong": float(wrong_O.max(initial=0.0)),
        "mean wrong": float(wrong_O.mean()) if len(wrong_O) else 1.0,
        "wrong content": share(lanes.rare_O, wrong_O),
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
    lost, wrong = float(lost_S @ lanes.word_S), float(wrong_O.sum())
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
        "repeated content": float(min((lanes.repeated_O * (rare_O > CONTENT)).sum(), 6)),
        "names": float(len(lexical.missing(lexical.names(reference, source), lexical.WORD.findall(output)))),
        "numbers": float(sum(normal(token)[:1].isdigit() for token in numbers)),
        "seen by both": float(by_gone.mean()) if gone else 0.5,
        "unread": float(lanes.word_S @ (coverage_S < 0.2)) / len(lanes.source),
        "row unmatched": share(rare_O, lanes.unmatched_O),
        "row missing": share(rare_R, lanes.missing_R),
        "wrong though matched": 1 - share(wrong_O, lanes.unmatched_O) if wrong else 0.0,
        "lost to wrong": math.log((lost + 0.3) / (wrong + 0.3)),
        "lost": lost / max(float(lanes.word_S.sum()), 1.0),
        "wrong": wrong / count,
    }
