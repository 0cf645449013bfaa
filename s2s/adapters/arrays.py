"""Reads named arrays from untrusted NumPy and Keras files: plain numbers, or a UserError.

Nothing is unpickled, no link is followed, no other file is opened, and nothing is read that is larger than ``LIMIT``.
"""

from __future__ import annotations

import io
import math
import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from s2s.checkpoint import archive
from s2s.errors import UserError
from s2s.text.safe import printable

Arrays = dict[str, np.ndarray]  # float32, by path, in the order of the file

LIMIT = 1_000_000_000  # bytes of a file, and of all arrays in it as float32
OBJECTS = 5_000  # groups and arrays of an HDF5 file
DEPTH = 20  # of groups in groups: the files are 8 deep, and hard links can make a ring
MAGIC = {b"PK\x03\x04": "zip", b"\x89HDF": "h5"}
BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError, KeyError, TypeError)
STATE = re.compile(r"(^|/)(optimizer(_weights)?|seed_generator|seed_generator_state)(/|$)")  # no weights of the model


def read_arrays(path: Path) -> Arrays:
    """The arrays of an ``.npz``, ``.h5``, ``.weights.h5`` or ``.keras`` file, told apart by their first bytes.

    UserError for a file that is none of these, is damaged, larger than the limit, or holds something other than
    floating-point numbers.
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
        raise UserError("arrays_broken", file=str(path), reason=_short(error)) from None
    if not arrays:
        raise UserError("arrays_none", file=str(path))
    return arrays


def opened(path: Path) -> zipfile.ZipFile:
    """A zip file whose list of members is short; UserError for another."""
    try:
        archive.check_list(path)
        return zipfile.ZipFile(path)
    except (UserError, *BROKEN):
        raise UserError("arrays_zip", file=str(path)) from None


def _short(error: Exception) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return printable(text, 160)


def shown(name: str) -> str:
    """A name out of a file for a sentence: short, without what could steer a terminal."""
    return printable(name, 120)


class _Room:
    """How many bytes may still be read."""

    def __init__(self, file: Path) -> None:
        self.file, self.left = file, LIMIT

    def take(self, name: str, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        """Before an array is read: that it is of numbers, and how much it will be."""
        if dtype.kind != "f":
            raise UserError("array_type", file=str(self.file), key=shown(name), found=shown(str(dtype)))
        self.left -= math.prod(shape) * max(4, dtype.itemsize)
        if self.left < 0:
            raise UserError("file_too_large", file=str(self.file), limit=LIMIT // 1_000_000)

    def finish(self, name: str, values: np.ndarray) -> np.ndarray:
        """What was read, as float32."""
        with np.errstate(over="ignore"):
            single = np.ascontiguousarray(values, dtype=np.float32)
        if not np.isfinite(single).all():
            raise UserError("weight_not_finite", file=str(self.file), key=shown(name))
        return single


def _zip(path: Path) -> Arrays:
    """An ``.npz``, or the weights in a ``.keras``."""
    with opened(path) as packed:
        members = {info.filename: info for info in packed.infolist()}
        if "model.weights.h5" in members:
            content = archive.content(str(path), packed, members["model.weights.h5"], LIMIT)
            return _h5(path, io.BytesIO(content))
        if not any(name.endswith(".npy") for name in members):
            raise UserError("arrays_kind", file=str(path))
        room, arrays = _Room(path), Arrays()
        for info in packed.infolist():
            name = info.filename.removesuffix(".npy")
            if not STATE.search(name):
                arrays[name] = _npy(room, name, archive.content(str(path), packed, info, LIMIT))
        return arrays


def _npy(room: _Room, name: str, content: bytes) -> np.ndarray:
    """One array of an ``.npz``; what its header claims is held against what is there before it is believed."""
    file = io.BytesIO(content)
    version = np.lib.format.read_magic(file)
    header = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}.get(version)
    if header is None:
        raise UserError("arrays_kind", file=str(room.file))
    shape, column_major, dtype = header(file)
    room.take(name, shape, dtype)
    rest = content[file.tell() :]
    if len(rest) != math.prod(shape) * dtype.itemsize:
        raise UserError("array_short", file=str(room.file), key=shown(name))
    return room.finish(name, np.frombuffer(rest, dtype).reshape(shape, order="F" if column_major else "C"))


def _h5(path: Path, file: Path | io.BytesIO) -> Arrays:
    """The arrays of an HDF5 file, on disk or in memory; ``path`` is what a sentence calls it."""
    room, arrays = _Room(path), Arrays()
    with h5py.File(file, "r", **({} if isinstance(file, io.BytesIO) else {"locking": False})) as root:
        for name, dataset in _datasets(path, root):
            room.take(name, dataset.shape or (), dataset.dtype)
            if dataset.shape is None or (dataset.size and not dataset.id.get_storage_size()):
                raise UserError("array_short", file=str(path), key=shown(name))
            arrays[name] = room.finish(name, dataset[()])
    return arrays


def _datasets(path: Path, root: h5py.File) -> Iterator[tuple[str, h5py.Dataset]]:
    """Each array that is in the file itself, the optimiser's aside, in the order of their names."""
    waiting, seen = [("", root, 0)], 0
    while waiting:
        prefix, group, depth = waiting.pop()
        inner = []
        for key in group:
            name, seen = prefix + key, seen + 1
            if STATE.search(name):
                continue
            if not isinstance(group.get(key, getlink=True), h5py.HardLink):
                raise UserError("array_elsewhere", file=str(path), key=shown(name))
            item = group[key]
            if seen > OBJECTS or depth > DEPTH or not isinstance(item, (h5py.Group, h5py.Dataset)):
                raise UserError("arrays_kind", file=str(path))
            if isinstance(item, h5py.Group):
                inner.append((f"{name}/", item, depth + 1))
            elif item.external or item.is_virtual:
                raise UserError("array_elsewhere", file=str(path), key=shown(name))
            else:
                yield name, item
        waiting += reversed(inner)
