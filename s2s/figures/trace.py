"""Plotly figures of a trace. ``text`` has the labels in the reader's language; the default is English."""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import plotly.graph_objects as go

from s2s.errors import UserError, strings
from s2s.figures import palette
from s2s.trace.grid import Grid
from s2s.trace.trace import Trace

SCALE = [[0.0, palette.attention(0)], [0.25, palette.attention(0.38)], [1.0, palette.attention(1)]]


class Figure(go.Figure):  # type: ignore[misc]
    """A plotly figure that raises UserError, with one sentence, if saving as an image is not possible."""

    def to_image(self, *args: Any, **options: Any) -> bytes:
        """The figure as PNG, SVG or PDF; UserError if kaleido or its browser is missing."""
        return bytes(_drawn(lambda: super(Figure, self).to_image(*args, **options)))

    def write_image(self, *args: Any, **options: Any) -> None:
        """Save the figure as PNG, SVG or PDF; UserError if kaleido or its browser is missing."""
        _drawn(lambda: super(Figure, self).write_image(*args, **options))


def _drawn(draw: Callable[[], Any]) -> Any:
    if importlib.util.find_spec("kaleido") is None:
        raise UserError("figure_image")
    try:
        return draw()
    except Exception as error:
        if "Chrome" in type(error).__name__ or "Chrome" in str(error):  # kaleido finds no Chrome
            raise UserError("figure_browser") from error
        raise


