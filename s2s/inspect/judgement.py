"""Judges an output: which tokens are wrong, which source tokens are lost, whether it is an error, and of which kind.

Small models, learnt from judged outputs (docs/INSPECT.md, *How far to believe it*;
``python -m benchmarks.judged fit``), over the features of ``features.py``. Their weights are in
``judgement.safetensors``, their names, thresholds and origin in its metadata.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import safe_open

from s2s.evaluate.bootstrap import Floats
from s2s.inspect.features import cause_features, own_features, row_features, shift, source_features, token_features
from s2s.inspect.lanes import Lanes

CAUSES = ("word", "loss", "extra", "form", "name")
VERDICTS = ("same", "doubtful", "error")
ERROR, AGREES = "error: a judge calls it minor or major", "all say major: the cause agrees with a judge"
WEIGHTS = Path(__file__).with_name("judgement.safetensors")
Arrays = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class Judgement:
    """What is said of one output: O tokens, S source tokens.

    ``wrong_O`` and ``suspicion_O`` are probabilities that each token is wrong, given the reference and without it;
    ``lost_S`` that each source token is lost; ``error`` that a judge would find fault with the output.
    """

    verdict: str
    error: float
    cause: str | None
    wrong_output: tuple[int, ...]
    lost_source: tuple[int, ...]
    wrong_O: Floats
    lost_S: Floats
    suspicion_O: Floats


@dataclass(frozen=True)
class Linear:
    """Logistic regression over standardised features."""

    mean: NDArray[np.float32]
    scale: NDArray[np.float32]
    weight: NDArray[np.float32]  # the last is the bias

    def __call__(self, features_NF: Floats) -> Floats:
        """Probabilities: (N,)."""
        z_N = ((features_NF - self.mean) / self.scale) @ self.weight[:-1] + self.weight[-1]
        probability: Floats = 1 / (1 + np.exp(-np.clip(z_N, -30, 30)))
        return probability


@dataclass(frozen=True)
class Trees:
    """Boosted trees: T trees of at most M nodes, whose leaves point to themselves; tree t is of class t mod K."""

    feature: NDArray[np.int64]  # (T, M)
    threshold: NDArray[np.float32]
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    value: NDArray[np.float32]
    base: NDArray[np.float32]  # (K,)
    depth: int

    @classmethod
    def of(cls, arrays: Arrays, depth: int) -> Trees:
        """The trees from their arrays as they are stored."""
        whole = {name: arrays[name].astype(np.int64) for name in ("feature", "left", "right")}
        return cls(**{**arrays, **whole}, depth=depth)

    def __call__(self, features_NF: Floats) -> Floats:
        """Probabilities of each class: (N, K), or (N, 1) of the second of two."""
        trees_T, count = np.arange(len(self.feature)), len(features_NF)
        at_NT = np.zeros((count, len(trees_T)), dtype=np.int64)
        for _ in range(self.depth):
            found_NT = np.take_along_axis(features_NF, self.feature[trees_T, at_NT], axis=1)
            goes_left = found_NT <= self.threshold[trees_T, at_NT]
            at_NT = np.where(goes_left, self.left[trees_T, at_NT], self.right[trees_T, at_NT])
        score_NK = self.value[trees_T, at_NT].reshape(count, -1, len(self.base)).sum(axis=1) + self.base
        if len(self.base) == 1:
            return np.asarray(1 / (1 + np.exp(-score_NK)), dtype=float)
        powers = np.exp(score_NK - score_NK.max(axis=1, keepdims=True))
        return np.asarray(powers / powers.sum(axis=1, keepdims=True), dtype=float)


@dataclass(frozen=True)
class Judge:
    """The models with their thresholds; ``judge`` is the shipped one."""

    token: Linear
    span: Trees
    source: Linear
    row: Linear
    cause: Trees
    own: Linear
    own_span: Linear
    measured: Mapping[str, tuple[float, int]]  # on outputs that it did not learn from: value, number of outputs
    limits: Mapping[str, float]  # least probabilities: wrong, lost, doubtful, error; cause: of error times cause

    def __call__(self, lanes: Sequence[Lanes]) -> list[Judgement]:
        """Judge outputs together, as that is fast."""
        if not lanes:
            return []
        counts, sources = [len(one.output) for one in lanes], [len(one.source) for one in lanes]
        own = [matrix(own_features(one)) for one in lanes]
        compared = [matrix(token_features(one)) for one in lanes]
        first = self._split(self.token, compared, counts)
        wide = [span_matrix(*three) for three in zip(compared, first, own, strict=True)]
        wrong = self._split(lambda x: self.span(x)[:, 0], wide, counts)
        lost = self._split(
            self.source, [matrix(source_features(*pair)) for pair in zip(lanes, wrong, strict=True)], sources
        )
        alone = self._split(self.own, own, counts)
        near = [np.hstack([o, neighbours(p)]) for o, p in zip(own, alone, strict=True)]
        suspicion = self._split(self.own_span, near, counts)
        rows = np.array([list(row_features(*pair).values()) for pair in zip(lanes, wrong, strict=True)])
        error_N = self.row(rows)
        more = [list(cause_features(*three).values()) for three in zip(lanes, wrong, lost, strict=True)]
        cause_NK = self.cause(np.hstack([np.array(more), rows]))
        parts = zip(lanes, error_N.tolist(), cause_NK, wrong, lost, suspicion, strict=True)
        return [self._judgement(*part) for part in parts]

    @staticmethod
    def _split(model: Any, parts: Sequence[Floats], counts: Sequence[int]) -> list[Floats]:
        """Apply a model to the stacked parts, and divide what it gives."""
        whole = np.concatenate(parts)
        return np.split(model(whole) if len(whole) else np.zeros(0), np.cumsum(counts)[:-1])

    def _judgement(
        self, lanes: Lanes, error: float, cause_K: Floats, wrong_O: Floats, lost_S: Floats, suspicion_O: Floats
    ) -> Judgement:
        limits = self.limits
        if lanes.matching.same:
            return Judgement("same", 0.0, None, (), (), np.zeros_like(wrong_O), np.zeros_like(lost_S), suspicion_O)
        if not lanes.output:
            error = 1.0
        verdict = VERDICTS[int(error >= limits["doubtful"]) + int(error >= limits["error"])]
        best = int(cause_K.argmax())
        cause = CAUSES[best] if verdict == "error" and error * cause_K[best] >= limits["cause"] else None
        wrong = () if verdict == "same" else tuple(np.flatnonzero(wrong_O >= limits["wrong"]).tolist())
        lost = () if verdict == "same" else tuple(np.flatnonzero(lost_S >= limits["lost"]).tolist())
        return Judgement(verdict, error, cause, wrong, lost, wrong_O, lost_S, suspicion_O)


def matrix(features: Mapping[str, Floats]) -> Floats:
    """Features by name as columns."""
    return np.stack([np.asarray(column, dtype=float) for column in features.values()], axis=1)


def neighbours(probability_N: Floats) -> Floats:
    """For each token its probability, those of two neighbours on either side, the mean and the greatest of the row."""
    before, after = shift(probability_N, 1), shift(probability_N, -1)
    before2, after2 = shift(probability_N, 2), shift(probability_N, -2)
    whole = np.ones_like(probability_N)
    mean = float(probability_N.mean()) if len(probability_N) else 0.0
    columns = [probability_N, before, after, before2, after2, whole * mean, whole * probability_N.max(initial=0.0)]
    columns += [np.minimum(before, after), np.minimum(np.maximum(before, before2), np.maximum(after, after2))]
    return np.stack(columns, axis=1)


def span_matrix(compared_OF: Floats, first_O: Floats, own_OF: Floats) -> Floats:
    """The features of the second look at the output's tokens, which sees what the first said of their neighbours."""
    return np.hstack([compared_OF, neighbours(first_O), own_OF])


@functools.cache
def judge() -> Judge:
    """The shipped models."""
    with safe_open(WEIGHTS, "numpy") as file:
        arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        settings = json.loads(file.metadata()["settings"])
    return assemble(arrays, settings)


def assemble(arrays: Arrays, settings: Mapping[str, Any]) -> Judge:
    """The models from their arrays, by ``MODEL.NAME``, and the settings of the metadata."""

    def of(model: str) -> dict[str, NDArray[Any]]:
        return {name.partition(".")[2]: array for name, array in arrays.items() if name.partition(".")[0] == model}

    def trees(model: str) -> Trees:
        return Trees.of(of(model), int(settings["depth"][model]))

    linear = {name: Linear(**of(name)) for name in ("token", "source", "row", "own", "own_span")}
    return Judge(
        **linear,
        span=trees("span"),
        cause=trees("cause"),
        limits=settings["limits"],
        measured=settings.get("measured", {}),
    )
