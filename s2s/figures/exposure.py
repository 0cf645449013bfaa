"""Plotly figures of the measures of exposure bias. ``text`` has the labels in the visitor's language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import plotly.graph_objects as go

from s2s.figures.palette import BLUE, GREY, LIGHT, MODELS, ORANGE, transparent
from s2s.figures.trace import escape

if TYPE_CHECKING:
    from s2s.evaluate.bootstrap import Curve
    from s2s.evaluate.lengths import Lengths
    from s2s.exposure.all_measures import Report
    from s2s.exposure.calibration import Reliability
    from s2s.exposure.remedies import Comparison

FORCED, FREE = BLUE, ORANGE
DASHES = ("solid", "dash")  # line styles of the first and the second checkpoint
RARE, FEWEST = 0.05, 10  # least share and least number of sentences of a position that is drawn
FEW = 16  # points, at most, that have their words below the axis


def _figure(x: str, y: str, **layout: Any) -> go.Figure:
    figure = go.Figure()
    figure.update_layout(
        xaxis={"title": x},
        yaxis={"title": y},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom"},
        height=380,
        margin={"t": 20, "b": 20, "l": 10, "r": 10},
        hovermode="x unified",
    )
    return figure.update_layout(**layout)


def _band(figure: go.Figure, x: Sequence[float], curve: Curve, name: str, colour: str, dash: str) -> None:
    """Add a curve with its interval as a band, at positions where it is defined and not rare."""
    most = max(curve.count, default=0)
    least = max(RARE * most, min(FEWEST, most))
    rows = list(zip(x, curve.value, curve.low, curve.high, curve.count, strict=True))
    drawn = [row for row in rows if None not in row and row[4] >= least]
    if not drawn:
        return
    position, value, low, high, count = (list(column) for column in zip(*drawn, strict=True))
    figure.add_scatter(
        x=position + position[::-1],
        y=high + low[::-1],
        fill="toself",
        mode="lines",
        fillcolor=transparent(colour, 0.16),
        line={"width": 0},
        hoverinfo="skip",
        showlegend=False,
    )
    figure.add_scatter(
        x=position,
        y=value,
        mode="lines+markers" if len(position) <= 40 else "lines",
        name=escape(name),
        line={"color": colour, "dash": dash},
        customdata=list(zip(low, high, count, strict=True)),
        hovertemplate="%{y:.3f} [%{customdata[0]:.3f}, %{customdata[1]:.3f}] n=%{customdata[2]}",
    )


def _named(reports: Sequence[Report], name: str, report: Report) -> str:
    return name if len(reports) == 1 else f"{report.checkpoint}: {name}"


def sentence(
    rows: Mapping[str, Mapping[str, Sequence[float]]],
    gold: Sequence[str],
    marks: Mapping[str, int],
    text: Mapping[str, str],
) -> go.Figure:
    """Recovery of one sentence: ``rows`` has values by k per checkpoint and score, ``marks`` the first divergences."""
    figure = _figure(text["given"], text["score"], yaxis_range=[-0.03, 1.14])
    for (checkpoint, scores), dash in zip(rows.items(), DASHES, strict=False):
        for (score, values), colour in zip(scores.items(), (FREE, FORCED), strict=True):
            figure.add_scatter(
                x=list(range(len(values))),
                y=list(values),
                mode="lines+markers",
                name=escape(text[score] if len(rows) == 1 else f"{checkpoint}: {text[score]}"),
                line={"color": colour, "dash": dash},
                hovertemplate="%{y:.3f}",
            )
    for place in sorted(set(marks.values())):
        figure.add_vline(place, line={"color": LIGHT["alarm"], "dash": "dot", "width": 1})
        figure.add_annotation(x=place, y=1.08, text="◆", showarrow=False, font={"color": LIGHT["alarm"]})
    words = ["", *map(escape, gold)]
    if len(words) <= FEW:
        labels = [f"{k} {word}".strip() for k, word in enumerate(words)]
        figure.update_xaxes(tickvals=list(range(len(words))), ticktext=labels, autotickangles=[0, -45])
    return figure


def source_share(
    shares: Mapping[str, Sequence[float | None]],
    words: Mapping[str, Sequence[str]],
    divergence: int | None,
    text: Mapping[str, str],
) -> go.Figure:
    """The source's share of each step of the lanes, with the words that are explained; ◆ where they part."""
    figure = _figure(text["step"], text["source_share"], yaxis_range=[-0.03, 1.14])
    for mode, colour in (("forced", FORCED), ("free", FREE)):
        if mode in shares:
            figure.add_scatter(
                x=[t + 1 for t in range(len(shares[mode]))],
                y=list(shares[mode]),
                mode="lines+markers",
                name=escape(text[mode]),
                line={"color": colour, "dash": DASHES[mode == "free"]},
                customdata=[escape(word) for word in words[mode]],
                hovertemplate="%{customdata} %{y:.3f}",
            )
    if divergence is not None:
        figure.add_vline(divergence + 1, line={"color": LIGHT["alarm"], "dash": "dot", "width": 1})
        figure.add_annotation(x=divergence + 1, y=1.08, text="◆", showarrow=False, font={"color": LIGHT["alarm"]})
    return figure.update_xaxes(dtick=1 if max(map(len, shares.values())) <= 2 * FEW else None)


