"""Which rows are asked for by what people said of them; the rows with labels, and the report, to be taken away."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from s2s.errors import UserError
from s2s.inspect.label_export import write
from s2s.store.label import VERDICTS, Asked
from s2s.store.labels import kept
from s2s.web.inspection import label_filter
from s2s.web.inspection.state import Shown
from s2s.web.shell import in_session, language, models
from s2s.web.shell.bound import picks
from s2s.web.shell.language import t
from s2s.web.shell.page_state import GREEDY

if TYPE_CHECKING:
    from s2s.inspect.causes import Row
    from s2s.trace.trace import Trace

FORMS = ("csv", "jsonl", "parquet")


def section(shown: Shown) -> None:
    """The controls, behind a fold."""
    with st.expander(t("labels.bar")):
        if shown.said.problem is None:
            _choice(shown.said)
        else:
            st.error(language.explain(shown.said.problem))
        _take(shown)


def _choice(told: label_filter.Said) -> None:
    """Verdict, category and person; a set of controls a language, as a selectbox keeps its option as it is written."""
    verdicts = {v: t(f"labels.filter_{v or 'all'}") for v in ("", "any", "none")}
    verdicts |= {v: t(f"labels.verdict.{v}") for v in VERDICTS}
    categories = {0: verdicts[""], **told.categories}
    people = {"": t("labels.anybody"), **{person: person for person in told.people}}
    if told.asked.person:  # who has taken back all they said is asked for still
        people[told.asked.person] = told.asked.person
    options: dict[str, tuple[str, Mapping[Any, str]]] = {
        "verdict": (t("labels.filter"), verdicts),
        "category": (t("labels.categories"), categories),
        "person": (t("labels.by"), people),
    }
    with st.container(horizontal=True):
        for part, (title, names) in options.items():
            key = f"label-filter-{part}-{language.current()}"
            st.session_state[key] = getattr(told.asked, part) or next(iter(names))
            listed = picks(key, list(names))
            st.selectbox(title, **listed, format_func=names.__getitem__, on_change=_ask, args=(told, part, key))


def _ask(told: label_filter.Said, part: str, key: str) -> None:
    label_filter.ask(replace(told.asked, **{part: st.session_state[key] or getattr(Asked, part)}))


def _take(shown: Shown) -> None:
    """Files, made when they are asked for."""
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
            in_session.within(lambda: _report(shown, chosen)),
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
    """The page in a language: the row that is open, and one example of each cause."""
    from s2s.inspect.paired import Paired
    from s2s.inspect.report.page import render
    from s2s.inspect.report.report import choose, make

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
    if not models.is_known(name):
        return None
    try:
        if models.load(name, models.changed(name)).digest != digest:
            return None
        return models.decode(name, models.changed(name), row["source"], "", "free", GREEDY)
    except UserError:
        return None
