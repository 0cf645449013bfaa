"""Rounding of numbers that are written to files."""

from __future__ import annotations


def significant(value: float, digits: int) -> float:
    """The number rounded to ``digits`` significant digits.

    >>> significant(0.123456789, 5), significant(-12345.678, 3)
    (0.12346, -12300.0)
    """
    return float(f"{value:.{digits}g}")
