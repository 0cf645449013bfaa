"""One side of a comparison."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from s2s.web.shell import address as link
from s2s.web.shell import controls, models

if TYPE_CHECKING:
    from s2s.checkpoint.record import Checkpoint


@dataclass(frozen=True)
class Side:
    """What one side runs: the state of Step through that shows it, and its checkpoint."""

    name: str
    values: dict[str, Any]
    checkpoint: Checkpoint

    def call(self, mode: str, reference: str) -> tuple[Any, ...]:
        """The arguments of ``models.decode``."""
        name = controls.model(self.values)
        settings = tuple((k, self.values[k]) for k in link.SETTINGS) if mode == "free" else ()
        return name, models.changed(name), controls.source(self.values), reference, mode, settings
