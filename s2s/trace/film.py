"""The film of a training run: a few dev sentences decoded at regular steps, and the scores then."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from s2s.disk import refuse_special
from s2s.errors import UserError, reason
from s2s.text.safe import parse_json
from s2s.trace.step import Step
from s2s.trace.trace import Trace

T = TypeVar("T")
Number = TypeVar("Number", int, float)
NAME = "film.jsonl"
CURVE = "curve.jsonl"
TOP = 5  # candidates kept a step
ATTENTION_UNITS = 10_000  # weights are whole numbers of ten-thousandths
MAX_BYTES = 100_000_000
LARGEST = 2**53  # of a number: a browser holds larger ones inexactly


@dataclass(frozen=True)
class FilmFrame:
    """One sentence at one step of training: its teacher-forced trace, and its free-running output."""

    step: int  # of training
    sentence: int  # its place among the dev pairs, from 0
    trace: Trace
    text: str

    def to_json(self) -> str:
        """One line, its trace rounded."""
        values = {"step": self.step, "sentence": self.sentence, "text": self.text}
        return json.dumps(values | {"trace": rounded(self.trace).to_dict()}, ensure_ascii=False, separators=(",", ":"))


@dataclass(frozen=True)
class FilmMoment:
    """The state of training at one step: mean loss since the previous moment, scores on the first dev pairs."""

    step: int
    seconds: float  # of training, up to here
    train_loss: float | None  # none before the first step
    dev_loss: float
    exact: float  # share of the pairs whose greedy output is the reference
    pairs: int
    gradient_norm: float | None = None  # greatest before clipping, since the previous moment; none in older curves

    def to_json(self) -> str:
        """One line."""
        return json.dumps(dataclasses.asdict(self))


def shares(weights: np.ndarray, units: int = ATTENTION_UNITS) -> np.ndarray:
    """Weights rounded to multiples of ``1/units`` that still sum to 1; each moves by at most one unit.

    >>> shares(np.array([1 / 3, 1 / 3, 1 / 3]), 100).tolist()
    [0.34, 0.33, 0.33]
    """
    exact = weights.astype(np.float64) / weights.sum(dtype=np.float64) * units
    whole: np.ndarray = np.floor(exact)
    most = np.argsort(whole - exact, kind="stable")[: round(units - whole.sum())]
    whole[most] += 1
    whole /= units
    return whole


def rounded(trace: Trace) -> Trace:
    """A trace with numbers of four decimals, ``TOP`` candidates and without the worked arithmetic."""
    return dataclasses.replace(trace, steps=tuple(map(_rounded, trace.steps)), memory=())


def _rounded(step: Step) -> Step:
    def plain(value: float) -> float:
        return round(value, 4)

    top = tuple(dataclasses.replace(s, log_prob=plain(s.log_prob)) for s in step.top[:TOP])
    target = step.target and dataclasses.replace(step.target, log_prob=plain(step.target.log_prob))
    return Step(
        input=step.input,
        output=step.output,
        log_prob=plain(step.log_prob),
        rank=step.rank,
        entropy=plain(step.entropy),
        attention=shares(step.attention),
        scores=np.round(step.scores.astype(np.float64), 3),
        top=top,
        normaliser=plain(step.normaliser),
        target=target,
    )


def film(checkpoint: str | Path, skip: int = 0) -> tuple[FilmFrame, ...]:
    """The frames of a directory in the order of training, those of a step by sentence; none without a film.

    The first ``skip`` are left out. Raises UserError that names the row which is no frame, or whose sentence is not
    that of earlier rows with its number.
    """
    path, found, shapes = Path(checkpoint) / NAME, list[FilmFrame](), dict[int, object]()
    for frame in read_rows(path, _frame, skip):
        found.append(frame)
        shape = (frame.trace.source_tokens, frame.trace.reference, len(frame.trace.steps))
        if shapes.setdefault(frame.sentence, shape) != shape:
            raise UserError("film_other_sentence", file=str(path), row=skip + len(found), sentence=frame.sentence)
    return tuple(found)


def curve(checkpoint: str | Path) -> tuple[FilmMoment, ...]:
    """The moments of a directory in the order of training; none without a curve. Raises UserError as ``film`` does."""
    return tuple(read_rows(Path(checkpoint) / CURVE, _moment))


def read_rows(path: Path, made: Callable[[dict[str, Any]], T], skip: int = 0) -> Iterator[T]:
    """All complete rows of a file, as ``made`` makes them; none without a file.

    A last row without a newline is still being written and left out.
    """
    if not path.exists():
        return
    try:
        if refuse_special(path).stat().st_size > MAX_BYTES:
            raise UserError("file_too_large", file=str(path), limit=MAX_BYTES // 1_000_000)
        lines = path.read_bytes().split(b"\n")[:-1]
    except OSError:
        raise UserError("file_missing", file=str(path)) from None
    for row, line in enumerate(lines[skip:], start=skip + 1):
        try:
            yield made(parse_json(line.decode("utf-8")))
        except (ValueError, LookupError, TypeError, AttributeError, OverflowError, RecursionError) as error:
            raise UserError("film_broken", file=str(path), row=row, reason=reason(error)) from None


def _frame(values: dict[str, Any]) -> FilmFrame:
    step, sentence, text = _bounded(int(values["step"])), _bounded(int(values["sentence"])), str(values["text"])
    trace = Trace.from_json(json.dumps(values["trace"], allow_nan=False))
    if trace.reference is None or not all(shown.whole for shown in trace.steps):
        raise UserError("film_whole")
    return FilmFrame(step, sentence, trace, text)


def _moment(values: dict[str, Any]) -> FilmMoment:
    loss, norm = values["train_loss"], values.get("gradient_norm")
    return FilmMoment(
        step=_bounded(int(values["step"])),
        seconds=_bounded(float(values["seconds"])),
        train_loss=None if loss is None else _bounded(float(loss)),
        dev_loss=_bounded(float(values["dev_loss"])),
        exact=_bounded(float(values["exact"])),
        pairs=_bounded(int(values["pairs"])),
        gradient_norm=None if norm is None else _bounded(float(norm)),
    )


def _bounded(value: Number) -> Number:
    if not abs(value) <= LARGEST:  # also true of NaN
        raise UserError("record_finite")
    return value
