"""What people said of the inspection on screen: who did, which rows are asked for by it, and their order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import streamlit as st

from s2s.errors import UserError
from s2s.inspect.table import LABEL, Examples, Query
from s2s.store.database import connect
from s2s.store.label import Asked
from s2s.store.labels import Labels
from s2s.web.shell import keys
from s2s.web.shell.language import t


@dataclass(frozen=True)
class Said:
    """Of N rows; ``mask_N``: those asked for, ``order_N``: all places by label, each where it is asked for."""

    labels: Labels | None = None  # None where the database is lost; ``problem`` says why
    people: tuple[str, ...] = ()
    categories: Mapping[int, str] = field(default_factory=dict)
    asked: Asked = field(default_factory=Asked)
    mask_N: np.ndarray | None = None
    order_N: np.ndarray | None = None
    problem: UserError | None = None

    def shown_of(self, ids: Sequence[int]) -> dict[int, list[dict[str, Any]]] | None:
        """The labels of some rows as the table shows them; None while nobody has said anything."""
        if self.labels is None or not self.people:
            return None
        try:
            found = self.labels.some(ids)
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
            for id, labels in found.items()
        }

    def chip(self) -> str:
        """What is asked for, to a person; empty where nothing is."""
        asked = self.asked
        verdict = {"": "", "any": t("labels.filter_any"), "none": t("labels.filter_none")}
        parts = [verdict[asked.verdict] if asked.verdict in verdict else t(f"labels.verdict.{asked.verdict}")]
        parts += [asked.person, self.categories.get(asked.category or 0, "")]
        return t("labels.chip", what=" · ".join(filter(None, parts))) if asked else ""


def read(examples: Examples, query: Query) -> Said:
    """From the server's database, anew in every run: others label at the same time."""
    asked = Asked.unpack(st.session_state[keys.LABELLED])
    ids = examples.column("id").to_numpy()
    try:
        labels = Labels(connect(), examples.manifest)
        people, categories = labels.people(), labels.categories()
        if asked.category not in (None, *categories):  # somebody has deleted it
            asked = replace(asked, category=None)
        mask_N = labels.mask(ids, asked) if asked else None
        order_N = labels.order(ids, asked.person, query.descending) if query.sort == LABEL else None
    except UserError as error:
        return Said(problem=error)
    return Said(labels, people, categories, asked, mask_N, order_N)


def ask(asked: Asked) -> None:
    """Other rows; the table begins at its first ones."""
    if asked.pack() != st.session_state[keys.LABELLED]:
        st.session_state.update({keys.LABELLED: asked.pack(), keys.TABLE_FROM: 0})
