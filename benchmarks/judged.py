"""Learn the judgement of errors from judged outputs, and measure it against other judgements.

    python -m benchmarks.judged fit ROWS.tsv JUDGED.tsv --test ROWS.tsv JUDGED.tsv [JUDGED.tsv]
    python -m benchmarks.judged measure ROWS.tsv JUDGED.tsv [JUDGED.tsv]

ROWS has the columns ``id``, ``model`` (a shipped checkpoint), ``source_tokens``, ``reference`` and ``output_tokens``;
JUDGED has ``id``, ``verdict`` (good, minor, major), ``output_spans``, ``source_spans`` (positions from 0, as
``0,3-5``) and ``cause``.

``fit`` writes ``s2s/inspect/judgement.safetensors`` with what it measures on the outputs after ``--test``, which it
does not learn from, and needs scikit-learn, which ``requirements-extra.txt`` brings; ``measure`` prints agreement, and
the average precision of the suspicion.
"""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file

from s2s.checkpoint.find import find_checkpoint
from s2s.checkpoint.open import load
from s2s.evaluate.bootstrap import Floats
from s2s.inspect import features
from s2s.inspect.features import Calibration, Lanes
from s2s.inspect.judgement import (
    AGREES,
    CAUSES,
    ERROR,
    WEIGHTS,
    Judge,
    Judgement,
    Linear,
    Trees,
    assemble,
    judge,
    matrix,
    neighbours,
    span_matrix,
)
from s2s.inspect.passes import ForcedPass

GROUPS = {  # what a translator names, as the inspection's causes
    **dict.fromkeys(("unknown", "lexical", "segmentation"), "word"),
    **dict.fromkeys(("omission", "early-end"), "loss"),
    **dict.fromkeys(("addition", "repetition"), "extra"),
    **dict.fromkeys(("order", "grammar"), "form"),
    "name-number": "name",
}
PENALTY = 10.0  # of squared weights of a logistic regression
FOLDS = 10
TREES = {"span": (150, 10, 40), "cause": (60, 8, 20)}  # rounds, leaves at most, samples of a leaf at least
MISSED = 0.04  # share of the outputs with a major fault that may stay below the limit of an error
DOUBTFUL = 0.4  # least probability of a fault in a row that is not "same"
NAMED = 0.72  # share of the outputs with a major fault whose cause is named
LOSS = 1.5  # weight of a lost source among the causes, which is else too seldom named
Array = NDArray[Any]


@dataclass(frozen=True)
class Judged:
    """An output with what people said of it, one entry a judge."""

    lanes: Lanes
    verdicts: tuple[str, ...]
    wrong: tuple[frozenset[int], ...]
    lost: tuple[frozenset[int], ...]
    causes: tuple[str | None, ...]

    @property
    def major(self) -> bool:
        """Whether every judge calls it a major fault."""
        return all(verdict == "major" for verdict in self.verdicts)

    @property
    def good(self) -> bool:
        """Whether every judge finds no fault."""
        return all(verdict == "good" for verdict in self.verdicts)


def table(path: str) -> dict[int, dict[str, str]]:
    """The rows of a tab-separated file by their id."""
    with open(path, encoding="utf-8", newline="") as file:
        return {int(row["id"]): row for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)}


def positions(text: str | None) -> frozenset[int]:
    """The positions of a text like ``0,3-5``."""
    found = set[int]()
    for part in filter(None, (text or "").replace(" ", "").split(",")):
        first, _, last = part.partition("-")
        found |= set(range(int(first), int(last or first) + 1))
    return frozenset(found)


def read(rows: str, *judgements: str) -> list[Judged]:
    """The judged outputs of a file, with both lanes of the model that made them."""
    outputs, said = table(rows), [table(path) for path in judgements]
    ids = [number for number in outputs if all(number in each for each in said)]
    lanes = dict[int, Lanes]()
    for model in sorted({outputs[number]["model"] for number in ids}):
        lanes |= _lanes(model, {number: outputs[number] for number in ids if outputs[number]["model"] == model})
    return [
        Judged(
            lanes[number],
            tuple(each[number]["verdict"] for each in said),
            tuple(positions(each[number]["output_spans"]) for each in said),
            tuple(positions(each[number]["source_spans"]) for each in said),
            tuple(GROUPS.get(each[number]["cause"]) for each in said),
        )
        for number in ids
    ]


