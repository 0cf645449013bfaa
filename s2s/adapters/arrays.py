"""Read named arrays from untrusted NumPy and Keras files. Anything but plain numbers is refused.

Nothing is unpickled, no link is followed and no other file is opened; arrays beyond ``LIMIT`` are not read.
"""

from __future__ import annotations

import io
import lzma
import math
import re
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from s2s.checkpoint import archive
from s2s.errors import UserError, reason
from s2s.text.safe import printable

Arrays = dict[str, np.ndarray]  # path in the file → float32 array, in file order

LIMIT = 1_000_000_000  # bytes, of a file and of all its arrays as float32
HEADER = 16_384  # bytes within which the header of an array of an .npz file has to end
OBJECTS = 5_000  # groups and arrays in an HDF5 file, at most
DEPTH = 20  # nested groups, at most: files have 8, and hard links can form a cycle
MAGIC = {b"PK\x03\x04": "zip", b"\x89HDF": "h5"}
BROKEN = (  # exceptions of the libraries for a damaged file
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, tokenize.TokenError, SyntaxError, RecursionError),
    *(EOFError, OSError, ValueError, RuntimeError, LookupError, TypeError, AttributeError, OverflowError, MemoryError),
)
STATE = re.compile(
    r"(^|/)(optimizer(_weights)?|seed_generator|seed_generator_state)(/|$)"
)  # arrays that are not weights


def read_arrays(path: Path) -> Arrays:
    """The arrays of an ``.npz``, ``.h5``, ``.weights.h5`` or ``.keras`` file, recognised by its first bytes.

    UserError for another kind of file, a damaged or too large one, and arrays that are not of finite floats.
    """
    try:
        if path.stat().st_size > LIMIT:
            raise UserError("file_too_large", file=str(path), limit=LIMIT // 1_000_000)
        with path.open("rb") as file:
            kind = MAGIC.get(file.read(4))
    except OSError:
        raise UserError("file_missing", file=str(path)) from None
    if kind is None:
        raise UserError("arrays_kind", file=str(path))
    try:
        arrays = _zip(path) if kind == "zip" else _h5(path, path)
    except BROKEN as error:
        if isinstance(error, UserError):
            raise
        raise UserError("arrays_broken", file=str(path), reason=reason(error)) from None
    if not arrays:
        raise UserError("arrays_none", file=str(path))
    return arrays


def open_zip(path: Path) -> zipfile.ZipFile:
    """Open a zip file. UserError if it is damaged or lists too many members."""
    try:
        archive.check_member_list(path)
        return zipfile.ZipFile(path)
    except (UserError, *BROKEN):
        raise UserError("arrays_zip", file=str(path)) from None


def short_printable(name: str) -> str:
    """A name from a file for a message: at most 120 characters, without control characters."""
    return printable(name, 120)


class ByteBudget:
    """The number of bytes that may still be read from a file."""

    def __init__(self, file: Path) -> None:
        self.file, self.left = file, LIMIT

    def reserve(self, name: str, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        """Count an array's bytes before it is read. UserError for one that is not of floats or does not fit."""
        if dtype.kind != "f":
            raise UserError(
                "array_type", file=str(self.file), key=short_printable(name), found=short_printable(str(dtype))
            )
        self.left -= math.prod(shape) * max(4, dtype.itemsize)
        if self.left < 0:
            raise UserError("file_too_large", file=str(self.file), limit=LIMIT // 1_000_000)

    def to_float32(self, name: str, values: np.ndarray) -> np.ndarray:
        """The array as float32. UserError if a value is not finite."""
        with np.errstate(over="ignore"):
            single = np.ascontiguousarray(values, dtype=np.float32)
        if not np.isfinite(single).all():
            raise UserError("weight_not_finite", file=str(self.file), key=short_printable(name))
        return single


def _zip(path: Path) -> Arrays:
    """The arrays of an ``.npz`` file, or the weights in a ``.keras`` file."""
    with open_zip(path) as packed:
        members = {info.filename: info for info in packed.infolist()}
        if "model.weights.h5" in members:
            content = archive.read_member(str(path), packed, members["model.weights.h5"], LIMIT)
            return _h5(path, io.BytesIO(content))
        if not any(name.endswith(".npy") for name in members):
            raise UserError("arrays_kind", file=str(path))
        budget, arrays = ByteBudget(path), Arrays()
        for info in packed.infolist():
            name = info.filename.removesuffix(".npy")
            if not STATE.search(name):
                arrays[name] = _npy(budget, name, packed, info)
        return arrays


def _npy(budget: ByteBudget, name: str, packed: zipfile.ZipFile, info: zipfile.ZipInfo) -> np.ndarray:
    """One array of an ``.npz`` file. Only as many bytes are unpacked as its header claims, within the budget."""
    if info.flag_bits & 0x1:
        raise UserError("archive_encrypted", file=str(budget.file))
    with packed.open(info) as file:
        start = io.BytesIO(file.read(HEADER))
        version = np.lib.format.read_magic(start)
        header = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}.get(version)
        if header is None:
            raise UserError("arrays_kind", file=str(budget.file))
        shape, column_major, dtype = header(start)
        budget.reserve(name, shape, dtype)
        size = math.prod(shape) * dtype.itemsize
        rest = start.read() + file.read(max(0, size - HEADER) + HEADER + 1)
    if len(rest) != size:
        raise UserError("array_short", file=str(budget.file), key=short_printable(name))
    return budget.to_float32(name, np.frombuffer(rest, dtype).reshape(shape, order="F" if column_major else "C"))


def _h5(path: Path, file: Path | io.BytesIO) -> Arrays:
    """The arrays of an HDF5 file, on disk or in memory; ``path`` is its name in error messages."""
    budget, arrays = ByteBudget(path), Arrays()
    with h5py.File(file, "r", **({} if isinstance(file, io.BytesIO) else {"locking": False})) as root:
        for name, dataset in _datasets(path, root):
            budget.reserve(name, dataset.shape or (), dataset.dtype)
            if dataset.shape is None or (dataset.size and not dataset.id.get_storage_size()):
                raise UserError("array_short", file=str(path), key=short_printable(name))
            arrays[name] = budget.to_float32(name, dataset[()])
    return arrays


def _datasets(path: Path, root: h5py.File) -> Iterator[tuple[str, h5py.Dataset]]:
    """Every array stored in the file itself, without the optimiser's. Groups are visited in name order."""
    waiting, seen = [("", root, 0)], 0
    while waiting:
        prefix, group, depth = waiting.pop()
        inner = []
        for key in group:
            name, seen = prefix + key, seen + 1
            if STATE.search(name):
                continue
            if not isinstance(group.get(key, getlink=True), h5py.HardLink):
                raise UserError("array_elsewhere", file=str(path), key=short_printable(name))
            item = group[key]
            if seen > OBJECTS or depth > DEPTH or not isinstance(item, (h5py.Group, h5py.Dataset)):
                raise UserError("arrays_kind", file=str(path))
            if isinstance(item, h5py.Group):
                inner.append((f"{name}/", item, depth + 1))
            elif item.external or item.is_virtual:
                raise UserError("array_elsewhere", file=str(path), key=short_printable(name))
            else:
                yield name, item
        waiting += reversed(inner)
