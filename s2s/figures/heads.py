"""The attention of every head as small images in rows, one row per layer, as HTML."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from html import escape

import numpy as np
from PIL import Image

from s2s.errors import fill
from s2s.figures.numbers import share
from s2s.figures.palette import ORANGE, channels

STYLE = """<style>
.lb-heads { display: grid; grid-template-columns: repeat(auto-fill, minmax(92px, 1fr)); gap: 6px; margin: 2px 0 12px; }
.lb-heads figure { margin: 0; padding: 4px; border: 1px solid rgba(128, 128, 128, 0.35); border-radius: 6px; }
.lb-heads figure.seen { border-color: var(--lb-other); box-shadow: 0 0 0 2px var(--lb-other); }
.lb-heads img { display: block; width: 100%; aspect-ratio: 1; image-rendering: pixelated; }
.lb-heads figcaption { display: flex; justify-content: space-between; font-size: 0.78rem; line-height: 1.4; }
.lb-heads figcaption span + span { opacity: 0.8; font-variant-numeric: tabular-nums; }
</style>"""


def picture(weights_TS: np.ndarray) -> str:
    """The weights as a PNG in a data URI: one pixel row per step, one pixel column per source token."""
    pixels = np.empty((*weights_TS.shape, 4), dtype=np.uint8)
    pixels[..., :3] = channels(ORANGE)
    pixels[..., 3] = np.rint(255 * np.clip(weights_TS, 0, 1) ** 0.7)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()


def mean_largest_weight(weights_TS: np.ndarray) -> float:
    """The mean over steps of the largest weight."""
    return float(weights_TS.max(axis=1).mean())


def heads_html(
    weights_HTS: np.ndarray, sources: Sequence[str], layer: int, seen: Sequence[int], text: Mapping[str, str]
) -> str:
    """The heads of a layer, counted from 1; those of ``seen`` get a frame. ``text["alt"]`` describes an image."""
    figures = []
    for head, weights_TS in enumerate(weights_HTS, start=1):
        most = [sources[s] for s in weights_TS.sum(axis=0).argsort()[::-1][:3]]
        words = {"layer": layer, "head": head, "share": share(mean_largest_weight(weights_TS)), "words": " ".join(most)}
        chosen = ' class="seen"' if head in seen else ""
        figures.append(
            f'<figure{chosen}><img src="{picture(weights_TS)}" alt="{escape(fill(text["alt"], **words))}">'
            f"<figcaption><span>{layer}.{head}</span><span>{mean_largest_weight(weights_TS):.2f}</span></figcaption>"
            "</figure>"
        )
    return f'<div class="lb-heads">{"".join(figures)}</div>'
