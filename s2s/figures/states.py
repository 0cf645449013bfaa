"""Plotly figures of states as points of a plane. ``text`` has the labels in the visitor's language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from s2s.figures.palette import CLUSTERS, GREY, PATH
from s2s.figures.trace import escape

NAMED = 40  # states of a path, at most, that have their words beside them; on a longer path, on hovering
GL = 3000  # points; with more, WebGL draws them
HOVER = "%{text}<br>%{customdata}<extra></extra>"


@dataclass(frozen=True)
class Group:
    """Points of one colour; ``rest`` is the group of all other points."""

    name: str
    members: np.ndarray  # which points
    rest: bool = False


def cloud(
    points_N2: np.ndarray,
    words: Sequence[str],
    ids: np.ndarray,
    groups: Sequence[Group],
    text: Mapping[str, str],
    path: tuple[np.ndarray, Sequence[str]] | None = None,
) -> go.Figure:
    """One point per state, with its word and its example's id on hovering, and optionally the path of one sentence."""
    figure = go.Figure()
    kind = go.Scattergl if len(points_N2) > GL else go.Scatter
    colours = iter(CLUSTERS)
    size = 3 if len(points_N2) > 20_000 else 5
    for group in groups:
        figure.add_trace(
            kind(
                x=points_N2[group.members, 0],
                y=points_N2[group.members, 1],
                text=[escape(words[n]) for n in group.members.tolist()],
                customdata=ids[group.members],
                mode="markers",
                name=escape(group.name),
                marker={"size": size, "color": GREY if group.rest else next(colours), "opacity": 0.6},
                hovertemplate=HOVER,
            )
        )
    if path is not None and len(path[0]):
        _path(figure, kind, *path, text["path"])
    figure.update_layout(
        height=480,
        margin={"t": 10, "b": 10, "l": 10, "r": 10},
        xaxis={"title": text["first"], "zeroline": False},
        yaxis={"title": text["second"], "zeroline": False, "scaleanchor": "x"},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "itemsizing": "constant"},
        dragmode="select",
    )
    return figure


def _path(figure: go.Figure, kind: type[go.Scatter], points_N2: np.ndarray, words: Sequence[str], name: str) -> None:
    """Draw the path's line, and its words as annotations, which are above WebGL's layer."""
    labels = [f"{n} {escape(word)}" for n, word in enumerate(words, start=1)]
    figure.add_trace(
        kind(
            x=points_N2[:, 0],
            y=points_N2[:, 1],
            text=labels,
            mode="lines+markers",
            name=escape(name),
            line={"color": PATH, "width": 2},
            marker={"size": 9, "color": PATH, "line": {"width": 1, "color": "white"}},
            hoverinfo="text",
            unselected={"marker": {"opacity": 1}},
        )
    )
    for (x, y), label in zip(points_N2.tolist(), labels if len(labels) <= NAMED else (), strict=False):
        paper = {"bgcolor": "rgba(255,255,255,0.8)", "font": {"color": "#1f2937", "size": 11}}
        figure.add_annotation(x=x, y=y, text=label, showarrow=False, yshift=14, captureevents=False, **paper)
