"""Arrays of another program (attention, log-probabilities, scores), checked, as the fields of a ``Trace``."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from s2s.errors import UserError
from s2s.trace.step import UNKNOWN, Scored, Step

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

TOP = 10  # most probable tokens kept of a whole distribution
SUM = 1e-4  # how far a row's sum may be from 1
ROUNDED = 0.1  # how far a sum of probabilities may be from 1 after bfloat16 (8 bits) rounded their logarithms
CLOSE = 1e-3  # tolerance for numbers that went through half precision


class Arrays:
    """The checked arrays of one run with T target and S source tokens. UserError names the array that does not fit.

    >>> Arrays([[1.0], [1.0]], ["你好"], ["hi", "<eos>"]).fields("mine")["text"]
    'hi'
    """

    def __init__(
        self,
        attention: ArrayLike,
        source: Sequence[str],
        target: Sequence[str],
        log_probs: ArrayLike | None = None,
        vocabulary: Sequence[str] = (),
        top: Sequence[Mapping[str, float]] = (),
        scores: ArrayLike | None = None,
        normalise: bool = False,
    ) -> None:
        self.source, self.target = _tokens("source", source), _tokens("target", target)
        self.normalised = normalise
        self.attention_TS = self._weights(plain_array("attention", attention))
        self.scores_TS = None if scores is None else self._scores(plain_array("scores", scores))
        self.log_prob_T = np.full(len(self.target), UNKNOWN)
        self.rank_T = np.zeros(len(self.target), dtype=int)
        self.entropy_T = np.full(len(self.target), UNKNOWN)
        self.top: list[tuple[Scored, ...]] = [()] * len(self.target)
        values = None if log_probs is None else self._rows(plain_array("log_probs", log_probs), bool(len(vocabulary)))
        if values is not None and values.ndim == 2:
            self._distribution(values, _tokens("vocabulary", vocabulary))
            return
        if values is not None:
            self._said(values)
        if top:
            self._most_probable(top)

    def fields(self, name: str, source_text: str | None = None, text: str | None = None) -> dict[str, Any]:
        """All fields of a ``Trace`` except its mode. A text that is not given is its tokens joined with spaces."""
        ends = self.target[-1] == "<eos>"
        return {
            "checkpoint": {"name": name, "attention": "given", "digest": ""},
            "source_text": " ".join(self.source) if source_text is None else source_text,
            "source_tokens": self.source,
            "steps": tuple(map(self._step, range(len(self.target)))),
            "text": " ".join(self.target[:-1] if ends else self.target) if text is None else text,
            "settings": {"normalised": True} if self.normalised else {},
            "ended": "eos" if ends else "",
        }

    def _step(self, t: int) -> Step:
        return Step(
            input=self.target[t - 1] if t else "<bos>",
            output=self.target[t],
            log_prob=float(self.log_prob_T[t]),
            rank=int(self.rank_T[t]),
            entropy=float(self.entropy_T[t]),
            attention=self.attention_TS[t],
            scores=np.zeros(0) if self.scores_TS is None else self.scores_TS[t],
            top=self.top[t],
        )

    def _shaped(self, name: str, array: np.ndarray) -> np.ndarray:
        """The array if its shape is (T, S). Otherwise a UserError says how to mend it."""
        wanted = (len(self.target), len(self.source))
        array = _squeezed(array, wanted)
        if array.ndim > 2:
            raise UserError("arrays_heads", name=name, shape=array.shape)
        if array.shape == wanted[::-1] != wanted:
            raise UserError("arrays_transposed", name=name, shape=array.shape, target=wanted[0], source=wanted[1])
        if array.shape != wanted:
            raise UserError("arrays_shape", name=name, shape=array.shape, target=wanted[0], source=wanted[1])
        if not np.isfinite(array).all():
            raise UserError("arrays_finite", name=name, row=1 + int(np.argmin(np.isfinite(array).all(axis=1))))
        return array

    def _rows(self, array: np.ndarray, distributions: bool) -> np.ndarray:
        """One number or one row of numbers for each step, without the dimension of a batch of one."""
        return _squeezed(array, (len(self.target), *(array.shape[-1:] if distributions else ())))

    def _weights(self, given: np.ndarray) -> np.ndarray:
        array_TS = self._shaped("attention", given)
        sums_T = array_TS.sum(axis=1)
        if (array_TS < 0).any():
            row = int(np.argmax((array_TS < 0).any(axis=1)))
            raise UserError("arrays_negative", row=1 + row, value=f"{array_TS[row].min():.4g}")
        if self.normalised and (sums_T > 0).all():
            return np.asarray(array_TS / sums_T[:, None])
        if (abs(sums_T - 1) > SUM).any():
            row = int(np.argmax(abs(sums_T - 1) > SUM))
            raise UserError("arrays_sum", row=1 + row, sum=f"{sums_T[row]:.6g}")
        return array_TS

    def _scores(self, given: np.ndarray) -> np.ndarray:
        scores_TS = self._shaped("scores", given)
        powers_TS = np.exp(scores_TS - scores_TS.max(axis=1, keepdims=True))
        weights_TS = powers_TS / powers_TS.sum(axis=1, keepdims=True)
        off_T = abs(weights_TS - self.attention_TS).max(axis=1) > CLOSE
        if off_T.any():
            raise UserError("arrays_scores", row=1 + int(np.argmax(off_T)))
        return scores_TS

    def _said(self, log_prob_T: np.ndarray) -> None:
        """Take the log-probabilities of the target tokens (T,)."""
        if log_prob_T.shape != (len(self.target),):
            raise UserError("arrays_log_probs", shape=log_prob_T.shape, target=len(self.target))
        self.log_prob_T = np.array([_log_prob(x, t) for t, x in enumerate(log_prob_T.tolist())])

    def _distribution(self, log_probs_TV: np.ndarray, vocabulary: Sequence[str]) -> None:
        """Take log-probabilities, ranks, top tokens and entropies from whole distributions (T, V)."""
        if log_probs_TV.shape != (len(self.target), len(vocabulary)):
            raise UserError(
                "arrays_vocabulary", shape=log_probs_TV.shape, target=len(self.target), words=len(vocabulary)
            )
        ids = {token: i for i, token in reversed(list(enumerate(vocabulary)))}
        probabilities_TV = np.exp(log_probs_TV)
        sums_T = probabilities_TV.sum(axis=1)
        if self.normalised and (abs(sums_T - 1) < ROUNDED).all():
            log_probs_TV = log_probs_TV - np.log(sums_T)[:, None]
            probabilities_TV = np.exp(log_probs_TV)
        off_T = ~(abs(probabilities_TV.sum(axis=1) - 1) <= CLOSE)  # also true of NaN
        if off_T.any():
            raise UserError("arrays_logits", row=1 + int(np.argmax(off_T)))
        for t, token in enumerate(self.target):
            if token not in ids:
                raise UserError("arrays_unlisted", row=t + 1, token=token)
            row_V = log_probs_TV[t]
            best = np.argsort(-row_V, kind="stable")[:TOP]
            finite = [(int(i), float(row_V[i])) for i in best if math.isfinite(row_V[i])]
            self.log_prob_T[t] = _log_prob(float(row_V[ids[token]]), t)
            self.rank_T[t] = 1 + int((row_V > row_V[ids[token]]).sum())
            self.top[t] = tuple(Scored(vocabulary[i], x, n) for n, (i, x) in enumerate(finite, start=1))
        terms_TV = np.where(probabilities_TV > 0, probabilities_TV * np.maximum(log_probs_TV, -1e300), 0)
        self.entropy_T = np.maximum(0.0, -terms_TV.sum(axis=1))

    def _most_probable(self, top: Sequence[Mapping[str, float]]) -> None:
        """Take the most probable tokens of each step. A target token takes its rank from there."""
        if not isinstance(top, Sequence) or not all(isinstance(row, Mapping) for row in top):
            raise UserError("arrays_top_rows")
        if len(top) != len(self.target):
            raise UserError("arrays_top", found=len(top), target=len(self.target))
        for t, (row, token) in enumerate(zip(top, self.target, strict=True)):
            numbers = zip(row, map(float, plain_array(f"top[{t}]", list(row.values())).reshape(-1)), strict=True)
            ranked = sorted(((_log_prob(x, t), word) for word, x in numbers), key=lambda one: -one[0])
            self.top[t] = tuple(Scored(word, x, n) for n, (x, word) in enumerate(ranked, start=1))
            for scored in self.top[t]:
                if scored.token == token:
                    self.rank_T[t] = scored.rank
                    if math.isnan(self.log_prob_T[t]):
                        self.log_prob_T[t] = scored.log_prob


def _tokens(name: str, given: Sequence[str]) -> tuple[str, ...]:
    tokens = () if isinstance(given, str) or not isinstance(given, Iterable) else tuple(given)
    if not tokens or not all(isinstance(token, str) and token for token in tokens):
        raise UserError("arrays_tokens", name=name)
    return tokens


def plain_array(name: str, given: Any) -> np.ndarray:
    """An array in double precision; a decoding loop may give its rows one by one."""
    try:
        return np.asarray(_plain(given), dtype=np.float64)
    except (TypeError, ValueError, RuntimeError, AttributeError, RecursionError):  # the last of nested lists
        raise UserError("arrays_numbers", name=name) from None


def _plain(given: Any) -> Any:
    """The array as numpy can read it: torch tensors with gradients, in half precision or on a GPU; lists."""
    if isinstance(given, list | tuple):
        return given if all(type(x) in (int, float) for x in given) else [_plain(x) for x in given]
    if given is None:  # numpy would take it for a number that is not defined
        raise TypeError
    if hasattr(given, "detach"):  # torch
        return given.detach().cpu().double().numpy()
    if hasattr(given, "numpy") and not hasattr(given, "__array__"):  # TensorFlow
        given = given.numpy()
    if hasattr(given, "__dlpack__") and not hasattr(given, "__array__"):
        given = np.from_dlpack(given)
    return np.asarray(given).astype(np.float64) if hasattr(given, "__array__") else given


def _squeezed(array: np.ndarray, wanted: tuple[int, ...]) -> np.ndarray:
    """The array without its dimensions of size 1, if that gives the shape ``wanted``."""
    ones = tuple(n for n in array.shape if n != 1) == tuple(n for n in wanted if n != 1)
    return array.reshape(wanted) if array.ndim > len(wanted) and ones else array


def _log_prob(value: float, t: int) -> float:
    """A finite log-probability; a value that rounding has put above 0 becomes 0."""
    if not -1e30 < value <= CLOSE:
        raise UserError("arrays_log_prob", row=t + 1, value=f"{value:.4g}")
    return min(value, 0.0)
