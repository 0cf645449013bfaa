"""Export of an inspection's rows with all labels as CSV, JSON Lines or Parquet, one row group at a time."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from s2s import disk, spreadsheet
from s2s.errors import UserError
from s2s.inspect.columns import chosen_rows
from s2s.inspect.schema import SCHEMA, TABLE
from s2s.inspect.table import Examples
from s2s.store.label import Label, labels_as_dicts

LABEL = {
    "person": pa.string(),
    "verdict": pa.string(),
    "categories": pa.list_(pa.string()),
    "note": pa.string(),
    "changed": pa.string(),
}
WHOLE = pa.schema([*TABLE, ("labels", pa.list_(pa.struct(list(LABEL.items()))))], metadata={"schema": SCHEMA})
CSV_FIELDS = ("verdict", "categories", "note")  # fields of a label that get a CSV column per person
Labelled = Mapping[int, tuple[Label, ...]]


def export_labels(
    examples: Examples, labels: Labelled, target: Path, only: bool = False, rows_N: np.ndarray | None = None
) -> int:
    """Write all rows, those of a mask, or ``only`` those with a label; return their number.

    The extension chooses the format. A CSV file starts with a byte order mark, so that spreadsheets read it as UTF-8;
    its lists are JSON, and each person has three columns. Raises UserError for another extension, or if the file
    cannot be written.
    """
    writers = {".csv": _csv, ".jsonl": _jsonl, ".parquet": _parquet}
    writer = writers.get(target.suffix.lower())
    if writer is None:
        raise UserError("export_kind", file=str(target))
    count = 0

    def windows() -> Iterator[list[dict[str, Any]]]:
        nonlocal count
        for rows in _windows(examples, labels, only, rows_N):
            count += len(rows)
            yield rows

    people = sorted({label.person for some in labels.values() for label in some})
    disk.write_file(target, lambda path: writer(path, windows(), people))
    return count


def _windows(
    examples: Examples, labels: Labelled, only: bool, rows_N: np.ndarray | None
) -> Iterator[list[dict[str, Any]]]:
    with pq.ParquetFile(examples.path, memory_map=True) as file:
        for group in range(file.num_row_groups):
            part = None if rows_N is None else rows_N[examples.starts[group] : examples.starts[group + 1]]
            if part is not None and not part.any():
                continue
            rows = chosen_rows(file.read_row_group(group), part).to_pylist(maps_as_pydicts="lossy")
            yield [
                row | {"labels": labels_as_dicts(labels.get(row["id"], ()))}
                for row in rows
                if not only or row["id"] in labels
            ]


def _parquet(path: Path, windows: Iterator[list[dict[str, Any]]], people: list[str]) -> None:
    with pq.ParquetWriter(path, WHOLE, compression="zstd") as writer:
        for rows in windows:
            writer.write_table(pa.Table.from_pylist(rows, schema=WHOLE))


def _jsonl(path: Path, windows: Iterator[list[dict[str, Any]]], people: list[str]) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for rows in windows:
            file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def _csv(path: Path, windows: Iterator[list[dict[str, Any]]], people: list[str]) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        _table(file, windows, people)


def _table(file: IO[str], windows: Iterator[list[dict[str, Any]]], people: list[str]) -> None:
    heads = [*TABLE.names, *(f"{field} ({person})" for person in people for field in CSV_FIELDS)]
    spreadsheet.write_rows(file, [heads])
    for rows in windows:
        for row in rows:
            by_person = {label["person"]: label for label in row["labels"]}
            labels = [by_person.get(person, {}).get(field) for person in people for field in CSV_FIELDS]
            spreadsheet.write_rows(file, [map(_cell, [*(row[name] for name in TABLE.names), *labels])])


def _cell(value: Any) -> Any:
    """Lists and the user's own columns as JSON, booleans as 0 and 1, others unchanged."""
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False)
    return int(value) if isinstance(value, bool) else value
