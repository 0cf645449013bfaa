"""Inspection of a test set: one row per example, with the causes of its error (docs/INSPECT.md)."""
