"""What the player needs: its files, and traces and branches as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from s2s.player import bundle
from s2s.text.subwords import join_pieces, word_spans
from s2s.trace.branch import Branch
from s2s.trace.step import Step
from s2s.trace.summary import summaries
from s2s.trace.trace import Trace

FOLDER = Path(__file__).parent / "browser"


def read(name: str) -> str:
    """One file of the player's folder."""
    return (FOLDER / name).read_text(encoding="utf-8")


def script(entry: str = "app.js") -> str:
    """An entry of the player's folder as one module: ``app.js`` exports its mount, ``page.js`` runs by itself.

    A page, which has no Python to ask, is without the sections that show its answers.
    """
    return bundle.script(FOLDER / entry)


def lane_values(lanes: Mapping[str, Trace]) -> dict[str, Any]:
    """The forced and the free lane as plain values; None for a missing one."""
    return {name: lanes[name].to_dict() if name in lanes else None for name in ("forced", "free")}


def lane_summaries(lanes: Mapping[str, Trace]) -> dict[str, dict[str, str]]:
    """One sentence about each lane, by lane and language."""
    own = [(name, lanes[name]) for name in ("forced", "free") if name in lanes]
    return {name: summaries(lane, lanes.get("forced") if name == "free" else None) for name, lane in own}


def source_words(lanes: Mapping[str, Trace]) -> dict[str, Any] | None:
    """The words of a source in subwords: ``labels``, and ``spans`` [start, end) in tokens. None for other sources."""
    tokens = next(iter(lanes.values())).source_tokens
    words = word_spans(tokens)
    if len(words) == len(tokens):
        return None
    return {"labels": [join_pieces(tokens[start:end]) for start, end in words], "spans": [list(span) for span in words]}


def branch_row(branch: Branch, trace: Trace, parent: Trace | None) -> dict[str, Any]:
    """A branch as plain values for the player, with the steps after those that it shares with its parent."""
    shared = _shared(trace, parent)
    plain = trace.to_dict(shared)
    parts = ("settings", "divergence", "steps", "text", "ended")
    head = {"id": branch.id, "name": branch.name, "parent": branch.parent, "key": branch.id, "shared": shared}
    more = {"prefix": plain.get("prefix", 0), "summary": summaries(trace)}
    return head | more | {key: plain[key] for key in parts}


def _shared(trace: Trace, parent: Trace | None) -> int:
    """The number of leading steps that equal the parent's."""
    pairs = zip(trace.steps, parent.steps if parent else (), strict=False)
    return next((t for t, (own, other) in enumerate(pairs) if not _same_step(own, other)), _shorter(trace, parent))


def _same_step(own: Step, other: Step) -> bool:
    same_word = (own.output, own.log_prob, own.target) == (other.output, other.log_prob, other.target)
    return same_word and np.array_equal(own.attention, other.attention)


def _shorter(trace: Trace, parent: Trace | None) -> int:
    return min(len(trace.steps), len(parent.steps)) if parent else 0
