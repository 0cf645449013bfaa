"""Files of pairs, one at a time whatever their size: TSV, JSONL, CSV, AutoMaster; plain, ``.gz`` or ``.xz``."""

from __future__ import annotations

import csv
import gzip
import json
import lzma
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from s2s import automaster, spreadsheet
from s2s.errors import UserError

Pair = tuple[str, str]
Question = tuple[str, str]  # its QID, its source
Record = tuple[int, list[str]]  # the line it begins at, its fields

Bad = Callable[[UserError], None]  # told of a row that is wrong: raises, or has it passed over

MAX_LINE_BYTES = 4_000_000  # so that a file without line ends cannot fill the memory
COMPRESSED = (".gz", ".xz")
EXTENSIONS = {".jsonl": "jsonl", ".ndjson": "jsonl", ".csv": "csv"}  # any other is TSV


@dataclass(frozen=True)
class Columns:
    """The names of the two columns that make a pair."""

    source: str = "source"
    target: str = "target"


def refuse(error: UserError) -> None:
    """A wrong row is an error."""
    raise error


def read_pairs(
    path: str | Path, columns: Columns | None = None, form: str = "auto", bad: Bad = refuse
) -> Iterator[Pair]:
    """The pairs of a UTF-8 file, in order.

    ``form`` is a key of ``READERS`` or ``auto``, which goes by the extension before ``.gz`` or
    ``.xz`` and knows an AutoMaster CSV by its header. Raises UserError that names the file where it
    cannot be read, and gives ``bad`` one that names the row where one is wrong.
    """
    if form not in FORMATS:
        raise UserError("config_choice", key="data.format", found=form, known=", ".join(FORMATS))
    if form == "auto":
        suffixes = [s.lower() for s in Path(path).suffixes]
        form = EXTENSIONS.get(([s for s in suffixes if s not in COMPRESSED] or [""])[-1], "tsv")
    return READERS[form](path, columns or Columns(), bad)


