"""A run of an inspection into a directory: streamed, resumable, by one process or several.

The file is read in windows of 1,000 pairs. Each window becomes a part, a Parquet file that is written
atomically. Windows do not depend on who computes them: a run that was killed continues with the missing
ones, and each of ``size`` processes computes every ``size``-th. When all parts exist, the first process
joins them, with the causes, as ``examples.parquet``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from s2s import disk
from s2s.checkpoint.record import Checkpoint
from s2s.data.batches import MAX_TOKENS
from s2s.data.readers import Columns, LeftOut, Note, Row, read_rows, refuse, silent
from s2s.data.text_file import AUTO, Bad, Form
from s2s.errors import UserError
from s2s.evaluate.metrics import bleu_tokenizer
from s2s.inspect.baselines import write_baselines
from s2s.inspect.causes import OUTCOMES, TAGGED_COLUMNS, TRIED, tag_columns, trial
from s2s.inspect.rows import Rows
from s2s.inspect.sample import Sample, spaced, take_sample
from s2s.inspect.schema import PART, SCHEMA, TABLE, TAGS, refuse_other_schema
from s2s.inspect.target_words import write_ranks
from s2s.train.distributed import Group

WINDOW = 1000  # pairs; one window is held in memory at a time
NOTED = 20  # bad rows that the manifest quotes, at most
Progress = Callable[[int], None]  # gets the number of pairs done since the last call
Numbered = tuple[int, Row]


@dataclass(frozen=True)
class Input:
    """A file of pairs and how it is read; with ``skip_bad``, invalid rows are skipped and counted."""

    path: Path
    columns: Columns = field(default_factory=Columns)
    form: str = "auto"
    limit: int | None = None
    skip_bad: bool = False
    encoding: str = AUTO
    note: Note = silent  # called once, by ``survey``, with the format of the file

    def pairs(self, bad: Bad, note: Note = silent) -> Iterator[Numbered]:
        """Yield the rows with their numbers, from 1; bad rows that ``bad`` does not raise for are counted, too."""
        number = 0

        def count(error: UserError) -> None:
            nonlocal number
            number += 1
            bad(error)

        for row in islice(read_rows(self.path, self.columns, self.form, count, self.encoding, note), self.limit):
            number += 1
            yield number, row

    def survey(self) -> dict[str, Any]:
        """The number of pairs, of bad rows and of bad lines, the first bad rows, and how the file was read.

        Raises UserError for a bad row unless ``skip_bad`` is set, and for a file without pairs.
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
        form: dict[str, Any] = {name: getattr(forms[0], name) for name in ("encoding", "newline", "delimiter")}
        form |= {"heading": list(forms[0].heading)} if forms[0].heading else {}
        bad = {"bad_rows": left_out.rows, "bad_lines": left_out.lines, "bad": noted}
        return {"pairs": pairs, **bad, "read_as": form}

    def references(self) -> Iterator[str]:
        """Yield the references."""
        return (reference for _, (_, reference, _) in self.valid_pairs())

    def valid_pairs(self) -> Iterator[Numbered]:
        """Yield the pairs with their row numbers; bad rows are skipped or raise UserError."""
        return self.pairs(_ignore if self.skip_bad else refuse)

    def windows(self) -> Iterator[tuple[int, list[Numbered]]]:
        """Yield the windows with their numbers, from 0."""
        pairs, number = self.valid_pairs(), 0
        while window := list(islice(pairs, WINDOW)):
            yield number, window
            number += 1


def _ignore(error: UserError) -> None:
    """Ignore a bad row that ``survey`` has counted."""


