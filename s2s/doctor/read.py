"""Read what the command examines without a model: a trace as JSON, or arrays in an ``.npz`` file."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from s2s.disk import read_bounded
from s2s.doctor import examine_matrix, examine_trace
from s2s.doctor.diagnosis import Diagnosis
from s2s.errors import UserError, reason
from s2s.trace.trace import Trace

LIMIT = 64  # MB, of a file and of what is packed in it
NAMES = ("weights", "attention")  # of the matrix; a file with one array may call it anything
BROKEN = (ValueError, LookupError, TypeError, OSError, zipfile.BadZipFile, MemoryError, OverflowError, RecursionError)


def diagnose_file(path: Path) -> Diagnosis:
    """The diagnosis of a trace or a matrix. UserError if the file is neither."""
    content = read_bounded(path, LIMIT)
    try:
        return _matrix(content, path) if path.suffix == ".npz" else _trace(content.decode("utf-8-sig"))
    except BROKEN as error:
        raise UserError("doctor_file", file=str(path), reason=reason(error)) from None


def _trace(text: str) -> Diagnosis:
    """A trace; one whose rows are no distributions, which no player shows, is a matrix with tokens."""
    try:
        return examine_trace(Trace.from_json(text))
    except UserError:
        values = json.loads(text)
        rows = [step["attention"] for step in values["steps"]]
        source, target = values["source"]["tokens"], [step["output"] for step in values["steps"]]
        if not all(isinstance(token, str) for token in (*source, *target)) or not _wrong(rows):
            raise
        return examine_matrix(rows, source, target)


def _wrong(rows: list[list[float]]) -> bool:
    """Whether some row is no distribution, which is then what is wrong with the trace."""
    weights_TS = np.array(rows, dtype=np.float64)
    off = np.abs(weights_TS.sum(axis=1) - 1) > 1e-4
    return bool((~np.isfinite(weights_TS)).any() or off.any() or (weights_TS < 0).any())


def _matrix(content: bytes, path: Path) -> Diagnosis:
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        if sum(member.file_size for member in packed.infolist()) > LIMIT * 1_000_000:
            raise UserError("file_too_large", file=str(path), limit=LIMIT)
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        named = [name for name in NAMES if name in arrays.files] or arrays.files[: len(arrays.files) == 1]
        if not named:
            raise UserError("doctor_matrix")
        source, target = (_tokens(arrays[name]) if name in arrays.files else None for name in ("source", "target"))
        gold = [(int(s), int(t)) for s, t in arrays["gold"]] if "gold" in arrays.files else None
        return examine_matrix(arrays[named[0]], source, target, gold)


def _tokens(array: Any) -> list[str]:
    return [str(token) for token in array.tolist()]
