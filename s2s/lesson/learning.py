"""When a model learnt each part of its sentences, from the film of its training."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Film = Mapping[str, Any]  # as the page shows it: sentences, moments, and the frames of each moment
ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
DATE = {"year": slice(0, 4), "month": slice(5, 7), "day": slice(8, 10)}


@dataclass(frozen=True)
class Part:
    """A part of an output: the training steps at which it was first right and from which it stays right, or None.

    ``copied``: it occurs in the source unchanged. ``looked``: the source token with most attention when it was first
    right; empty if it never was.
    """

    name: str
    first: int | None
    stays: int | None
    copied: bool
    looked: str = ""


@dataclass(frozen=True)
class Sentence:
    """A sentence of the film: its whole output, and its parts."""

    source: str
    whole: Part
    parts: tuple[Part, ...]

    @property
    def earliest(self) -> tuple[str, ...]:
        """The part that was right first; several if they came at the same moment."""
        steps = [part.first for part in self.parts if part.first is not None]
        return tuple(part.name for part in self.parts if steps and part.first == min(steps))


def dated(film: Film) -> bool:
    """Whether all references of the film are ISO dates, one character a token."""
    return all(
        ISO.fullmatch(sentence["reference"] or "") and list(sentence["reference"]) == sentence["target"][:-1]
        for sentence in film["sentences"]
    )


def sentences(film: Film) -> tuple[Sentence, ...]:
    """All sentences with their parts: year, month and day of a date in free-running output; otherwise each word of the
    teacher-forced output, named by its position from 1.
    """
    return tuple(_sentence(film, k, dated(film)) for k in range(len(film["sentences"])))


def _sentence(film: Film, k: int, date: bool) -> Sentence:
    held, frames = film["sentences"][k], [moment[k] for moment in film["frames"]]
    steps, source, reference = [moment["step"] for moment in film["moments"]], held["source"], held["reference"]
    whole = _part("", steps, [frame["text"] == reference for frame in frames], reference in source)
    if not date:
        rows = range(len(held["target"]))
        return Sentence(source, whole, tuple(_word(steps, frames, held["target"], t) for t in rows))
    parts = []
    for name, at in DATE.items():
        right = [frame["text"][at] == reference[at] for frame in frames]
        looked = held["tokens"][_most(frames[right.index(True)], len(held["tokens"]), at)] if any(right) else ""
        parts.append(_part(name, steps, right, reference[at] in source, looked))
    return Sentence(source, whole, tuple(parts))


def _word(steps: Sequence[int], frames: Sequence[Mapping[str, Any]], target: Sequence[str], t: int) -> Part:
    return _part(str(t + 1), steps, [frame["said"][t] == target[t] for frame in frames], False)


def _part(name: str, steps: Sequence[int], right: Sequence[bool], copied: bool, looked: str = "") -> Part:
    first = steps[right.index(True)] if any(right) else None
    wrong = [n for n, one in enumerate(right) if not one]
    stays = wrong[-1] + 1 if wrong else 0
    return Part(name, first, steps[stays] if stays < len(steps) else None, copied, looked)


def _most(frame: Mapping[str, Any], width: int, rows: slice) -> int:
    """The source token with the largest summed weight in some rows of a frame."""
    return max(range(width), key=lambda s: sum(frame["weights"][s::width][rows]))


def steepest(film: Film) -> int:
    """The moment (from 1) before which the validation loss fell most; 0 if there is a single moment."""
    losses = [moment["dev"] for moment in film["moments"]]
    falls = [before - after for before, after in itertools.pairwise(losses)]
    return falls.index(max(falls)) + 1 if falls else 0
