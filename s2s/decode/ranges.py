"""Ranges of the numbers that set decoding: what the command line and Python take, and what pages and links take.

Pages take less, because visitors share one server and a slider cannot be set finely over a wide range.
"""

from __future__ import annotations

from collections.abc import Mapping

Range = tuple[int, int] | tuple[float, float]  # the least and the greatest value; both are allowed

WIDE: Mapping[str, Range] = {
    "temperature": (0.05, 10.0),
    "top_k": (0, 100_000),
    "top_p": (0.01, 1.0),
    "seed": (0, 2**63 - 1),
    "beam": (1, 50),
    "length_penalty": (0.0, 5.0),
    "coverage_penalty": (0.0, 5.0),
    "max_length": (0, 500),
}
ON_PAGES: Mapping[str, Range] = {
    "temperature": (0.05, 3.0),
    "top_k": (0, 1_000),
    "top_p": (0.05, 1.0),
    "seed": (0, 999_999),
    "beam": (1, 10),
    "length_penalty": (0.0, 2.0),
    "coverage_penalty": (0.0, 2.0),
    "max_length": (0, 200),
}
