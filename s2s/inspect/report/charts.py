"""Charts of a report: bars with intervals as HTML, histograms and attention as SVG. No script; colours are classes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray

from s2s.text.width import width

CELL, SHADES, FAINT = 20, 10, 0.03  # heatmap: pixels of a cell, number of shades, least weight that is drawn
MOST = (40, 60)  # largest heatmap that is drawn whole: steps, source tokens
SLANTED = 2  # columns of text; a wider label is slanted
Weights = NDArray[np.floating[Any]]
LONG = 14  # columns of text, two per Chinese character; a longer label is cut


@dataclass(frozen=True)
class Bar:
    """One bar of a chart: its label, its length with an optional interval, the text beside it, its CSS class."""

    label: str
    value: float
    text: str
    low: float | None = None
    high: float | None = None
    kind: str = "first"


def svg(width: float, height: float, content: str, title: str) -> str:
    """An SVG image with a title for screen readers."""
    size = f'width="{width:g}" height="{height:g}" viewBox="0 0 {width:g} {height:g}"'
    return f'<svg {size} role="img" aria-label="{escape(title)}">{content}</svg>'


def bars(rows: Sequence[Bar], title: str) -> str:
    """Horizontal bars from 0 as HTML, each with its interval as a line; the width follows the page."""
    most = max([1e-9, *(max(row.value, row.high or 0.0) for row in rows)])
    parts = []
    for row in rows:
        bar = f'<i class="{row.kind}" style="width:{100 * row.value / most:.2f}%"></i>'
        if row.low is not None and row.high is not None:
            low, high = (100 * end / most for end in (row.low, row.high))
            bar += f'<b style="left:{low:.2f}%;width:{high - low:.2f}%"></b>'
        parts.append(f"<dt>{escape(row.label)}</dt><dd><span>{bar}</span>{escape(row.text)}</dd>")
    return f'<dl class="bars" aria-label="{escape(title)}">{"".join(parts)}</dl>'


def histogram(edges: Sequence[float], counts: Sequence[int], title: str, mean: float | None = None) -> str:
    """Counts as vertical bars over their bins, with labels at both ends and a line at the mean."""
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


def heatmap(
    attention_TS: Weights,
    source: Sequence[str],
    output: Sequence[str],
    title: str,
    places: Sequence[int | None] | None = None,
    least: float = FAINT,
) -> str:
    """Attention with one row per step and one column per source token, where the weight is ``least`` or more.

    If it is larger than ``MOST``, only the first 40 steps and the tokens that they attend to are drawn, or the columns
    of ``places``. Cells of equal shade share one path to keep the SVG small. Chinese labels are vertical, other long
    labels slanted.
    """
    places = _folded(attention_TS) if places is None else places
    shown_TS = _columns(attention_TS[: MOST[0] if folded(*attention_TS.shape) else None], places)
    steps, tokens = shown_TS.shape
    rows = [_cut(token) for token in output[:steps]]
    columns = ["…" if place is None else _cut(source[place]) for place in places]
    left = 10 + 7.5 * max([1, *map(width, rows)])
    top = 10 + max([1.0, *map(_tall, columns)])
    parts = [_text(left - 6, top + CELL * n + 14, token, "end") for n, token in enumerate(rows)]
    parts += [_column(left + CELL * (n + 0.5), top - 5, token) for n, token in enumerate(columns)]
    shade_TS = np.ceil(np.where(shown_TS < least, 0, shown_TS) * SHADES).clip(0, SHADES)
    for shade in range(1, SHADES + 1):
        cells = [f"M{s} {t}h1v1h-1" for t, s in np.argwhere(shade_TS == shade).tolist()]
        if cells:
            place = f'transform="translate({left:g} {top:g}) scale({CELL})"'
            parts.append(f'<path class="cell" {place} fill-opacity="{shade / SHADES:g}" d="{"".join(cells)}"/>')
    frame = f'<rect class="frame" x="{left:g}" y="{top:g}" width="{CELL * tokens}" height="{CELL * steps}"/>'
    slant = 7 * max([0, *(width(token) for token in columns[-6:] if _slanted(token))])  # leans over the edge
    return svg(left + CELL * tokens + 4 + slant / 2, top + CELL * steps + 2, "".join(parts) + frame, title)


def folded(steps: int, tokens: int) -> bool:
    """True if a heatmap of this size is too large to be drawn whole."""
    return steps > MOST[0] or tokens > MOST[1]


def _folded(attention_TS: Weights) -> list[int | None]:
    """The source position of each column: of a large heatmap, the attended tokens and their neighbours."""
    steps, tokens = attention_TS.shape
    if not folded(steps, tokens):
        return list(range(tokens))
    return _around(np.flatnonzero((attention_TS[: MOST[0]] >= FAINT).any(axis=0)), tokens)


def widest(attention_TS: Weights, most: int, least: float) -> list[int | None]:
    """As many columns as ``most``: of a wider heatmap, those of the greatest weights and their neighbours.

    >>> widest(np.eye(9)[:1] + np.eye(9)[5:6], 7, 0.1)
    [0, 1, None, 4, 5, 6, None]
    """
    tokens = attention_TS.shape[1]
    if tokens <= most:
        return list(range(tokens))
    greatest_S = attention_TS[: MOST[0]].max(axis=0)
    by_weight = np.argsort(-greatest_S, kind="stable")[:most]
    looked = by_weight[greatest_S[by_weight] >= least]
    return next(
        (found for count in range(len(looked), 0, -1) if len(found := _around(looked[:count], tokens)) <= most), [None]
    )


def _around(looked: NDArray[np.intp], tokens: int) -> list[int | None]:
    """These places and their neighbours in order; None is an empty column for the tokens left out between two."""
    near = np.unique(np.concatenate([looked - 1, looked, looked + 1]))
    places, last = list[int | None](), -1
    for place in near[(near >= 0) & (near < tokens)].tolist():
        places += [None, place] if place > last + 1 else [place]
        last = place
    return places if last == tokens - 1 else [*places, None]


def _columns(attention_TS: Weights, places: Sequence[int | None]) -> Weights:
    columns = [np.zeros(len(attention_TS)) if place is None else attention_TS[:, place] for place in places]
    return np.stack(columns, axis=1)


def _number(value: float) -> str:
    """A number with three significant digits; below 1e-4 it is 0.

    >>> _number(4.3e-12), _number(12.345)
    ('0', '12.3')
    """
    return f"{0.0 if abs(value) < 1e-4 else value:.3g}".replace("-", "−")


def _cut(token: str) -> str:
    """A label cut to about 14 columns.

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
    """The height of a column's label in pixels: one line per Chinese character, or most of a slanted label's length."""
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
