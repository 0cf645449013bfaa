"""What the doctor finds: a cause with its strength, the numbers it is read from, and a cure that was tried."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from s2s.doctor.thresholds import BETTER

CAUSES = (
    "broken_weights",
    "nan",
    "empty_row",
    "wrong_axis",
    "not_normalised",
    "padding_mass",
    "other_source",
    "dropout_at_test",
    "not_summed",
    "no_tanh",
    "gate_order",
    "wrong_bos",
    "reversed_source",
    "wrong_vocabulary",
    "shift",
    "wrong_head",
    "no_gradient",
    "tied_wrongly",
    "frozen_encoder",
    "untrained_scores",
    "dead_bridge",
    "saturated",
    "saturated_tanh",
    "exploding_norms",
    "coverage_too_early",
    "unknown_words",
    "too_little_data",
    "half_trained",
    "late_attention",
    "bypassed",
    "constant",
    "uniform",
    "eos_sink",
    "punctuation",
    "first_token",
    "last_token",
)  # of two equally strong findings the earlier is the likelier cause of the other
PLACES = frozenset(("eos_sink", "punctuation", "first_token", "last_token"))  # where the weight rests
# What weights and scores look like. All other causes are wrong in themselves, or are found by what a remedy saves.
LOOKS = PLACES | {"saturated", "constant", "uniform"}


@dataclass(frozen=True)
class Cure:
    """A remedy and, where it was tried, the same measures of the model before and after it.

    ``verified``: the model ran again with the remedy, and was better. A remedy that only training can bring is not
    tried; ``before`` and ``after`` are then empty.
    """

    name: str  # the sentence ``doctor.cure.NAME``
    verified: bool = False
    before: Mapping[str, float] = field(default_factory=dict)
    after: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Finding:
    """One cause: one of ``CAUSES``, its strength from 0 to 1, and its numbers by name.

    ``cause`` is the key of the sentence that says what happens and why, ``doctor.cause.NAME`` unless given, and
    ``where`` the parameter that it is about, empty where there is no single one.
    """

    name: str
    strength: float
    numbers: Mapping[str, float] = field(default_factory=dict)
    cause: str = ""
    cure: Cure | None = None
    where: str = ""

    @property
    def costless(self) -> bool:
        """Whether it only says what weights look like, and its cure, which was tried, brought nothing.

        Scores that are the same at every step, or greater than the formula makes them, are wrong in themselves, and so
        is a place without which the model knows less: it reads the source from there.
        """
        direct = {"score_spread", "score_ratio"} & self.numbers.keys() or self.read_there
        return self.name in LOOKS and not direct and self.gain is not None and self.gain <= BETTER

    @property
    def read_there(self) -> bool:
        """Whether the model knows less without the weight on one place."""
        return self.name in PLACES and self.gain is not None and self.gain < -BETTER

    @property
    def gain(self) -> float | None:
        """Nats a token that the cure gave the references, where it was tried on them."""
        tried = self.cure is not None and {"log_prob"} <= self.cure.before.keys() & self.cure.after.keys()
        return self.cure.after["log_prob"] - self.cure.before["log_prob"] if self.cure and tried else None

    def __post_init__(self) -> None:
        if self.name not in CAUSES:
            raise ValueError(f"no cause is called {self.name}")
        object.__setattr__(self, "strength", min(1.0, max(0.0, float(self.strength))))
        object.__setattr__(self, "cause", self.cause or f"doctor.cause.{self.name}")
