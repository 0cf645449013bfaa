"""A slice: the part of an inspection's rows that meets a query's conditions and a filter on labels."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace

import numpy as np

from s2s.errors import UserError
from s2s.inspect.paired import Paired
from s2s.inspect.query import DIFFERENCE, Query
from s2s.inspect.table import Examples
from s2s.store.database import connect
from s2s.store.label import LabelFilter
from s2s.store.labels import Labels
from s2s.store.slices import Slices


@dataclass(frozen=True)
class Slice:
    """The conditions that choose rows; the order of the query is left out.

    >>> Slice(Query(errors=True, sort="nll"), LabelFilter(verdict="wrong")).pack()
    '{"errors":true,"labels":{"verdict":"wrong"}}'
    """

    query: Query = field(default_factory=Query)
    labels: LabelFilter = field(default_factory=LabelFilter)

    def __post_init__(self) -> None:
        object.__setattr__(self, "query", replace(self.query, sort="id", descending=False))

    def __bool__(self) -> bool:
        return bool(self.query.conditions()) or bool(self.labels)

    def pack(self) -> str:
        """The slice as a text: that of its query, with the label filter under ``labels``; empty for all rows."""
        values = json.loads(self.query.pack() or "{}")
        if self.labels:
            values["labels"] = json.loads(self.labels.pack())
        return json.dumps(values, ensure_ascii=False, separators=(",", ":")) if values else ""

    @classmethod
    def unpack(cls, text: str) -> Slice:
        """Parse a text from ``pack``; ValueError for anything else, and a UserError for a wrong regular expression."""
        try:
            values = json.loads(text) if text else {}
            labels = values.pop("labels", None)
            return cls(Query.unpack(json.dumps(values)), LabelFilter.unpack(json.dumps(labels) if labels else ""))
        except (TypeError, AttributeError, RecursionError):
            raise ValueError(text) from None

    def rows(self, examples: Examples, url: str | None = None) -> np.ndarray:
        """The rows as a mask; labels are read from the database of a URL. Raises UserError if there is none."""
        if DIFFERENCE in self.query.ranges and not isinstance(examples, Paired):
            raise UserError("slice_difference")
        rows_N = examples.mask(self.query)
        if self.labels:
            rows_N &= Labels(connect(url), examples.manifest).mask(examples.column("id").to_numpy(), self.labels)
        return rows_N


def read_slice(text: str, examples: Examples, url: str | None = None) -> Slice:
    """A slice from what a user typed: its text if it begins with a brace, otherwise the name of a saved one.

    Raises UserError for an unknown name and for a text that is no slice.
    """
    if text.lstrip().startswith("{"):
        try:
            return Slice.unpack(text)
        except UserError:
            raise
        except ValueError:
            raise UserError("slice_text", text=text) from None
    saved = Slices(connect(url), examples.manifest).all()
    if text not in saved:
        raise UserError("slice_unknown", name=text, known=", ".join(saved) or "–")
    return Slice.unpack(saved[text])
