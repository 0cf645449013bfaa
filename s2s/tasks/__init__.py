"""Synthetic tasks of our own: generators of pairs whose right answers are known exactly."""
