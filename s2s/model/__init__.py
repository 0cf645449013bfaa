"""The network: ``encoder`` → ``attention`` → ``decoder``, joined in ``seq2seq``; ``interface`` is what others ask."""

from s2s.model.interface import Memory, Model, State, StepOutput
from s2s.model.seq2seq import Seq2Seq

__all__ = ["Memory", "Model", "Seq2Seq", "State", "StepOutput"]
