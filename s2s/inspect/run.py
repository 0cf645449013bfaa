"""A test set through both lanes into a directory: streamed, resumable, by one process or several.

The file is read in windows of 1,000 pairs. A window becomes a part, a Parquet file that is there
whole or not at all; the windows are the same whoever makes them, so that a run that was killed goes
on with those that are missing, and of several processes each makes every size-th. When all are
there the first process puts them together, with the causes, as ``examples.parquet``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from s2s import disk
from s2s.checkpoint.record import Checkpoint
from s2s.data.batches import MAX_TOKENS
from s2s.data.readers import Columns, LeftOut, Note, Pair, read_pairs, refuse, silent
from s2s.data.text_file import AUTO, Bad, Form
from s2s.errors import UserError
from s2s.evaluate.metrics import bleu_tokenizer
from s2s.inspect.causes import TESTED_COLUMNS, cause_columns, compute_fences
from s2s.inspect.rows import Rows
from s2s.inspect.schema import PART, SCHEMA, TABLE, TAGS
from s2s.train.distributed import Group

WINDOW = 1000  # pairs; the memory needed is that of one window, whatever the file
NOTED = 20  # bad rows that the manifest names
Progress = Callable[[int], None]  # told how many pairs more are done
Numbered = tuple[int, Pair]


@dataclass(frozen=True)
class Input:
    """A file of pairs and how it is read; ``skip_bad``: rows that are no pair are passed over and counted."""

    path: Path
    columns: Columns = field(default_factory=Columns)
    form: str = "auto"
    limit: int | None = None
    skip_bad: bool = False
    encoding: str = AUTO
    note: Note = silent  # told once, when the file is surveyed

    def pairs(self, bad: Bad, note: Note = silent) -> Iterator[Numbered]:
        """The pairs with their places among the file's rows, from 1; a row that ``bad`` lets pass has one, too."""
        number = 0

        def count(error: UserError) -> None:
            nonlocal number
            number += 1
            bad(error)

        how = self.path, self.columns, self.form
        for pair in islice(read_pairs(*how, count, self.encoding, note), self.limit):
            number += 1
            yield number, pair

    def survey(self) -> dict[str, Any]:
        """How many pairs there are, how many rows and lines are bad, the first of these, and how the file was read.

        UserError for a bad row that is not to be skipped, and for a file without a pair.
        """
        noted, forms, left_out = list[str](), list[Form](), LeftOut(self.path)

        def count(error: UserError) -> None:
            left_out(error)
            if len(noted) < NOTED:
                noted.append(str(error))

        def note(form: Form) -> None:
            self.note(form)
            forms.append(form)

        pairs = sum(1 for _ in self.pairs(count if self.skip_bad else refuse, note))
        if not pairs:
            raise UserError("file_no_pairs", file=str(self.path))
        form = {name: getattr(forms[0], name) for name in ("encoding", "newline", "delimiter")}
        bad = {"bad_rows": left_out.rows, "bad_lines": left_out.lines, "bad": noted}
        return {"pairs": pairs, **bad, "read_as": form}

    def references(self) -> Iterator[str]:
        """The references, one after the other."""
        return (reference for _, (_, reference) in self.pairs(_ignore if self.skip_bad else refuse))

    def windows(self) -> Iterator[tuple[int, list[Numbered]]]:
        """Window after window."""
        pairs, number = self.pairs(_ignore if self.skip_bad else refuse), 0
        while window := list(islice(pairs, WINDOW)):
            yield number, window
            number += 1


def _ignore(error: UserError) -> None:
    """Nothing: the survey has counted it."""


