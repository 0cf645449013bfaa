"""What the player asks for beside attention: evidence of some steps, the best orders of erasing, minimal attention."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from s2s.errors import UserError
from s2s.trace import Trace
from s2s.web import models
from s2s.web.request import Handler, Request

if TYPE_CHECKING:
    from s2s.checkpoint import Checkpoint

MOST = 8  # steps of one request


@dataclass(frozen=True)
class Asked:
    """The sentence on screen, under the name ``shown`` that its requests go by."""

    shown: str
    checkpoint: Checkpoint
    lanes: Mapping[str, Trace]

    def handlers(self) -> dict[str, Handler]:
        """What can be asked."""
        return {"evidence": self.evidence, "orders": self.orders, "minimal": self.minimal}

    def evidence(self, request: Request) -> dict[str, Any]:
        """The evidence of ``count`` steps from ``first`` on, without the search for orders."""
        lane, steps = self._steps(request)
        found = models.evidence(self.shown, lane, steps, self.checkpoint, self.lanes[lane])
        return {"lane": lane, "steps": [one.to_dict() for one in found]}

    def orders(self, request: Request) -> dict[str, Any]:
        """The same with the best and the worst order of erasing: normalised comprehensiveness and sufficiency."""
        lane, steps = self._steps(request)
        found = models.orders(self.shown, lane, steps, self.checkpoint, self.lanes[lane])
        return {"lane": lane, "steps": [one.to_dict() for one in found]}

    def minimal(self, request: Request) -> dict[str, Any]:
        """The attention nearest to the model's under which the word of rank ``rank`` would win at ``step``."""
        lane = self._lane(request)
        step = request.whole("step", 0, len(self.lanes[lane].steps) - 1)
        rank = request.whole("rank", 1, len(self.lanes[lane].steps[step].top))
        found = models.minimal(self.shown, lane, step, rank, self.checkpoint, self.lanes[lane])
        words = self.checkpoint.target.vocab.tokens
        return {
            "outcome": found.outcome,
            "attention": [round(x, 5) for x in found.attention],
            "divergence": found.divergence,
            "probability": found.probability,
            "rival": None if found.rival is None else words[found.rival],
        }

    def _lane(self, request: Request) -> str:
        lane = request.text("lane")
        if lane not in self.lanes:
            raise UserError("request_broken")
        return lane

    def _steps(self, request: Request) -> tuple[str, tuple[int, ...]]:
        lane = self._lane(request)
        last = len(self.lanes[lane].steps) - 1
        first = request.whole("first", 0, last)
        return lane, tuple(range(first, min(last, first + request.whole("count", 1, MOST) - 1) + 1))
