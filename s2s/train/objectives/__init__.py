"""What a model is trained to do: functions ``(model, batch, rng, progress) → loss``, by name.

A loss is a sum over the batch's sentences divided by the number of their target tokens including
``<eos>``, so that processes which share a batch can weight their parts by tokens. (The norms in
``fgm`` and ``gradient_penalty`` are those of a part.) Except for dropout, random numbers come from
``rng`` only, which the loop saves.
"""

from __future__ import annotations

from s2s.train.objectives.adversarial import fgm, gradient_penalty
from s2s.train.objectives.corruption import mask, replacement
from s2s.train.objectives.guided import guided_attention
from s2s.train.objectives.objective import Objective, TrainingProgress
from s2s.train.objectives.policy import self_critical
from s2s.train.objectives.sampling import scheduled_sampling
from s2s.train.objectives.teacher_forcing import cross_entropy

__all__ = ["OBJECTIVES", "Objective", "TrainingProgress"]

OBJECTIVES: dict[str, Objective] = {
    "cross_entropy": cross_entropy,
    "scheduled_sampling": scheduled_sampling,
    "self_critical": self_critical,
    "replacement": replacement,
    "mask": mask,
    "fgm": fgm,
    "gradient_penalty": gradient_penalty,
    "guided_attention": guided_attention,
}
