"""Healthy models of different kinds, of which a doctor is to find nothing; most patients are copies of them."""

from __future__ import annotations

from collections.abc import Callable

from tests.doctor.ward import tasks
from tests.doctor.ward.training import Trained, trained

HEALTHY: dict[str, Callable[[], Trained]] = {
    "additive GRU, in order": lambda: trained(tasks.MONOTONE),
    "general LSTM, in order": lambda: trained(tasks.MONOTONE, attention="general", cell="lstm"),
    "dot GRU, backwards": lambda: trained(tasks.REVERSED, attention="dot"),
    "additive GRU, one place": lambda: trained(tasks.CONSTANT),
    "concat GRU, every word twice": lambda: trained(tasks.TWICE, attention="concat"),
    "additive LSTM, full stop, tied": lambda: trained(tasks.FULL_STOP, cell="lstm", tied_embeddings=True),
    "local GRU, <eos>": lambda: trained(tasks.MONOTONE, attention="local-m", window=2, eos=True),
    "additive GRU, from one word, coverage": lambda: trained(tasks.FROM_ONE, coverage=True),
    "general GRU, two layers, large": lambda: trained(tasks.LARGE, attention="general", decoder_layers=2),
}


def additive() -> Trained:
    """The model that most patients are a copy of."""
    return HEALTHY["additive GRU, in order"]()


def general() -> Trained:
    """One with Luong's attention and LSTMs."""
    return HEALTHY["general LSTM, in order"]()


def backwards() -> Trained:
    """One whose translations run backwards."""
    return HEALTHY["dot GRU, backwards"]()


def twice() -> Trained:
    """One that writes every word twice."""
    return HEALTHY["concat GRU, every word twice"]()


def constant() -> Trained:
    """One that looks at the same place in all steps."""
    return HEALTHY["additive GRU, one place"]()


def local() -> Trained:
    """One that looks through a window and reads the end of its source."""
    return HEALTHY["local GRU, <eos>"]()


def full_stop() -> Trained:
    """One whose sources end in punctuation."""
    return HEALTHY["additive LSTM, full stop, tied"]()


def from_one() -> Trained:
    """One that knows sentences of one word."""
    return HEALTHY["additive GRU, from one word, coverage"]()
