"""The playground: a browser component that trains two small models in workers of the visitor's browser."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import streamlit as st

from s2s.player import bundle
from s2s.web.shell import language

FOLDER = Path(__file__).parents[2] / "browser_model"
WORKER = FOLDER / "training" / "worker.js"


@functools.cache
def _component() -> Any:
    css, js = bundle.style(FOLDER / "playground" / "playground.css"), bundle.script(FOLDER / "playground" / "mount.js")
    return st.components.v2.component("lookback_playground", html='<div class="lookback"></div>', css=css, js=js)


def mount_playground(key: str) -> None:
    """Show the playground; the server does nothing for it but send its script."""
    _component()(key=key, data={"strings": language.strings("playground"), "worker": {"code": bundle.script(WORKER)}})