def _lanes(model: str, rows: dict[int, dict[str, str]]) -> dict[int, Lanes]:
    checkpoint = load(find_checkpoint(model))
    source, target = checkpoint.source, checkpoint.target
    made = list[tuple[int, tuple[Any, ...], Floats, Array, Array]]()
    for number, row in rows.items():
        texts = tuple(row["source_tokens"].split(" ")), tuple(row["output_tokens"].split(" "))
        tokens = (*texts, tuple(target.tokens(row["reference"])))
        ids = source.vocab.encode(tokens[0]), target.vocab.encode(tokens[1]), target.vocab.encode(tokens[2])
        both = ForcedPass(checkpoint.model, [(ids[0], ids[1]), (ids[0], ids[2])])
        attention = [np.stack([both.attention(n, t) for t in range(len(ids[n + 1]) + 1)]) for n in range(2)]
        made.append((number, (*tokens, *map(tuple, ids)), both.lanes[0].log_prob_T, attention[0], attention[1]))
    every = np.concatenate([log_prob_T for *_, log_prob_T, _, _ in made])
    calibration = Calibration(float(every.mean()), float(every.std()))
    size = len(target.vocab.tokens)
    return {number: Lanes(*texts, *rest, size, calibration) for number, texts, *rest in made}


def fit_linear(features_NF: Floats, wanted_N: Floats) -> dict[str, Array]:
    """Logistic regression with squared weights penalised, by Newton's method."""
    mean, scale = features_NF.mean(axis=0), features_NF.std(axis=0)
    scale[scale < 1e-9] = 1.0
    z_NF = np.hstack([(features_NF - mean) / scale, np.ones((len(features_NF), 1))])
    penalty, weight = np.append(np.full(len(mean), PENALTY), 1e-9), np.zeros(len(mean) + 1)
    for _ in range(50):
        p_N = 1 / (1 + np.exp(-np.clip(z_NF @ weight, -30, 30)))
        curvature = (z_NF * (p_N * (1 - p_N))[:, None]).T @ z_NF + np.diag(penalty)
        step = np.linalg.solve(curvature, z_NF.T @ (p_N - wanted_N) + penalty * weight)
        weight = weight - step
        if np.abs(step).max() < 1e-8:
            break
    return {"mean": mean, "scale": scale, "weight": weight}


def fit_trees(name: str, features_NF: Floats, wanted_N: Array) -> dict[str, Array]:
    """Boosted trees of scikit-learn as arrays."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    rounds, leaves, least = TREES[name]
    model = HistGradientBoostingClassifier(
        max_iter=rounds,
        learning_rate=0.04,
        max_leaf_nodes=leaves,
        min_samples_leaf=least,
        l2_regularization=5.0,
        max_features=0.5,
        random_state=0,
        early_stopping=False,
    )
    weight_N = np.where((wanted_N == CAUSES.index("loss")) & (name == "cause"), LOSS, 1.0)
    model.fit(features_NF.astype(np.float32).astype(float), wanted_N, weight_N)
    found = [tree.nodes for trees in model._predictors for tree in trees]
    width = max(len(nodes) for nodes in found)
    own = np.arange(width)

    def column(field: str, empty: Array) -> Array:
        return np.stack([np.concatenate([nodes[field], empty[len(nodes) :]]) for nodes in found])

    leaf = column("is_leaf", np.ones(width)).astype(bool)
    sides = {side: np.where(leaf, own, column(side, own)) for side in ("left", "right")}
    return {
        "feature": np.where(leaf, 0, column("feature_idx", own * 0)).astype(np.uint8),
        "threshold": np.where(leaf, 0, column("num_threshold", own * 0.0)).astype(np.float32),
        **{side: nodes.astype(np.uint8) for side, nodes in sides.items()},
        "value": column("value", own * 0.0).astype(np.float32),
        "base": np.asarray(model._baseline_prediction, dtype=np.float32).ravel(),
    }


def apply(arrays: dict[str, Array], features_NF: Floats) -> Floats:
    """The probabilities of a model's arrays: (N,) or (N, K)."""
    if "feature" not in arrays:
        return Linear(**arrays)(features_NF)
    found = Trees.of(arrays, depth(arrays))(features_NF.astype(np.float32).astype(float))
    return found[:, 0] if found.shape[1] == 1 else found


def depth(arrays: dict[str, Array]) -> int:
    """The greatest number of decisions from a root to a leaf."""

    def below(tree: int, node: int) -> int:
        sides = {int(arrays[side][tree, node]) for side in ("left", "right")} - {node}
        return 1 + max(below(tree, side) for side in sides) if sides else 0

    return max(below(tree, 0) for tree in range(len(arrays["feature"])))


