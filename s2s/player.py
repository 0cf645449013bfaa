"""The player's files: the app mounts them as a component, an exported page carries them along."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from s2s.trace import Trace

FOLDER = Path(__file__).parent / "web" / "player"
SCRIPTS = (
    "dom.js",
    "ask.js",
    "lanes.js",
    "heatmap.js",
    "softmax.js",
    "worked.js",
    "fork.js",
    "edit.js",
    "evidence.js",
    "predict.js",
    "paper.js",
    "picture.js",
    "export.js",
    "input.js",
    "player.js",
)


def read(name: str) -> str:
    """One file of the player's folder."""
    return (FOLDER / name).read_text(encoding="utf-8")


def script() -> str:
    """The player's scripts as one module, which exports ``mount``: they share their top-level names."""
    return "\n".join(map(read, SCRIPTS))


def lane_values(lanes: Mapping[str, Trace]) -> dict[str, Any]:
    """The lanes as the player wants them, null for one that there is not."""
    return {name: lanes[name].to_dict() if name in lanes else None for name in ("forced", "free")}
