"""A broken model with the cause that a doctor is to name, and the list of all of them."""

from __future__ import annotations

import copy
import dataclasses
import functools
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from s2s.checkpoint.record import Checkpoint
from s2s.data.batches import Pair
from s2s.model import Model, Seq2Seq
from tests.doctor.ward.measures import Measures, measure
from tests.doctor.ward.tasks import Links
from tests.doctor.ward.training import Trained

Sign = Callable[[Measures, Measures], bool]  # whether the numbers of a model, beside those of a healthy one, show it


@dataclass(frozen=True)
class Patient:
    """A model broken in one way; ``also`` maps other causes that a doctor may name first to the reason.

    ``links`` is the right alignment of ``pairs``, and ``well`` the model before it was broken, or one like it.
    """

    name: str
    checkpoint: Checkpoint
    expected: str
    pairs: list[Pair]
    links: list[Links]
    train: list[Pair]
    curve: list[dict[str, float | None]]
    well: Trained
    sign: Sign
    also: Mapping[str, str] = field(default_factory=dict)


WARD: dict[str, Callable[[], Patient]] = {}


def patient(expected: str, sign: Sign, **also: str) -> Callable[[Callable[[], Any]], Callable[[], Any]]:
    """Lists a maker, which returns what is broken and the healthy model beside it, under the name of its function."""

    def listed(make: Callable[[], tuple[Trained, Trained]]) -> Callable[[], Any]:
        name = make.__name__

        @functools.cache
        def made() -> Patient:
            ill, well = make()
            shown = name + "".join(ill.checkpoint.name.partition("@")[1:])
            checkpoint = dataclasses.replace(ill.checkpoint, name=shown, digest=_digest(name))
            return Patient(name, checkpoint, expected, ill.dev, ill.links, ill.train, ill.curve, well, sign, also)

        assert name not in WARD
        WARD[name] = made
        return make

    return listed


def _digest(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:12]


@functools.cache
def measured(well: Trained) -> Measures:
    """The numbers of a healthy model."""
    return measure(well.checkpoint, well.dev, well.links, well.train)


def broken(well: Trained, change: Callable[[Seq2Seq], Model | None]) -> tuple[Trained, Trained]:
    """A changed copy of a healthy model, and the model; ``change`` may return another one in its place."""
    model = copy.deepcopy(well.model)
    other = change(model)
    return with_model(well, model if other is None else other), well


def with_model(well: Trained, model: Model) -> Trained:
    """The same pairs and vocabularies with another network."""
    return dataclasses.replace(well, checkpoint=dataclasses.replace(well.checkpoint, model=model))
