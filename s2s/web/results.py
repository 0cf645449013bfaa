"""From the page's state to its lanes: decode, say what went wrong, show player and charts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from s2s import export, figures
from s2s.errors import UserError
from s2s.trace import Trace
from s2s.web import beam, branches, controls, language, link, models, request, style
from s2s.web.evidence import Asked
from s2s.web.language import t
from s2s.web.player import player
from s2s.web.whatif import WhatIf

if TYPE_CHECKING:
    from s2s.checkpoint import Checkpoint


def lanes(values: dict[str, Any]) -> tuple[dict[str, Trace], list[tuple[str, str]]]:
    """The lanes that can be decoded, and messages (kind, sentence) for what cannot."""
    name, text, reference = values["model"], controls.source(values), values["ref"].strip()
    changed, mode = models.changed(name), values["mode"]
    settings = tuple((k, values[k]) for k in link.SETTINGS)
    found: dict[str, Trace] = {}
    messages: list[tuple[str, str]] = []
    if reference and mode != "free":
        try:
            found["forced"] = models.decode(name, changed, text, reference, "forced", ())
        except UserError as error:
            messages.append(("error" if mode == "forced" else "warning", language.explain(error)))
            reference = ""
    elif mode == "forced":
        messages.append(("info", language.explain(UserError("reference_missing"))))
    elif mode == "both":
        messages.append(("info", t("step.hint_reference")))
    if mode != "forced":
        try:
            found["free"] = models.decode(name, changed, text, reference, "free", settings)
        except UserError as error:
            messages = [("error", language.explain(error))]
    return found, messages


def show(values: dict[str, Any]) -> None:
    """Everything below the controls."""
    name = values["model"]
    try:
        with st.spinner(t("step.loading"), show_time=False):
            checkpoint = models.load(name, models.changed(name))
    except UserError as error:
        st.error(language.explain(error))
        return
    found, messages = lanes(values)
    for kind, message in messages:
        getattr(st, kind)(message)
    if not found:
        return
    with st.container(gap=None):
        predicting = _output(found)
        if not predicting:
            _take_away(found, len(checkpoint.target.vocab))
    if predicting:
        _guess(checkpoint, found, values)
        return
    searched = ["step.beam_tab"] if "free" in found and values["strategy"] == "beam" else []
    if searched and (problem := beam.take(values)):
        st.warning(problem)
    names = ["step.player", "step.charts", *searched]
    stepping, charts, *search = st.tabs([t(name) for name in names], key="view", on_change="rerun")
    with stepping:
        _play(checkpoint, found, values)
    if charts.open:
        with charts:
            _charts(found)
    if search and search[0].open:
        with search[0]:
            beam.section(values)


def _output(found: dict[str, Trace]) -> bool:
    """What the free-running lane says, and the switch that hides it; returns whether the viewer is to predict it."""
    text, switch = st.columns([9, 3], vertical_alignment="center")
    predicting = switch.toggle(t("step.predict"), key="predict", help=t("step.predict_help"))
    if predicting:
        text.text(t("step.output_hidden"))
    elif "free" in found:
        free = found["free"]
        cut_off = f" ({t('step.cut_off')})" if free.ended == "length" else ""
        text.text(f"{t('step.output')}: {free.text}{cut_off}")
    return predicting


def _guess(checkpoint: Checkpoint, found: dict[str, Trace], values: dict[str, Any]) -> None:
    """The player alone, which asks before it shows: charts, search and downloads would tell."""
    style.veil_reference()
    player(found, len(checkpoint.target.vocab), controls.address(values), predict=True)


@st.fragment
def _play(checkpoint: Checkpoint, found: dict[str, Trace], values: dict[str, Any]) -> None:
    """The player in a fragment: what it asks of Python reruns this function alone."""
    fixed = sorted((name, value) for name, value in values.items() if name != "branches")
    shown, whatif = request.page(checkpoint.name, checkpoint.digest, fixed), WhatIf(checkpoint, found, values)
    asking = request.handle(shown, whatif.handlers() | Asked(shown, checkpoint, found).handlers())
    address = controls.address(values | {"branches": branches.listed()})
    player(found, len(checkpoint.target.vocab), address, asking, whatif.shown())


def _take_away(found: dict[str, Trace], vocabulary: int) -> None:
    """The lanes as a page that plays without a server, put together when it is asked for; beside the tabs."""
    lang, name = language.current(), next(iter(found.values())).checkpoint["name"]
    with st.container(key="take-away", horizontal=True, horizontal_alignment="right"):
        st.download_button(
            t("step.html"),
            lambda: export.render(found, lang, vocabulary),
            f"lookback-{name}.html",
            "text/html",
            key="html",
            help=t("step.html_help"),
            on_click="ignore",
        )


def _charts(found: dict[str, Trace]) -> None:
    text = language.strings("figure")
    for mode, trace in found.items():
        if trace.looks:
            title = t("figure.attention", lane=t(f"player.{mode}"))
            st.plotly_chart(figures.attention(trace, title, text), key=f"attention-{mode}")
        st.plotly_chart(figures.probabilities(trace, text), key=f"probabilities-{mode}")
