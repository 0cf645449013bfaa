"""Lookback: attention sequence-to-sequence models, seen step by step. Start reading at ``s2s.trace.trace``.

From Python and in notebooks: ``load`` a checkpoint, ask it for a ``trace`` or ``lanes``, make ``lanes`` of your own
decoder, or a ``Trace`` of arrays; a notebook shows them playing. docs/PYTHON.md takes ten minutes.

>>> import s2s
>>> trace = s2s.load("date").trace("2025年3月9日")
>>> trace.text
'2025-03-09'
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from s2s import figures
    from s2s.api import LoadedCheckpoint
    from s2s.dumps.read import read_attention
    from s2s.errors import UserError
    from s2s.player.lanes import Lanes
    from s2s.player.notebook import export_html, show
    from s2s.trace.trace import Trace

__version__ = "0.2.0"
__all__ = ["Lanes", "Trace", "UserError", "export_html", "figures", "lanes", "load", "read_attention", "show"]

_MODULES = {
    "Lanes": "player.lanes",
    "Trace": "trace.trace",
    "UserError": "errors",
    "export_html": "player.notebook",
    "read_attention": "dumps.read",
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


def lanes(
    step_fn: Callable[..., Any],
    source: str | Sequence[str],
    reference: str | Sequence[str] | None = None,
    *,
    vocabulary: Sequence[str] | Callable[[int], str],
    state: Any = None,
    bos: int | str | None = None,
    eos: int | str | None = None,
    unk: int | str | None = None,
    join: Callable[[list[str]], str] = " ".join,
    name: str = "function",
    **settings: Any,
) -> Lanes:
    """The lanes of any decoder that is given as a function of one step, to be shown, forked and exported.

    ``step_fn(state, token)`` reads the id of one token and returns the log-probabilities of the V words, the attention
    to the tokens of ``source`` (None of a model without), and the next state: a new one, since beams and forks go back
    to earlier ones. Arrays may be those of any library. ``state`` is the first state. With a third parameter
    ``attention``, weights for it to use, attention can be edited in forks. ``vocabulary`` are the words by id, or a
    function from id to word; ``bos`` and ``eos``, ids or words, begin and end an output, and ``unk`` stands for unknown
    words: without them the usual spellings are looked for. A text is cut at spaces; ``join`` makes a text of output
    tokens; ``settings`` are fields of ``Settings``. Weights that do not sum to 1 are divided by their sum, with a
    warning, and the trace keeps the sums. UserError for anything that does not fit.

    >>> import numpy as np, s2s
    >>> words, looks = ["<s>", "</s>", "good", "morning"], np.eye(2)
    >>> def step(state, token):
    ...     probabilities = np.full(4, 0.1)
    ...     probabilities[[2, 3, 1][state]] = 0.7
    ...     return np.log(probabilities), looks[min(state, 1)], state + 1
    >>> s2s.lanes(step, "早上 好", "good evening", vocabulary=[*words[:3], "evening"], state=0)["free"].text
    'good evening'
    >>> lanes = s2s.lanes(step, "早上 好", "good good", vocabulary=words, state=0)
    >>> lanes, lanes["forced"].divergence, lanes.fork(0, "morning")["b1"].text
    (<Lanes forced, free: 早上 好 → good morning>, 1, 'morning morning')
    """
    from s2s import api

    given = {"vocabulary": vocabulary, "state": state, "bos": bos, "eos": eos, "unk": unk, "join": join, "name": name}
    return api.step_lanes(step_fn, source, reference, given, settings)


def __getattr__(name: str) -> Any:
    """Import exported names on first use, so that ``import s2s`` loads neither torch nor plotly."""
    if name in ("doctor", "figures"):
        return importlib.import_module(f"s2s.{name}")
    if name in _MODULES:
        importlib.import_module("s2s.player.notebook")  # registers how notebooks show traces and lanes
        return getattr(importlib.import_module(f"s2s.{_MODULES[name]}"), name)
    raise AttributeError(f"module 's2s' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
