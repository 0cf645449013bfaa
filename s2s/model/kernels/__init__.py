"""Layers with gradients written by hand. Skip on first reading."""