def read_lines(path: str | Path, bad: Bad = refuse) -> Iterator[str]:
    """The lines of a UTF-8 file without their ends; UserError for a missing file, or naming the row of bad bytes.

    Where ``bad`` lets such a row pass, it is read as an empty one.
    """
    number = 0
    try:
        with _open(Path(path)) as file:
            while line := file.readline(MAX_LINE_BYTES):
                number += 1
                if len(line) == MAX_LINE_BYTES and not line.endswith(b"\n"):
                    raise UserError("row_too_long", file=str(path), row=number, limit=MAX_LINE_BYTES // 1_000_000)
                try:
                    yield line.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r\n")
                except UnicodeDecodeError:
                    bad(UserError("file_not_utf8", file=str(path), row=number))
                    yield ""
    except (EOFError, lzma.LZMAError, zlib.error, gzip.BadGzipFile):
        raise UserError("file_not_compressed", file=str(path), row=number + 1) from None
    except OSError:
        raise UserError("file_missing", file=str(path)) from None


def _open(path: Path) -> IO[bytes]:
    match path.suffix.lower():
        case ".gz":
            return cast(IO[bytes], gzip.open(path))
        case ".xz":
            return lzma.open(path)
    return open(path, "rb")


def visible(text: str) -> bool:
    """Whether a reader sees anything: not only white space, control and format characters."""
    return any(c.isprintable() and c != " " for c in text)


def read_tsv(path: str | Path, columns: Columns, bad: Bad = refuse) -> Iterator[Pair]:
    """``source TAB target`` a line, or any columns below a first line that names both; empty lines are passed over."""
    places: tuple[int, int] | None = None
    names: list[str] = []
    for number, line in enumerate(read_lines(path, bad), start=1):
        if not line.strip():
            continue
        fields = line.split("\t")
        if number == 1 and (columns != Columns() or {columns.source, columns.target} <= set(fields)):
            places, names = _places(path, fields, columns), fields
        elif places is None:
            if len(fields) == 2 and all(map(visible, fields)):
                yield fields[0], fields[1]
            else:
                bad(UserError("row_not_a_pair", file=str(path), row=number, columns=len(fields)))
        else:
            yield from _pair(path, number, fields, names, places, bad)


def read_csv(path: str | Path, columns: Columns, bad: Bad = refuse) -> Iterator[Pair]:
    """Comma-separated, quoted where needed, the columns named in the first row; an AutoMaster header is recognised."""
    records = _records(path, bad)
    header = next(records, (1, []))[1]
    if automaster.HEADER[-1] not in (columns.source, columns.target) and set(automaster.HEADER) <= set(header):
        yield from _automaster(path, header, records, bad)
        return
    if not header:
        return
    places = _places(path, header, columns)
    ours = tuple(header[: len(spreadsheet.OURS)]) == spreadsheet.OURS  # others may mean their apostrophes
    for number, fields in records:
        texts = list(map(spreadsheet.text, fields)) if ours else fields
        yield from _pair(path, number, texts, header, places, bad)


def read_automaster(path: str | Path, columns: Columns, bad: Bad = refuse) -> Iterator[Pair]:
    """The AutoMaster CSV: question and dialogue to report, cleaned; rows without a usable report are passed over."""
    records = _records(path, bad)
    yield from _automaster(path, next(records, (1, []))[1], records, bad)


def _automaster(path: str | Path, header: Sequence[str], records: Iterator[Record], bad: Bad) -> Iterator[Pair]:
    _named(path, header, automaster.HEADER)
    question, dialogue, report = (header.index(name) for name in automaster.HEADER[-3:])
    for number, fields in records:
        if len(fields) != len(header):
            bad(UserError("row_columns", file=str(path), row=number, expected=len(header), found=len(fields)))
            continue
        pair = automaster.source(fields[question], fields[dialogue]), automaster.target(fields[report])
        if all(map(visible, pair)):
            yield pair


def read_questions(path: str | Path, bad: Bad = refuse) -> Iterator[Question]:
    """The rows of an AutoMaster CSV, with or without reports: QID and cleaned source, empty where it says nothing.

    UserError for a file without any.
    """
    records = _records(path, bad)
    header = next(records, (1, []))[1]
    _named(path, header, automaster.ASKED)
    name, question, dialogue = (header.index(column) for column in automaster.ASKED)
    number = 0
    for number, fields in records:
        if len(fields) != len(header):
            bad(UserError("row_columns", file=str(path), row=number, expected=len(header), found=len(fields)))
        elif not visible(fields[name]):
            bad(UserError("row_column", file=str(path), row=number, column=automaster.ASKED[0]))
        else:
            yield fields[name].strip(), automaster.source(fields[question], fields[dialogue])
    if not number:
        raise UserError("file_no_questions", file=str(path))


def _named(path: str | Path, header: Sequence[str], columns: Sequence[str]) -> None:
    """UserError for a header without one of the columns."""
    for name in columns:
        if name not in header:
            raise UserError("column_missing", file=str(path), column=name, known=", ".join(header) or "-")


def _records(path: str | Path, bad: Bad) -> Iterator[Record]:
    """The rows of a CSV with the line that each begins at, empty lines left out."""
    reader = csv.reader((line + "\n" for line in read_lines(path, bad)), strict=True)
    while True:
        number = reader.line_num + 1
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            bad(UserError("row_not_csv", file=str(path), row=number, reason=str(error)))
            continue
        if any(map(visible, fields)):
            yield number, fields


def read_jsonl(path: str | Path, columns: Columns, bad: Bad = refuse) -> Iterator[Pair]:
    """A JSON object a line, with a string under each of the two names; other keys are passed over."""
    for number, line in enumerate(read_lines(path, bad), start=1):
        if not line.strip():
            continue
        value: object = None
        with suppress(ValueError, RecursionError):
            value = json.loads(line)
        if isinstance(value, dict):
            names = (columns.source, columns.target)
            yield from _usable(path, number, [(value.get(name), name) for name in names], bad)
        else:
            bad(UserError("row_not_object", file=str(path), row=number))


def _places(path: str | Path, header: Sequence[str], columns: Columns) -> tuple[int, int]:
    for name in (columns.source, columns.target):
        if name not in header:
            raise UserError("column_missing", file=str(path), column=name, known=", ".join(header))
    return header.index(columns.source), header.index(columns.target)


def _pair(
    path: str | Path, number: int, fields: list[str], names: list[str], places: tuple[int, int], bad: Bad
) -> Iterator[Pair]:
    """The pair of a row; none of one that ``bad`` was told of."""
    if len(fields) == len(names):
        yield from _usable(path, number, [(fields[i], names[i]) for i in places], bad)
    else:
        bad(UserError("row_columns", file=str(path), row=number, expected=len(names), found=len(fields)))


def _usable(path: str | Path, number: int, sides: Sequence[tuple[object, str]], bad: Bad) -> Iterator[Pair]:
    """Texts that can be read and written; JSON may hold other values and halves of characters."""
    texts = []
    for value, name in sides:
        if not isinstance(value, str) or not visible(value) or any("\ud800" <= c <= "\udfff" for c in value):
            bad(UserError("row_column", file=str(path), row=number, column=name))
            return
        texts.append(value)
    yield texts[0], texts[1]


READERS: dict[str, Callable[[str | Path, Columns, Bad], Iterator[Pair]]] = {
    "tsv": read_tsv,
    "jsonl": read_jsonl,
    "csv": read_csv,
    "automaster": read_automaster,
}
FORMATS = ("auto", *READERS)