class Inspection:
    """The inspection of one file with one checkpoint in a directory; ``run`` computes the missing parts.

    ``shares``: also how much of each output comes from the source. Raises UserError if the directory holds something
    else.
    """

    def __init__(
        self, directory: Path, checkpoint: Checkpoint, source: Input, mode: str = "both", shares: bool = False
    ) -> None:
        self.directory, self.checkpoint, self.source, self.mode = directory, checkpoint, source, mode
        self.shares = shares
        self.parts, self.table = directory / "parts", directory / "examples.parquet"
        settings = {"mode": mode, "limit": source.limit, "window": WINDOW}
        settings |= {"source_share": True} if shares else {}
        self.manifest = {
            "schema": SCHEMA,
            "checkpoint": {"name": checkpoint.name, "digest": checkpoint.digest},
            "file": _identity(source),
            "settings": settings,
            **source.survey(),
            "bleu_tokenizer": bleu_tokenizer(checkpoint.target.segmenter, source.references()),
        }
        self._check()

    def _check(self) -> None:
        """Raise UserError if the directory holds anything but an inspection of this checkpoint, file and settings."""
        path = disk.refuse_special(self.directory / "manifest.json")
        if not self.directory.exists() or not any(self.directory.iterdir()):
            return
        try:
            held = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            raise UserError("inspect_directory", directory=str(self.directory)) from None
        refuse_other_schema(self.directory, held)
        for name in ("checkpoint", "file", "settings"):
            if held.get(name) != self.manifest[name]:
                raise UserError("inspect_other", directory=str(self.directory), what=name)

    @property
    def windows(self) -> int:
        """The number of windows."""
        return len(range(0, self.manifest["pairs"], WINDOW))

    def part(self, window: int) -> Path:
        """The path of a window's part."""
        return self.parts / f"{window:06}.parquet"

    def share(self, group: Group) -> int:
        """The number of pairs that this process computes, those of an earlier run included."""
        sizes = [min(WINDOW, self.manifest["pairs"] - WINDOW * n) for n in range(self.windows)]
        return sum(sizes[group.rank :: group.size])

    def run(self, group: Group, progress: Progress) -> None:
        """Compute this process's missing windows; the first process then joins all parts."""
        if group.first and not self.table.exists():
            self.parts.mkdir(parents=True, exist_ok=True)
            self.write_manifest()
        group.share(0)  # barrier: the directory exists
        if not self.table.exists():
            self._parts(group, progress)
        group.share(0)  # barrier: all parts exist
        if group.first and not self.table.exists():
            self._join()
        if group.first:
            disk.remove(self.parts)
        group.share(0)

    def write_manifest(self, **more: Any) -> None:
        """Write ``manifest.json``, with ``more`` keys."""
        text = json.dumps({**self.manifest, **more}, ensure_ascii=False, indent=1)
        disk.write_text(self.directory / "manifest.json", text + "\n")

    def _parts(self, group: Group, progress: Progress) -> None:
        rows = Rows(self.checkpoint, self.mode, self.manifest["bleu_tokenizer"], self._sample(), self.shares)
        for number, window in self.source.windows():
            if number % group.size != group.rank:
                continue
            if self.part(number).exists():
                progress(len(window))
            else:
                self._part(number, window, rows, progress)

    def _sample(self) -> Sample:
        """The same sample in every process and run of this inspection; empty where only one lane is run."""
        if self.mode != "both":
            return Sample()
        rows, places = Rows(self.checkpoint), set(spaced(self.manifest["pairs"]))
        chosen = (pair for place, pair in enumerate(self.source.valid_pairs()) if place in places)
        examples = (rows.example(number, *pair) for number, pair in chosen)
        return take_sample(self.checkpoint.model, [example.ids for example in examples if example is not None])

    def _part(self, number: int, window: list[Numbered], rows: Rows, progress: Progress) -> None:
        examples = [example for id, row in window if (example := rows.example(id, *row)) is not None]
        progress(len(window) - len(examples))
        computed = []
        for batch in rows.rows(examples):
            computed += batch
            progress(len(batch))
        table = pa.Table.from_pylist(sorted(computed, key=lambda row: int(row["id"])), schema=PART)
        disk.write_file(self.part(number), lambda path: pq.write_table(table, path, compression="zstd"))

    def _join(self) -> None:
        """Join the parts in order into one table, a row group per part, add the causes, and complete the manifest."""
        paths = [self.part(n) for n in range(self.windows)]
        columns = pa.concat_tables([pq.read_table(path, columns=[*OUTCOMES]) for path in paths])
        if not len(columns):
            raise UserError("exposure_no_pairs", limit=MAX_TOKENS)
        pairs = {name: (f"experiment_{name}", f"placebo_{name}") for name in TRIED}
        trials = {name: trial(*(columns[column].to_pylist() for column in pair)) for name, pair in pairs.items()}

        def fill(fresh: Path) -> None:
            with pq.ParquetWriter(fresh, TABLE, compression="zstd") as writer:
                for path in paths:
                    part = pq.read_table(path)
                    tags = [tag_columns(row, trials) for row in part.select(TAGGED_COLUMNS).to_pylist()]
                    more = pa.Table.from_pylist(tags, schema=pa.schema(list(TAGS.items())))
                    whole = pa.Table.from_arrays([*part.columns, *more.columns], schema=TABLE)
                    writer.write_table(whole)

        left_out = self.manifest["pairs"] - len(columns)
        if self.mode != "forced":
            write_baselines(self.directory, paths, self.checkpoint.target, self.manifest["bleu_tokenizer"])
            write_ranks(self.directory, paths, self.checkpoint)
        found = {name: asdict(one) | {"stated": one.stated} for name, one in trials.items()}
        self.write_manifest(examples=len(columns), left_out=left_out, experiments=found)
        disk.write_file(self.table, fill)


def _identity(source: Input) -> dict[str, Any]:
    try:
        with open(disk.refuse_special(source.path), "rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            size = file.tell()
    except OSError:
        raise UserError("file_missing", file=str(source.path)) from None
    columns = [source.columns.source, source.columns.target]
    named = {} if source.encoding == AUTO else {"encoding": source.encoding}
    whole = {"name": source.path.name, "bytes": size, "sha256": digest, "format": source.form}
    return {**whole, "columns": columns, **named}
