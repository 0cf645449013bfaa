"""Takes the film of a run: a few dev sentences through the averaged weights every so many steps."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

from s2s.checkpoint import Checkpoint
from s2s.config import TrainConfig
from s2s.decode import reference_ids, source_ids, trace
from s2s.errors import UserError
from s2s.film import NAME, Frame

if TYPE_CHECKING:
    from s2s.train.loop import Run

MOMENTS = 100  # at most, besides the one before the first step, so that the file stays small
LONGEST = 30  # tokens a side


def interval(steps: int, settings: TrainConfig) -> int:
    """Steps between two moments of a run of ``steps`` steps; 0 for no film.

    >>> interval(1000, TrainConfig(film_every=50)), interval(100_000, TrainConfig(film_every=50))
    (50, 1000)
    """
    return max(settings.film_every, math.ceil(steps / MOMENTS)) if settings.film_every else 0


class Film:
    """The camera of one run; the frames go to ``film.jsonl`` in its directory."""

    def __init__(self, run: Run) -> None:
        self.path: Path = run.directory / NAME
        self.every = interval(run.steps, run.settings) if run.group.first else 0
        self.sentences: list[int] = []
        if self.every:
            seen = self._checkpoint(run)
            fit = (i for i, pair in enumerate(run.dev) if _fits(seen, *pair))
            self.sentences = [i for _, i in zip(range(run.settings.film_sentences), fit, strict=False)]

    def take(self, run: Run) -> None:
        """The frames of this moment, where one is due."""
        if not self.every or run.at.step % self.every:
            return
        seen = self._checkpoint(run)
        frames = []
        for i in self.sentences:
            source, target = run.dev[i]
            forced, free = trace(seen, source, target, "forced"), trace(seen, source)
            frames.append(Frame(run.at.step, i, forced, free.text).to_json() + "\n")
        try:
            with open(self.path, "a", encoding="utf-8", newline="\n") as file:
                file.write("".join(frames))
        except OSError as error:
            raise UserError("disk_write", directory=str(run.directory), reason=error.strerror) from None

    def _checkpoint(self, run: Run) -> Checkpoint:
        model = run.averaged_model().cpu()
        return Checkpoint(run.checkpoint.name, run.config, run.source, run.target, model, {}, "")


def _fits(checkpoint: Checkpoint, source: str, target: str) -> bool:
    try:
        lengths = len(source_ids(checkpoint, source)[1]), len(reference_ids(checkpoint, target)[1])
    except UserError:
        return False
    return min(lengths) > 0 and max(lengths) <= LONGEST