class Inspection:
    """The directory of one checkpoint on one file; ``run`` makes what is missing of it."""

    def __init__(self, directory: Path, checkpoint: Checkpoint, source: Input, mode: str = "both") -> None:
        self.directory, self.checkpoint, self.source, self.mode = directory, checkpoint, source, mode
        self.parts, self.table = directory / "parts", directory / "examples.parquet"
        self.manifest = {
            "schema": SCHEMA,
            "checkpoint": {"name": checkpoint.name, "digest": checkpoint.digest},
            "file": _identity(source),
            "settings": {"mode": mode, "limit": source.limit, "window": WINDOW},
            **source.survey(),
            "bleu_tokenizer": bleu_tokenizer(checkpoint.target.segmenter, source.references()),
        }
        self._check()

    def _check(self) -> None:
        """UserError where the directory holds anything that is not of this checkpoint, file and settings."""
        path = self.directory / "manifest.json"
        if not self.directory.exists() or not any(self.directory.iterdir()):
            return
        try:
            held = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            raise UserError("inspect_directory", directory=str(self.directory)) from None
        for name in ("schema", "checkpoint", "file", "settings"):
            if not isinstance(held, dict) or held.get(name) != self.manifest[name]:
                raise UserError("inspect_other", directory=str(self.directory), what=name)

    @property
    def windows(self) -> int:
        """How many there are."""
        return len(range(0, self.manifest["pairs"], WINDOW))

    def part(self, window: int) -> Path:
        """Where the rows of a window are."""
        return self.parts / f"{window:06}.parquet"

    def share(self, group: Group) -> int:
        """Pairs that are this process's to do, those of an earlier run included."""
        sizes = [min(WINDOW, self.manifest["pairs"] - WINDOW * n) for n in range(self.windows)]
        return sum(sizes[group.rank :: group.size])

    def run(self, group: Group, progress: Progress) -> None:
        """All windows that are this process's and not there yet; then the first puts all together."""
        if group.first and not self.table.exists():
            self.parts.mkdir(parents=True, exist_ok=True)
            self.write_manifest()
        group.share(0)  # the others wait for the directory
        if not self.table.exists():
            self._parts(group, progress)
        group.share(0)  # the first waits for the parts
        if group.first and not self.table.exists():
            self._join()
        if group.first:
            disk.remove(self.parts)
        group.share(0)

    def write_manifest(self, **more: Any) -> None:
        """What the directory is of, and what is known of it besides."""
        text = json.dumps({**self.manifest, **more}, ensure_ascii=False, indent=1)
        disk.write_text(self.directory / "manifest.json", text + "\n")

    def _parts(self, group: Group, progress: Progress) -> None:
        rows = Rows(self.checkpoint, self.mode, self.manifest["bleu_tokenizer"])
        for number, window in self.source.windows():
            if number % group.size != group.rank:
                continue
            if self.part(number).exists():
                progress(len(window))
            else:
                self._part(number, window, rows, progress)

    def _part(self, number: int, window: list[Numbered], rows: Rows, progress: Progress) -> None:
        examples = [made for id, pair in window if (made := rows.example(id, *pair)) is not None]
        progress(len(window) - len(examples))
        found = []
        for batch in rows.rows(examples):
            found += batch
            progress(len(batch))
        table = pa.Table.from_pylist(sorted(found, key=lambda row: int(row["id"])), schema=PART)
        disk.write_file(self.part(number), lambda path: pq.write_table(table, path, compression="zstd"))

    def _join(self) -> None:
        """The parts in order as one table, a row group a part, with the causes; the manifest says what it holds."""
        paths = [self.part(n) for n in range(self.windows)]
        columns = pa.concat_tables([pq.read_table(path, columns=["nll", "reference_ratio"]) for path in paths])
        if not len(columns):
            raise UserError("exposure_no_pairs", limit=MAX_TOKENS)
        nll, ratio = (columns[name].drop_null().to_numpy() for name in columns.column_names)
        limits = compute_fences(nll, ratio)

        def fill(fresh: Path) -> None:
            with pq.ParquetWriter(fresh, TABLE, compression="zstd") as writer:
                for path in paths:
                    part = pq.read_table(path)
                    tags = [cause_columns(row, limits) for row in part.select(TESTED_COLUMNS).to_pylist()]
                    more = pa.Table.from_pylist(tags, schema=pa.schema(list(TAGS.items())))
                    whole = pa.Table.from_arrays([*part.columns, *more.columns], schema=TABLE)
                    writer.write_table(whole)

        known = {name: value for name, value in asdict(limits).items() if np.isfinite(value)}
        made = {"examples": len(columns), "left_out": self.manifest["pairs"] - len(columns), "fences": known}
        self.write_manifest(**made)
        disk.write_file(self.table, fill)


def _identity(source: Input) -> dict[str, Any]:
    try:
        with open(source.path, "rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            size = file.tell()
    except OSError:
        raise UserError("file_missing", file=str(source.path)) from None
    columns = [source.columns.source, source.columns.target]
    named = {} if source.encoding == AUTO else {"encoding": source.encoding}
    whole = {"name": source.path.name, "bytes": size, "sha256": digest, "format": source.form}
    return {**whole, "columns": columns, **named}
