"""Labels of an inspection's examples: verdicts, people's categories, notes (docs/INSPECT.md, Labels).

The key of a label is a test file (its SHA-256), a checkpoint (its digest), an example's id and a person. So an
inspection that is made again has its labels, and two people who label one example write two rows. Each change is one
transaction that writes only its own columns, so that two browser tabs do not overwrite each other's changes.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Engine,
    Float,
    ForeignKey,
    Integer,
    Select,
    String,
    Table,
    Text,
    UniqueConstraint,
    case,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from s2s.errors import UserError
from s2s.monitoring.events import audit
from s2s.store.database import METADATA, connect, exists, reading, upsert, writing
from s2s.store.label import MAX_NAME, MAX_NOTE, VERDICTS, Label, LabelFilter, clean_name, clean_text

KEY = ("file", "checkpoint", "example", "person")

LABELS = Table(
    "labels",
    METADATA,
    Column("file", String(64), primary_key=True),
    Column("checkpoint", String(64), primary_key=True),
    Column("example", BigInteger, primary_key=True, autoincrement=False),
    Column("person", String(MAX_NAME), primary_key=True),
    Column("verdict", String(20)),
    Column("note", Text, nullable=False, server_default=""),
    Column("changed", Float(53), nullable=False),  # seconds since 1970
)
CATEGORIES = Table(
    "label_categories",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("file", String(64), nullable=False),
    Column("name", String(MAX_NAME), nullable=False),
    UniqueConstraint("file", "name"),
    sqlite_autoincrement=True,  # a deleted category's number is never reused
)
MARKS = Table(
    "label_marks",
    METADATA,
    Column("file", String(64), primary_key=True),
    Column("checkpoint", String(64), primary_key=True),
    Column("example", BigInteger, primary_key=True, autoincrement=False),
    Column("person", String(MAX_NAME), primary_key=True),
    Column("category", ForeignKey(CATEGORIES.c.id, ondelete="CASCADE"), primary_key=True, index=True),
)


class Labels:
    """The labels of one checkpoint's examples of one file, in a database."""

    def __init__(self, engine: Engine, manifest: Mapping[str, Any]) -> None:
        self.engine = engine
        self.file: str = manifest["file"]["sha256"]
        self.checkpoint: str = manifest["checkpoint"]["digest"]

    def set_verdict(self, example: int, person: str, verdict: str | None) -> None:
        """Store a verdict; None deletes it."""
        if verdict not in (None, *VERDICTS):
            raise UserError("setting_choice", name="verdict", found=verdict, known=", ".join(VERDICTS))
        self._change(example, person, verdict=verdict)

    def set_note(self, example: int, person: str, text: str) -> None:
        """Store a note; an empty one deletes it."""
        self._change(example, person, note=clean_text(text, MAX_NOTE))

    def set_category(self, example: int, person: str, category: int, holds: bool) -> None:
        """Add an example to a category, or remove it. Raises UserError if the category has been deleted."""
        with writing(self.engine) as connection:
            row = self._row(example, person) | {"category": category}
            known = select(CATEGORIES.c.id).where(CATEGORIES.c.id == category, CATEGORIES.c.file == self.file)
            if connection.execute(known.with_for_update(read=True)).first() is None:
                raise UserError("label_category_gone")
            if holds:
                upsert(connection, MARKS, row)
            else:
                connection.execute(delete(MARKS).where(*(MARKS.c[key] == value for key, value in row.items())))
            self._touch(connection, example, person)
        self._audit("label", example=example, field="category", category=category)

    def of_example(self, example: int) -> tuple[Label, ...]:
        """All people's labels of an example, sorted by person, without empty ones."""
        return self._read([example]).get(example, ())

    def all(self) -> dict[int, tuple[Label, ...]]:
        """The labels of every example that has one, by the example's id."""
        return self._read()

    def of_examples(self, examples: Collection[int]) -> dict[int, tuple[Label, ...]]:
        """The labels of those of the given examples that have one, by the example's id."""
        return self._read(examples)

    def people(self) -> tuple[str, ...]:
        """The people with a label, sorted by name."""
        query = select(LABELS.c.person).where(*self._non_empty()).distinct()
        with reading(self.engine) as connection:
            return tuple(sorted(connection.execute(query).scalars()))

    def order(self, ids: NDArray[np.int64], person: str = "", descending: bool = False) -> NDArray[np.intp]:
        """Indices that sort ids by verdict, in the order of ``VERDICTS``, then by labels without a verdict.

        If an example has several verdicts, the last in that order counts; with ``person`` only that person's verdict
        does. The sort is stable. Ids without a label are last, also in descending order.
        """
        rank = func.max(case({verdict: n for n, verdict in enumerate(VERDICTS)}, value=LABELS.c.verdict))
        query = select(LABELS.c.example, rank).where(*self._non_empty(person)).group_by(LABELS.c.example)
        with reading(self.engine) as connection:
            ranks = {id: len(VERDICTS) if n is None else n for id, n in connection.execute(query)}
        sign = -1.0 if descending else 1.0
        return np.argsort([sign * ranks[id] if id in ranks else np.inf for id in ids.tolist()], kind="stable")

    def mask(self, ids: NDArray[np.int64], wanted: LabelFilter) -> NDArray[np.bool_]:
        """One boolean for each id: whether its example passes the filter."""
        if wanted.negated:
            return ~self.mask(ids, replace(wanted, negated=False))
        if wanted.verdict != "none":
            return np.isin(ids, self._matching_ids(wanted))
        in_category = self.mask(ids, replace(wanted, verdict="")) if wanted.category is not None else True
        return ~np.isin(ids, self._matching_ids(LabelFilter(wanted.person, "any"))) & in_category

    def _matching_ids(self, wanted: LabelFilter) -> list[int]:
        where = self._non_empty(wanted.person)
        if wanted.verdict:
            given = LABELS.c.verdict == wanted.verdict
            where.append(given if wanted.verdict != "any" else LABELS.c.verdict.is_not(None))
        if wanted.category is not None:
            where.append(_marks_of_label().where(MARKS.c.category == wanted.category).exists())
        with reading(self.engine) as connection:
            return list(connection.execute(select(LABELS.c.example).where(*where)).scalars())

    def _non_empty(self, person: str = "") -> list[ColumnElement[bool]]:
        """SQL conditions: this inspection's non-empty labels, of all people or of one."""
        non_empty = LABELS.c.verdict.is_not(None) | (LABELS.c.note != "") | _marks_of_label().exists()
        where = [LABELS.c.file == self.file, LABELS.c.checkpoint == self.checkpoint, non_empty]
        return [*where, LABELS.c.person == person] if person else where

    def categories(self) -> dict[int, str]:
        """The file's categories by number, oldest first."""
        query = select(CATEGORIES.c.id, CATEGORIES.c.name).where(CATEGORIES.c.file == self.file)
        with reading(self.engine) as connection:
            return {id: name for id, name in connection.execute(query.order_by(CATEGORIES.c.id))}

    def add_category(self, name: str) -> int:
        """Create a category if there is none of this name; returns its number."""
        name = clean_name(name)
        query = select(CATEGORIES.c.id).where(CATEGORIES.c.file == self.file, CATEGORIES.c.name == name)
        try:
            with writing(self.engine) as connection:
                made = insert(CATEGORIES).values(file=self.file, name=name).returning(CATEGORIES.c.id)
                category = int(connection.execute(made).scalar_one())
            self._audit("category", category=category, change="added")
            return category
        except IntegrityError:
            with reading(self.engine) as connection:
                return int(connection.execute(query).scalar_one())

    def rename_category(self, category: int, name: str) -> None:
        """Rename a category for everyone. Raises UserError if the name is taken or the category has been deleted."""
        name = clean_name(name)
        this_category = (CATEGORIES.c.id == category) & (CATEGORIES.c.file == self.file)
        try:
            with writing(self.engine) as connection:
                changed = connection.execute(update(CATEGORIES).where(this_category).values(name=name)).rowcount
        except IntegrityError:
            raise UserError("label_category_taken", name=name) from None
        if not changed:
            raise UserError("label_category_gone")
        self._audit("category", category=category, change="renamed")

    def remove_category(self, category: int) -> None:
        """Delete a category and its marks; notes and verdicts stay."""
        this_category = (CATEGORIES.c.id == category) & (CATEGORIES.c.file == self.file)
        with writing(self.engine) as connection:
            connection.execute(delete(CATEGORIES).where(this_category))
        self._audit("category", category=category, change="removed")

    def count_marks(self, category: int) -> int:
        """The number of labels in a category, over all checkpoints."""
        query = select(func.count()).select_from(MARKS).where(MARKS.c.category == category)
        with reading(self.engine) as connection:
            return int(connection.execute(query).scalar_one())

    def _row(self, example: int, person: str) -> dict[str, Any]:
        return {"file": self.file, "checkpoint": self.checkpoint, "example": example, "person": clean_name(person)}

    def _change(self, example: int, person: str, **columns: str | None) -> None:
        with writing(self.engine) as connection:
            self._touch(connection, example, person, **columns)
        self._audit("label", example=example, field="".join(columns))

    def _audit(self, event: str, **ids: object) -> None:
        """Write a stored change to the audit log, without the person's name and without what was written."""
        audit(event, file=self.file[:12], checkpoint=self.checkpoint[:12], **ids)

    def _touch(self, connection: Connection, example: int, person: str, **columns: str | None) -> None:
        upsert(connection, LABELS, self._row(example, person) | {"changed": time.time()} | columns)

    def _read(self, examples: Collection[int] | None = None) -> dict[int, tuple[Label, ...]]:
        """Non-empty labels by example, always with two queries."""

        def conditions(table: Table) -> list[Any]:
            where = [table.c.file == self.file, table.c.checkpoint == self.checkpoint]
            return [*where, table.c.example.in_(examples)] if examples is not None else where

        marks = select(MARKS.c.example, MARKS.c.person, CATEGORIES.c.name).join_from(MARKS, CATEGORIES)
        with reading(self.engine) as connection:
            rows = connection.execute(select(LABELS).where(*conditions(LABELS))).all()
            marked = connection.execute(marks.where(*conditions(MARKS)).order_by(CATEGORIES.c.id)).all()
        names: dict[tuple[int, str], tuple[str, ...]] = {}
        for id, person, name in marked:
            names[id, person] = (*names.get((id, person), ()), name)
        labels: dict[int, tuple[Label, ...]] = {}
        for row in sorted(rows, key=lambda row: (row.example, row.person)):
            categories = names.get((row.example, row.person), ())
            if row.verdict or row.note or categories:
                changed = datetime.fromtimestamp(row.changed, UTC)
                label = Label(row.person, row.verdict, categories, row.note, changed)
                labels[row.example] = (*labels.get(row.example, ()), label)
        return labels


def _marks_of_label() -> Select[tuple[int]]:
    """A subquery: the marks of a row of ``LABELS``."""
    return select(1).select_from(MARKS).where(*(MARKS.c[key] == LABELS.c[key] for key in KEY))


def read_labels(manifest: Mapping[str, Any], url: str | None = None) -> dict[int, tuple[Label, ...]]:
    """All labels of an inspection by example; a missing database is not created and gives none."""
    return Labels(connect(url), manifest).all() if url or exists() else {}
