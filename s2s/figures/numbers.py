"""Numbers formatted for a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from s2s.evaluate.measured import Estimate, Measured


def share(p: float) -> str:
    """A probability in per cent; values that would round to 0 or 100 have < or > instead.

    >>> share(0.8789), share(0.0001), share(0.99999)
    ('87.9 %', '<0.1 %', '>99.9 %')
    """
    if 0 < p < 0.0005:
        return "<0.1 %"
    return ">99.9 %" if 0.9995 < p < 1 else f"{100 * p:.1f} %"


def chance(p: float) -> str:
    """A p-value with its sign of relation; below 0.001, which 1,000 resamples cannot resolve, it is "< 0.001".

    >>> chance(0.0213), chance(0.0)
    ('= 0.021', '< 0.001')
    """
    return "< 0.001" if p < 0.001 else f"= {p:.3f}"


def storage(size: int) -> str:
    """A number of bytes in kB, from a megabyte on in MB; a file that has any is never of size 0.

    >>> storage(0), storage(310), storage(48_200), storage(999_700), storage(1_234_560_000)
    ('0 kB', '<1 kB', '48 kB', '1.0 MB', '1,234.6 MB')
    """
    if 0 < size < 1_000:
        return "<1 kB"
    return f"{size / 1e3:.0f} kB" if size < 999_500 else f"{size / 1e6:,.1f} MB"


def signed(number: str) -> str:
    """A formatted number with a minus sign (−) in place of a hyphen."""
    return number.replace("-", "−")


def with_interval(estimate: Estimate | Measured | None) -> str:
    """A value with its interval; a dash if it is undefined."""
    if estimate is None or estimate.value is None:
        return "–"
    if estimate.low is None or estimate.high is None:
        return signed(f"{estimate.value:.4g}")
    return signed(f"{estimate.value:.4g} [{estimate.low:.4g}, {estimate.high:.4g}]")
