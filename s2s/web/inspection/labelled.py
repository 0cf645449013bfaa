"""The rows that people labelled in a certain way; the rows with labels, and the report, to be taken away."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from s2s.errors import UserError
from s2s.inspect.labelled import write
from s2s.labels import kept
from s2s.web import labels, language, link, models
from s2s.web.inspection.state import Shown
from s2s.web.language import t

if TYPE_CHECKING:
    from s2s.inspect.causes import Row
    from s2s.trace import Trace

FORMS = ("csv", "jsonl", "parquet")


def section(shown: Shown) -> Shown:
    """The controls; what is shown, without the rows that are not asked for."""
    with st.expander(t("labels.bar")):
        asked = labels.choice(shown.directory)
        _take(shown)
    if not asked:
        return shown
    try:
        keep = labels.labels_of(shown.directory).mask(shown.ids, asked)
    except UserError as error:
        st.error(language.explain(error))
        return shown
    return replace(shown, places=shown.places[keep])


def _take(shown: Shown) -> None:
    """Files, made when they are asked for: the language is taken now, as a download is made outside of the visit."""
    name, chosen = shown.entry.name, language.current()
    with st.container(horizontal=True):
        for form in FORMS:
            label = f"{t('labels.export')} · {form.upper()}"
            st.download_button(
                label,
                partial(_export, shown, form),
                f"{name}-labels.{form}",
                on_click="ignore",
                key=f"labels-{form}",
            )
        st.download_button(
            t("report.download"),
            lambda: _report(shown, chosen),
            f"{name}-report.html",
            "text/html",
            on_click="ignore",
            key="report-html",
            help=t("report.download_help"),
        )


def _export(shown: Shown, form: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"rows.{form}"
        write(shown.examples, kept(shown.examples.manifest), path)
        return path.read_bytes()


def _report(shown: Shown, chosen: str) -> str:
    from s2s.inspect.page import render
    from s2s.inspect.paired import Paired
    from s2s.inspect.report import choose, make

    examples = shown.examples
    other = examples.second if isinstance(examples, Paired) else None
    try:
        said = kept(examples.manifest)
    except UserError:  # the page says so beside the button
        said = {}
    ids = dict.fromkeys([*([shown.row] if shown.row else []), *choose(examples, 1)])
    return render(make(examples, ids, lambda row: _lane(shown, row), said, other), chosen)


def _lane(shown: Shown, row: Row) -> Trace | None:
    """The free lane by the checkpoint that was inspected, if it is still there."""
    name, digest = shown.entry.checkpoint, shown.examples.manifest["checkpoint"]["digest"]
    if name not in models.names():
        return None
    settings = tuple((key, link.FIELDS[key].default) for key in link.SETTINGS)
    try:
        if models.load(name, models.changed(name)).digest != digest:
            return None
        return models.decode(name, models.changed(name), row["source"], "", "free", settings)
    except UserError:
        return None
