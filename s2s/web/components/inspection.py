"""The two browser components of the inspection's page: the charts, and one page of the table."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import streamlit as st

from s2s.player import bundle

FOLDER = Path(__file__).with_suffix("")


@functools.cache
def _component(name: str) -> Any:
    css, js = bundle.style(FOLDER / "inspection.css"), bundle.script(FOLDER / f"{name}.js")
    return st.components.v2.component(f"lookback_{name}", html='<div class="lookback"></div>', css=css, js=js)


def mount_inspection_component(name: str, data: Mapping[str, Any]) -> None:
    """Show ``charts`` or ``table``; the visitor's clicks and brushes come back as the component's state ``request``."""
    _component(name)(key=f"inspect_{name}", data=dict(data), on_request_change=lambda: None)
