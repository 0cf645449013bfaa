"""Reads files of pairs of any size, one pair at a time: TSV, JSONL, CSV, AutoMaster; plain, ``.gz`` or ``.xz``."""

from __future__ import annotations

import dataclasses
import itertools
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from s2s import spreadsheet
from s2s.data import automaster, text_file
from s2s.data.csv_records import Records
from s2s.data.extra_columns import Extra, bounded
from s2s.data.headings import heading
from s2s.data.text_file import AUTO, Bad, Form, any_visible, recognise
from s2s.errors import UserError, say, sentences
from s2s.text.safe import has_surrogate

Pair = tuple[str, str]
Row = tuple[str, str, Extra]  # a pair, and the file's further columns
Question = tuple[str, str]  # QID, source text
Note = Callable[[Form], None]  # called with a file's form before its first pair

COMPRESSED = (".gz", ".xz")
EXTENSIONS = {".jsonl": "jsonl", ".ndjson": "jsonl", ".csv": "csv"}  # any other is TSV
HEADER_LIMIT = 200  # characters of a header that an error message quotes


@dataclass(frozen=True)
class Columns:
    """The names of the two columns that make a pair."""

    source: str = "source"
    target: str = "target"


def refuse(error: UserError) -> None:
    """Raise the error: a bad row ends the reading."""
    raise error


@dataclass
class LeftOut:
    """Counts a file's bad rows and the lines in them; an instance is passed as ``bad``."""

    path: str | Path
    rows: int = 0
    lines: int = 0
    first: UserError | None = None

    def __call__(self, error: UserError) -> None:
        """Count a bad row."""
        lines = error.values.get("lines", 1)
        self.rows, self.lines = self.rows + 1, self.lines + (lines if isinstance(lines, int) else 1)
        self.first = self.first or error

    def say(self, language: str) -> str:
        """One sentence for the user; empty if nothing was left out."""
        if self.first is None:
            return ""
        values = {"file": Path(self.path).name, "rows": self.rows, "lines": self.lines}
        return say("reading.left_out", language, **values, first=self.first.say(language))


def silent(form: Form) -> None:
    """Ignore a file's form."""


def read_pairs(
    path: str | Path,
    columns: Columns | None = None,
    form: str = AUTO,
    bad: Bad = refuse,
    encoding: str = AUTO,
    note: Note = silent,
) -> Iterator[Pair]:
    """The pairs of a file, in order.

    ``form`` is a key of ``READERS``, or ``auto``: by the extension before ``.gz`` or ``.xz``, and an AutoMaster CSV
    by its header. ``encoding`` is a Python name, or ``auto``
    (``text_file.recognise``); ``note`` is called with the form that was detected. UserError names a file that cannot
    be read; ``bad`` is called with a UserError that names a bad row.
    """
    return ((source, target) for source, target, _ in read_rows(path, columns, form, bad, encoding, note))


def read_rows(
    path: str | Path,
    columns: Columns | None = None,
    form: str = AUTO,
    bad: Bad = refuse,
    encoding: str = AUTO,
    note: Note = silent,
) -> Iterator[Row]:
    """The pairs of a file, each with the file's further columns (``extra_columns.bounded``); see ``read_pairs``."""
    if form not in FORMATS:
        raise UserError("config_choice", key="data.format", found=form, known=", ".join(FORMATS))
    if form == AUTO:
        suffixes = [s.lower() for s in Path(path).suffixes]
        form = EXTENSIONS.get(([s for s in suffixes if s not in COMPRESSED] or [""])[-1], "tsv")
    return READERS[form](File(path, bad, encoding, note), columns or Columns())


def read_lines(path: str | Path, bad: Bad = refuse, encoding: str = AUTO, note: Note = silent) -> Iterator[str]:
    """The lines of a file without line ends. UserError for a missing file, and for bytes outside the encoding.

    If ``bad`` does not raise for such a row, the row is read as empty.
    """
    yield from File(path, bad, encoding, note).lines()


@dataclass(frozen=True)
class File:
    """A file to read, with the callbacks for its bad rows and its form."""

    path: str | Path
    bad: Bad = refuse
    encoding: str = AUTO
    note: Note = silent

    @property
    def name(self) -> str:
        """The path, for messages."""
        return str(self.path)

    def lines(self, headed: bool = False) -> Iterator[str]:
        """The file's lines; ``note`` is called first.

        ``headed``: the form says whether the first line looks like names of columns, other than those of ``Columns``.
        """
        form = recognise(self.path, self.encoding)
        found = text_file.lines(form, self.bad)
        first = list(itertools.islice(found, 1)) if headed else []
        cells = first[0].split("\t") if first else []
        if set(cells) != {Columns.source, Columns.target}:
            form = dataclasses.replace(form, heading=heading(cells))
        self.note(form)
        return itertools.chain(first, found)

    def records(self, wanted: Sequence[Sequence[str]]) -> Records:
        """The file's CSV records; ``note`` is called first, with the delimiter."""
        form = recognise(self.path, self.encoding)
        found = Records(text_file.lines(form, self.bad), self.name, wanted, self.bad)
        self.note(dataclasses.replace(form, delimiter=found.delimiter))
        return found


def with_advice(error: UserError, where: str) -> UserError:
    """The error with advice for the place where the file was named: ``option`` of a command, or ``page``.

    The error is returned unchanged if there is no such advice; its text then refers to a config.
    """
    key = f"{error.key}_{where}"
    return UserError.again(key.removeprefix("error."), error.values) if key in sentences("en") else error


