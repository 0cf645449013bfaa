"""Scores of a model over a corpus."""
