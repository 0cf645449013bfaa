"""The learning rate by step."""

from __future__ import annotations

import math

from s2s.config import TrainConfig


def learning_rate(step: int, steps: int, settings: TrainConfig) -> float:
    """Linear warm-up over ``warmup_steps``, then a cosine decay to ``final_learning_rate`` times the peak.

    >>> s = TrainConfig(learning_rate=1.0, warmup_steps=10, final_learning_rate=0.0)
    >>> [round(learning_rate(i, 110, s), 3) for i in (0, 9, 10, 60, 109)]
    [0.1, 1.0, 1.0, 0.5, 0.0]
    """
    if step < settings.warmup_steps:
        return settings.learning_rate * (step + 1) / settings.warmup_steps
    done = (step - settings.warmup_steps) / max(1, steps - settings.warmup_steps)
    low = settings.final_learning_rate
    return settings.learning_rate * (low + (1 - low) * 0.5 * (1 + math.cos(math.pi * min(1.0, done))))
