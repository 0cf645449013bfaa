"""The submission file of a competition: one ``QID,Prediction`` row per question of the test file."""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TextIO

from s2s import disk
from s2s.checkpoint.record import Checkpoint, Side
from s2s.data.csv_records import csv_error
from s2s.data.readers import Question
from s2s.decode.strategy import Settings
from s2s.errors import UserError
from s2s.evaluate.corpus import translate
from s2s.text.vocab import UNK

HEADER = ("QID", "Prediction")
CHUNK = 500  # questions read at a time, so that those of similar length can share a batch


def predictions(
    checkpoint: Checkpoint, questions: Iterable[Question], settings: Settings | None = None, batch_size: int = 32
) -> Iterator[tuple[str, str]]:
    """The QID and the output of every question, in order: greedy, or the best of a beam search with ``settings``.

    A source is cut at the length that the model was trained on. A question without a token gets an empty output;
    ``<unk>`` is left out of outputs.
    """
    longest = checkpoint.config.data.max_tokens
    for chunk in _chunks(questions):
        sources = [_ids(checkpoint.source, source, longest) for _, source in chunk]
        outputs = iter(translate(checkpoint.model, [ids for ids in sources if ids], batch_size, settings))
        for (name, _), ids in zip(chunk, sources, strict=True):
            output = next(outputs) if ids else []
            yield name, checkpoint.target.decode([i for i in output if i != UNK])


def _ids(side: Side, text: str, longest: int) -> list[int]:
    """The ids that the model reads for the first ``longest`` tokens; empty if the text has no token."""
    words = side.words(text)[:longest]
    return side.vocab.encode(side.vocab.marked(words)) if words else []


def _chunks(questions: Iterable[Question]) -> Iterator[tuple[Question, ...]]:
    rest = iter(questions)
    while chunk := tuple(itertools.islice(rest, CHUNK)):
        yield chunk


def write_submission_rows(file: TextIO, rows: Iterable[tuple[str, str]]) -> tuple[int, int]:
    """Write the header and the ``QID,Prediction`` rows; return the number of rows and of empty predictions.

    Texts are not escaped for spreadsheets (a leading = or - stays), because a program scores the file.
    """
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(HEADER)
    count = empty = 0
    for name, prediction in rows:
        writer.writerow([name, prediction])
        count, empty = count + 1, empty + (not prediction)
    return count, empty


def write_submission(path: Path, rows: Iterable[tuple[str, str]]) -> tuple[int, int]:
    """Write the rows to a file atomically; return as ``write_submission_rows``. UserError if it cannot be written."""
    counts = (0, 0)

    def fill(fresh: Path) -> None:
        nonlocal counts
        with open(fresh, "w", encoding="utf-8", newline="") as file:
            counts = write_submission_rows(file, rows)

    disk.write_file(path, fill)
    return counts


def check_submission(name: str, text: str) -> tuple[int, int]:
    """The number of predictions in a submission file and of empty ones; UserError if the file is not valid."""
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
        raise csv_error(name, reader.line_num, str(error)) from None
    if not seen:
        raise UserError("file_no_questions", file=name)
    return len(seen), empty
