"""The trivial baselines below the scores of an inspection: what the file scores without a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from s2s.web.shell.language import t


def baselines_caption(made: Mapping[str, Any], names: Sequence[str], named: Mapping[str, str], examples: int) -> None:
    """Draw a line with the baselines' values of the scores in ``names``; ``made`` is in ``summary.json``.

    ``named`` has the columns whose titles are used for scores, if they are others.
    """
    scores = made.get("scores", {})
    parts = [
        t(f"baseline.{baseline}")
        + " "
        + t("app.list").join(f"{t(f'inspect.column.{named.get(name, name)}')} {of[name]:.1f}" for name in names)
        for baseline, of in scores.items()
    ]
    if parts:
        if made["rows"] < examples:
            parts.append(t("baseline.sampled", count=made["rows"]))
        st.caption(t("baseline.line", scores=" · ".join(parts)), help=t("baseline.help"))
