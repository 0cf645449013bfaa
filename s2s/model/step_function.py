"""A decoder of another program, given as a function of one step, with the interface ``s2s.model.interface.Model``."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from s2s.errors import UserError
from s2s.model.interface import Model, StepAttention, StepOutput
from s2s.text.vocab import BOS, PAD, SPECIALS
from s2s.trace.arrays import CLOSE, SUM, plain_array

NEVER = -1e4  # log-probability of words that the function rules out, finite so that 0 · log 0 is 0
CHECKED = 2  # steps at which the function is called twice with the same arguments

StepFunction = Callable[..., tuple[Any, Any, Any]]  # state, token → log-probabilities (V,), attention (S,), state


class Specials(NamedTuple):
    """The function's own ids of what it reads first, of what ends an output, and of unknown words; None for none."""

    bos: int
    eos: int
    unk: int | None = None


class Memory(NamedTuple):
    """What a step knows of the source here: its length. The states are those of the function itself."""

    states_BSM: Tensor
    mask_BS: Tensor
    prior_BV: Tensor | None = None

    def select(self, index_N: Tensor) -> Memory:
        """The rows that an index names."""
        return Memory(self.states_BSM[index_N], self.mask_BS[index_N])


class State(NamedTuple):
    """The function's own states, one a row, and how many tokens each row has read."""

    rows: tuple[Any, ...]
    times: tuple[int, ...]

    @property
    def top_BH(self) -> Tensor:
        """Empty vectors: what a state is made of is not known."""
        return torch.zeros(len(self.rows), 0)

    def select(self, index_N: Tensor) -> State:
        """The rows that an index names."""
        places = index_N.tolist()
        return State(tuple(self.rows[i] for i in places), tuple(self.times[i] for i in places))

    @staticmethod
    def joined(states: Sequence[State]) -> State:
        """The states concatenated along the rows."""
        rows = tuple(row for state in states for row in state.rows)
        return State(rows, tuple(time for state in states for time in state.times))


class Row(NamedTuple):
    """What the function returned, checked: log-probabilities (V,), weights (S,) or None, their sum, the next state."""

    log_probs_V: np.ndarray
    weights_S: np.ndarray | None
    total: float
    state: Any