def read_tsv(file: File, columns: Columns) -> Iterator[Row]:
    """``source TAB target`` a line, or any columns below a header that names both; empty lines are skipped.

    A first line of two other words that head columns is a pair, of which the form tells (``headings``).
    """
    places: tuple[int, int] | None = None
    names: list[str] = []
    for number, line in enumerate(file.lines(headed=columns == Columns()), start=1):
        if not line.strip():
            continue
        fields = line.split("\t")
        if number == 1 and (columns != Columns() or {columns.source, columns.target} <= set(fields)):
            places, names = _column_indices(file, fields, columns), fields
        elif places is None:
            if len(fields) == 2 and all(map(any_visible, fields)):
                yield fields[0], fields[1], {}
            else:
                file.bad(UserError("row_not_a_pair", file=file.name, row=number, columns=len(fields)))
        elif len(fields) == len(names):
            yield from _valid_pair(file, number, list(zip(names, fields, strict=True)), places)
        else:
            count = {"expected": len(names), "found": len(fields)}
            file.bad(UserError("row_columns", file=file.name, row=number, **count))


def read_csv(file: File, columns: Columns) -> Iterator[Row]:
    """CSV with a header that names the columns; an AutoMaster header is recognised."""
    records = file.records([(columns.source, columns.target), automaster.COLUMNS])
    header = records.header
    if automaster.COLUMNS[-1] not in (columns.source, columns.target) and set(automaster.COLUMNS) <= set(header):
        yield from _automaster(file, records)
        return
    if not header:
        return
    places = _column_indices(file, header, columns)
    ours = tuple(header[: len(spreadsheet.OURS)]) == spreadsheet.OURS  # otherwise an apostrophe is part of the text
    for number, fields in records:
        texts = list(map(spreadsheet.unescape_cell, fields)) if ours else fields
        yield from _valid_pair(file, number, list(zip(header, texts, strict=True)), places)


def read_automaster(file: File, columns: Columns) -> Iterator[Row]:
    """The AutoMaster CSV: question and dialogue to report, cleaned; rows without a usable report are skipped."""
    yield from _automaster(file, file.records([automaster.COLUMNS]))


def _automaster(file: File, records: Records) -> Iterator[Row]:
    _require_columns(file, records.header, automaster.COLUMNS)
    question, dialogue, report = (records.header.index(name) for name in automaster.COLUMNS[-3:])
    for _, fields in records:
        pair = automaster.source_text(fields[question], fields[dialogue]), automaster.target_text(fields[report])
        if all(map(any_visible, pair)):
            others = [name for name in records.header if name not in automaster.COLUMNS[-3:]]
            yield *pair, bounded((name, fields[records.header.index(name)]) for name in others)


def read_questions(
    path: str | Path, bad: Bad = refuse, encoding: str = AUTO, note: Note = silent
) -> Iterator[Question]:
    """The rows of an AutoMaster CSV, with or without reports: QID and cleaned source, which may be empty.

    UserError for a file without rows.
    """
    file = File(path, bad, encoding, note)
    records = file.records([automaster.QUESTION_COLUMNS])
    _require_columns(file, records.header, automaster.QUESTION_COLUMNS)
    name, question, dialogue = (records.header.index(column) for column in automaster.QUESTION_COLUMNS)
    number = 0
    for number, fields in records:
        if not any_visible(fields[name]):
            file.bad(UserError("row_column", file=file.name, row=number, column=automaster.QUESTION_COLUMNS[0]))
        else:
            yield fields[name].strip(), automaster.source_text(fields[question], fields[dialogue])
    if not number:
        raise UserError("file_no_questions", file=file.name)


def _require_columns(file: File, header: Sequence[str], columns: Sequence[str]) -> None:
    """UserError for a header without one of the columns; no option changes their names."""
    for name in columns:
        if name not in header:
            raise UserError("column_needed", file=file.name, column=name, known=_quoted_header(header))


def read_jsonl(file: File, columns: Columns) -> Iterator[Row]:
    """A JSON object a line, with a string under each of the two names."""
    for number, line in enumerate(file.lines(), start=1):
        if not line.strip():
            continue
        value: object = None
        with suppress(ValueError, RecursionError):
            value = json.loads(line)
        if isinstance(value, dict):
            sides = [(name, value.get(name)) for name in (columns.source, columns.target)]
            others = [(name, one) for name, one in value.items() if name not in (columns.source, columns.target)]
            yield from _valid_pair(file, number, [*sides, *others], (0, 1))
        else:
            file.bad(UserError("row_not_object", file=file.name, row=number))


def _column_indices(file: File, header: Sequence[str], columns: Columns) -> tuple[int, int]:
    for name in (columns.source, columns.target):
        if name not in header:
            raise UserError("column_missing", file=file.name, column=name, known=_quoted_header(header))
    return header.index(columns.source), header.index(columns.target)


def _quoted_header(header: Sequence[str]) -> str:
    names = " ".join(", ".join(header).split()) or "-"
    return names if len(names) <= HEADER_LIMIT else f"{names[:HEADER_LIMIT]}…"


def _valid_pair(
    file: File, number: int, fields: Sequence[tuple[str, object]], places: tuple[int, int]
) -> Iterator[Row]:
    """Yield a row if both sides are visible text; JSON may hold other values and lone surrogates."""
    texts = []
    for name, value in (fields[i] for i in places):
        if not isinstance(value, str) or not any_visible(value) or has_surrogate(value):
            file.bad(UserError("row_column", file=file.name, row=number, column=name))
            return
        texts.append(value)
    yield texts[0], texts[1], bounded(field for i, field in enumerate(fields) if i not in places)


READERS: dict[str, Callable[[File, Columns], Iterator[Row]]] = {
    "tsv": read_tsv,
    "jsonl": read_jsonl,
    "csv": read_csv,
    "automaster": read_automaster,
}
FORMATS = ("auto", *READERS)
