"""The network, drawn and played for one sentence: a browser component that gets whole runs."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from s2s.player import bundle
from s2s.web.shell import controls, language
from s2s.web.shell.titles import contrasts

if TYPE_CHECKING:
    from s2s.lesson.network import Flow

FOLDER = Path(__file__).parent / "network"


def script() -> str:
    """The component's script, joined with the modules that it imports."""
    return bundle.script(FOLDER / "network.js")


@functools.cache
def _component() -> Any:
    css = bundle.style(FOLDER / "network.css")
    return st.components.v2.component("lookback_network", html='<div class="network"></div>', css=css, js=script())


def mount_network(runs: Sequence[Flow]) -> None:
    """Show how one sentence runs through a model, or through two models beside each other."""
    names = contrasts(run.checkpoint for run in runs)
    shown = [{**run.to_dict(), "checkpoint": names[run.checkpoint]} for run in runs]
    values = {"runs": shown, "strings": language.strings("network"), "run": controls.runs()}
    _component()(key="network", data=values)
