"""Models and pairs that the tests of measures share."""

from __future__ import annotations

import random
from typing import Any

from s2s.data.batches import Ids
from s2s.model import Seq2Seq
from tests.factory import SOURCE, TARGET, make_config, make_model

KINDS: list[dict[str, Any]] = [
    {"attention": "additive"},
    {"attention": "general", "cell": "lstm", "decoder_layers": 2},
    {"attention": "local-p", "window": 2},
    {"attention": "additive", "coverage": True, "pointer": True, "prior": True},
]


def tiny(scale: float = 0.8, **model: Any) -> Seq2Seq:
    return make_model(make_config(**model), scale=scale)


def some_pairs(seed: int = 0, count: int = 9) -> list[Ids]:
    """Random pairs of different lengths; one has a single target word."""
    rng = random.Random(seed)
    lengths = [(rng.randint(1, 7), rng.randint(1, 7)) for _ in range(count - 1)]
    return [
        ([rng.randrange(4, len(SOURCE)) for _ in range(s)], [rng.randrange(4, len(TARGET)) for _ in range(t)])
        for s, t in [*lengths, (3, 1)]
    ]
