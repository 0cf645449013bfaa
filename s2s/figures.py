"""Trace → plotly Figure. Pure: no model, no page; ``text`` holds the words of the visitor's language."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import plotly.graph_objects as go

from s2s.rollup import Grid
from s2s.trace import Trace

ATTENTION = [[0.0, "rgba(234,88,12,0)"], [0.25, "rgba(234,88,12,0.38)"], [1.0, "rgba(234,88,12,1)"]]


def ticks(tokens: list[str], most: int = 45) -> dict[str, Any]:
    """Positions with token labels, as repeated words would share one place on a category axis.

    Of a long axis every second (third, …) is named; the player shows all.
    """
    shown = range(0, len(tokens), -(-len(tokens) // most))
    return {"tickvals": list(shown), "ticktext": [escape(tokens[i]) for i in shown], "showgrid": False}


def _columns(tokens: list[str]) -> dict[str, Any]:
    """Ticks above columns: Chinese characters upright, one below the other; a long row of other words slanted."""
    shown = ticks(tokens)
    chinese = [any("\u2e80" <= c <= "\uffef" for c in text) for text in shown["ticktext"]]
    texts = ["<br>".join(text) if c else text for text, c in zip(shown["ticktext"], chinese, strict=True)]
    return {**shown, "ticktext": texts, "tickangle": 0 if any(chinese) or len(tokens) <= 12 else -45}


def escape(token: str) -> str:
    """A token as a label: plotly reads a little HTML, a token is text."""
    return token.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def attention(grid: Grid, title: str, text: Mapping[str, str]) -> go.Figure:
    """Overview heatmap: one row a step from the top, one column a source token; weights 0 to 1."""
    outputs = list(grid.outputs)
    figure = go.Figure(
        go.Heatmap(
            z=grid.weights,
            zmin=0,
            zmax=1,
            colorscale=ATTENTION,
            colorbar={"title": text["weight"]},
            customdata=[[[escape(o), escape(s)] for s in grid.sources] for o in outputs],
            hovertemplate="%{customdata[0]} ← %{customdata[1]}: %{z:.3f}<extra></extra>",
        )
    )
    figure.update_xaxes(title=text["source"], side="top", **_columns(list(grid.sources)))
    figure.update_yaxes(title=text["output"], autorange="reversed", **ticks(outputs))
    figure.update_layout(
        title=escape(title),
        height=190 + 26 * len(outputs),
        margin={"t": 150, "b": 20},
    )
    return figure


def probabilities(trace: Trace, text: Mapping[str, str]) -> go.Figure:
    """Per step: probability of the chosen, the best and the reference's word; entropy on the right axis."""
    steps = list(range(1, len(trace.steps) + 1))
    lines: dict[str, list[tuple[str | None, float | None]]] = {
        "best": [(s.top[0].token, math.exp(s.top[0].log_prob)) for s in trace.steps],
        "chosen": [(s.output, math.exp(s.log_prob)) for s in trace.steps] if trace.mode == "free" else [],
        "gold": [(s.target.token, math.exp(s.target.log_prob)) if s.target else (None, None) for s in trace.steps],
    }
    colours = {"best": "#94a3b8", "chosen": "#2563eb", "gold": "#15803d"}
    figure = go.Figure()
    for name, points in lines.items():
        if not any(p is not None for _, p in points):
            continue
        figure.add_scatter(
            x=steps,
            y=[p for _, p in points],
            text=[escape(token) if token is not None else "" for token, _ in points],
            mode="lines+markers",
            name=text[name],
            line={"color": colours[name]},
            hovertemplate="%{text}: %{y:.3f}<extra></extra>",
        )
    figure.add_scatter(
        x=steps,
        y=[s.entropy for s in trace.steps],
        mode="lines",
        name=text["entropy"],
        yaxis="y2",
        line={"dash": "dot", "color": "#ea580c"},
        hovertemplate="%{y:.2f}<extra></extra>",
    )
    few = len(steps) <= 16
    labels = [f"{t}<br>{escape(s.output)}" for t, s in zip(steps, trace.steps, strict=True)] if few else None
    figure.update_layout(
        title=text["probabilities"],
        xaxis={"title": text["step"], "tickvals": steps, "ticktext": labels},
        yaxis={"title": text["probability"], "range": [0, 1.03]},
        yaxis2={"title": text["entropy"], "overlaying": "y", "side": "right", "rangemode": "tozero", "showgrid": False},
        legend={"orientation": "h", "y": -0.3},
        height=380,
    )
    return figure
