"""Lookback: attention sequence-to-sequence models, seen step by step. Start reading at ``s2s.trace``."""