Fit = Callable[[Floats, Any], dict[str, Array]]


def crossed(fit: Fit, features_NF: Floats, wanted_N: Array, group_N: Array) -> Floats:
    """For each sample what a model says that has not seen its group: FOLDS models."""
    groups = np.unique(group_N)
    fold = dict(zip(groups.tolist(), (np.random.default_rng(0).permutation(len(groups)) % FOLDS).tolist(), strict=True))
    fold_N, found = np.array([fold[group] for group in group_N.tolist()]), list[tuple[Array, Floats]]()
    for n in range(FOLDS):
        out = fold_N == n
        found.append((np.flatnonzero(out), apply(fit(features_NF[~out], wanted_N[~out]), features_NF[out])))
    order = np.argsort(np.concatenate([index for index, _ in found]))
    whole: Floats = np.concatenate([values for _, values in found])[order]
    return whole


def f1(pairs: Sequence[tuple[set[int] | frozenset[int], frozenset[int]]]) -> float:
    """F1 of positions, summed over outputs."""
    hit, total = sum(len(a & b) for a, b in pairs), sum(len(a) + len(b) for a, b in pairs)
    return 2 * hit / total if total else 1.0


def fit(judged: Sequence[Judged]) -> tuple[dict[str, Array], dict[str, Any]]:
    """Fit every model; what a later one reads of an earlier one comes from models that have not seen the row."""
    lanes = [each.lanes for each in judged]
    models, limits = dict[str, dict[str, Array]](), {"doubtful": DOUBTFUL}

    def learn(name: str, fit: Fit, parts: Sequence[Floats], wanted: Sequence[Floats]) -> list[Floats]:
        counts = [len(part) for part in parts]
        features_NF, wanted_N = np.concatenate(parts), np.concatenate(wanted)
        models[name] = fit(features_NF, wanted_N)
        found = crossed(fit, features_NF, wanted_N, np.repeat(np.arange(len(parts)), counts))
        return np.split(found, np.cumsum(counts)[:-1])

    def marks(sets: Sequence[tuple[frozenset[int], ...]], counts: Sequence[int]) -> list[Floats]:
        return [
            np.array([float(any(k in each for each in one)) for k in range(count)])
            for one, count in zip(sets, counts, strict=True)
        ]

    wrong = marks([each.wrong for each in judged], [len(one.output) for one in lanes])
    lost = marks([each.lost for each in judged], [len(one.source) for one in lanes])
    own = [matrix(features.own_features(one)) for one in lanes]
    alone = learn("own", fit_linear, own, wrong)
    learn("own_span", fit_linear, [np.hstack([o, neighbours(p)]) for o, p in zip(own, alone, strict=True)], wrong)
    compared = [matrix(features.token_features(one)) for one in lanes]
    first = learn("token", fit_linear, compared, wrong)
    wide = [span_matrix(*three) for three in zip(compared, first, own, strict=True)]
    wrong_O = learn("span", partial(fit_trees, "span"), wide, wrong)
    limits["wrong"] = _best(wrong_O, [each.wrong[0] for each in judged])
    lost_S = learn(
        "source",
        fit_linear,
        [matrix(features.source_features(*two)) for two in zip(lanes, wrong_O, strict=True)],
        lost,
    )
    limits["lost"] = _best(lost_S, [each.lost[0] for each in judged])
    rows = np.array([list(features.row_features(*two).values()) for two in zip(lanes, wrong_O, strict=True)])
    faulty = np.array([float(not each.good) for each in judged])
    models["row"] = fit_linear(rows, faulty)
    error_N = crossed(fit_linear, rows, faulty, np.arange(len(judged)))
    limits["error"] = float(np.quantile(error_N[[each.major for each in judged]], MISSED))
    known = [n for n, each in enumerate(judged) if not each.good and each.causes[0]]
    more = [list(features.cause_features(*three).values()) for three in zip(lanes, wrong_O, lost_S, strict=True)]
    both = np.hstack([np.array(more), rows])
    wanted = np.array([CAUSES.index(judged[n].causes[0] or "") for n in known])
    models["cause"] = fit_trees("cause", both[known], wanted)
    sure = np.array([judged[n].major for n in known])
    best_N = crossed(partial(fit_trees, "cause"), both[known], wanted, np.arange(len(known))).max(axis=1)
    limits["cause"] = float(np.quantile((best_N * error_N[known])[sure], 1 - NAMED))
    arrays = {f"{model}.{name}": array for model, held in models.items() for name, array in held.items()}
    settings = {"limits": limits, "depth": {name: depth(models[name]) for name in TREES}, "outputs": len(judged)}
    return arrays, settings


