"""Answers to the player's requests about evidence: measures of steps, orders of erasing, minimal attention, readout."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from s2s.errors import UserError
from s2s.trace.trace import Trace
from s2s.web.shell.request import Handler, Request
from s2s.web.shell.turns import advance
from s2s.web.step_through import computed
from s2s.web.step_through.what_if import WhatIf

if TYPE_CHECKING:
    from s2s.explain import Evidence, Origins

MOST = 8  # steps of one request


@dataclass(frozen=True)
class EvidenceAnswers:
    """Answers to requests about the sentence on screen, with its lanes and branches."""

    whatif: WhatIf

    def handlers(self) -> dict[str, Handler]:
        """The methods by the kind of request that each answers."""
        return {
            "evidence": self.evidence,
            "orders": self.orders,
            "origins": self.origins,
            "minimal": self.minimal,
            "readout": self.readout,
        }

    def readout(self, request: Request) -> dict[str, Any]:
        """The vectors of ``step`` from its context to its words; null if the model cannot give them."""
        lane = request.text("lane")
        trace = self.whatif.trace(lane)
        step = request.whole("step", 0, len(trace.steps) - 1)
        readout = computed.readout(self.whatif.content(lane), step, self.whatif.checkpoint, trace)
        return {"lane": lane, "step": step, "readout": readout and readout.to_dict()}

    def evidence(self, request: Request) -> dict[str, Any]:
        """The evidence of ``count`` steps from ``first``, without orders; ``more`` if it is not finished: ask again."""
        lane, trace, steps = self._looking_steps(request)
        evidence = advance(computed.evidence(self.whatif.content(lane), steps, self.whatif.checkpoint, trace))
        return _steps_answer(lane, evidence)

    def orders(self, request: Request) -> dict[str, Any]:
        """The evidence with the best and the worst order of erasing: normalised comprehensiveness and sufficiency."""
        lane, trace, steps = self._looking_steps(request)
        name, checkpoint = self.whatif.content(lane), self.whatif.checkpoint
        evidence = advance(computed.evidence(name, steps, checkpoint, trace))
        return _steps_answer(lane, evidence and advance(computed.orders(name, steps, checkpoint, trace, evidence)))

    def origins(self, request: Request) -> dict[str, Any]:
        """What the words of ``count`` steps owe to source and prefix; of one step also why its word and not another.

        ``against`` is the other word's rank at that step, 0 for none.
        """
        lane, trace, steps = self._steps(request)
        rank = request.whole("against", 0, len(trace.steps[steps[0]].top)) if len(steps) == 1 else 0
        name, checkpoint = self.whatif.content(lane), self.whatif.checkpoint
        origins = advance(computed.origins(name, steps, rank, checkpoint, trace))
        return _steps_answer(lane, origins)

    def minimal(self, request: Request) -> dict[str, Any]:
        """The attention nearest to the model's under which the word of rank ``rank`` would win at ``step``."""
        lane, trace = self._looking(request)
        step = request.whole("step", 0, len(trace.steps) - 1)
        rank = request.whole("rank", 1, len(trace.steps[step].top))
        minimal = computed.minimal(self.whatif.content(lane), step, rank, self.whatif.checkpoint, trace)
        words = self.whatif.checkpoint.target.vocab.tokens
        return {
            "outcome": minimal.outcome,
            "attention": [round(x, 5) for x in minimal.attention],
            "divergence": minimal.divergence,
            "probability": minimal.probability,
            "rival": None if minimal.rival is None else words[minimal.rival],
        }

    def _looking(self, request: Request) -> tuple[str, Trace]:
        """The lane of a request and its trace; UserError for one without attention, about which no player asks."""
        lane = request.text("lane")
        trace = self.whatif.trace(lane)
        if not trace.looks:
            raise UserError("request_broken")
        return lane, trace

    def _looking_steps(self, request: Request) -> tuple[str, Trace, tuple[int, ...]]:
        self._looking(request)
        return self._steps(request)

    def _steps(self, request: Request) -> tuple[str, Trace, tuple[int, ...]]:
        lane = request.text("lane")
        trace = self.whatif.trace(lane)
        last = len(trace.steps) - 1
        first = request.whole("first", 0, last)
        return lane, trace, tuple(range(first, min(last, first + request.whole("count", 1, MOST) - 1) + 1))


def _steps_answer(lane: str, evidence: Sequence[Evidence] | Sequence[Origins] | None) -> dict[str, Any]:
    if evidence is None:
        return {"lane": lane, "more": True}
    return {"lane": lane, "steps": [one.to_dict() for one in evidence]}
