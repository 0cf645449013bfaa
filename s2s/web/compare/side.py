"""One side of a comparison."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from s2s.web.shell import controls, models
from s2s.web.shell.page_state import PageState

if TYPE_CHECKING:
    from s2s.checkpoint.record import Checkpoint


@dataclass(frozen=True)
class Side:
    """One side: its name, A or B, its state as in Step through, and its checkpoint."""

    name: str
    state: PageState
    checkpoint: Checkpoint

    def call(self, mode: str, reference: str) -> tuple[Any, ...]:
        """The arguments of ``models.decode``."""
        name = controls.model_name(self.state)
        settings = self.state.settings if mode == "free" else ()
        return name, models.changed(name), self.state.source, reference, mode, settings
