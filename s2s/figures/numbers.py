"""Numbers as a page writes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from s2s.evaluate.measured import Estimate, Measured


def share(p: float) -> str:
    """A probability in per cent; what would read as 0 or 100 but is not says so.

    >>> share(0.8789), share(0.0001), share(0.99999)
    ('87.9 %', '<0.1 %', '>99.9 %')
    """
    if 0 < p < 0.0005:
        return "<0.1 %"
    return ">99.9 %" if 0.9995 < p < 1 else f"{100 * p:.1f} %"


def chance(p: float) -> str:
    """A p-value; one that no resample reached is below what 1,000 can show.

    >>> chance(0.0213), chance(0.0)
    ('= 0.021', '< 0.001')
    """
    return "< 0.001" if p < 0.001 else f"= {p:.3f}"


def signed(number: str) -> str:
    """A written number with a real minus."""
    return number.replace("-", "−")


def with_interval(found: Estimate | Measured | None) -> str:
    """A value with its interval; a dash where nothing defines it."""
    if found is None or found.value is None:
        return "–"
    if found.low is None or found.high is None:
        return signed(f"{found.value:.4g}")
    return signed(f"{found.value:.4g} [{found.low:.4g}, {found.high:.4g}]")
