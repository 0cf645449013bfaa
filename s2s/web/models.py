"""Cached calls: the checkpoints there are, a loaded model, a decoded sentence.

torch is imported inside the calls, after the page has been painted for the first time.
"""

from __future__ import annotations

import gc
import json
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from s2s.trace import Trace

if TYPE_CHECKING:
    from s2s.checkpoint import Checkpoint
    from s2s.explain import Evidence
    from s2s.explain.minimal import Minimal
    from s2s.exposure.recovery import Recovery

ROOT = Path(__file__).resolve().parents[2] / "checkpoints"
FIRST = "zh-en-luong"
# One decode at a time: torch gives up the interpreter lock at every call, so ungated ones slow each other.
_GATE = threading.Lock()


def names() -> list[str]:
    """The checkpoints that can be chosen, by directory name; first the one that a new visitor sees."""
    return sorted((path.parent.name for path in ROOT.glob("*/config.json")), key=lambda name: (name != FIRST, name))


@st.cache_resource(max_entries=32)
def about(name: str, changed: int) -> dict[str, Any]:
    """A checkpoint's config and metrics without its weights; empty where they cannot be read."""
    found: dict[str, Any] = {}
    for part in ("config", "metrics"):
        try:
            value = json.loads((ROOT / name / f"{part}.json").read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            value = {}
        found[part] = value if isinstance(value, dict) else {}
    return found


def changed(name: str) -> int:
    """When a checkpoint's weights were last written: part of every cache's key."""
    path = ROOT / name / "model.safetensors"
    return path.stat().st_mtime_ns if path.exists() else 0


@st.cache_resource(max_entries=4, show_spinner=False)
def load(name: str, changed: int) -> Checkpoint:
    """A checkpoint in memory, shared by all visitors and never written to."""
    import torch

    from s2s import checkpoint

    torch.set_num_threads(1)
    loaded = checkpoint.load(ROOT / name)
    loaded.source.segmenter.cut("热身")  # jieba reads its dictionary once, here
    gc.collect()
    gc.freeze()
    return loaded


@st.cache_resource(max_entries=512, show_spinner=False)
def decode(
    name: str, changed: int, text: str, reference: str, mode: str, settings: tuple[tuple[str, Any], ...]
) -> Trace:
    """One lane. Raises UserError for a text or reference that cannot be used."""
    from s2s.decode import trace
    from s2s.strategy import Settings

    checkpoint = load(name, changed)
    with _GATE:
        return trace(checkpoint, text, reference or None, mode, Settings(**dict(settings)))


@st.cache_resource(max_entries=512, show_spinner=False)
def recover(name: str, changed: int, text: str, reference: str) -> Recovery:
    """What the model says from every prefix of the reference. Raises UserError as ``decode`` does."""
    from s2s.exposure.sentence import sentence

    checkpoint = load(name, changed)
    with _GATE:
        return sentence(checkpoint, text, reference)


@st.cache_resource(max_entries=512, show_spinner=False)
def evidence(shown: str, lane: str, steps: tuple[int, ...], _checkpoint: Checkpoint, _trace: Trace) -> list[Evidence]:
    """The evidence of some steps of a lane; ``shown`` and ``lane`` stand for checkpoint and trace."""
    from s2s.explain import examine, of_trace

    with _GATE:
        return examine(_checkpoint.model, of_trace(_checkpoint, _trace), steps, normalise=False)


@st.cache_resource(max_entries=512, show_spinner=False)
def orders(shown: str, lane: str, steps: tuple[int, ...], _checkpoint: Checkpoint, _trace: Trace) -> list[Evidence]:
    """The same with the best and the worst order of erasing."""
    from s2s.explain import of_trace
    from s2s.explain.evidence import ordered

    found = evidence(shown, lane, steps, _checkpoint, _trace)
    with _GATE:
        return ordered(_checkpoint.model, of_trace(_checkpoint, _trace), found)


@st.cache_resource(max_entries=512, show_spinner=False)
def minimal(shown: str, lane: str, step: int, rank: int, _checkpoint: Checkpoint, _trace: Trace) -> Minimal:
    """The minimal attention for the word of a rank at one step of a lane."""
    import torch

    from s2s.explain import of_trace
    from s2s.explain.minimal import minimal as search
    from s2s.explain.weights import moments

    with _GATE, torch.no_grad():
        (moment,) = moments(_checkpoint.model, of_trace(_checkpoint, _trace), [step])
        token = _trace.steps[step].top[rank - 1].token
        return search(_checkpoint.model, moment, _checkpoint.target.vocab.tokens.index(token))
