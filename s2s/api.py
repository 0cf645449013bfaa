"""What ``s2s.load`` gives: a checkpoint that can be asked for a ``Trace`` or ``Lanes``."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from s2s.checkpoint.find import find_checkpoint
from s2s.checkpoint.open import load as load_checkpoint
from s2s.checkpoint.record import Checkpoint
from s2s.checkpoint.step_function import STEP_OPTIONS, step_checkpoint, step_source
from s2s.decode.decode import trace as decode
from s2s.decode.inputs import one_source
from s2s.decode.strategy import Settings
from s2s.errors import UserError, say
from s2s.player import notebook as notebook  # registers how notebooks show traces and lanes
from s2s.player.lanes import Lanes
from s2s.trace.branch import Edit
from s2s.trace.trace import Trace


class LoadedCheckpoint(Checkpoint):
    """A checkpoint with the methods of the Python interface.

    >>> import s2s
    >>> s2s.load("date")
    <Checkpoint date: additive attention, 108 source and 15 target tokens, 214,799 parameters>
    """

    def trace(
        self,
        text: str | Sequence[str],
        reference: str | None = None,
        *,
        mode: str = "free",
        prefix: str | Sequence[str] = "",
        attention: Mapping[int, Any] | None = None,
        top: int = 10,
        **settings: Any,
    ) -> Trace:
        """Decode a text, or the list of one text's tokens, and record every step.

        ``mode`` is ``free`` (the model reads its own words) or ``forced`` (those of ``reference``). ``prefix`` is the
        forced beginning of the output, ``attention`` maps steps, from 0, to weights or to ``uniform``, ``previous``,
        ``3`` (all on the third source token), ``-3``; ``settings`` are fields of ``Settings``. UserError for a
        setting that cannot be used.

        >>> import s2s
        >>> s2s.load("date").trace("2025年3月9日", strategy="beam", beam=2).text
        '2025-03-09'
        """
        if mode not in ("free", "forced"):
            raise UserError("setting_choice", name="mode", found=str(mode)[:40], known="free, forced")
        _check_kinds(reference=(reference, str | None), prefix=(prefix, str | Sequence), top=(top, int))
        _check_kinds(attention=(attention, Mapping | None))
        _check_kinds(**{f"attention[{step!r}]": (step, int) for step in attention or ()})
        edits = {step: Edit.of(row) for step, row in (attention or {}).items()}
        how = Settings.of(settings, ("mode", "prefix", "attention", "top"))
        return decode(self, one_source(self, text), reference, mode, how, prefix, top, edits)

    def lanes(self, text: str | Sequence[str], reference: str | None = None, **settings: Any) -> Lanes:
        """The free-running lane of a text, with a reference the teacher-forced one as well, to be shown and forked.

        >>> import s2s
        >>> s2s.load("date").lanes("2025年3月9日", "2025-03-09")
        <Lanes forced, free: 2025年3月9日 → 2025-03-09>
        """
        _check_kinds(reference=(reference, str | None))
        text = one_source(self, text)
        forced = [self.trace(text, reference, mode="forced")] if (reference or "").strip() else []
        lanes = Lanes.of(*forced, self.trace(text, reference, **settings))
        return dataclasses.replace(lanes, checkpoint=self, source=text if isinstance(text, str) else tuple(text))


def _check_kinds(**given: tuple[Any, Any]) -> None:
    """UserError for the first argument of another kind than the one behind it."""
    for name, (value, kind) in given.items():
        if not isinstance(value, kind):
            expected = getattr(kind, "__name__", str(kind).replace("collections.abc.", ""))
            raise UserError("config_type", key=name, expected=expected, found=type(value).__name__)


def load(checkpoint: str | Path) -> LoadedCheckpoint:
    """A checkpoint by its directory or by its name under ``checkpoints/``. UserError says what is missing or broken."""
    loaded = load_checkpoint(find_checkpoint(checkpoint))
    return LoadedCheckpoint(**{field.name: getattr(loaded, field.name) for field in dataclasses.fields(loaded)})


def step_lanes(
    step_fn: Any,
    source: str | Sequence[str],
    reference: str | Sequence[str] | None,
    given: Mapping[str, Any],
    settings: Mapping[str, Any],
) -> Lanes:
    """The lanes of a function of one step; ``given`` are the arguments of ``step_checkpoint`` by name."""
    how = Settings.of(settings, STEP_OPTIONS)
    read, tokens = step_source(source)
    checkpoint = step_checkpoint(step_fn, tokens, **given)
    gold = checkpoint.reference_text(reference)
    traces = []
    for mode in ("forced", "free") if gold else ("free",):
        traces.append(checkpoint.noted(decode(checkpoint, read, gold or None, mode, how)))
    if any("sums" in trace.settings for trace in traces):
        warnings.warn(say("lanes.sums", notebook.locale_language()), UserWarning, stacklevel=3)
    return dataclasses.replace(Lanes.of(*traces), checkpoint=checkpoint, source=read, noted=checkpoint.noted)
