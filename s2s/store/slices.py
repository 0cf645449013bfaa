"""Named slices of a test file's rows: the texts of their conditions (docs/INSPECT.md, Slices).

The key is the file's SHA-256 and the name: every inspection of the file has them, whatever its checkpoint.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Column, Engine, Float, String, Table, Text, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from s2s.errors import UserError
from s2s.monitoring.events import audit
from s2s.store.database import METADATA, reading, writing
from s2s.store.label import MAX_NAME, clean_name

MOST_SLICES = 100  # of one file
MAX_TEXT = 100_000  # characters of a slice's conditions

SLICES = Table(
    "slices",
    METADATA,
    Column("file", String(64), primary_key=True),
    Column("name", String(MAX_NAME), primary_key=True),
    Column("conditions", Text, nullable=False),
    Column("changed", Float(53), nullable=False),  # seconds since 1970
)


class Slices:
    """The named slices of the file of an inspection, in a database."""

    def __init__(self, engine: Engine, manifest: Mapping[str, Any]) -> None:
        self.engine = engine
        self.file: str = manifest["file"]["sha256"]

    def all(self) -> dict[str, str]:
        """The conditions by name, sorted by name."""
        query = select(SLICES.c.name, SLICES.c.conditions).where(SLICES.c.file == self.file)
        with reading(self.engine) as connection:
            return dict(sorted((name, conditions) for name, conditions in connection.execute(query)))

    def add(self, name: str, conditions: str) -> str:
        """Save a slice; returns its name, cleaned. Raises UserError if the name is taken, or if there are too many."""
        name = clean_name(name)
        if len(conditions) > MAX_TEXT:
            raise UserError("slice_long", limit=MAX_TEXT)
        count = select(func.count()).select_from(SLICES).where(SLICES.c.file == self.file)
        row = {"file": self.file, "name": name, "conditions": conditions, "changed": time.time()}
        try:
            with writing(self.engine) as connection:
                if connection.execute(count).scalar_one() >= MOST_SLICES:
                    raise UserError("slice_many", limit=MOST_SLICES)
                connection.execute(insert(SLICES).values(row))
        except IntegrityError:
            raise UserError("slice_taken", name=name) from None
        self._audit("added")
        return name

    def rename(self, name: str, new: str) -> str:
        """Rename a slice; returns the new name. Raises UserError if that is taken or the slice has been deleted."""
        new = clean_name(new)
        try:
            with writing(self.engine) as connection:
                found = connection.execute(update(SLICES).where(*self._key(name)).values(name=new)).rowcount
        except IntegrityError:
            raise UserError("slice_taken", name=new) from None
        if not found:
            raise UserError("slice_gone", name=name)
        self._audit("renamed")
        return new

    def remove(self, name: str) -> None:
        """Delete a slice, if it is still there."""
        with writing(self.engine) as connection:
            connection.execute(delete(SLICES).where(*self._key(name)))
        self._audit("removed")

    def _key(self, name: str) -> tuple[Any, ...]:
        return SLICES.c.file == self.file, SLICES.c.name == name

    def _audit(self, change: str) -> None:
        """Write a stored change to the audit log, without what was written."""
        audit("slice", file=self.file[:12], change=change)
