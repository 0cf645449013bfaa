"""The film: a browser component that gets every filmed moment of a training and draws them itself."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import streamlit as st

from s2s.lesson.film import Film, read_film
from s2s.player import bundle
from s2s.web.shell import controls, language

FOLDER = Path(__file__).parent / "film"


@functools.cache
def _component() -> Any:
    css, js = bundle.style(FOLDER / "film.css"), bundle.script(FOLDER / "mount.js")
    return st.components.v2.component("lookback_film", html='<div class="lookback"></div>', css=css, js=js)


@st.cache_resource(max_entries=8, show_spinner=False)
def load_film(directory: str, name: str, changed: int) -> Film | None:
    """A checkpoint's film for the component; None without one that begins. Raises UserError for a broken film."""
    return read_film(directory, name)


def mount_film(values: Film, key: str) -> None:
    """Show a film."""
    _component()(key=key, data={**values, "strings": language.strings("film"), "run": controls.runs()})
