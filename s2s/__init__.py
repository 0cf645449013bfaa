"""Lookback: attention sequence-to-sequence models, seen step by step. Start reading at ``s2s.trace.trace``.

From Python and in notebooks: ``load`` a checkpoint, ask it for a ``trace`` or ``lanes``, or make a ``Trace`` of arrays;
a notebook shows them playing. docs/PYTHON.md takes ten minutes.

>>> import s2s
>>> trace = s2s.load("date").trace("2025年3月9日")
>>> trace.text
'2025-03-09'
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from s2s import figures
    from s2s.api import LoadedCheckpoint
    from s2s.errors import UserError
    from s2s.player.lanes import Lanes
    from s2s.player.notebook import export_html, show
    from s2s.trace.trace import Trace

__version__ = "0.2.0"
__all__ = ["Lanes", "Trace", "UserError", "export_html", "figures", "load", "show"]

_MODULES = {
    "Lanes": "player.lanes",
    "Trace": "trace.trace",
    "UserError": "errors",
    "export_html": "player.notebook",
    "show": "player.notebook",
}


def load(checkpoint: str | Path) -> LoadedCheckpoint:
    """A checkpoint by its directory, or by its name under ``checkpoints/``, ready to decode.

    Raises UserError that says what is missing or does not fit.

    >>> import s2s
    >>> s2s.load("date").config.model.attention
    'additive'
    """
    from s2s import api

    return api.load(checkpoint)


def __getattr__(name: str) -> Any:
    """Import exported names on first use, so that ``import s2s`` loads neither torch nor plotly."""
    if name == "figures":
        return importlib.import_module("s2s.figures")
    if name in _MODULES:
        importlib.import_module("s2s.player.notebook")  # registers how notebooks show traces and lanes
        return getattr(importlib.import_module(f"s2s.{_MODULES[name]}"), name)
    raise AttributeError(f"module 's2s' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
