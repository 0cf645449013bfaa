"""The source of the model's own functions, with the values that each line computed."""

from __future__ import annotations

import inspect
import sys
import textwrap
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import CodeType, FrameType
from typing import Any

import torch
from torch import Tensor

from s2s.checkpoint.record import Checkpoint
from s2s.decode.inputs import source_ids
from s2s.decode.prefix_cache import PrefixCache
from s2s.model import attention as layers
from s2s.model.kernels import additive
from s2s.text.vocab import BOS, EOS

NUMBERS = 3  # numbers of a tensor that are shown


@dataclass(frozen=True)
class Value:
    """A tensor that a line assigned: its name (``return`` for the function's result), shape and first numbers."""

    name: str
    shape: tuple[int, ...]
    numbers: tuple[float, ...]


@dataclass(frozen=True)
class Line:
    """A line of source and the tensors that it assigned; ``ran`` is false for a line that was not executed."""

    text: str
    values: tuple[Value, ...]
    ran: bool


@dataclass(frozen=True)
class Piece:
    """A function as it ran: its qualified name, the tensors it received, and its lines."""

    name: str
    given: tuple[Value, ...]
    lines: tuple[Line, ...]


class _Watch:
    """A trace function that records the local tensors of some functions, line by line, in the first call of each."""

    def __init__(self, functions: Sequence[Callable[..., Any]]) -> None:
        self.functions = {function.__code__: function for function in map(inspect.unwrap, functions)}
        self.frames: dict[CodeType, FrameType] = {}
        self.before: dict[CodeType, tuple[int, dict[str, Tensor]]] = {}  # the current line, and the locals before it
        self.given: dict[CodeType, tuple[Value, ...]] = {}
        self.made: dict[CodeType, dict[int, list[Value]]] = {}
        self.returned: dict[CodeType, tuple[Value, ...]] = {}

    def __call__(self, frame: FrameType, event: str, value: Any) -> Any:
        code = frame.f_code
        if code not in self.functions or self.frames.setdefault(code, frame) is not frame:
            return None
        held = {name: x for name, x in frame.f_locals.items() if isinstance(x, Tensor)}
        if event == "call":
            self.given[code] = tuple(_value(name, x) for name, x in held.items())
            self.made[code] = {}
        else:
            self._note(code, held)
        if event == "return" and isinstance(value, Tensor):
            self.returned[code] = (_value("return", value),)
        self.before[code] = (frame.f_lineno, held)
        return self

    def _note(self, code: CodeType, held: dict[str, Tensor]) -> None:
        """Attribute every local that is new or changed since the last event to the line that ran in between."""
        line, before = self.before[code]
        if line == code.co_firstlineno:
            return
        made = self.made[code].setdefault(line, [])
        made += [_value(name, x) for name, x in held.items() if before.get(name) is not x]

    def pieces(self) -> Iterator[Piece]:
        """The functions that ran, in the order requested."""
        for code, function in self.functions.items():
            if code in self.frames:
                texts, first = inspect.getsourcelines(function)
                texts = textwrap.dedent("".join(texts)).splitlines()
                yield Piece(
                    f"{function.__module__.rpartition('.')[2]}.{function.__qualname__}",
                    self.given[code],
                    tuple(self._lines(code, texts, first)),
                )

    def _lines(self, code: CodeType, texts: Sequence[str], first: int) -> Iterator[Line]:
        """Attribute the result to the ``return`` that ran: Python's last event may be at a ``with`` around it."""
        made = self.made[code]
        for n, text in enumerate(texts, first):
            gave = self.returned.get(code, ()) if n in made and text.lstrip().startswith("return") else ()
            yield Line(text, (*made.get(n, ()), *gave), n in made)


def _value(name: str, tensor: Tensor) -> Value:
    flat = tensor.flatten()[:NUMBERS]
    return Value(name, tuple(tensor.shape), tuple(round(float(x), 4) for x in flat))


@contextmanager
def _tracing(watch: _Watch) -> Iterator[None]:
    previous = sys.gettrace()  # of this thread only
    sys.settrace(watch)
    try:
        yield
    finally:
        sys.settrace(previous)


@torch.inference_mode()
def step_as_it_runs(checkpoint: Checkpoint, text: str, step: int) -> tuple[Piece, ...]:
    """The functions that computed step ``step`` (from 0) of greedy decoding, and the keys before it.

    A step after ``<eos>`` gives the last one. Raises UserError for a text that cannot be used.
    """
    model = checkpoint.recurrent
    layer, decoder = model.decoder.attention, model.decoder
    source = source_ids(checkpoint, text)[1]
    position, focus = (getattr(type(layer), name, None) for name in ("position", "focus"))
    own = [type(layer).keys, type(layer).scores, additive.scores, *filter(None, (position, focus))]
    watch = _Watch(
        [*own, layers.weights, layers.context, type(decoder).attend, type(decoder).forward, type(model).step]
    )
    with _tracing(watch):
        reading = PrefixCache(model, source)
    place, token = reading.start, BOS
    for _ in range(step):
        following = reading.step(place, token)
        assert following.output is not None
        said = int(following.output.log_probs_BV[0].argmax())
        if said == EOS:
            break
        place, token = following, said
    with _tracing(watch):
        model.step(place.state, torch.tensor([token]), reading.memory)
    return tuple(watch.pieces())
