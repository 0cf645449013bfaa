"""Figures from numbers. ``attention`` and ``probabilities`` draw a trace; plotly is imported on first use."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from s2s.figures.trace import attention, probabilities

__all__ = ["attention", "probabilities"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        return getattr(importlib.import_module("s2s.figures.trace"), name)
    raise AttributeError(f"module 's2s.figures' has no attribute {name!r}")
