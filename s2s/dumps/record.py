"""One translated sentence of another program's output, and the limits and numbers that all readers share."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from s2s.errors import UserError
from s2s.text.safe import has_surrogate

MEGABYTES = 64  # of a file
SENTENCES = 10_000  # of a file
TOKENS = 1_000  # of a side, its end included
DIGITS = 40  # characters of a number

Rows = list[list[float]]
HARD = re.compile(r"\s*\d+-\d+(?::\S+)?(?:\s+\d+-\d+(?::\S+)?)*\s*", re.ASCII)  # 0-0 1-2: pairs of positions
NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d{1,3})?|[-+]?nan|[-+]?inf", re.ASCII)


@dataclass(frozen=True)
class Dump:
    """What was written of a translation: target tokens, weights (T, S), and what else the program tells.

    ``index`` is the sentence's number from 0, ``line`` its place in the file from 1. ``source`` is None where the
    program does not write it; the end of either side may be missing.
    """

    index: int
    line: int
    target: list[str]
    weights: Rows
    source: list[str] | None = None
    log_probs: list[float] | None = None
    text: str | None = None


class Broken(Exception):
    """A line that the program would not have written; ``why`` is a UserError."""

    def __init__(self, line: int, why: UserError) -> None:
        super().__init__(line)
        self.line, self.why = line, why


def number(text: str, line: int) -> float:
    """The number that a text is. Broken for anything else."""
    if len(text) > DIGITS or not NUMBER.fullmatch(text):
        raise Broken(line, UserError("dump_number", found=text[:40]))
    return float(text)


def soft_rows(text: str, line: int, program: str) -> Rows:
    """Rows of weights with commas between weights and spaces between rows, as Marian and fairseq write them."""
    if HARD.fullmatch(text):
        raise Broken(line, UserError("dump_hard", option=program))
    rows = text.split()
    if len(rows) > TOKENS or any(row.count(",") >= TOKENS for row in rows):
        raise Broken(line, UserError("dump_long", limit=TOKENS))
    return matrix([[number(weight, line) for weight in row.split(",")] for row in rows], line)


def matrix(rows: Rows, line: int) -> Rows:
    """The rows if there are any, all of one length."""
    if not rows or not rows[0]:
        raise Broken(line, UserError("dump_fields"))
    if len({len(row) for row in rows}) > 1:
        raise Broken(line, UserError("dump_ragged"))
    if max(len(rows), len(rows[0])) > TOKENS:
        raise Broken(line, UserError("dump_long", limit=TOKENS))
    return rows


def words(value: Any, line: int) -> list[str]:
    """A list of tokens of a JSON file, or of Python."""
    if not isinstance(value, Sequence) or isinstance(value, str) or not all(isinstance(one, str) for one in value):
        raise Broken(line, UserError("dump_words"))
    if any(map(has_surrogate, value)):
        raise Broken(line, UserError("reason_surrogate"))
    return list(value)


def json_values(text: str) -> list[tuple[int, Any]]:
    """The JSON values that stand in a text one after the other, each with the line on which it begins."""
    decoder, found, at = json.JSONDecoder(), list[tuple[int, Any]](), 0
    blank, line, counted = re.compile(r"\s*"), 1, 0
    while (at := blank.match(text, at).end()) < len(text):  # type: ignore[union-attr]
        line, counted = line + text.count("\n", counted, at), at
        try:
            value, at = decoder.raw_decode(text, at)
        except json.JSONDecodeError as error:
            raise Broken(error.lineno, UserError("reason_json", line=error.lineno, column=error.colno)) from None
        except RecursionError:
            raise Broken(line, UserError("reason_deep")) from None
        except ValueError:  # a number of very many digits
            raise Broken(line, UserError("reason_digits")) from None
        found.append((line, value))
        if len(found) > SENTENCES:
            raise Broken(line, UserError("dump_many", limit=SENTENCES))
    return found