class StepModel(Model):
    """A function ``step_fn(state, token)`` as a model of one source with ``length`` tokens, which it knows itself.

    Ids are those of ``Vocab``; ``names`` has the function's id of each, None for a special that it lacks. Weights that
    do not sum to 1 are divided by their sum, which ``sums`` keeps by step, of the run that came last.
    """

    def __init__(self, step_fn: StepFunction, start: Any, length: int, words: int = 0) -> None:
        super().__init__()
        self.step_fn, self.start, self.length, self.words = step_fn, start, length, words
        self.names: tuple[int | None, ...] = ()
        self.columns_V = np.zeros(0, dtype=int)
        self.looks = True
        self.sums: dict[int, float] = {}
        self.checked = 0
        self.edits = _takes_attention(step_fn)

    def size_after(self, bos: int) -> int:
        """The vocabulary's size, from the first step, which reads ``bos``."""
        return len(self._call(self.start, bos, 0).log_probs_V)

    def learn(self, specials: Specials) -> tuple[int, ...]:
        """Take the first step, which shows the vocabulary's size and whether there is attention.

        Returns the function's ids of our words, in order, without the end and the unknown word. What it reads first is
        among them: it may say that, too, which is another thing than our ``<bos>``.
        """
        first = self._call(self.start, specials.bos, 0)
        self.words, self.looks = len(first.log_probs_V), first.weights_S is not None
        others = tuple(i for i in range(self.words) if i not in (specials.eos, specials.unk))
        self.names = (None, specials.unk, specials.bos, specials.eos, *others)  # as SPECIALS, then the words
        self.columns_V = np.array([-1 if i in (PAD, BOS) or n is None else n for i, n in enumerate(self.names)])
        return others

    def encode(self, source_BS: Tensor, lengths_B: Tensor, embedded_BSE: Tensor | None = None) -> tuple[Memory, State]:
        """The first state, for every row; nothing is read of the source but its length."""
        rows = len(source_BS)
        memory = Memory(torch.zeros(*source_BS.shape, 1), source_BS != PAD)
        return memory, State((self.start,) * rows, (0,) * rows)

    def step(
        self,
        state: State,
        token_B: Tensor,
        memory: Memory,
        attention_BS: Tensor | None = None,
        embedded_BE: Tensor | None = None,
    ) -> StepOutput:
        """One call of the function a row; it reads ids alone. UserError for what it returns, and for a refused edit."""
        if attention_BS is not None and not self.edits:
            raise UserError("step_no_edit")
        given = [None] * len(token_B) if attention_BS is None else list(attention_BS.double().numpy())
        rows = [
            self._row(own, time, int(token), edit)
            for own, time, token, edit in zip(state.rows, state.times, token_B.tolist(), given, strict=True)
        ]
        log_probs_BV = torch.tensor(np.stack([row.log_probs_V for row in rows])).clamp_min(NEVER)
        weights_BS = torch.tensor(np.stack([np.zeros(0) if r.weights_S is None else r.weights_S for r in rows]))
        empty_BS = torch.zeros(len(rows), 0)
        step_attention = StepAttention(empty_BS, empty_BS, weights_BS.float(), torch.zeros(len(rows), 1))
        following = State(tuple(row.state for row in rows), tuple(time + 1 for time in state.times))
        return StepOutput(log_probs_BV, following, step_attention)

    def _row(self, own: Any, time: int, token: int, edit: np.ndarray | None) -> Row:
        name = self.names[token]
        if name is None:
            raise UserError("step_special", token=SPECIALS[token])
        row = self._call(own, name, time, edit)
        if self.checked < CHECKED and time == self.checked and edit is None:
            again = self._call(own, name, time)
            self.checked += 1
            if not _same(row, again):
                raise UserError("step_impure", step=time + 1)
        ours_V = np.where(self.columns_V < 0, -np.inf, row.log_probs_V[self.columns_V])
        if edit is not None:
            return Row(ours_V, edit, 1.0, row.state)
        self.sums[time] = row.total
        return Row(ours_V, row.weights_S, row.total, row.state)

    def _call(self, state: Any, token: int, time: int, edit: np.ndarray | None = None) -> Row:
        """The function's answer, checked. UserError says at which step it raised, or returned what cannot be used."""
        more = {} if edit is None else {"attention": edit.copy()}
        try:
            found = self.step_fn(state, token, **more)
        except Exception as error:
            raise UserError("step_raised", step=time + 1, kind=type(error).__name__, text=str(error)) from error
        if not isinstance(found, tuple | list) or len(found) != 3:
            size = f" ({len(found)})" if isinstance(found, tuple | list) else ""
            raise UserError("step_returned", step=time + 1, found=f"{type(found).__name__}{size}")
        log_probs, attention, following = found
        weights_S, total = self._weights(attention, time)
        return Row(self._log_probs(log_probs, time), weights_S, total, following)

    def _log_probs(self, given: Any, time: int) -> np.ndarray:
        values_V = plain_array("log_probs", given)
        shape, values_V = values_V.shape, values_V.reshape(-1)
        if sum(n != 1 for n in shape) > 1 or not len(values_V) or (self.words and len(values_V) != self.words):
            raise UserError("step_log_probs", step=time + 1, shape=shape, words=self.words or "V")
        if np.isnan(values_V).any():
            raise UserError("step_nan", step=time + 1, name="log_probs")
        with np.errstate(over="ignore"):
            total = float(np.exp(values_V).sum())
        if not abs(total - 1) <= CLOSE:
            if (values_V >= 0).all() and abs(float(values_V.sum()) - 1) <= CLOSE:
                raise UserError("step_probabilities", step=time + 1)
            raise UserError("step_logits", step=time + 1, sum=f"{total:.6g}")
        return np.asarray(np.minimum(values_V, 0.0))

    def _weights(self, given: Any, time: int) -> tuple[np.ndarray | None, float]:
        """The weights of a step, divided by their sum if that is not 1, and the sum."""
        if given is None and (not self.looks or not self.names):
            return None, 1.0
        if given is None or not self.looks:
            raise UserError("step_attention_sometimes", step=time + 1)
        weights_S = plain_array("attention", given)
        shape, weights_S = weights_S.shape, weights_S.reshape(-1)
        if sum(n != 1 for n in shape) > 1 or len(weights_S) != self.length:
            raise UserError("step_attention", step=time + 1, shape=shape, source=self.length)
        if not np.isfinite(weights_S).all():
            raise UserError("step_nan", step=time + 1, name="attention")
        if (weights_S < 0).any():
            raise UserError("step_negative", step=time + 1, value=f"{weights_S.min():.4g}")
        total = float(weights_S.sum())
        if total <= 0:
            raise UserError("step_empty", step=time + 1)
        return (weights_S if abs(total - 1) <= SUM / 2 else weights_S / total), total

    def normaliser(self, output: StepOutput, memory: Memory) -> Tensor:
        """Not a number: logits are not known."""
        return torch.tensor(torch.nan)

    def terms(self, step_attention: StepAttention, memory: Memory, count: int) -> tuple[tuple[float, ...], ...]:
        """Empty: how scores are made is not known."""
        return ()

    @property
    def vocabulary(self) -> int:
        """The number of target ids."""
        return len(self.names)

    @property
    def sums_states(self) -> bool:
        """False: the states are the function's own."""
        return False

    @property
    def device(self) -> torch.device:
        """There are no weights."""
        return torch.device("cpu")


def _same(one: Row, other: Row) -> bool:
    """Whether two answers to the same question agree, but for rounding."""
    probabilities = np.allclose(np.exp(one.log_probs_V), np.exp(other.log_probs_V), atol=1e-4)
    if one.weights_S is None or other.weights_S is None:
        return probabilities and one.weights_S is other.weights_S
    return probabilities and np.allclose(one.weights_S, other.weights_S, atol=1e-4)


def _takes_attention(step_fn: StepFunction) -> bool:
    """Whether a function has a parameter ``attention``, for weights to use in place of its own."""
    try:
        parameters = inspect.signature(step_fn).parameters.values()
    except (TypeError, ValueError):  # a builtin
        return False
    return any(p.name == "attention" or p.kind is p.VAR_KEYWORD for p in parameters)
