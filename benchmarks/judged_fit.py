"""Learns the models of the judgement of errors from judged outputs (``judged.py``); the trees need scikit-learn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from benchmarks.judged_outputs import Array, Judged, f1
from s2s.evaluate.bootstrap import Floats
from s2s.inspect import features
from s2s.inspect.judgement import CAUSES, Linear, Trees, matrix, neighbours, span_matrix
from s2s.inspect.lanes import marked

PENALTY = 10.0  # of squared weights of a logistic regression
FOLDS = 10
TREES = {"span": (150, 10, 40), "cause": (60, 8, 20)}  # rounds, leaves at most, samples of a leaf at least
MISSED = 0.04  # share of the outputs with a major fault that may stay below the limit of an error
DOUBTFUL = 0.4  # least probability of a fault in a row that is not "same"
NAMED = 0.72  # share of the outputs with a major fault whose cause is named
LOSS = 1.5  # weight of a lost source among the causes, which is else too seldom named


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


def fit(judged: Sequence[Judged]) -> tuple[dict[str, Array], dict[str, Any]]:
    """Fit every model; what a later one reads of an earlier one comes from models that have not seen the row."""
    models, limits = dict[str, dict[str, Array]](), {"doubtful": DOUBTFUL}
    wrong_O, lost_S = _fit_tokens(judged, models, limits)
    _fit_rows(judged, wrong_O, lost_S, models, limits)
    arrays = {f"{model}.{name}": array for model, held in models.items() for name, array in held.items()}
    settings = {"limits": limits, "depth": {name: depth(models[name]) for name in TREES}, "outputs": len(judged)}
    return arrays, settings


def _fit_tokens(
    judged: Sequence[Judged], models: dict[str, dict[str, Array]], limits: dict[str, float]
) -> tuple[list[Floats], list[Floats]]:
    """Fit the models of tokens; how wrong each token of the output is, and how surely each of the source is lost."""
    lanes = [each.lanes for each in judged]

    def learn(name: str, fit: Fit, parts: Sequence[Floats], wanted: Sequence[Floats]) -> list[Floats]:
        counts = [len(part) for part in parts]
        features_NF, wanted_N = np.concatenate(parts), np.concatenate(wanted)
        models[name] = fit(features_NF, wanted_N)
        found = crossed(fit, features_NF, wanted_N, np.repeat(np.arange(len(parts)), counts))
        return np.split(found, np.cumsum(counts)[:-1])

    wrong = [_marked(each.wrong, len(each.lanes.output)) for each in judged]
    own = [matrix(features.own_features(one)) for one in lanes]
    alone = learn("own", fit_linear, own, wrong)
    learn("own_span", fit_linear, [np.hstack([o, neighbours(p)]) for o, p in zip(own, alone, strict=True)], wrong)
    compared = [matrix(features.token_features(one)) for one in lanes]
    first = learn("token", fit_linear, compared, wrong)
    wide = [span_matrix(*three) for three in zip(compared, first, own, strict=True)]
    wrong_O = learn("span", partial(fit_trees, "span"), wide, wrong)
    limits["wrong"] = _best(wrong_O, [each.wrong[0] for each in judged])
    source = [matrix(features.source_features(*two)) for two in zip(lanes, wrong_O, strict=True)]
    lost_S = learn("source", fit_linear, source, [_marked(each.lost, len(each.lanes.source)) for each in judged])
    limits["lost"] = _best(lost_S, [each.lost[0] for each in judged])
    return wrong_O, lost_S


def _marked(sets: Sequence[frozenset[int]], count: int) -> Floats:
    """1 for each of ``count`` tokens that any judge marked, else 0."""
    return marked([k for k in range(count) if any(k in each for each in sets)], count)


def _fit_rows(
    judged: Sequence[Judged],
    wrong_O: Sequence[Floats],
    lost_S: Sequence[Floats],
    models: dict[str, dict[str, Array]],
    limits: dict[str, float],
) -> None:
    """Fit the models of whole rows: whether one is an error, and its cause."""
    lanes = [each.lanes for each in judged]
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


def _best(found: Sequence[Floats], wanted: Sequence[frozenset[int]]) -> float:
    """The limit with the greatest F1."""

    def value(limit: float) -> float:
        return f1([(set(np.flatnonzero(p >= limit).tolist()), w) for p, w in zip(found, wanted, strict=True)])

    return max(np.arange(0.2, 0.65, 0.025).round(3).tolist(), key=value)
