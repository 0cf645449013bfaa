"""A plotly figure's type in a size that can be read from the back row."""

from __future__ import annotations

import plotly.graph_objects as go

TYPE = 20  # pixels: 18 are the least on a screen of 720 pixels' height


def enlarge(figure: go.Figure) -> go.Figure:
    """Set all type of the figure to ``TYPE``."""
    font = {"size": TYPE}
    axis = {"tickfont": font, "title": {"font": font}, "automargin": True}
    figure.update_layout(font=font, legend={"font": font}, hoverlabel={"font": font}, title={"font": font})
    figure.update_xaxes(axis).update_yaxes(axis).update_annotations(font=font)
    figure.update_traces(colorbar={"tickfont": font, "title": {"font": font}}, selector={"type": "heatmap"})
    return figure
