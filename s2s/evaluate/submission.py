"""A competition's test file to its submission file: a question a row to ``QID,Prediction``."""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TextIO

from s2s import disk
from s2s.checkpoint.record import Checkpoint, Side
from s2s.data.csv_records import mistake
from s2s.data.readers import Question
from s2s.decode.strategy import Settings
from s2s.errors import UserError
from s2s.evaluate.corpus import translate
from s2s.text.vocab import UNK

HEADER = ("QID", "Prediction")
CHUNK = 500  # questions read at a time, so that like lengths go through the model together


def predictions(
    checkpoint: Checkpoint, questions: Iterable[Question], settings: Settings | None = None, batch_size: int = 32
) -> Iterator[tuple[str, str]]:
    """The QID and the output of every question, in order: greedy, or the best of a beam search's settings.

    A source is read up to the length that the model was trained on. A question without a word gets an
    empty output; unknown words are left out of outputs, as no report has any.
    """
    longest = checkpoint.config.data.max_tokens
    for chunk in _chunks(questions):
        sources = [_ids(checkpoint.source, source, longest) for _, source in chunk]
        asked = [ids for ids in sources if ids]
        outputs = iter(translate(checkpoint.model, asked, batch_size, settings))
        for (name, _), ids in zip(chunk, sources, strict=True):
            output = next(outputs) if ids else []
            yield name, checkpoint.target.decode([i for i in output if i != UNK])


def _ids(side: Side, text: str, longest: int) -> list[int]:
    """What the model reads of the first words; nothing where there is none."""
    words = side.words(text)[:longest]
    return side.vocab.encode(side.vocab.marked(words)) if words else []


def _chunks(questions: Iterable[Question]) -> Iterator[tuple[Question, ...]]:
    rest = iter(questions)
    while chunk := tuple(itertools.islice(rest, CHUNK)):
        yield chunk


def write(file: TextIO, rows: Iterable[tuple[str, str]]) -> tuple[int, int]:
    """``QID,Prediction`` rows below their header; returns how many there are, and how many predict nothing.

    Texts as they are, a leading = or - too: a program scores them.
    """
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(HEADER)
    count = empty = 0
    for name, prediction in rows:
        writer.writerow([name, prediction])
        count, empty = count + 1, empty + (not prediction)
    return count, empty


def submit(path: Path, rows: Iterable[tuple[str, str]]) -> tuple[int, int]:
    """The same into a file that is there whole or not at all; UserError where it cannot be written."""
    told = (0, 0)

    def fill(fresh: Path) -> None:
        nonlocal told
        with open(fresh, "w", encoding="utf-8", newline="") as file:
            told = write(file, rows)

    disk.write_file(path, fill)
    return told


def check(name: str, text: str) -> tuple[int, int]:
    """How many predictions a submission file has, and how many are empty; UserError for one that is of no use."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    seen, empty = set[str](), 0
    try:
        header = next(reader, [])
        if tuple(header) != HEADER:
            raise UserError(
                "submission_header", file=name, expected=",".join(HEADER), found=",".join(header)[:60] or "-"
            )
        for fields in reader:
            if len(fields) != len(HEADER):
                raise UserError("row_columns", file=name, row=reader.line_num, expected=len(HEADER), found=len(fields))
            if fields[0] in seen:
                raise UserError("submission_repeated", file=name, row=reader.line_num, qid=fields[0][:40])
            seen.add(fields[0])
            empty += not fields[1].strip()
    except csv.Error as error:
        raise mistake(name, reader.line_num, str(error)) from None
    if not seen:
        raise UserError("file_no_questions", file=name)
    return len(seen), empty
