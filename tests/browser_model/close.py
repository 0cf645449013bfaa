"""How far two JSON values are apart."""

from __future__ import annotations

import itertools
import math
import re
from typing import Any

CLEAR = 2e-4  # the least distance between two numbers whose order is compared
SHARE = re.compile(r"\d\.\d\d|\d+(?= %)")
ROWS = ("gradient", "integrated", "erasure")


def comparable(step: dict[str, Any], expected: dict[str, Any]) -> dict[str, Any]:
    """A step's evidence, ratios of small numbers times those of the ``expected`` one.

    Ranks and the verdict are left out where two numbers are too near to one another.
    """
    sizes = {name: min(1.0, sum(map(abs, expected["rows"][name]))) for name in ROWS}
    own = {name: value for name, value in step.items() if name != "minimal"}
    kept = own | {"shares": {name: [x * sizes[name] for x in row] for name, row in step["shares"].items()}}
    rows = [sorted(map(abs, expected["rows"][name])) for name in ("attention", *ROWS)]
    if any(b - a < CLEAR for row in rows for a, b in itertools.pairwise(row)):
        del kept["tau"], kept["verdict"]
    reached = [*expected["without"], *expected["with_only"], expected["probability"]]
    span = max(reached) - min(reached)
    return kept | {"normalised": [None if x is None else x * span for x in step["normalised"]]}


def alike(answer: dict[str, Any], expected: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """An answer of the browser and Python's, their evidence made comparable."""
    if "steps" not in expected or "verdict" not in expected["steps"][0]:
        return answer, expected
    steps = [
        [comparable(one, own) for one, own in zip(both["steps"], expected["steps"], strict=True)]
        for both in (answer, expected)
    ]
    return {**answer, "steps": steps[0]}, {**expected, "steps": steps[1]}


def distance(found: Any, expected: Any, at: str = "") -> float:
    """The greatest difference of two numbers at the same place, of large ones in proportion; else all must be equal."""
    if isinstance(expected, float) or (isinstance(found, float) and isinstance(expected, int)):
        assert isinstance(found, int | float) and math.isfinite(found), (at, found, expected)
        return abs(found - expected) / max(1.0, abs(expected))
    if isinstance(expected, dict):
        assert isinstance(found, dict) and found.keys() == expected.keys(), (at, found, expected)
        return max((distance(found[key], value, f"{at}.{key}") for key, value in expected.items()), default=0.0)
    if isinstance(expected, list | tuple):
        assert isinstance(found, list) and len(found) == len(expected), (at, found, expected)
        pairs = enumerate(zip(found, expected, strict=True))
        return max((distance(one, two, f"{at}[{n}]") for n, (one, two) in pairs), default=0.0)
    assert found == expected or (".summar" in at and nearly(found, expected)), (at, found, expected)
    return 0.0


def nearly(found: str, expected: str) -> bool:
    """Whether two sentences are the same but for the last digit of a share or a weight, which may be rounded away."""
    if SHARE.sub("", found) != SHARE.sub("", expected):
        return False
    pairs = zip(SHARE.findall(found), SHARE.findall(expected), strict=True)
    return all(abs(float(one) - float(two)) < (0.011 if "." in two else 1.1) for one, two in pairs)