def ticks(tokens: list[str], most: int = 45) -> dict[str, Any]:
    """Axis ticks by position with tokens as labels; on a category axis repeated tokens would coincide.

    At most ``most`` tokens are labelled: every second, third and so on.
    """
    shown = range(0, len(tokens), -(-len(tokens) // most))
    return {"tickvals": list(shown), "ticktext": [escape(tokens[i]) for i in shown], "showgrid": False}


def _columns(tokens: list[str]) -> dict[str, Any]:
    """Ticks above columns: Chinese characters one below the other, many other words slanted."""
    shown = ticks(tokens)
    chinese = [any("\u2e80" <= c <= "\uffef" for c in text) for text in shown["ticktext"]]
    texts = ["<br>".join(text) if c else text for text, c in zip(shown["ticktext"], chinese, strict=True)]
    return {**shown, "ticktext": texts, "tickangle": 0 if any(chinese) or len(tokens) <= 12 else -45}


def escape(token: str) -> str:
    """A token escaped for a label, because plotly reads some HTML in labels."""
    return token.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def attention(shown: Grid | Trace, title: str | None = None, text: Mapping[str, str] | None = None) -> Figure:
    """Heatmap of attention weights, 0 to 1: one row per step from the top, one column per source token.

    A cross stands where a weight is NaN or infinite.

    >>> trace = Trace.from_arrays([[0.9, 0.1], [0.2, 0.8]], ["你", "好"], ["hello", "there"])
    >>> attention(trace).data[0].z.shape
    (2, 2)
    """
    grid = Grid.said(shown) if isinstance(shown, Trace) else shown
    text = strings("figure", "en") if text is None else text
    title = f"{' '.join(grid.sources)} → {' '.join(grid.outputs)}" if title is None else title
    outputs = list(grid.outputs)
    figure = Figure(
        go.Heatmap(
            z=grid.weights,
            zmin=0,
            zmax=1,
            colorscale=SCALE,
            colorbar={"title": text["weight"]},
            customdata=[[[escape(o), escape(s)] for s in grid.sources] for o in outputs],
            hovertemplate="%{customdata[0]} ← %{customdata[1]}: %{z:.3f}<extra></extra>",
        )
    )
    rows, columns = np.nonzero(~np.isfinite(grid.weights))
    if len(rows):
        figure.add_scatter(
            x=columns.tolist(),
            y=rows.tolist(),
            text=list(map(str, grid.weights[rows, columns])),
            mode="markers",
            marker={"symbol": "x-thin", "size": 9, "line": {"width": 2, "color": palette.LIGHT["alarm"]}},
            hovertemplate="%{text}<extra></extra>",
        )
    figure.update_xaxes(title=text["source"], side="top", **_columns(list(grid.sources)))
    figure.update_yaxes(title=text["output"], autorange="reversed", **ticks(outputs))
    figure.update_layout(
        title=escape(title),
        height=190 + 26 * len(outputs),
        margin={"t": 150, "b": 20},
    )
    return figure


def _point(token: str, log_prob: float) -> tuple[str | None, float | None]:
    return (None, None) if math.isnan(log_prob) else (token, math.exp(log_prob))


def _lines(trace: Trace) -> dict[str, list[tuple[str | None, float | None]]]:
    """Word and probability per step of the lines best, chosen and reference (``gold``), without unknown lines."""
    nothing: tuple[str | None, float | None] = (None, None)
    lines = {
        "best": [_point(s.top[0].token, s.top[0].log_prob) if s.top else nothing for s in trace.steps],
        "chosen": [_point(s.output, s.log_prob) for s in trace.steps] if trace.mode == "free" else [],
        "gold": [_point(s.target.token, s.target.log_prob) if s.target else nothing for s in trace.steps],
    }
    return {name: points for name, points in lines.items() if any(p is not None for _, p in points)}


def probabilities(trace: Trace, text: Mapping[str, str] | None = None, title: str | None = None) -> Figure:
    """Probability of the chosen, the best and the reference's word by step, and the entropy on the right axis.

    Below each step stands the word that the model says there.

    >>> trace = Trace.from_arrays([[1.0], [1.0]], ["好"], ["well", "done"], log_probs=[-0.1, -2.3])
    >>> [round(p, 3) for p in probabilities(trace).data[0].y]
    [0.905, 0.1]
    """
    text = strings("figure", "en") if text is None else text
    steps = list(range(1, len(trace.steps) + 1))
    colours = {"best": palette.GREY, "chosen": palette.LIGHT["other"], "gold": palette.LIGHT["gold"]}
    figure = Figure()
    for name, points in _lines(trace).items():
        figure.add_scatter(
            x=steps,
            y=[p for _, p in points],
            text=[escape(token) if token is not None else "" for token, _ in points],
            mode="lines+markers",
            name=text[name],
            line={"color": colours[name]},
            hovertemplate="%{text}: %{y:.3f}<extra></extra>",
        )
    _add_entropy(figure, trace, text["entropy"])
    few = len(steps) <= 16
    labels = (
        [f"{t}<br>{escape(said)}" for t, said in zip(steps, Grid.said(trace).outputs, strict=True)] if few else None
    )
    ticks = {"tickvals": steps, "ticktext": labels, "autotickangles": [0, -45]} if few else {"tickangle": 0}
    figure.update_layout(
        title=text["probabilities"] if title is None else escape(title),
        xaxis={"title": text["step"], **ticks},
        yaxis={"title": text["probability"], "range": [0, 1.03]},
        yaxis2={"title": text["entropy"], "overlaying": "y", "side": "right", "rangemode": "tozero", "showgrid": False},
        legend={"orientation": "h", "y": -0.3},
        height=380,
    )
    return figure


def _add_entropy(figure: Figure, trace: Trace, name: str) -> None:
    """Add the entropy of each step on the second axis; hidden if it is unknown."""
    steps = list(range(1, len(trace.steps) + 1))
    entropies = [None if math.isnan(s.entropy) else s.entropy for s in trace.steps]
    figure.add_scatter(
        x=steps,
        y=entropies,
        visible=any(entropy is not None for entropy in entropies),
        mode="lines",
        name=name,
        yaxis="y2",
        line={"dash": "dot", "color": palette.ORANGE},
        hovertemplate="%{y:.2f}<extra></extra>",
    )
