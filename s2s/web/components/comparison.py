"""The comparison: a browser component that gets two runs and draws their difference itself."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import streamlit as st

from s2s.player import bundle
from s2s.trace.compare import Comparison
from s2s.web.shell import controls, language

FOLDER = Path(__file__).parent / "comparison"


@functools.cache
def _component() -> Any:
    css, js = bundle.style(FOLDER / "comparison.css"), bundle.script(FOLDER / "comparison.js")
    return st.components.v2.component("lookback_comparison", html='<div class="lookback"></div>', css=css, js=js)


def mount_comparison(compared: Comparison, link: Mapping[str, str]) -> None:
    """Show two runs beside each other; ``link`` has the parameters of a link to the page's state."""
    data = {**compared.to_dict(), "strings": language.strings("comparison"), "link": dict(link), "run": controls.runs()}
    _component()(key="comparison", data=data)
