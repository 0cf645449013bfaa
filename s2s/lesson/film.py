"""A film of a training as the plain values that its browser component is given."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from s2s.trace.film import FilmFrame, FilmMoment, curve, film
from s2s.trace.trace import Trace

Film = Mapping[str, Any]  # what the component is given, without its texts
UNITS = 1000  # weights travel as whole thousandths


def read_film(directory: str | Path, name: str) -> Film | None:
    """A checkpoint's film for the component; None without one that begins. Raises UserError for a broken film."""
    moments, frames = curve(directory), film(directory)
    begins = moments and any(frame.step == moments[0].step for frame in frames)
    return film_values(name, moments, frames, moments[-1].step) if begins else None


def frame_values(frame: FilmFrame) -> dict[str, Any]:
    """A frame for the component: weights row by row, the model's output, the reference words' probabilities."""
    steps = frame.trace.steps
    return {
        "weights": [round(w * UNITS) for step in steps for w in step.attention.tolist()],
        "said": [step.top[0].token for step in steps],
        "right": [round(math.exp(min(0.0, step.target.log_prob)), 4) if step.target else 0.0 for step in steps],
        "text": frame.text,
    }


def sentence_values(trace: Trace) -> dict[str, Any]:
    """The values of a sentence that are the same in all its frames."""
    return {
        "source": trace.source_text,
        "reference": trace.reference,
        "tokens": list(trace.source_tokens),
        "unknown": list(trace.source_unknown),
        "target": [step.target.token if step.target else step.output for step in trace.steps],
    }


def film_values(name: str, moments: Sequence[FilmMoment], frames: Sequence[FilmFrame], total: int) -> Film:
    """A film for the component, without the page's strings; moments whose frames are incomplete are left out."""
    at: dict[int, dict[int, FilmFrame]] = {m.step: {} for m in moments}
    for frame in frames:
        at.setdefault(frame.step, {})[frame.sentence] = frame
    first = at[moments[0].step]
    whole = [m for m in moments if at[m.step].keys() == first.keys()]
    return {
        "name": name,
        "sentences": [sentence_values(frame.trace) for _, frame in sorted(first.items())],
        "moments": [
            {"step": m.step, "seconds": m.seconds, "train": m.train_loss, "dev": m.dev_loss, "exact": m.exact}
            for m in whole
        ],
        "frames": [[frame_values(frame) for _, frame in sorted(at[m.step].items())] for m in whole],
        "pairs": moments[0].pairs,
        "total": total,
    }
