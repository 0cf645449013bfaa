"""Replay of a lane as ids: the model's probabilities along it, from its own source or from another one.

Long computations are generators that yield between pieces of work, so that other requests can use the model;
``run_to_end`` runs a generator without pauses.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

from s2s.checkpoint.record import Checkpoint
from s2s.data.batches import pad
from s2s.decode.inputs import reference_ids, source_ids
from s2s.evaluate.batching import rows_together, slices
from s2s.model import Memory, Model, ModelState, StepOutput
from s2s.text.vocab import BOS, EOS, UNK
from s2s.trace.trace import Trace

T = TypeVar("T")
Pausing = Generator[None, None, T]


def run_to_end(parts: Pausing[T]) -> T:
    """The return value of a generator, its pauses ignored."""
    while True:
        try:
            next(parts)
        except StopIteration as end:
            result: T = end.value
            return result


@dataclass(frozen=True)
class Lane:
    """A source of S ids, the T ids that the decoder reads, and the T ids that are explained.

    ``edited`` maps a step to the S weights that replace the model's own, ``against`` a step to a second word: explained
    is then why the first was said and not the second, ``log p(first) - log p(second)``.
    """

    source: tuple[int, ...]
    read: tuple[int, ...]
    words: tuple[int, ...]
    edited: Mapping[int, tuple[float, ...]] = field(default_factory=dict)
    against: Mapping[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if len(self.read) != len(self.words) or not self.source:
            raise ValueError("a lane needs a source, and one word to explain for each one that is read")
        if any(len(row) != len(self.source) for row in self.edited.values()):
            raise ValueError("an edited row needs one weight for each word of the source")

    def value(self, log_probs_NV: Tensor, t: int) -> Tensor:
        """What is explained at step t, in nats: ``log p(w)``, less that of a second word if there is one: (N,)."""
        value_N = log_probs_NV[:, self.words[t]]
        return value_N - log_probs_NV[:, self.against[t]] if t in self.against else value_N


def of_trace(checkpoint: Checkpoint, trace: Trace) -> Lane:
    """The lane of a trace. Explained is the output of a free-running trace, the most probable token of a forced one."""
    known = {token: i for i, token in enumerate(checkpoint.target.vocab.tokens)}
    source = tuple(source_ids(checkpoint, trace.source_tokens)[1])  # the trace's tokens, which the user may have cut
    if trace.mode == "forced":
        outputs = [*reference_ids(checkpoint, str(trace.reference))[1], EOS]
        words = [known[step.top[0].token] for step in trace.steps]
    else:
        outputs = words = [known.get(step.output, UNK) for step in trace.steps]
    edited = {t: tuple(step.attention.tolist()) for t, step in enumerate(trace.steps) if step.own_attention is not None}
    return Lane(source, (BOS, *outputs[:-1]), tuple(words), edited)


def edited_attention(lane: Lane, t: int, kept: Sequence[Sequence[int]], width: int) -> Tensor | None:
    """The edited weights of step t for N rows, each with some positions of the source: (N, width).

    The weights of the positions that a row keeps are divided by their sum; a row without any weight is 0.
    None if the step has no edited weights.
    """
    if t not in lane.edited:
        return None
    edited_S, rows_NS = np.array(lane.edited[t]), np.zeros((len(kept), width))
    for row_S, places in zip(rows_NS, kept, strict=True):
        left = edited_S[list(places)]
        row_S[: len(left)] = left / total if (total := left.sum()) > 1e-9 else 0
    return torch.tensor(rows_NS, dtype=torch.float32)


def attention_in_use(
    model: Model, token_N: Tensor, state: ModelState, memory: Memory, given_NS: Tensor | None
) -> Tensor | None:
    """The weights to run a step with: edited, or the model's own for a row whose edited weights are 0.

    None if no weights are edited.
    """
    if given_NS is None or bool((given_NS.sum(dim=1) > 0).all()):
        return given_NS
    _, step_attention = model.attend(state, token_N, memory)
    return torch.where(given_NS.sum(dim=1, keepdim=True) > 0, given_NS, step_attention.attention_BS)


def step_outputs(
    model: Model,
    lane: Lane,
    memory: Memory,
    state: ModelState,
    steps: Sequence[int],
    kept: Sequence[Sequence[int]] | None = None,
    prefix_NTE: Tensor | None = None,
) -> Iterator[StepOutput]:
    """The outputs of the given steps in order of time, for every row of the memory, after the lane's own prefix.

    The output layer runs at these steps alone. ``kept`` has the source positions of each row (None: all), which
    edited weights need. ``prefix_NTE`` is read in the place of the embeddings of ``lane.read[1:]``.
    """
    wanted, (count, width) = set(steps), memory.mask_BS.shape
    places = [range(width)] * count if kept is None else kept
    for t in range(max(steps) + 1):
        token_N = torch.full((count,), lane.read[t])
        given_NS = attention_in_use(model, token_N, state, memory, edited_attention(lane, t, places, width))
        more = {} if prefix_NTE is None or t == 0 else {"embedded_BE": prefix_NTE[:, t - 1]}
        if t in wanted:
            output = model.step(state, token_N, memory, given_NS, **more)
            state = output.state
            yield output
        else:
            state, _ = model.attend(state, token_N, memory, given_NS, **more)


def walking(
    model: Model,
    lane: Lane,
    sources: Sequence[Sequence[int]],
    steps: Sequence[int],
    kept: Sequence[Sequence[int]] | None = None,
) -> Pausing[Tensor]:
    """``walk`` with a pause after every batch of rows."""
    out, most = list[Tensor](), rows_together(model, max(map(len, sources)))
    for start in range(0, len(sources), most):
        some = sources[start : start + most]
        memory, state = model.encode(pad(some), torch.tensor([len(s) for s in some]))
        places = None if kept is None else kept[start : start + most]
        ran = zip(sorted(set(steps)), step_outputs(model, lane, memory, state, steps, places), strict=True)
        out.append(torch.stack([lane.value(output.log_probs_BV, t) for t, output in ran], dim=1))
        yield
    return torch.cat(out)


def walk(
    model: Model,
    lane: Lane,
    sources: Sequence[Sequence[int]],
    steps: Sequence[int],
    kept: Sequence[Sequence[int]] | None = None,
) -> Tensor:
    """``lane.value`` at some steps, in order, from N other sources: (N, len(steps)).

    ``kept`` has, for each source, its positions in the lane's source; edited weights need them.
    """
    return run_to_end(walking(model, lane, sources, steps, kept))


def walk_each(
    model: Model,
    lane: Lane,
    sources: Sequence[Sequence[int]],
    places: Sequence[int],
    kept: Sequence[Sequence[int]] | None = None,
) -> Tensor:
    """``lane.value`` from each of N sources, each at its own step: (N,)."""
    return run_to_end(walking_each(model, lane, sources, places, kept))


def walking_each(
    model: Model,
    lane: Lane,
    sources: Sequence[Sequence[int]],
    places: Sequence[int],
    kept: Sequence[Sequence[int]] | None = None,
) -> Pausing[Tensor]:
    """``walk_each`` with a pause after every batch of rows."""
    order = sorted(range(len(sources)), key=lambda n: places[n])
    out = torch.empty(len(sources))
    for some in slices(order, rows_together(model, max(map(len, sources)))):
        _finish(model, lane, sources, places, kept, some, out)
        yield
    return out


def _finish(
    model: Model,
    lane: Lane,
    sources: Sequence[Sequence[int]],
    places: Sequence[int],
    kept: Sequence[Sequence[int]] | None,
    some: Sequence[int],
    out: Tensor,
) -> None:
    """Run a batch of rows, sorted by step, each up to its own step, and write the log-probabilities into ``out``."""
    memory, state = model.encode(pad([sources[n] for n in some]), torch.tensor([len(sources[n]) for n in some]))
    width = memory.mask_BS.size(1)
    for t in range(places[some[-1]] + 1):
        token_N = torch.full((len(some),), lane.read[t])
        have = [range(width)] * len(some) if kept is None else [kept[n] for n in some]
        given_NS = attention_in_use(model, token_N, state, memory, edited_attention(lane, t, have, width))
        ends = sum(places[n] == t for n in some)
        if ends:
            index_N, rest_N = torch.arange(ends), torch.arange(ends, len(some))
            edited_NS = None if given_NS is None else given_NS[:ends]
            output = model.step(state.select(index_N), token_N[:ends], memory.select(index_N), edited_NS)
            out[some[:ends]] = lane.value(output.log_probs_BV, t)
            some, memory, state = some[ends:], memory.select(rest_N), state.select(rest_N)
            token_N, given_NS = token_N[ends:], None if given_NS is None else given_NS[ends:]
        if some:
            state, _ = model.attend(state, token_N, memory, given_NS)
