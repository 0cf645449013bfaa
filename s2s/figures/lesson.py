"""Plotly figures of the lesson's chapters. ``text`` has the labels in the visitor's language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import plotly.graph_objects as go

from s2s.figures.palette import BLUE, GREEN, GREY, ORANGE
from s2s.figures.trace import escape, ticks

if TYPE_CHECKING:
    from s2s.lesson.remedies import Adversarial, Rewarded


def _figure(x: str, y: str, **layout: Any) -> go.Figure:
    figure = go.Figure()
    figure.update_layout(
        xaxis={"title": x},
        yaxis={"title": y, "rangemode": "tozero"},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom"},
        height=300,
        margin={"t": 20, "b": 20, "l": 10, "r": 10},
    )
    return figure.update_layout(**layout)


def losses(tokens: Sequence[str], nll: Sequence[float], chosen: int, mean: float, text: Mapping[str, str]) -> go.Figure:
    """``-ln p`` of each reference token as a bar, the chosen one highlighted, and the mean as a line."""
    figure = _figure("", text["nll"], hovermode="closest", showlegend=False)
    figure.add_bar(
        x=list(range(len(nll))),
        y=list(nll),
        marker={"color": [ORANGE if t == chosen else BLUE for t in range(len(nll))]},
        customdata=[escape(token) for token in tokens],
        hovertemplate="%{customdata}: %{y:.3f}<extra></extra>",
        selected={"marker": {"opacity": 1}},
        unselected={"marker": {"opacity": 1}},
    )
    figure.add_hline(mean, line={"color": GREY, "dash": "dot"}, annotation_text=f"{text['mean']} {mean:.3f}")
    return figure.update_xaxes(fixedrange=True, **ticks(list(tokens))).update_yaxes(fixedrange=True)


def smoothing(
    epsilons: Sequence[float], values: Sequence[float], chosen: tuple[float, float], text: Mapping[str, str]
) -> go.Figure:
    """The loss over ε, with a marker at the chosen (ε, loss)."""
    figure = _figure("ε", text["loss"], showlegend=False)
    figure.add_scatter(x=list(epsilons), y=list(values), mode="lines", line={"color": BLUE}, hovertemplate="%{y:.3f}")
    figure.add_scatter(x=[chosen[0]], y=[chosen[1]], mode="markers", marker={"size": 12, "color": ORANGE})
    return figure


def schedules(steps: Sequence[int], values: Mapping[str, Sequence[float]], text: Mapping[str, str]) -> go.Figure:
    """The share of teacher forcing, ε_i, of each schedule by training step."""
    figure = _figure(text["training_step"], text["teacher_share"], yaxis_range=[-0.03, 1.05], hovermode="x unified")
    for (schedule, shares), colour in zip(values.items(), (BLUE, ORANGE, GREEN), strict=True):
        line = {"color": colour}
        figure.add_scatter(x=list(steps), y=list(shares), mode="lines", name=text[schedule], line=line)
    return figure.update_traces(hovertemplate="%{y:.3f}")


def adversarial(found: Adversarial, text: Mapping[str, str]) -> go.Figure:
    """The loss over the norm of the perturbation, in the worst and in a random direction."""
    figure = _figure(text["norm"], text["loss"], hovermode="x unified")
    for name, values, colour in (("worst", found.worst, ORANGE), ("random", found.random, GREY)):
        figure.add_scatter(
            x=list(found.epsilons),
            y=list(values),
            mode="lines+markers",
            name=text[name],
            line={"color": colour},
            hovertemplate="%{y:.3f}",
        )
    return figure


def rewards(found: Rewarded, text: Mapping[str, str]) -> go.Figure:
    """The reward of each sample against the greedy output's: above it training raises the sample's probability."""
    values = [one.reward for one in found.samples]
    figure = _figure(text["samples"], text["reward"], showlegend=False, hovermode="closest")
    colours = [GREEN if v > found.baseline else ORANGE if v < found.baseline else GREY for v in values]
    figure.add_bar(
        x=list(range(1, len(values) + 1)),
        y=[value - found.baseline for value in values],
        base=found.baseline,
        marker={"color": colours},
        customdata=[[escape(one.text), one.reward] for one in found.samples],
        hovertemplate="%{customdata[0]}<br>%{customdata[1]:.3f}<extra></extra>",
    )
    figure.add_scatter(
        x=list(range(1, len(values) + 1)),
        y=values,
        mode="markers",
        marker={"color": colours, "size": 8},
        hoverinfo="skip",
    )
    label = f"{text['greedy']} {found.baseline:.3f}"
    figure.add_hline(found.baseline, line={"color": BLUE, "dash": "dot"}, annotation_text=label)
    return figure.update_yaxes(range=[-0.03, max([1.05, *values])])
