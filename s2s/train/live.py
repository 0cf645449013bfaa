"""Live training on the date task, small enough for a minute, and the visitor's choices."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from s2s.config import Config, DataConfig, ModelConfig, TextConfig, TrainConfig
from s2s.errors import UserError

if TYPE_CHECKING:
    from s2s.tasks.example import Example

PAIRS = 12_000  # to train on
SCORED = 150  # held-out dates, each with one reading
LONGEST = 20  # characters of a source: the long ones cost more than they teach
SEED = 1
# Of the film, our own; their days are in no training pair.
FIXED = (
    ("二〇二六年十一月廿二日", "2026-11-22"),
    ("Nov. 22nd, 2026", "2026-11-22"),
    ("the 3rd of May, 1998", "1998-05-03"),
)
MOMENTS = 60  # of the film
ATTENTIONS = ("additive", "general", "dot", "concat", "local-p")
FEEDING = ("teacher", "sampling")
ORIGIN = "Synthetic: written in memory by this repository's own generator while a visitor watched."


@dataclass(frozen=True)
class Choice:
    """A visitor's choices; the defaults reach 95 % of the held-out dates soonest."""

    attention: str = "additive"
    size: int = 96  # of the decoder's state; of the encoder's, both directions together
    learning_rate: float = 0.008
    batch_size: int = 64
    dropout: float = 0.0
    feeding: str = "teacher"  # sampling: scheduled, from always the reference to half of the time
    epochs: int = 3

    def __post_init__(self) -> None:
        for name, allowed in CHOICES.items():
            if getattr(self, name) not in allowed:
                known = ", ".join(map(str, allowed))
                raise UserError("config_choice", key=name, found=getattr(self, name), known=known)


CHOICES: dict[str, tuple[Any, ...]] = {
    "attention": ATTENTIONS,
    "size": (32, 64, 96, 128, 192),
    "learning_rate": (0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032),
    "batch_size": (16, 32, 64, 128, 256),
    "dropout": (0.0, 0.1, 0.2, 0.3, 0.5),
    "feeding": FEEDING,
    "epochs": (1, 2, 3, 4, 6, 8),
}


def steps(choice: Choice) -> int:
    """The number of steps of a whole run."""
    return choice.epochs * math.ceil(PAIRS / choice.batch_size)


def config(choice: Choice, name: str) -> Config:
    """The config of a run: that of configs/date.toml, smaller, with the choice and a film."""
    every = math.ceil(steps(choice) / MOMENTS)
    half = choice.size // 2
    train = TrainConfig(
        objective="scheduled_sampling" if choice.feeding == "sampling" else "cross_entropy",
        sampling_slope=0.5 / steps(choice),
        sampling_floor=0.5,
        epochs=choice.epochs,
        batch_size=choice.batch_size,
        learning_rate=choice.learning_rate,
        warmup_steps=max(1, min(100, steps(choice) // 10)),
        dropout=choice.dropout,
        label_smoothing=0.0,
        average=0.98,
        patience=choice.epochs,
        save_every=every,
        film_every=every,
        film_sentences=len(FIXED),
        film_scored=SCORED,
        threads=1,
        seed=SEED,
    )
    return Config(
        name=name,
        model=ModelConfig(
            choice.attention, embedding_size=half, encoder_size=half, decoder_size=choice.size, attention_size=half
        ),
        text=TextConfig("characters", "characters", 1, 1),
        data=DataConfig(train="", dev="", max_tokens=LONGEST, origin=ORIGIN),
        train=train,
    )


def pairs() -> dict[str, list[tuple[str, str]]]:
    """The pairs of train, dev and test, in memory; dev has days that train lacks, with one reading each."""
    from s2s.tasks import date  # what is above, the page reads, and it needs no grammar

    shown = {target for _, target in FIXED}
    dev = (e for e in _short("dev") if e.target not in shown and len(date.posterior(e.source)) == 1)
    return {
        "train": _take((e for e in _short("train") if e.target not in shown), PAIRS),
        "dev": [*FIXED, *_take(dev, SCORED - len(FIXED))],
        "test": [],
    }


def _short(split: str) -> Iterator[Example]:
    """Examples whose source is not long; twice as many as are wanted are enough to find them among."""
    from s2s.tasks import date

    return (e for e in date.examples(split, 2 * PAIRS, SEED) if len(e.source) <= LONGEST)


def _take(examples: Iterator[Example], count: int) -> list[tuple[str, str]]:
    return [(e.source, e.target) for _, e in zip(range(count), examples, strict=False)]
