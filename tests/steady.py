"""Runs a failed browser test once more, alone, and lists at the end the tests that needed that."""

from __future__ import annotations

from typing import Any

import pytest

FOLDERS = ("browser", "journeys")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One tap that misses must not stop everything: one more run for these folders, none for others."""
    for item in items:
        if set(FOLDERS) & set(item.path.parts):
            item.add_marker(pytest.mark.flaky(reruns=1))


def unsteady(stats: dict[str, list[Any]]) -> list[str]:
    """The tests that failed first and passed then."""
    failed = {report.nodeid for kind in ("failed", "error") for report in stats.get(kind, [])}
    return sorted({report.nodeid for report in stats.get("rerun", [])} - failed)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """A list of them, under xdist too, with what went wrong the first time."""
    if names := unsteady(terminalreporter.stats):
        terminalreporter.section("unsteady: passed only when run once more; mend them")
        for name in names:
            terminalreporter.line(name)
            first = next(report for report in terminalreporter.stats["rerun"] if report.nodeid == name)
            said = [line for line in first.longreprtext.splitlines() if line.startswith("E ")]
            terminalreporter.line(f"    {' '.join(said[:1]).removeprefix('E').strip()[:200]}")
