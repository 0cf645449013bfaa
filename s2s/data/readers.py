"""Files of pairs, one at a time whatever their size: TSV, JSONL, CSV, AutoMaster; plain, ``.gz`` or ``.xz``."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from s2s import spreadsheet
from s2s.data import automaster, text_file
from s2s.data.csv_records import Records
from s2s.data.text_file import AUTO, Bad, Form, any_visible, recognise
from s2s.errors import UserError, say, sentences

Pair = tuple[str, str]
Question = tuple[str, str]  # its QID, its source
Note = Callable[[Form], None]  # told how a file is read, before its first pair

COMPRESSED = (".gz", ".xz")
EXTENSIONS = {".jsonl": "jsonl", ".ndjson": "jsonl", ".csv": "csv"}  # any other is TSV
KNOWN = 200  # characters of a header that a sentence quotes


@dataclass(frozen=True)
class Columns:
    """The names of the two columns that make a pair."""

    source: str = "source"
    target: str = "target"


def refuse(error: UserError) -> None:
    """A wrong row is an error."""
    raise error


@dataclass
class LeftOut:
    """Counts the bad rows of a file, and the lines that went with them; to be given as ``bad``."""

    path: str | Path
    rows: int = 0
    lines: int = 0
    first: UserError | None = None

    def __call__(self, error: UserError) -> None:
        """One more."""
        lines = error.values.get("lines", 1)
        self.rows, self.lines = self.rows + 1, self.lines + (lines if isinstance(lines, int) else 1)
        self.first = self.first or error

    def say(self, language: str) -> str:
        """One sentence; empty where nothing was left out."""
        if self.first is None:
            return ""
        values = {"file": Path(self.path).name, "rows": self.rows, "lines": self.lines}
        return say("reading.left_out", language, **values, first=self.first.say(language))


def silent(form: Form) -> None:
    """A note to nobody."""


def read_pairs(
    path: str | Path,
    columns: Columns | None = None,
    form: str = AUTO,
    bad: Bad = refuse,
    encoding: str = AUTO,
    note: Note = silent,
) -> Iterator[Pair]:
    """The pairs of a file, in order.

    ``form`` is a key of ``READERS`` or ``auto``, which goes by the extension before ``.gz`` or
    ``.xz`` and knows an AutoMaster CSV by its header. ``encoding`` is Python's name of one, or ``auto``
    (``text_file.recognise``); ``note`` is told what was recognised. Raises UserError that names the file where it
    cannot be read, and gives ``bad`` one that names the row where one is wrong.
    """
    if form not in FORMATS:
        raise UserError("config_choice", key="data.format", found=form, known=", ".join(FORMATS))
    if form == AUTO:
        suffixes = [s.lower() for s in Path(path).suffixes]
        form = EXTENSIONS.get(([s for s in suffixes if s not in COMPRESSED] or [""])[-1], "tsv")
    return READERS[form](File(path, bad, encoding, note), columns or Columns())


def read_lines(path: str | Path, bad: Bad = refuse, encoding: str = AUTO, note: Note = silent) -> Iterator[str]:
    """The lines of a file without their ends; UserError for a missing file, or naming the row of bad bytes.

    Where ``bad`` lets such a row pass, it is read as an empty one.
    """
    yield from File(path, bad, encoding, note).lines()


@dataclass(frozen=True)
class File:
    """A file, and who is told of its bad rows and of its form."""

    path: str | Path
    bad: Bad = refuse
    encoding: str = AUTO
    note: Note = silent

    @property
    def name(self) -> str:
        """Its path, for sentences."""
        return str(self.path)

    def lines(self) -> Iterator[str]:
        """Its lines; ``note`` is told first."""
        form = recognise(self.path, self.encoding)
        self.note(form)
        return text_file.lines(form, self.bad)

    def records(self, wanted: Sequence[Sequence[str]]) -> Records:
        """Its records as a CSV; ``note`` is told first, with the delimiter."""
        form = recognise(self.path, self.encoding)
        found = Records(text_file.lines(form, self.bad), self.name, wanted, self.bad)
        self.note(dataclasses.replace(form, delimiter=found.delimiter))
        return found


def advise(error: UserError, where: str) -> UserError:
    """The error with the advice that fits where the file was named: ``option`` of a command, or ``page``.

    Without, it is a config's.
    """
    key = f"{error.key}_{where}"
    return UserError.again(key.removeprefix("error."), error.values) if key in sentences("en") else error


def read_tsv(file: File, columns: Columns) -> Iterator[Pair]:
    """``source TAB target`` a line, or any columns below a first line that names both; empty lines are passed over."""
    places: tuple[int, int] | None = None
    names: list[str] = []
    for number, line in enumerate(file.lines(), start=1):
        if not line.strip():
            continue
        fields = line.split("\t")
        if number == 1 and (columns != Columns() or {columns.source, columns.target} <= set(fields)):
            places, names = _places(file, fields, columns), fields
        elif places is None:
            if len(fields) == 2 and all(map(any_visible, fields)):
                yield fields[0], fields[1]
            else:
                file.bad(UserError("row_not_a_pair", file=file.name, row=number, columns=len(fields)))
        elif len(fields) == len(names):
            yield from _usable(file, number, [(fields[i], names[i]) for i in places])
        else:
            count = {"expected": len(names), "found": len(fields)}
            file.bad(UserError("row_columns", file=file.name, row=number, **count))


def read_csv(file: File, columns: Columns) -> Iterator[Pair]:
    """Quoted where needed, the columns named in the first row; an AutoMaster header is recognised."""
    records = file.records([(columns.source, columns.target), automaster.HEADER])
    header = records.header
    if automaster.HEADER[-1] not in (columns.source, columns.target) and set(automaster.HEADER) <= set(header):
        yield from _automaster(file, records)
        return
    if not header:
        return
    places = _places(file, header, columns)
    ours = tuple(header[: len(spreadsheet.OURS)]) == spreadsheet.OURS  # others may mean their apostrophes
    for number, fields in records:
        texts = list(map(spreadsheet.text, fields)) if ours else fields
        yield from _usable(file, number, [(texts[i], header[i]) for i in places])


def read_automaster(file: File, columns: Columns) -> Iterator[Pair]:
    """The AutoMaster CSV: question and dialogue to report, cleaned; rows without a usable report are passed over."""
    yield from _automaster(file, file.records([automaster.HEADER]))


def _automaster(file: File, records: Records) -> Iterator[Pair]:
    _named(file, records.header, automaster.HEADER)
    question, dialogue, report = (records.header.index(name) for name in automaster.HEADER[-3:])
    for _, fields in records:
        pair = automaster.source(fields[question], fields[dialogue]), automaster.target(fields[report])
        if all(map(any_visible, pair)):
            yield pair


def read_questions(
    path: str | Path, bad: Bad = refuse, encoding: str = AUTO, note: Note = silent
) -> Iterator[Question]:
    """The rows of an AutoMaster CSV, with or without reports: QID and cleaned source, empty where it says nothing.

    UserError for a file without any.
    """
    file = File(path, bad, encoding, note)
    records = file.records([automaster.ASKED])
    _named(file, records.header, automaster.ASKED)
    name, question, dialogue = (records.header.index(column) for column in automaster.ASKED)
    number = 0
    for number, fields in records:
        if not any_visible(fields[name]):
            file.bad(UserError("row_column", file=file.name, row=number, column=automaster.ASKED[0]))
        else:
            yield fields[name].strip(), automaster.source(fields[question], fields[dialogue])
    if not number:
        raise UserError("file_no_questions", file=file.name)


def _named(file: File, header: Sequence[str], columns: Sequence[str]) -> None:
    """UserError for a header without one of the columns, whose names no option changes."""
    for name in columns:
        if name not in header:
            raise UserError("column_needed", file=file.name, column=name, known=_known(header))


def read_jsonl(file: File, columns: Columns) -> Iterator[Pair]:
    """A JSON object a line, with a string under each of the two names; other keys are passed over."""
    for number, line in enumerate(file.lines(), start=1):
        if not line.strip():
            continue
        value: object = None
        with suppress(ValueError, RecursionError):
            value = json.loads(line)
        if isinstance(value, dict):
            names = (columns.source, columns.target)
            yield from _usable(file, number, [(value.get(name), name) for name in names])
        else:
            file.bad(UserError("row_not_object", file=file.name, row=number))


def _places(file: File, header: Sequence[str], columns: Columns) -> tuple[int, int]:
    for name in (columns.source, columns.target):
        if name not in header:
            raise UserError("column_missing", file=file.name, column=name, known=_known(header))
    return header.index(columns.source), header.index(columns.target)


def _known(header: Sequence[str]) -> str:
    names = " ".join(", ".join(header).split()) or "-"
    return names if len(names) <= KNOWN else f"{names[:KNOWN]}…"


def _usable(file: File, number: int, sides: Sequence[tuple[object, str]]) -> Iterator[Pair]:
    """The pair of a row, of texts that can be read and written; JSON may hold other values and halves of characters."""
    texts = []
    for value, name in sides:
        if not isinstance(value, str) or not any_visible(value) or any("\ud800" <= c <= "\udfff" for c in value):
            file.bad(UserError("row_column", file=file.name, row=number, column=name))
            return
        texts.append(value)
    yield texts[0], texts[1]


READERS: dict[str, Callable[[File, Columns], Iterator[Pair]]] = {
    "tsv": read_tsv,
    "jsonl": read_jsonl,
    "csv": read_csv,
    "automaster": read_automaster,
}
FORMATS = ("auto", *READERS)
