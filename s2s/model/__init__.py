"""The network: ``encoder`` → ``attention`` → ``decoder``, joined in ``seq2seq``."""

from s2s.model.decoder import Memory, State
from s2s.model.seq2seq import Seq2Seq, StepOutput

__all__ = ["Memory", "Seq2Seq", "State", "StepOutput"]
