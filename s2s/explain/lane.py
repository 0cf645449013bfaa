"""A lane as ids, and what the model says along it, from its own source or from any other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from s2s.checkpoint import Checkpoint
from s2s.data import pad
from s2s.decode import reference_ids, source_ids
from s2s.model import Memory, Seq2Seq, State, StepOutput
from s2s.trace import Trace
from s2s.vocab import BOS, EOS, UNK

FLOATS = 16_000_000  # that the rows of one run may have together


@dataclass(frozen=True)
class Lane:
    """A source of S ids, the T ids that the decoder reads, and at every step the id that is explained."""

    source: tuple[int, ...]
    read: tuple[int, ...]
    words: tuple[int, ...]

    def __post_init__(self) -> None:
        if len(self.read) != len(self.words) or not self.source:
            raise ValueError("a lane needs a source, and one word to explain for each one that is read")


def of_trace(checkpoint: Checkpoint, trace: Trace) -> Lane:
    """A trace's lane. Explained is what the model says: free-running its output, forced its most probable token."""
    known = {token: i for i, token in enumerate(checkpoint.target.vocab.tokens)}
    source = tuple(source_ids(checkpoint, trace.source_text)[1])
    if trace.mode == "forced":
        said = [*reference_ids(checkpoint, str(trace.reference))[1], EOS]
        words = [known[step.top[0].token] for step in trace.steps]
    else:
        said = words = [known.get(step.output, UNK) for step in trace.steps]
    return Lane(source, (BOS, *said[:-1]), tuple(words))


def rows(model: Seq2Seq, length: int) -> int:
    """How many rows of such a source may run together."""
    config = model.config
    keys = max(config.attention_size, config.decoder_size, 2 * config.encoder_size)
    return max(1, FLOATS // (model.embedding.num_embeddings + 4 * length * keys))


def along(model: Seq2Seq, lane: Lane, memory: Memory, state: State, steps: Sequence[int]) -> Iterator[StepOutput]:
    """What each of these steps gives, in their order in time, to every row after the lane's own prefix.

    The output layer runs at these steps alone.
    """
    wanted, count = set(steps), len(memory.mask_BS)
    for t in range(max(steps) + 1):
        token_N = torch.full((count,), lane.read[t])
        if t in wanted:
            output = model.step(state, token_N, memory)
            state = output.state
            yield output
        else:
            state, _ = model.decoder(model.embedding(token_N), state, memory)


def walk(model: Seq2Seq, lane: Lane, sources: Sequence[Sequence[int]], steps: Sequence[int]) -> Tensor:
    """Log-probabilities of the lane's words at some steps, in order, had the source been another: (N, len(steps))."""
    out, most = list[Tensor](), rows(model, max(map(len, sources)))
    for start in range(0, len(sources), most):
        some = sources[start : start + most]
        memory, state = model.encode(pad(some), torch.tensor([len(s) for s in some]))
        ran = zip(sorted(set(steps)), along(model, lane, memory, state, steps), strict=True)
        out.append(torch.stack([output.log_probs_BV[:, lane.words[t]] for t, output in ran], dim=1))
    return torch.cat(out)


def walk_each(model: Seq2Seq, lane: Lane, sources: Sequence[Sequence[int]], places: Sequence[int]) -> Tensor:
    """Of each row's source the log-probability of the lane's word at that row's own step: (N,)."""
    order = sorted(range(len(sources)), key=lambda n: places[n])
    out, most = torch.empty(len(sources)), rows(model, max(map(len, sources)))
    for start in range(0, len(order), most):
        some = order[start : start + most]
        memory, state = model.encode(pad([sources[n] for n in some]), torch.tensor([len(sources[n]) for n in some]))
        for t in range(places[some[-1]] + 1):
            ends = sum(places[n] == t for n in some)
            if ends:
                index_N = torch.arange(ends)
                output = model.step(state.select(index_N), torch.full((ends,), lane.read[t]), memory.select(index_N))
                out[some[:ends]] = output.log_probs_BV[:, lane.words[t]]
                some, rest_N = some[ends:], torch.arange(ends, len(some))
                memory, state = memory.select(rest_N), state.select(rest_N)
            if some:
                state, _ = model.decoder(model.embedding(torch.full((len(some),), lane.read[t])), state, memory)
    return out
