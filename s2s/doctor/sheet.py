"""The numbers of attention alone: sums, entropy, constancy, and where the weight lies. Needs numpy alone."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from s2s.doctor.thresholds import EMPTY, SUM_ERROR

Weights = NDArray[np.float64]
SHORT = 4  # source tokens, below which a share of one place is not judged
FEW_STEPS = 3  # steps, below which constancy is not judged
PADS = frozenset(("<pad>", "[pad]", "<blank>", "<fill>"))
ENDS = frozenset(("<eos>", "</s>", "[sep]", "<end>", "<|endoftext|>", "<s/>"))

STARTS = frozenset(("<bos>", "<s>", "[cls]"))


@dataclass(frozen=True, eq=False)
class Sheet:
    """The weights of one sentence, a row a step, with the tokens of both sides where they are known.

    Of a model that is drawn, ``scores_TS`` are those that the softmax made the weights of, and ``heads`` has the
    weights of all heads, by layer and head.
    """

    weights_TS: Weights
    source: tuple[str, ...] = ()
    target: tuple[str, ...] = ()
    scores_TS: Weights | None = None
    heads: Mapping[tuple[int, int], Weights] = field(default_factory=dict)

    @property
    def finite_T(self) -> NDArray[np.bool_]:
        """The rows without NaN and infinity."""
        return np.asarray(np.isfinite(self.weights_TS).all(axis=1), dtype=bool)

    @property
    def filled_T(self) -> NDArray[np.bool_]:
        """The rows that are finite and have any weight."""
        found: NDArray[np.bool_] = self.finite_T & (np.nan_to_num(np.abs(self.weights_TS)).sum(axis=1) > EMPTY)
        return found

    @property
    def shares_TS(self) -> Weights:
        """The filled rows, each divided by its sum."""
        rows_TS = np.abs(self.weights_TS[self.filled_T])
        shares_TS: Weights = rows_TS / rows_TS.sum(axis=1, keepdims=True) if len(rows_TS) else rows_TS
        return shares_TS

    def places(self, kind: str) -> NDArray[np.bool_]:
        """The source positions of a kind: ``padding``, ``eos``, ``punctuation``; none where tokens are unknown."""
        return np.array([_kind(token) == kind for token in self.source], dtype=bool)


def special(token: str) -> bool:
    """Whether a token stands for no word of the text."""
    return _kind(token) in ("padding", "eos") or token.lower() in STARTS


def _kind(token: str) -> str:
    plain = token.strip("▁Ġ ").lower()
    if plain in PADS:
        return "padding"
    if plain in ENDS:
        return "eos"
    marks = plain and all(unicodedata.category(c)[0] in "PS" for c in plain)
    return "punctuation" if marks else "word"


def softmax(scores_TS: Weights) -> Weights:
    """The weights that rows of finite scores give."""
    grown_TS = np.exp(scores_TS - scores_TS.max(axis=1, keepdims=True))
    shares_TS: Weights = grown_TS / grown_TS.sum(axis=1, keepdims=True)
    return shares_TS


def sums(sheets: Sequence[Sheet]) -> dict[str, float]:
    """Shares of rows with NaN, without weight, that do not sum to 1; of columns that do; the least weight."""
    rows = sum(len(sheet.weights_TS) for sheet in sheets)
    columns = sum(sheet.weights_TS.shape[1] for sheet in sheets)
    nan = sum(int((~sheet.finite_T).sum()) for sheet in sheets)
    empty = sum(int((sheet.finite_T & ~sheet.filled_T).sum()) for sheet in sheets)
    off = sum(int((np.abs(_sum(sheet, 1)[sheet.filled_T] - 1) > SUM_ERROR).sum()) for sheet in sheets)
    whole = sum(int((np.abs(_sum(sheet, 0) - 1) <= SUM_ERROR).sum()) for sheet in sheets)
    least = min((float(np.nanmin(sheet.weights_TS)) for sheet in sheets if sheet.finite_T.any()), default=0.0)
    return {
        "rows": rows,
        "nan_rows": nan / max(rows, 1),
        "empty_rows": empty / max(rows, 1),
        "rows_off": off / max(rows - nan - empty, 1),
        "columns_whole": whole / max(columns, 1),
        "least_weight": least,
    }


def _sum(sheet: Sheet, axis: int) -> Weights:
    total: Weights = np.nan_to_num(sheet.weights_TS, posinf=np.inf, neginf=-np.inf).sum(axis=axis)
    return total


def shape(sheets: Sequence[Sheet]) -> dict[str, float]:
    """Means over all rows of entropy, distance from the mean row, place of the weight; NaN where nothing is judged."""
    values: dict[str, list[float]] = {name: [] for name in SHAPES}
    for sheet in sheets:
        shares_TS = sheet.shares_TS
        steps, width = shares_TS.shape
        if width < 2 or not steps:
            continue
        values["entropy_share"] += (_entropy(shares_TS) / np.log(width)).tolist()
        if steps >= FEW_STEPS and width >= FEW_STEPS:
            distance_TS = np.abs(shares_TS - shares_TS.mean(axis=0)) / 2
            values["row_distance"] += distance_TS.sum(axis=1).tolist()
        if width >= SHORT:
            _shares(values, sheet, shares_TS)
        if steps >= SHORT and width >= SHORT:
            values["monotony"] += [_monotony(shares_TS)] * steps
            values["diagonal"] += _near_diagonal(shares_TS).tolist()
    return {name: float(np.mean(found)) if found else float("nan") for name, found in values.items()}


SHAPES = (
    "entropy_share",
    "row_distance",
    "monotony",
    "diagonal",
    "first",
    "last",
    "eos",
    "punctuation",
    "punctuation_tokens",
    "padding",
)


def _shares(values: dict[str, list[float]], sheet: Sheet, shares_TS: Weights) -> None:
    """The weight on places of each kind; the first and the last place are those that are no padding."""
    known = len(sheet.source) == shares_TS.shape[1]
    kinds = {kind: sheet.places(kind) for kind in ("padding", "eos", "punctuation")} if known else {}
    real = np.flatnonzero(~kinds["padding"]) if known else np.arange(shares_TS.shape[1])
    if len(real) >= SHORT:
        values["first"] += shares_TS[:, real[0]].tolist()
        values["last"] += shares_TS[:, real[-1]].tolist()
    for kind, places_S in kinds.items():
        if places_S.any():
            values[kind] += shares_TS[:, places_S].sum(axis=1).tolist()
    if known and kinds["punctuation"].any():
        values["punctuation_tokens"] += [float(kinds["punctuation"].mean())] * len(shares_TS)


def _entropy(shares_TS: Weights) -> Weights:
    logs_TS = np.log(np.where(shares_TS > 0, shares_TS, 1.0))
    found: Weights = -(shares_TS * logs_TS).sum(axis=1)
    return found


def _monotony(shares_TS: Weights) -> float:
    """The correlation of a step's number with the place of its largest weight: 1 in order, -1 backwards."""
    places_T = shares_TS.argmax(axis=1)
    if len(set(places_T.tolist())) < 3:
        return 0.0
    return float(np.corrcoef(np.arange(len(places_T)), places_T)[0, 1])


def _near_diagonal(shares_TS: Weights) -> Weights:
    """The weight within one place of the diagonal."""
    steps, width = shares_TS.shape
    middle_T = (np.arange(steps) + 0.5) * width / steps - 0.5
    near_TS = np.abs(np.arange(width) - middle_T[:, None]) <= 1
    found: Weights = (shares_TS * near_TS).sum(axis=1)
    return found
