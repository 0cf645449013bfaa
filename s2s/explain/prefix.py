"""What a word owes to the source, and what to the words said before it: rows over both, one record per step.

``<bos>`` is no word that was said: it is never erased and stays as it is in the baseline.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor

from s2s.evaluate.batching import rows_together, slices
from s2s.explain.erasure import leaving_one_out
from s2s.explain.gradients import Attribution, attributing
from s2s.explain.replay import Lane, Pausing, attention_in_use, edited_attention, run_to_end, walking
from s2s.model import Model
from s2s.text.rounding import significant
from s2s.text.vocab import UNK

METHODS = ("gradient", "integrated", "unknown", "deletion")
POINTS = (24, 48, 80)  # of the quadrature: along a path that scales the prefix, too, log p may bend a lot
CLOSED = 1e-3  # nats; a step whose gap is greater is integrated anew with more points


class Row(NamedTuple):
    """Signed nats for each source token and for each word before the step."""

    source: tuple[float, ...]
    prefix: tuple[float, ...]

    @property
    def share(self) -> float | None:
        """The source's part of all absolute values, 0 to 1; None if all are 0."""
        source, prefix = (sum(map(abs, part)) for part in self)
        return source / (source + prefix) if source + prefix > 0 else None


@dataclass(frozen=True)
class Origins:
    """One step: what its word owes to the source and to the words before it, by each of ``METHODS``.

    ``value`` is ``log p(word)``, or ``log p(word) - log p(against)``. ``gap`` is the completeness gap of integrated
    gradients over both.
    """

    step: int
    word: int
    against: int | None
    value: float
    rows: Mapping[str, Row]
    gap: float

    @property
    def shares(self) -> dict[str, float | None]:
        """The source's share by each method."""
        return {name: row.share for name, row in self.rows.items()}

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers to 5 significant digits, as docs/EVIDENCE.md describes them."""
        rows = {
            name: {part: [_short(x) for x in values] for part, values in row._asdict().items()}
            for name, row in self.rows.items()
        }
        shares = {name: None if share is None else round(share, 5) for name, share in self.shares.items()}
        return {"step": self.step, "value": _short(self.value), "rows": rows, "share": shares, "gap": _short(self.gap)}


def _short(value: float) -> float:
    return significant(value, 5)


def instead(lane: Lane, step: int, word: int, against: int) -> Lane:
    """The lane that explains why ``word`` and not ``against`` at a step."""
    words = [word if t == step else own for t, own in enumerate(lane.words)]
    return dataclasses.replace(lane, words=tuple(words), against={**lane.against, step: against})


def origins(model: Model, lane: Lane, steps: Sequence[int]) -> list[Origins]:
    """What the words of some steps of a lane owe to source and prefix, in order, each by itself."""
    return run_to_end(tracing_origins(model, lane, steps))


@torch.no_grad()
def tracing_origins(model: Model, lane: Lane, steps: Sequence[int]) -> Pausing[list[Origins]]:
    """``origins`` as a generator that pauses between pieces of work."""
    steps, length = sorted(set(steps)), len(lane.source)
    attributed = yield from _attributing(model, lane, steps)
    sources = [lane.source, *(with_unknown(lane.source, s) for s in range(length))]
    value_NK = yield from walking(model, lane, sources, steps)
    deleted_KS = yield from leaving_one_out(model, lane, steps)
    unknown_KP = yield from _erasing(model, lane, steps, deleting=False)
    left_KP = yield from _erasing(model, lane, steps, deleting=True)
    found = []
    for k, t in enumerate(steps):
        value = value_NK[0, k]
        unknown = (value - value_NK[1:, k], value - unknown_KP[k, :t])
        deletion = (deleted_KS[k], value - left_KP[k, :t])
        by_gradient = [(row_S[:length], row_S[length:]) for row_S in attributed[k][:2]]
        rows = zip(METHODS, [*by_gradient, unknown, deletion], strict=True)
        found.append(
            Origins(
                step=t,
                word=lane.words[t],
                against=lane.against.get(t),
                value=float(value),
                rows={name: Row(*(tuple(part.tolist()) for part in pair)) for name, pair in rows},
                gap=attributed[k].gap,
            )
        )
    return found


def _attributing(model: Model, lane: Lane, steps: Sequence[int]) -> Pausing[list[Attribution]]:
    """The attributions of each step with as many quadrature points as it needs."""
    by_step, rest = dict[int, Attribution](), list(steps)
    for points in POINTS:
        found = yield from attributing(model, lane, rest, points, prefix=True)
        by_step |= dict(zip(rest, found, strict=True))
        rest = [t for t in rest if abs(by_step[t].gap) > CLOSED]
        if not rest:
            break
    return [by_step[t] for t in steps]


def with_unknown(tokens: Sequence[int], place: int) -> list[int]:
    """The ids with ``<unk>`` at one place; the same ids for a place that there is not."""
    return [UNK if i == place else token for i, token in enumerate(tokens)]


def _erasing(model: Model, lane: Lane, steps: Sequence[int], deleting: bool) -> Pausing[Tensor]:
    """``lane.value`` of each step without each word before it: (len(steps), P), row k filled up to ``steps[k]``.

    The word is replaced by ``<unk>``, or deleted; then the step that said it is left out, with its edited weights.
    """
    last = max(steps)
    out = torch.zeros(len(steps), last)
    for places in slices(range(1, last + 1), rows_together(model, len(lane.source))):
        reads = [with_unknown(lane.read, i) for i in places]
        times = [list(range(last + 1)) for _ in places]
        if deleting:
            reads = [[token for p, token in enumerate(lane.read) if p != i] for i in places]
            times = [[t for t in range(last + 1) if t != i - 1] for i in places]
        yield from _walk_rows(model, lane, steps, (places, reads, times), out)
    return out


def _walk_rows(
    model: Model,
    lane: Lane,
    steps: Sequence[int],
    rows: tuple[Sequence[int], Sequence[Sequence[int]], Sequence[Sequence[int]]],
    out: Tensor,
) -> Pausing[None]:
    """Run rows of other prefixes, each with its erased place, what it reads, and which step of the lane each is."""
    places, reads, times = rows
    width, every = len(lane.source), [range(len(lane.source))]
    memory, state = model.encode(torch.tensor([lane.source] * len(places)), torch.full((len(places),), width))
    none_1S = torch.zeros(1, width)
    for u in range(len(times[0])):
        token_N, now = torch.tensor([read[u] for read in reads]), [row[u] for row in times]
        given_NS = None
        if any(t in lane.edited for t in now):
            own = [edited_attention(lane, t, every, width) for t in now]
            given_NS = torch.cat([none_1S if row_1S is None else row_1S for row_1S in own])
            given_NS = attention_in_use(model, token_N, state, memory, given_NS)
        wanted = [n for n, (place, t) in enumerate(zip(places, now, strict=True)) if t in steps and place <= t]
        if not wanted:
            state, _ = model.attend(state, token_N, memory, given_NS)
            continue
        output = model.step(state, token_N, memory, given_NS)
        state = output.state
        for n in wanted:
            out[steps.index(now[n]), places[n] - 1] = lane.value(output.log_probs_BV[n : n + 1], now[n])
        yield
