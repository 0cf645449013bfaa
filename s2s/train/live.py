"""Training on the date task from the lesson's page, small enough for a minute, with the visitor's settings."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from s2s.config import Config, DataConfig, ModelConfig, TextConfig, TrainConfig
from s2s.errors import UserError

if TYPE_CHECKING:
    from s2s.tasks.example import Example

PAIRS = 12_000  # training pairs
SCORED = 150  # held-out dates, each with a single correct answer
LONGEST = 20  # characters of a source at most: longer ones cost time and help little
SEED = 1
# Dates of the film, written by us; no training pair has their days.
FIXED = (
    ("二〇二六年十一月廿二日", "2026-11-22"),
    ("Nov. 22nd, 2026", "2026-11-22"),
    ("the 3rd of May, 1998", "1998-05-03"),
)
MOMENTS = 60  # moments of the film
ATTENTIONS = ("additive", "general", "dot", "concat", "local-p")
FEEDING = ("teacher", "sampling")
ORIGIN = "Synthetic: written in memory by this repository's own generator while a visitor watched."


@dataclass(frozen=True)
class Choice:
    """A visitor's settings. The defaults are the fastest to reach 95 % of the held-out dates."""

    attention: str = "additive"
    size: int = 96  # of the decoder's state, and of both directions of the encoder's together
    learning_rate: float = 0.008
    batch_size: int = 64
    dropout: float = 0.0
    feeding: str = "teacher"  # "sampling": scheduled sampling, whose share of reference tokens falls from 1 to 0.5
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
    """The config of a run: configs/date.toml with smaller sizes, the visitor's settings and a film."""
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
    """The pairs of train, dev and test, in memory. Dev has days that train lacks, each with a single correct answer."""
    from s2s.tasks import date  # imported here: the page needs only the constants above

    shown = {target for _, target in FIXED}
    dev = (e for e in _short("dev") if e.target not in shown and len(date.posterior(e.source)) == 1)
    return {
        "train": _take((e for e in _short("train") if e.target not in shown), PAIRS),
        "dev": [*FIXED, *_take(dev, SCORED - len(FIXED))],
        "test": [],
    }


def _short(split: str) -> Iterator[Example]:
    """The first examples with a short source, of twice as many as are wanted."""
    from s2s.tasks import date

    return (e for e in date.examples(split, 2 * PAIRS, SEED) if len(e.source) <= LONGEST)


def _take(examples: Iterator[Example], count: int) -> list[tuple[str, str]]:
    return [(e.source, e.target) for _, e in zip(range(count), examples, strict=False)]