def source_share_by_step(curves: Mapping[str, Curve], text: Mapping[str, str]) -> go.Figure:
    """The mean share of the source at each step of a file's outputs, a curve for each method."""
    figure = _figure(text["position"], text["source_share"], yaxis_range=[-0.03, 1.03])
    for (name, curve), colour, dash in zip(curves.items(), (BLUE, ORANGE), DASHES, strict=True):
        _band(figure, [float(t + 1) for t in range(len(curve.value))], curve, name, colour, dash)
    return figure


def positions(reports: Sequence[Report], measure: str, text: Mapping[str, str]) -> go.Figure:
    """``accuracy`` or ``nll`` by position: a colour for each lane, a line style for each checkpoint."""
    figure = _figure(text["position"], text[measure])
    for report, dash in zip(reports, DASHES, strict=False):
        found = report.positions
        forced, free = {
            "accuracy": (found.accuracy_forced, found.accuracy_free),
            "nll": (found.nll_running, found.nll_free),
        }[measure]
        for curve, lane, colour in ((forced, "forced", FORCED), (free, "free", FREE)):
            places = [float(t + 1) for t in range(len(curve.value))]
            _band(figure, places, curve, _named(reports, text[lane], report), colour, dash)
    return figure


def recovery(reports: Sequence[Report], text: Mapping[str, str]) -> go.Figure:
    """The score of the rest by the share of the reference that is given."""
    figure = _figure(text["share"], text["score"], yaxis_range=[0, 1.03], xaxis_ticksuffix=" %")
    for report, dash in zip(reports, DASHES, strict=False):
        found = report.recovery
        shares = [10.0 * i for i in range(len(found.f1_by_share.value))]
        for curve, score, colour in ((found.accuracy_by_share, "at", FREE), (found.f1_by_share, "f1", FORCED)):
            _band(figure, shares, curve, _named(reports, text[score], report), colour, dash)
    return figure


def cost(reports: Sequence[Report], text: Mapping[str, str]) -> go.Figure:
    """The cost of one wrong word at position k: the loss in the score of the rest."""
    figure = _figure(text["position"], text["cost"])
    for report, dash in zip(reports, DASHES, strict=False):
        found = report.recovery
        for curve, score, colour in ((found.cost_accuracy, "at", FREE), (found.cost_f1, "f1", FORCED)):
            places = [float(k + 1) for k in range(len(curve.value))]
            _band(figure, places, curve, _named(reports, text[score], report), colour, dash)
    return figure


def accumulated(reports: Sequence[Report], text: Mapping[str, str]) -> go.Figure:
    """R(l) and R_ref(l) of the checkpoints that were measured with an oracle."""
    figure = _figure(text["length"], text["accumulated"])
    for report, dash in zip(reports, DASHES, strict=False):
        if found := report.excess:
            lanes = ((found.accumulated_reference, "forced", FORCED), (found.accumulated_own, "free", FREE))
            for curve, lane, colour in lanes:
                lengths = [float(t + 1) for t in range(len(curve.value))]
                _band(figure, lengths, curve, _named(reports, text[lane], report), colour, dash)
    return figure


def excess(reports: Sequence[Report], text: Mapping[str, str]) -> go.Figure:
    """ExAccErr(l) of the checkpoints that were measured with an oracle."""
    figure = _figure(text["length"], text["excess"], yaxis_ticksuffix=" %")
    for report, dash in zip(reports, DASHES, strict=False):
        if found := report.excess:
            lengths = [float(t + 1) for t in range(len(found.excess.value))]
            _band(figure, lengths, found.excess, _named(reports, text["excess"], report), FREE, dash)
    return figure


