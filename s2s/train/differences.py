"""Which settings may differ when a run is resumed."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

from s2s.config import Config
from s2s.errors import UserError
from s2s.text.safe import shortened

# Every other key decides weights, scores or what a film shows of them: the run would no longer be that of one config.
FREE = {
    "name": "names the checkpoint",
    "data.test": "is read once, at the end",
    "data.origin": "is a line of the card",
    "train.epochs": "more or fewer, but not fewer than are done: the learning rate goes on along its new curve",
    "train.patience": "only says when to end",
    "train.save_every": "only says when to save",
    "train.film_every": "only says when to film",
    "train.threads": "changes the order of sums, and so the last bits at most",
}
NAMED = 4  # differing keys that a message names at most; it counts the others
LONGEST = 60  # characters of a value in a message


def check_differences(held: Config, config: Config, epochs: int, directory: str) -> None:
    """Raise UserError naming the keys that changed since the save but must not; ``epochs`` have begun."""
    changed = [(key, was, now) for key, was, now in differences(held, config) if key not in FREE]
    if changed:
        named = "; ".join(f"{key} = {_short(now)} ≠ {_short(was)}" for key, was, now in changed[:NAMED])
        more = f"; +{len(changed) - NAMED}" if len(changed) > NAMED else ""
        raise UserError("resume_config", directory=directory, differences=named + more)
    if config.train.epochs < epochs:
        raise UserError("resume_epochs", directory=directory, done=epochs, found=config.train.epochs)


def differences(held: Config, config: Config) -> Iterator[tuple[str, Any, Any]]:
    """Key, saved value and present value of every setting that differs."""
    for (key, was), (_, now) in zip(settings(held), settings(config), strict=True):
        if was != now:
            yield key, was, now


def settings(config: Config) -> Iterator[tuple[str, Any]]:
    """Every key of a config, as ``section.key``, with its value."""
    return _flat("", dataclasses.asdict(config))


def _flat(section: str, values: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, dict):
            yield from _flat(f"{section}{name}.", value)
        else:
            yield f"{section}{name}", value


def _short(value: object) -> str:
    text = " ".join(str(value).split())
    if (isinstance(value, str) and text != value) or not text:
        text = repr(value)  # quoted: an empty text, or one with spaces at its ends
    return shortened(text, LONGEST)