def _best(found: Sequence[Floats], wanted: Sequence[frozenset[int]]) -> float:
    """The limit with the greatest F1."""

    def value(limit: float) -> float:
        return f1([(set(np.flatnonzero(p >= limit).tolist()), w) for p, w in zip(found, wanted, strict=True)])

    return max(np.arange(0.2, 0.65, 0.025).round(3).tolist(), key=value)


def average_precision(score_N: Floats, wanted_N: Array) -> float:
    """The mean of the precision at each true sample, the highest score first; ties count as one step."""
    order = np.argsort(-score_N, kind="stable")
    score, true = score_N[order], wanted_N[order].astype(float)
    last = np.flatnonzero(np.r_[score[1:] != score[:-1], True])
    hits = np.cumsum(true)[last]
    return float((np.diff(hits, prepend=0.0) * hits / (last + 1)).sum() / max(hits[-1], 1.0))


def measure(judged: Sequence[Judged], by: Judge | None = None) -> list[tuple[str, float, int]]:
    """Lines of name, value and number of outputs."""
    found = (by or judge())([each.lanes for each in judged])
    pairs: list[tuple[Judged, Judgement]] = list(zip(judged, found, strict=True))
    errors = [each for each, one in pairs if one.verdict == "error"]
    sure = [(each, one) for each, one in pairs if each.major]
    fine = [(each, one) for each, one in pairs if each.good]
    named = [(each, one) for each, one in sure if one.cause]
    lines = [
        (ERROR, _mean([not each.good or len(set(each.verdicts)) > 1 for each in errors]), len(errors)),
        ("all say major: called error", _mean([one.verdict == "error" for _, one in sure]), len(sure)),
        ("all say good: a cause is named", _mean([one.cause is not None for _, one in fine]), len(fine)),
        ("all say major: a cause is named", _mean([one.cause is not None for _, one in sure]), len(sure)),
        (AGREES, _mean([one.cause in each.causes for each, one in named]), len(named)),
    ]
    for group in CAUSES:
        own = [(each, one) for each, one in sure if set(each.causes) == {group}]
        lines.append(
            (f"all say {group}: so does the judgement", _mean([one.cause == group for _, one in own]), len(own))
        )
    for n in range(len(judged[0].verdicts)):
        lines.append(
            (
                f"F1 of wrong tokens, judge {n + 1}",
                f1([(set(one.wrong_output), each.wrong[n]) for each, one in pairs]),
                len(pairs),
            )
        )
        lines.append(
            (
                f"F1 of source tokens, judge {n + 1}",
                f1([(set(one.lost_source), each.lost[n]) for each, one in pairs]),
                len(pairs),
            )
        )
    lines += _suspicion(pairs)
    return lines


def _suspicion(pairs: Sequence[tuple[Judged, Judgement]]) -> list[tuple[str, float, int]]:
    wanted = np.concatenate(
        [[any(k in s for s in each.wrong) for k in range(len(each.lanes.output))] for each, _ in pairs]
    )
    alone = np.concatenate([-each.lanes.output_log_prob_T[: len(each.lanes.output)] for each, _ in pairs])
    suspicion = np.concatenate([one.suspicion_O for _, one in pairs])
    return [
        ("wrong tokens by suspicion: average precision", average_precision(suspicion, wanted), len(wanted)),
        ("wrong tokens by probability alone", average_precision(alone, wanted), len(wanted)),
        ("wrong tokens by chance", float(wanted.mean()), len(wanted)),
    ]


def _mean(values: Sequence[bool]) -> float:
    return sum(values) / len(values) if values else float("nan")


def main() -> None:
    """Run the command line."""
    command, *paths = sys.argv[1:]
    if command == "fit":
        cut = paths.index("--test")
        arrays, settings = fit(read(*paths[:cut]))
        held = {
            name: np.ascontiguousarray(a, np.float32 if a.dtype == float else a.dtype) for name, a in arrays.items()
        }
        test = read(*paths[cut + 1 :])
        lines = measure(test, assemble(held, settings))
        settings["measured"] = {name: [round(value, 3), count] for name, value, count in lines if count}
        save_file(held, WEIGHTS, {"settings": json.dumps(settings)})
        print(json.dumps(settings, indent=1))
    else:
        for name, value, count in measure(read(*paths)):
            print(f"{name:56} {value:6.3f}  of {count}")


if __name__ == "__main__":
    main()
