"""Takes the film of a run: a few dev sentences through the averaged weights every so many steps, and the scores."""

from __future__ import annotations

import math
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from s2s.checkpoint.native import Checkpoint
from s2s.config import TrainConfig
from s2s.data.batches import Ids, Pair
from s2s.decode.decode import reference_ids, source_ids, trace
from s2s.errors import UserError
from s2s.evaluate.corpus import fitting, forced_scores, longest, translate
from s2s.trace.film import CURVE, NAME, Frame, Moment

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
    """The camera of one run: frames go to ``film.jsonl`` in its directory, scores to ``curve.jsonl``."""

    def __init__(self, run: Run) -> None:
        self.path, self.curve = run.directory / NAME, run.directory / CURVE
        self.every = interval(run.steps, run.settings) if run.group.first else 0
        self.sentences: list[int] = []
        if self.every:
            seen = self._checkpoint(run)
            fit = (i for i, pair in enumerate(run.dev) if _fits(seen, *pair))
            self.sentences = [i for _, i in zip(range(run.settings.film_sentences), fit, strict=False)]

    def take(self, run: Run) -> None:
        """The frames and the scores of this moment, where one is due."""
        if not self.every or run.at.step % self.every:
            return
        seen = self._checkpoint(run)
        frames = []
        for i in self.sentences:
            source, target = run.dev[i]
            forced, free = trace(seen, source, target, "forced"), trace(seen, source)
            frames.append(Frame(run.at.step, i, forced, free.text).to_json() + "\n")
        _append(self.path, "".join(frames))
        _append(self.curve, _moment(run, seen).to_json() + "\n")  # after the frames: who reads it finds them
        run.at.moment_loss, run.at.moment_tokens = 0.0, 0

    def _checkpoint(self, run: Run) -> Checkpoint:
        model = run.averaged_model().cpu()
        return Checkpoint(run.checkpoint.name, run.config, run.source, run.target, model, {}, "")


def _moment(run: Run, seen: Checkpoint) -> Moment:
    pairs, ids = _scored(run, seen)
    outputs = translate(seen.model, [s for s, _ in ids])
    exact = sum(seen.target.decode(o) == seen.target.written(t) for o, (_, t) in zip(outputs, pairs, strict=True))
    loss, tokens = run.at.moment_loss, run.at.moment_tokens
    return Moment(
        step=run.at.step,
        seconds=round(run.at.seconds, 1),
        train_loss=round(loss / tokens, 4) if tokens else None,
        dev_loss=round(forced_scores(seen.model, ids)["loss"], 4),
        exact=round(exact / len(pairs), 4),
        pairs=len(pairs),
    )


def _scored(run: Run, seen: Checkpoint) -> tuple[list[Pair], list[Ids]]:
    """The first dev pairs that are not too long, texts and ids."""
    ids = (((s, t), (seen.source.encode(s), seen.target.encode(t))) for s, t in run.dev)
    most = longest(run.config.data)
    fit = ((pair, own) for pair, own in ids if fitting(seen.model, [own], most))
    pairs, own = zip(*islice(fit, run.settings.film_scored), strict=True)
    return list(pairs), list(own)


def _append(path: Path, text: str) -> None:
    try:
        with open(path, "a", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except OSError as error:
        raise UserError("disk_write", directory=str(path.parent), reason=error.strerror) from None


def _fits(checkpoint: Checkpoint, source: str, target: str) -> bool:
    try:
        lengths = len(source_ids(checkpoint, source)[1]), len(reference_ids(checkpoint, target)[1])
    except UserError:
        return False
    return min(lengths) > 0 and max(lengths) <= LONGEST
