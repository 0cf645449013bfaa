"""Parses CSV lines to records: the separator, line ends in quotation marks, and the records left out as wrong."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from s2s.data.text_file import MAX_LINE, Bad, any_visible
from s2s.errors import UserError

Record = tuple[int, list[str]]  # the line it begins at, its fields

DELIMITERS = (",", ";", "\t")
ABOVE = "sep="  # a line that Excel writes above the header
csv.field_size_limit(max(csv.field_size_limit(), 2 * MAX_LINE))  # of the process: a long text is no mistake


@dataclass
class Lines:
    """Lines that can be put back, with the number of the last that was taken."""

    rest: Iterator[str]
    back: deque[str] = field(default_factory=deque)
    number: int = 0

    def take(self) -> str | None:
        """The next one; None at the end."""
        line = self.back.popleft() if self.back else next(self.rest, None)
        self.number += line is not None
        return line

    def put_back(self, lines: Sequence[str]) -> None:
        """Have the last ones again."""
        self.back.extendleft(reversed(lines))
        self.number -= len(lines)


class Records:
    """The records below the header, each with as many fields as the header; empty ones are passed over.

    ``bad`` is told of any other, and reading goes on at the next line. A record of several lines that ends wrongly,
    or has another number of fields while each further line alone has the right one, is a stray quotation mark: its
    first line alone is left out. Else it is left out whole, with all its lines (``lines`` of the error's values).

    ``wanted`` are sets of names: the delimiter is a comma unless a semicolon or a tab gives one of them in full.
    """

    def __init__(self, lines: Iterator[str], file: str, wanted: Sequence[Sequence[str]], bad: Bad) -> None:
        self.lines, self.file, self.bad = Lines(lines), file, bad
        self.delimiter = self._delimiter(wanted)
        self.taken: list[str] = []
        self.header: list[str] = next(self._all(), (1, list[str]()))[1]

    def __iter__(self) -> Iterator[Record]:
        width = len(self.header)
        for number, fields in self._all():
            if len(fields) == width:
                yield number, fields
            elif len(self.taken) == 1:
                self.bad(UserError("row_columns", file=self.file, row=number, expected=width, found=len(fields)))
            else:
                self._several(number, len(fields))

    def _several(self, number: int, found: int) -> None:
        """Tell of a record of several lines with a wrong number of fields."""
        width, more = len(self.header), self.taken[1:]
        places = {"file": self.file, "row": number, "end": self.lines.number, "expected": width, "found": found}
        if all(len(alone(line, self.delimiter)) == width for line in more):
            self.lines.put_back(more)
            self.bad(UserError("row_quote_lines", **places))
        else:
            self.bad(UserError("row_columns_lines", **places, lines=len(self.taken)))

    def _all(self) -> Iterator[Record]:
        """Every record that can be read and is not empty; ``taken`` has its lines."""
        while True:
            number = self.lines.number + 1
            try:
                fields = self._record()
            except csv.Error as error:
                self.lines.put_back(self.taken[1:])
                self.bad(mistake(self.file, number, str(error)))
                continue
            if fields is None:
                return
            if any(map(any_visible, fields)):
                yield number, fields

    def _record(self) -> list[str] | None:
        line = self.lines.take()
        if line is None:
            return None
        self.taken = [line]
        if '"' not in line and "\r" not in line:
            return line.split(self.delimiter)
        return next(csv.reader(self._feed(line), delimiter=self.delimiter, strict=True))

    def _feed(self, line: str) -> Iterator[str]:
        """The lines of a record, as many as its quotation marks ask for, within the bound of one line."""
        yield line + "\n"
        size = len(line)
        while size < MAX_LINE and (more := self.lines.take()) is not None:
            self.taken.append(more)
            size += len(more) + 1
            yield more + "\n"

    def _delimiter(self, wanted: Sequence[Sequence[str]]) -> str:
        line = self.lines.take()
        while line is not None and not any_visible(line):
            line = self.lines.take()
        if line is None:
            return DELIMITERS[0]
        if line.lower().startswith(ABOVE) and line[len(ABOVE) :] in DELIMITERS:
            return line[len(ABOVE) :]
        self.lines.put_back([line])
        rows = {mark: alone(line, mark) for mark in DELIMITERS}
        for mark, row in rows.items():
            if any(set(names) <= set(row) for names in wanted):
                return mark
        return max(DELIMITERS, key=lambda mark: len(rows[mark]))


def alone(line: str, delimiter: str) -> list[str]:
    """The fields of one line by itself; none where it is not a whole record."""
    try:
        return next(csv.reader([line + "\n"], delimiter=delimiter, strict=True))
    except csv.Error:
        return []


def mistake(file: str, row: int, reason: str) -> UserError:
    """What Python's parser says, as the sentence that tells how to mend just that."""
    if "expected after" in reason:
        return UserError("row_quote_text", file=file, row=row)
    if "unexpected end of data" in reason:
        return UserError("row_quote_open", file=file, row=row)
    if "new-line character" in reason:
        return UserError("row_carriage_return", file=file, row=row)
    return UserError("row_not_csv", file=file, row=row, reason=reason)
