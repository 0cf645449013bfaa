"""The filter on labels, and downloads: the rows with their labels, and the report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import streamlit as st

from s2s.errors import UserError
from s2s.inspect.label_export import export_labels
from s2s.server import temporary
from s2s.store.label import VERDICTS, LabelFilter
from s2s.store.labels import read_labels
from s2s.web.inspection import label_filter
from s2s.web.inspection.slices import slice_name
from s2s.web.inspection.state import InspectionView
from s2s.web.inspection.summary import file_stem
from s2s.web.shell import in_session, language, models
from s2s.web.shell.bound import follows
from s2s.web.shell.language import t
from s2s.web.shell.page_state import GREEDY

if TYPE_CHECKING:
    from s2s.inspect.causes import Row
    from s2s.trace.trace import Trace

FORMS = ("csv", "jsonl", "parquet")


def label_section(view: InspectionView) -> None:
    """Draw the filter and the downloads, in an expander."""
    with st.expander(t("labels.bar")):
        if view.label_view.problem is None:
            _filter_selects(view.label_view)
        else:
            st.error(language.explain(view.label_view.problem))
        _download_buttons(view)


def _filter_selects(label_view: label_filter.LabelView) -> None:
    """Draw the selectboxes of verdict, category and person; an emptied one filters nothing.

    Their keys contain the language, because the browser keeps a selectbox's option as its text.
    """
    verdicts = {v: t(f"labels.filter_{v or 'all'}") for v in ("", "any", "none")}
    verdicts |= {v: t(f"labels.verdict.{v}") for v in VERDICTS}
    categories = {0: verdicts[""], **label_view.categories}
    people = {"": t("labels.anybody"), **{person: person for person in label_view.people}}
    if label_view.filter.person:  # may have no label any more, and is still a choice
        people[label_view.filter.person] = label_view.filter.person
    options: dict[str, tuple[str, Mapping[Any, str]]] = {
        "verdict": (t("labels.filter"), verdicts),
        "category": (t("labels.categories"), categories),
        "person": (t("labels.by"), people),
    }
    with st.container(horizontal=True):
        for part, (title, names) in options.items():
            bound = follows(
                f"label-filter-{part}-{language.current()}",
                list(names),
                getattr(label_view.filter, part) or next(iter(names)),
                partial(_change_filter, label_view, part),
                next(iter(names)),
            )
            st.selectbox(title, **bound, format_func=names.__getitem__, placeholder=next(iter(names.values())))


def _change_filter(label_view: label_filter.LabelView, part: str, chosen: Any) -> None:
    label_filter.set_label_filter(replace(label_view.filter, **{part: chosen or getattr(LabelFilter, part)}))


def _download_buttons(view: InspectionView) -> None:
    """Draw the buttons; the files are made on a click."""
    name, chosen = file_stem(view), language.current()
    with st.container(horizontal=True):
        for form in FORMS:
            label = f"{t('labels.export')} · {form.upper()}"
            st.download_button(
                label,
                partial(_rows_file, view, form),
                f"{name}-rows.{form}",
                on_click="ignore",
                key=f"labels-{form}",
            )
        st.download_button(
            t("report.download"),
            in_session.within(lambda: _report_page(view, chosen)),
            f"{name}-report.html",
            "text/html",
            on_click="ignore",
            key="report-html",
            help=t("report.download_help"),
        )


def _rows_file(view: InspectionView, form: str) -> bytes:
    with temporary.scratch() as folder:
        path = folder / f"rows.{form}"
        export_labels(view.examples, read_labels(view.examples.manifest), path, rows_N=view.rows_N)
        return path.read_bytes()


def _report_page(view: InspectionView, chosen: str) -> str:
    """The HTML report in a language: the open row, and one example of each cause."""
    from s2s.inspect.paired import Paired
    from s2s.inspect.report.content import Part, choose_examples, make_report
    from s2s.inspect.report.render import render_report

    examples = view.examples
    other = examples.second if isinstance(examples, Paired) else None
    try:
        labels = read_labels(examples.manifest)
    except UserError:  # the page shows the error beside the button
        labels = {}
    ids = dict.fromkeys([*([view.row] if view.row else []), *choose_examples(examples, 1, view.rows_N)])
    part = None if view.rows_N is None else Part(view.rows_N, view.slice, slice_name(view))
    return render_report(make_report(examples, ids, lambda row: _free_lane(view, row), labels, other, part), chosen)


def _free_lane(view: InspectionView, row: Row) -> Trace | None:
    """The row's free-running lane, decoded by the inspected checkpoint; None if that is missing or has changed."""
    name, digest = view.entry.checkpoint, view.examples.manifest["checkpoint"]["digest"]
    if not models.is_known(name):
        return None
    try:
        if models.load(name, models.changed(name)).digest != digest:
            return None
        return models.decode(name, models.changed(name), row["source"], "", "free", GREEDY)
    except UserError:
        return None
