"""Charts of a report: bars with intervals as HTML, histograms and attention as SVG. No script; colours are classes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
from numpy.typing import NDArray

from s2s.text.width import width

CELL, SHADES, FAINT = 20, 10, 0.03  # of a heatmap: a cell's size, kinds of shade; weights below are not drawn
MOST = (40, 60)  # steps that a heatmap draws; source tokens that it draws all
SLANTED = 2  # columns of a label from which on it is too wide for its cell
LONG = 14  # columns of a label, two a Chinese character; a longer one is cut


@dataclass(frozen=True)
class Bar:
    """One bar of a chart: its label, its length with an interval or none, what is written beside it, its class."""

    label: str
    value: float
    text: str
    low: float | None = None
    high: float | None = None
    kind: str = "first"


def svg(width: float, height: float, content: str, title: str) -> str:
    """A picture with a title for who cannot see it."""
    size = f'width="{width:g}" height="{height:g}" viewBox="0 0 {width:g} {height:g}"'
    return f'<svg {size} role="img" aria-label="{escape(title)}">{content}</svg>'


def bars(rows: Sequence[Bar], title: str) -> str:
    """Horizontal bars from 0, each with its interval as a line; as wide as there is room, on a phone too."""
    most = max([1e-9, *(max(row.value, row.high or 0.0) for row in rows)])
    parts = []
    for row in rows:
        drawn = f'<i class="{row.kind}" style="width:{100 * row.value / most:.2f}%"></i>'
        if row.low is not None and row.high is not None:
            low, high = (100 * end / most for end in (row.low, row.high))
            drawn += f'<b style="left:{low:.2f}%;width:{high - low:.2f}%"></b>'
        parts.append(f"<dt>{escape(row.label)}</dt><dd><span>{drawn}</span>{escape(row.text)}</dd>")
    return f'<dl class="bars" aria-label="{escape(title)}">{"".join(parts)}</dl>'


def histogram(edges: Sequence[float], counts: Sequence[int], title: str, mean: float | None = None) -> str:
    """Counts as upright bars over their bins; both ends and the mean are named."""
    wide, high = 240, 84
    step, most = wide / len(counts), max(1, *counts)
    tops = [high * count / most for count in counts]
    parts = [
        f'<rect class="first" x="{n * step:.1f}" y="{high - top:.1f}" width="{step - 1:.1f}" height="{top:.1f}"/>'
        for n, top in enumerate(tops)
        if top
    ]
    parts.append(f'<path class="axis" d="M0 {high}H{wide}"/>')
    if mean is not None and edges[-1] > edges[0]:
        x = min(1.0, max(0.0, (mean - edges[0]) / (edges[-1] - edges[0]))) * wide
        parts.append(f'<path class="line" d="M{x:.1f} 0V{high}"/>')
    parts.append(_text(0, high + 15, _number(edges[0])))
    parts.append(_text(wide, high + 15, _number(edges[-1]), "end"))
    return svg(wide, high + 20, "".join(parts), title)


def heatmap(attention_TS: NDArray[np.float32], source: Sequence[str], output: Sequence[str], title: str) -> str:
    """Attention, one row a step, one column a source token; of a long one the first 40 steps, and what they look at.

    Cells of like weight are one path, so that a picture stays small. Chinese stands upright above its column.
    """
    shown_TS, places = _folded(attention_TS)
    steps, tokens = shown_TS.shape
    rows = [_cut(token) for token in output[:steps]]
    columns = ["…" if place is None else _cut(source[place]) for place in places]
    left = 10 + 7.5 * max([1, *map(width, rows)])
    top = 10 + max([1.0, *map(_tall, columns)])
    parts = [_text(left - 6, top + CELL * n + 14, token, "end") for n, token in enumerate(rows)]
    parts += [_column(left + CELL * (n + 0.5), top - 5, token) for n, token in enumerate(columns)]
    shade_TS = np.ceil(np.where(shown_TS < FAINT, 0, shown_TS) * SHADES).clip(0, SHADES)
    for shade in range(1, SHADES + 1):
        cells = [f"M{s} {t}h1v1h-1" for t, s in np.argwhere(shade_TS == shade).tolist()]
        if cells:
            place = f'transform="translate({left:g} {top:g}) scale({CELL})"'
            parts.append(f'<path class="cell" {place} fill-opacity="{shade / SHADES:g}" d="{"".join(cells)}"/>')
    frame = f'<rect class="frame" x="{left:g}" y="{top:g}" width="{CELL * tokens}" height="{CELL * steps}"/>'
    slant = 7 * max([0, *(width(token) for token in columns[-6:] if _slanted(token))])  # leans over the edge
    return svg(left + CELL * tokens + 4 + slant / 2, top + CELL * steps + 2, "".join(parts) + frame, title)


def folded(steps: int, tokens: int) -> bool:
    """Whether a heatmap of this size is too large to be drawn whole."""
    return steps > MOST[0] or tokens > MOST[1]


def _folded(attention_TS: NDArray[np.float32]) -> tuple[NDArray[np.float32], list[int | None]]:
    """What is drawn, and which token each column is: of a large one those looked at, with their neighbours.

    None is a column that stands for all between two of these; nothing is drawn in it.
    """
    steps, tokens = attention_TS.shape
    if not folded(steps, tokens):
        return attention_TS, list(range(tokens))
    shown_TS = attention_TS[: MOST[0]]
    looked_S = np.pad((shown_TS >= FAINT).any(axis=0), 1)
    near_S = looked_S[:-2] | looked_S[1:-1] | looked_S[2:]
    places: list[int | None] = []
    for place, near in enumerate(near_S.tolist()):
        if near:
            places.append(place)
        elif not places or places[-1] is not None:
            places.append(None)
    columns = [np.zeros(len(shown_TS), np.float32) if place is None else shown_TS[:, place] for place in places]
    return np.stack(columns, axis=1), places


def _number(value: float) -> str:
    """Three digits; what is next to nothing is 0.

    >>> _number(4.3e-12), _number(12.345)
    ('0', '12.3')
    """
    return f"{0.0 if abs(value) < 1e-4 else value:.3g}".replace("-", "−")


def _cut(token: str) -> str:
    """A label of some 14 columns.

    >>> _cut("internationalisation"), _cut("水")
    ('internationa…', '水')
    """
    if width(token) <= LONG:
        return token
    kept = ""
    for character in token:
        if width(kept + character) > LONG - 2:
            break
        kept += character
    return kept + "…"


def _chinese(token: str) -> bool:
    return any("\u2e80" <= c <= "\uffef" for c in token)


def _slanted(token: str) -> bool:
    return not _chinese(token) and width(token) > SLANTED


def _tall(token: str) -> float:
    """Pixels that a column's label takes: a line a Chinese character, or most of its length where it is slanted."""
    return 6.0 * width(token) + 6 if _slanted(token) else 14.0 * len(token) if _chinese(token) else 14.0


def _column(x: float, y: float, token: str) -> str:
    if _slanted(token):
        return f'<text transform="translate({x + 4:g} {y:g}) rotate(-60)">{escape(token)}</text>'
    if not _chinese(token):
        return _text(x, y, token, "middle")
    lines = "".join(f'<tspan x="{x:g}" y="{y - 14 * n:g}">{escape(c)}</tspan>' for n, c in enumerate(reversed(token)))
    return f'<text text-anchor="middle">{lines}</text>'


def _text(x: float, y: float, text: str, anchor: str = "start") -> str:
    end = f' text-anchor="{anchor}"' if anchor != "start" else ""
    return f'<text x="{x:g}" y="{y:g}"{end}>{escape(text)}</text>'
