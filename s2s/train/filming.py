"""Record a film of training: a few dev sentences decoded by the averaged weights at regular steps, with scores."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path

from s2s.checkpoint.record import Checkpoint
from s2s.config import Config, TrainConfig
from s2s.data.batches import Ids, Pair
from s2s.decode.decode import trace
from s2s.decode.inputs import reference_ids, source_ids
from s2s.errors import UserError, reason
from s2s.evaluate.corpus import fitting, forced_scores, max_scored_tokens, translate
from s2s.text.rounding import significant
from s2s.trace.film import CURVE, NAME, FilmFrame, FilmMoment
from s2s.train.progress import Position

MOMENTS = 100  # frames at most, besides the one before the first step: bounds the file
LONGEST = 30  # tokens of source or target at most


def interval(steps: int, settings: TrainConfig) -> int:
    """Steps between two moments of a run of ``steps`` steps; 0: no film.

    >>> interval(1000, TrainConfig(film_every=50)), interval(100_000, TrainConfig(film_every=50))
    (50, 1000)
    """
    return max(settings.film_every, math.ceil(steps / MOMENTS)) if settings.film_every else 0


class Film:
    """Writes the film of one run of ``steps`` steps (0: none): frames to ``film.jsonl``, scores to ``curve.jsonl``.

    ``averaged`` returns a checkpoint of the current averaged weights.
    """

    def __init__(
        self, directory: Path, config: Config, steps: int, dev: Sequence[Pair], averaged: Callable[[], Checkpoint]
    ) -> None:
        self.path, self.curve = directory / NAME, directory / CURVE
        self.config, self.dev, self.averaged = config, dev, averaged
        self.every = interval(steps, config.train) if steps else 0
        self.sentences: list[int] = []
        if self.every:
            checkpoint = averaged()
            fit = (i for i, pair in enumerate(dev) if _fits(checkpoint, *pair))
            self.sentences = [i for _, i in zip(range(config.train.film_sentences), fit, strict=False)]

    def take(self, at: Position) -> None:
        """Write frames and scores, if this step is one of the film's."""
        if not self.every or at.step % self.every:
            return
        checkpoint = self.averaged()
        frames = []
        for i in self.sentences:
            source, target = self.dev[i]
            forced, free = trace(checkpoint, source, target, "forced"), trace(checkpoint, source)
            frames.append(FilmFrame(at.step, i, forced, free.text).to_json() + "\n")
        _append(self.path, "".join(frames))
        _append(self.curve, self._moment(at, checkpoint).to_json() + "\n")  # after the frames that it names
        at.moment_loss, at.moment_tokens, at.moment_norm = 0.0, 0, 0.0

    def _moment(self, at: Position, checkpoint: Checkpoint) -> FilmMoment:
        pairs, ids = self._scored(checkpoint)
        outputs = translate(checkpoint.model, [s for s, _ in ids])
        target = checkpoint.target
        exact = sum(target.decode(o) == target.written(t) for o, (_, t) in zip(outputs, pairs, strict=True))
        loss, tokens = at.moment_loss, at.moment_tokens
        return FilmMoment(
            step=at.step,
            seconds=round(at.seconds, 1),
            train_loss=round(loss / tokens, 4) if tokens else None,
            dev_loss=round(forced_scores(checkpoint.model, ids)["loss"], 4),
            exact=round(exact / len(pairs), 4),
            pairs=len(pairs),
            gradient_norm=significant(at.moment_norm, 4) if tokens else None,
        )

    def _scored(self, checkpoint: Checkpoint) -> tuple[list[Pair], list[Ids]]:
        """The first dev pairs that are short enough, as texts and as ids."""
        ids = (((s, t), (checkpoint.source.encode(s), checkpoint.target.encode(t))) for s, t in self.dev)
        most = max_scored_tokens(self.config.data)
        fit = ((pair, own) for pair, own in ids if fitting(checkpoint.model, [own], most))
        pairs, own = zip(*islice(fit, self.config.train.film_scored), strict=True)
        return list(pairs), list(own)


def _append(path: Path, text: str) -> None:
    try:
        with open(path, "a", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except OSError as error:
        raise UserError("disk_write", directory=str(path.parent), reason=reason(error)) from None


def _fits(checkpoint: Checkpoint, source: str, target: str) -> bool:
    try:
        lengths = len(source_ids(checkpoint, source)[1]), len(reference_ids(checkpoint, target)[1])
    except UserError:
        return False
    return min(lengths) > 0 and max(lengths) <= LONGEST
