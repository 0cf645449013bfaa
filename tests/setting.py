"""The type of the fixture ``setting``."""

from __future__ import annotations

from typing import Protocol


class Setting(Protocol):
    """Changes settings by name."""

    def __call__(self, **values: object) -> None: ...
