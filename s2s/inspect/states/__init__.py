"""Saved decoder states of an inspection, searched and projected."""
