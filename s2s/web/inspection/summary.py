"""The section summary of the page."""

from __future__ import annotations

from pathlib import Path


def section(directory: Path) -> None:
    """Show it for one inspection."""
