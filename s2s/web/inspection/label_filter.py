"""The labels of the inspection on screen: who labelled, which rows pass the filter, and the order by label."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import streamlit as st

from s2s.errors import UserError
from s2s.inspect.query import LABEL, Query
from s2s.inspect.table import Examples
from s2s.store.database import connect
from s2s.store.label import LabelFilter
from s2s.store.labels import Labels
from s2s.web.shell import keys
from s2s.web.shell.language import t


@dataclass(frozen=True)
class LabelView:
    """The labels of an inspection of N rows, as one run of the page sees them."""

    labels: Labels | None = None  # None if the database is lost, which ``problem`` explains
    people: tuple[str, ...] = ()  # with a label
    categories: Mapping[int, str] = field(default_factory=dict)  # names by number
    filter: LabelFilter = field(default_factory=LabelFilter)
    mask_N: np.ndarray | None = None  # the rows that pass the filter; None without a filter
    order_N: np.ndarray | None = None  # all row positions sorted by label; None if the table has another order
    problem: UserError | None = None

    def for_rows(self, ids: Sequence[int]) -> dict[int, list[dict[str, Any]]] | None:
        """The labels of some examples by id, as the table shows them; None if there are no labels or no database."""
        if self.labels is None or not self.people:
            return None
        try:
            labels_by_id = self.labels.of_examples(ids)
        except UserError:
            return None
        return {
            id: [
                {
                    "person": label.person,
                    "verdict": t(f"labels.verdict.{label.verdict}") if label.verdict else "",
                    "categories": label.categories,
                    "note": label.note,
                }
                for label in labels
            ]
            for id, labels in labels_by_id.items()
        }

    def chip_text(self) -> str:
        """The filter in words; empty without a filter."""
        wanted = self.filter
        verdict = {"": "", "any": t("labels.filter_any"), "none": t("labels.filter_none")}
        parts = [verdict[wanted.verdict] if wanted.verdict in verdict else t(f"labels.verdict.{wanted.verdict}")]
        parts += [wanted.person, self.categories.get(wanted.category or 0, "")]
        chip = t("labels.chip", what=" · ".join(filter(None, parts))) if wanted else ""
        return t("inspect.not", what=chip) if wanted.negated and chip else chip


def read_label_view(examples: Examples, query: Query) -> LabelView:
    """Read the labels from the database, anew in every run because others label at the same time."""
    wanted = LabelFilter.unpack(st.session_state[keys.LABELLED])
    ids = examples.column("id").to_numpy()
    try:
        labels = Labels(connect(), examples.manifest)
        people, categories = labels.people(), labels.categories()
        if wanted.category not in (None, *categories):  # somebody has deleted it
            wanted = replace(wanted, category=None)
        mask_N = labels.mask(ids, wanted) if wanted else None
        order_N = labels.order(ids, wanted.person, query.descending) if query.sort == LABEL else None
    except UserError as error:
        return LabelView(problem=error)
    return LabelView(labels, people, categories, wanted, mask_N, order_N)


def set_label_filter(wanted: LabelFilter) -> None:
    """Change the session's filter; the table returns to its first page."""
    if wanted.pack() != st.session_state[keys.LABELLED]:
        st.session_state.update({keys.LABELLED: wanted.pack(), keys.TABLE_FROM: 0})
