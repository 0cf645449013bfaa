"""Read what is examined without a model: a trace as JSON, or arrays in an ``.npz`` file."""

from __future__ import annotations

import io
import lzma
import math
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from s2s.disk import read_bounded
from s2s.doctor import examine_matrix, examine_trace
from s2s.doctor.diagnosis import Diagnosis
from s2s.doctor.run_links import links_of_run
from s2s.errors import UserError, reason
from s2s.text.safe import has_surrogate, parse_json
from s2s.trace.trace import Trace

if TYPE_CHECKING:
    from s2s.explain.gold_links import Gold

LIMIT = 64  # MB, of a file and of what is packed in it
CELLS = 8_000_000  # weights of a matrix, at most
NAMES = ("weights", "attention")  # of the matrix; a file with one array may call it anything
READ = {*NAMES, "source", "target", "gold"}
NUMBERS = "fiub"  # kinds of numpy's types that are real numbers
OWN = {  # sentences that say all there is to say
    f"error.{name}"
    for name in ("doctor_large", "doctor_unpacked", "doctor_links_run", "attention_none", "doctor_transposed")
}
BROKEN = (ValueError, LookupError, TypeError, OSError, MemoryError, OverflowError, RecursionError)
# RuntimeError: encrypted, or packed in no known way.
UNPACKED = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, RuntimeError)


def diagnose_file(path: Path, gold: Sequence[Gold] = ()) -> Diagnosis:
    """The diagnosis of a trace or a matrix. UserError if the file is neither."""
    return examine_content(str(path), read_bounded(path, LIMIT), gold=gold)


@np.errstate(over="ignore", invalid="ignore")  # of numbers that are too large, which is a finding
def examine_content(
    name: str, content: bytes, cells: int = CELLS, megabytes: int = LIMIT, gold: Sequence[Gold] = ()
) -> Diagnosis:
    """What a file says that is in memory: of at most ``cells`` weights, unpacked at most ``megabytes``.

    ``gold`` are links of people, for a trace. UserError, with the file's ``name``, if it is neither a trace nor a
    matrix, or a matrix with ``gold``.
    """
    packed = Path(name).suffix.lower() == ".npz"
    if gold and packed:
        raise UserError("doctor_links_matrix", file=name)
    try:
        if packed:
            return _arrays(name, content, cells, megabytes)
        return _trace(name, content.decode("utf-8-sig"), cells, gold)
    except UserError as error:
        if error.key in OWN:
            raise
        raise _refusal(name, packed, reason(error)) from None
    except BROKEN as error:
        raise _refusal(name, packed, reason(error)) from None
    except UNPACKED:
        raise _refusal(name, packed, UserError("doctor_archive")) from None


def _refusal(name: str, packed: bool, why: UserError) -> UserError:
    """That a file is no file of arrays, or no run, and why."""
    return UserError("doctor_file" if packed else "doctor_run", file=name, reason=why)


def _trace(name: str, text: str, cells: int, gold: Sequence[Gold]) -> Diagnosis:
    """A trace; one whose rows are no distributions, which no player shows, is a matrix with tokens."""
    try:
        trace = Trace.from_json(text)
    except UserError:
        values = parse_json(text)
        rows = [step["attention"] for step in values["steps"]]
        source, target = values["source"]["tokens"], [step["output"] for step in values["steps"]]
        weights_TS = np.array(rows)
        if not all(isinstance(token, str) for token in (*source, *target)) or not _wrong(weights_TS):
            raise
        links = sorted(links_of_run(source, target, gold)[0]) if gold else None
        return _matrix(name, weights_TS, source, target, links, cells)
    _bounded(name, len(trace.steps) * trace.looks, cells)
    _writable([*trace.source_tokens, *(step.output for step in trace.steps), *trace.checkpoint.values()])
    return examine_trace(trace, gold)


def _wrong(weights_TS: NDArray[Any]) -> bool:
    """Whether some row of numbers is no distribution, which is then what is wrong with the trace."""
    if weights_TS.dtype.kind not in NUMBERS or weights_TS.ndim != 2:
        return False
    weights_TS = weights_TS.astype(np.float64)
    off = np.abs(weights_TS.sum(axis=1) - 1) > 1e-4
    return bool((~np.isfinite(weights_TS)).any() or off.any() or (weights_TS < 0).any())


def _arrays(name: str, content: bytes, cells: int, megabytes: int) -> Diagnosis:
    if not zipfile.is_zipfile(io.BytesIO(content)):
        raise UserError("doctor_archive")
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        if sum(member.file_size for member in packed.infolist()) > megabytes * 1_000_000:
            raise UserError("doctor_unpacked", file=name, limit=megabytes)
        _whole(packed)
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        named = [name for name in NAMES if name in arrays.files] or arrays.files[: len(arrays.files) == 1]
        if not named:
            raise UserError("doctor_matrix")
        source, target = (_tokens(arrays[name]) if name in arrays.files else None for name in ("source", "target"))
        gold = arrays["gold"] if "gold" in arrays.files else None
        return _matrix(name, arrays[named[0]], source, target, gold, cells)


def _whole(packed: zipfile.ZipFile) -> None:
    """UserError for an array that is smaller than its header says, for all of which numpy would ask for memory."""
    readers = {b"\1\0": np.lib.format.read_array_header_1_0, b"\2\0": np.lib.format.read_array_header_2_0}
    members = packed.infolist()
    for member in members:
        if len(members) > 1 and member.filename.removesuffix(".npy") not in READ:
            continue
        with packed.open(member) as file:
            if file.read(6) != b"\x93NUMPY":  # no array, which numpy gives as it is
                continue
            reader = readers.get(file.read(2))
            if reader is None:
                raise UserError("doctor_archive")
            shape, _, dtype = reader(file)
            if math.prod(shape) * dtype.itemsize > member.file_size:
                raise UserError("doctor_archive")


def _matrix(name: str, weights: Any, source: Any, target: Any, gold: Any, cells: int) -> Diagnosis:
    if getattr(weights, "dtype", np.dtype(object)).kind not in NUMBERS:
        raise UserError("doctor_matrix")
    _bounded(name, weights.size, cells)
    _writable([*(source or ()), *(target or ())])
    return examine_matrix(weights, source, target, gold)


def _bounded(name: str, size: int, cells: int) -> None:
    if size > cells:
        raise UserError("doctor_large", file=name, cells=size, limit=cells)


def _writable(tokens: list[str]) -> None:
    """UserError for half of a character, which no page and no file in UTF-8 can hold."""
    if any(map(has_surrogate, tokens)):
        raise UserError("reason_surrogate")


def _tokens(array: Any) -> list[str]:
    return [str(token) for token in array.tolist()]
