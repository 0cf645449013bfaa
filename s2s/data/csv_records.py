"""Parses CSV lines into records: finds the delimiter, joins quoted line breaks and reports malformed records."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from s2s.data.text_file import MAX_LINE, Bad, any_visible
from s2s.errors import UserError

Record = tuple[int, list[str]]  # number of its first line, fields

DELIMITERS = (",", ";", "\t")
SEPARATOR_LINE = "sep="  # begins a line that Excel writes above the header
csv.field_size_limit(max(csv.field_size_limit(), 2 * MAX_LINE))  # characters, for the whole process


@dataclass
class Lines:
    """An iterator of lines that can be put back; ``number`` counts the lines read."""

    rest: Iterator[str]
    back: deque[str] = field(default_factory=deque)
    number: int = 0

    def next_line(self) -> str | None:
        """The next line; None at the end."""
        line = self.back.popleft() if self.back else next(self.rest, None)
        self.number += line is not None
        return line

    def put_back(self, lines: Sequence[str]) -> None:
        """Put the last lines back, to be read again."""
        self.back.extendleft(reversed(lines))
        self.number -= len(lines)


class Records:
    """Iterates over the records below the header that have as many fields as the header; empty records are skipped.

    ``bad`` is called with a UserError for any other record, and reading goes on. A record of several lines that ends
    wrongly, or has a wrong number of fields while each further line alone has the right one, is a stray quotation
    mark: only its first line is left out. Otherwise the whole record is left out (``lines`` in the error's values).

    ``wanted`` are sets of column names: the delimiter is the first of comma, semicolon and tab that yields one of
    them in full, else the one that yields most fields.
    """

    def __init__(self, lines: Iterator[str], file: str, wanted: Sequence[Sequence[str]], bad: Bad) -> None:
        self.lines, self.file, self.bad = Lines(lines), file, bad
        self.delimiter = self._delimiter(wanted)
        self.record_lines: list[str] = []
        self.header: list[str] = next(self._all(), (1, list[str]()))[1]

    def __iter__(self) -> Iterator[Record]:
        width = len(self.header)
        for number, fields in self._all():
            if len(fields) == width:
                yield number, fields
            elif len(self.record_lines) == 1:
                self.bad(UserError("row_columns", file=self.file, row=number, expected=width, found=len(fields)))
            else:
                self._several(number, len(fields))

    def _several(self, number: int, found: int) -> None:
        """Report a record of several lines with a wrong number of fields."""
        width, more = len(self.header), self.record_lines[1:]
        places = {"file": self.file, "row": number, "end": self.lines.number, "expected": width, "found": found}
        if all(len(parse_line(line, self.delimiter)) == width for line in more):
            self.lines.put_back(more)
            self.bad(UserError("row_quote_lines", **places))
        else:
            self.bad(UserError("row_columns_lines", **places, lines=len(self.record_lines)))

    def _all(self) -> Iterator[Record]:
        """Every record that parses and is not empty; ``record_lines`` holds its lines."""
        while True:
            number = self.lines.number + 1
            try:
                fields = self._record()
            except csv.Error as error:
                self.lines.put_back(self.record_lines[1:])
                self.bad(csv_error(self.file, number, str(error)))
                continue
            if fields is None:
                return
            if any(map(any_visible, fields)):
                yield number, fields

    def _record(self) -> list[str] | None:
        line = self.lines.next_line()
        if line is None:
            return None
        self.record_lines = [line]
        if '"' not in line and "\r" not in line:
            return line.split(self.delimiter)
        return next(csv.reader(self._feed(line), delimiter=self.delimiter, strict=True))

    def _feed(self, line: str) -> Iterator[str]:
        """The lines of a record, until its quotation marks are closed or MAX_LINE characters are read."""
        yield line + "\n"
        size = len(line)
        while size < MAX_LINE and (more := self.lines.next_line()) is not None:
            self.record_lines.append(more)
            size += len(more) + 1
            yield more + "\n"

    def _delimiter(self, wanted: Sequence[Sequence[str]]) -> str:
        line = self.lines.next_line()
        while line is not None and not any_visible(line):
            line = self.lines.next_line()
        if line is None:
            return DELIMITERS[0]
        if line.lower().startswith(SEPARATOR_LINE) and line[len(SEPARATOR_LINE) :] in DELIMITERS:
            return line[len(SEPARATOR_LINE) :]
        self.lines.put_back([line])
        rows = {mark: parse_line(line, mark) for mark in DELIMITERS}
        for mark, row in rows.items():
            if any(set(names) <= set(row) for names in wanted):
                return mark
        return max(DELIMITERS, key=lambda mark: len(rows[mark]))


def parse_line(line: str, delimiter: str) -> list[str]:
    """The fields of a single line; empty if it is not a complete record."""
    try:
        return next(csv.reader([line + "\n"], delimiter=delimiter, strict=True))
    except csv.Error:
        return []


def csv_error(file: str, row: int, reason: str) -> UserError:
    """A UserError for the message of Python's CSV parser, with advice on the repair."""
    if "expected after" in reason:
        return UserError("row_quote_text", file=file, row=row)
    if "unexpected end of data" in reason:
        return UserError("row_quote_open", file=file, row=row)
    if "new-line character" in reason:
        return UserError("row_carriage_return", file=file, row=row)
    return UserError("row_not_csv", file=file, row=row)
