"""Decode the lanes that a page shows: free-running and teacher-forced."""

from __future__ import annotations

from s2s.errors import UserError
from s2s.trace.trace import Trace
from s2s.web.shell import controls, language, models
from s2s.web.shell.language import t
from s2s.web.shell.page_state import PageState


def decode_lanes(state: PageState) -> tuple[dict[str, Trace], list[tuple[str, str]]]:
    """Traces by lane, ``forced`` before ``free``, and messages about those that are missing.

    A message is the name of Streamlit's function that shows it (``error``, ``warning``, ``info``) and a sentence.
    """
    name, text, reference = controls.model_name(state), state.source, state.ref.strip()
    changed, mode = models.changed(name), state.mode
    lanes: dict[str, Trace] = {}
    messages: list[tuple[str, str]] = []
    if not reference and mode != "free":
        if mode == "forced" or not state.projector:  # a projected page has no field for one
            messages.append(("info", t("error.reference_missing" if mode == "forced" else "step.hint_reference")))
    elif mode != "free":
        try:
            lanes["forced"] = models.decode(name, changed, text, reference, "forced", ())
        except UserError as error:
            messages.append(("error" if mode == "forced" else "warning", language.explain(error)))
            reference = ""
    elif reference and (mistake := models.reference_mistake(name, changed, reference)):
        messages.append(("warning", language.explain(mistake)))
        reference = ""
    if mode != "forced":
        try:
            lanes["free"] = models.decode(name, changed, text, reference, "free", state.settings)
        except UserError as error:
            messages = [("error", language.explain(error))]
    return lanes, messages