def reliability(reports: Sequence[Report], text: Mapping[str, str]) -> go.Figure:
    """Accuracy against confidence: one marker per bin, larger for a larger share of the predictions."""
    figure = _figure(text["confidence"], text["accuracy"], hovermode="closest")
    figure.add_scatter(x=[0, 1], y=[0, 1], mode="lines", line={"color": GREY, "dash": "dot"}, showlegend=False)
    for report, symbol in zip(reports, ("circle", "diamond-open"), strict=False):
        found = report.calibration
        for part, kind, colour in ((found.eos, "eos", FREE), (found.other, "other", FORCED)):
            _bins(figure, part, _named(reports, text[kind], report), colour, symbol)
    figure.update_xaxes(range=[0, 1.03])
    return figure.update_yaxes(range=[0, 1.06])


def _bins(figure: go.Figure, part: Reliability, name: str, colour: str, symbol: str) -> None:
    kept = [row for row in zip(part.confidence, part.accuracy, part.count, strict=True) if None not in row]
    total = sum(part.count)
    figure.add_scatter(
        x=[row[0] for row in kept],
        y=[row[1] for row in kept],
        customdata=[row[2] for row in kept],
        mode="markers",
        name=escape(name),
        marker={
            "size": [6 + 24 * (row[2] / total) ** 0.5 for row in kept],
            "opacity": 0.75,
            "color": colour,
            "symbol": symbol,
        },
        hovertemplate="%{x:.3f} → %{y:.3f}, n=%{customdata}",
    )


def forest(comparison: Comparison, measure: str, name: str) -> go.Figure:
    """One measure of all systems: a row with value and interval each, and a line at the first system's value."""
    rows = [(system.name, system.measures[measure]) for system in comparison.systems if measure in system.measures]
    figure = _figure(escape(name), "", height=110 + 30 * len(rows), hovermode="closest", showlegend=False)
    figure.add_scatter(
        x=[m.value for _, m in rows],
        y=list(range(len(rows))),
        mode="markers",
        marker={"size": 9, "color": FORCED},
        customdata=[[escape(system), m.low, m.high] for system, m in rows],
        error_x={
            "symmetric": False,
            "array": [m.high - m.value for _, m in rows],
            "arrayminus": [m.value - m.low for _, m in rows],
            "thickness": 2,
        },
        hovertemplate="%{customdata[0]}: %{x:.4g} [%{customdata[1]:.4g}, %{customdata[2]:.4g}]<extra></extra>",
    )
    if rows:
        figure.add_vline(rows[0][1].value, line={"color": GREY, "dash": "dot", "width": 1})
    labels = [escape(system) for system, _ in rows]
    return figure.update_yaxes(autorange="reversed", tickvals=list(range(len(rows))), ticktext=labels, automargin=True)


def lengths(
    found: Lengths | None, tried: Mapping[str, Sequence[tuple[int, float]]], text: Mapping[str, str]
) -> go.Figure:
    """chrF by source length: measured bins with intervals, and rings for the sentences in ``tried``."""
    figure = _figure(text["tokens"], text["chrf"], yaxis_range=[0, 100], hovermode="closest")
    names = [system.name for system in found.systems] if found else []
    colours = dict(zip([*names, *(name for name in tried if name not in names)], MODELS, strict=False))
    if found:
        middles = [(b.low + b.high) / 2 for b in found.bins]
        about = [f"{b.low}–{b.high}, n={b.sentences}" for b in found.bins]
        for system in found.systems:
            bars = {
                "array": [m.high - m.value for m in system.chrf],
                "arrayminus": [m.value - m.low for m in system.chrf],
            }
            figure.add_scatter(
                x=middles,
                y=[m.value for m in system.chrf],
                error_y=bars,
                mode="lines+markers",
                name=escape(system.name),
                line={"color": colours[system.name]},
                customdata=about,
                hovertemplate="%{y:.1f} (%{customdata})",
            )
    for name, points in tried.items():
        figure.add_scatter(
            x=[length for length, _ in points],
            y=[score for _, score in points],
            mode="markers",
            name=f"{escape(name)} · {text['tried']}",
            marker={"color": colours[name], "symbol": "circle-open", "size": 11, "line": {"width": 2}},
            hovertemplate="%{y:.1f}",
        )
    return figure
