"""The network: ``encoder`` → ``attention`` → ``decoder``, joined in ``seq2seq``; ``interface`` is the protocol."""

from s2s.model.interface import Memory, Model, ModelState, StepOutput
from s2s.model.seq2seq import Seq2Seq

__all__ = ["Memory", "Model", "ModelState", "Seq2Seq", "StepOutput"]
