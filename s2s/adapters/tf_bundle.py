"""Read the tensors of a TensorFlow checkpoint (``NAME.index``, ``NAME.data-00000-of-00001``, …) without TensorFlow.

Lengths are checked against the files before anything is read, and every tensor that is read against its checksum.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from s2s.adapters.arrays import ByteBudget, short_printable
from s2s.adapters.crc32c import crc32c, mask
from s2s.adapters.protobuf import Message, read_varint
from s2s.adapters.tf_table import read_table
from s2s.errors import UserError

INDEX = 4_000_000  # bytes of an index file, at most: one of 50 tensors has 4,000
TEXT = 500_000  # bytes of the object graph, at most: one of 50 tensors has 6,000
SHARDS, RANK, PARTS = 1_000, 8, 1_000  # data files, dimensions of a tensor, its slices: at most
STRING, BFLOAT16 = 7, 14
TYPES = {  # numbers of TensorFlow's DataType
    **{1: "<f4", 2: "<f8", 3: "<i4", 4: "u1", 5: "<i2", 6: "i1", 9: "<i8", 10: "?", BFLOAT16: "<u2"},
    **{17: "<u2", 19: "<f2", 22: "<u4", 23: "<u8"},
}


@dataclass(frozen=True)
class Entry:
    """A tensor's type and shape, and where its bytes are; ``slices``: first index and length of each part's sides."""

    type: int
    shape: tuple[int, ...]
    shard: int
    offset: int
    size: int
    checksum: int
    slices: tuple[tuple[tuple[int, int], ...], ...]

    @property
    def dtype(self) -> np.dtype[np.generic]:
        """The type of its numbers as numpy knows it; object for any but numbers."""
        return np.dtype("<f2") if self.type == BFLOAT16 else np.dtype(TYPES.get(self.type, object))


class Bundle:
    """An index, and the data files beside it. UserError for a damaged index."""

    def __init__(self, index: Path) -> None:
        self.index, self.budget = index, ByteBudget(index)
        self.left: dict[str, int] = {}  # bytes of each data file that are not yet read
        try:
            size = index.stat().st_size
            data = index.read_bytes() if size <= INDEX else b""
        except OSError:
            raise UserError("file_missing", file=str(index)) from None
        if size > INDEX:
            raise UserError("file_too_large", file=str(index), limit=INDEX // 1_000_000)
        try:
            table = read_table(data)
            header = Message(table.pop(b""))
            self.shards, big = header.number(1), header.number(2)
            if not 0 < self.shards <= SHARDS or big:
                raise ValueError("its header names another number format, or too many files")
            self.entries = {key: _entry(value) for key, value in table.items()}
        except (ValueError, KeyError):
            raise UserError("tf_index", file=str(index)) from None

    def text(self, name: str) -> bytes:
        """A tensor of one string: its bytes."""
        entry = self._need(name)
        if entry.type != STRING or entry.shape or entry.size > TEXT:
            raise UserError("tf_graph", file=str(self.index))
        data = self._bytes(name, entry)
        try:
            size, at = read_varint(data, 0)
        except ValueError:
            size, at = -1, 0
        length, text = data[at : at + 4], data[at + 4 :]
        sized = crc32c(struct.pack("<I", size) if 0 <= size <= TEXT else b"")
        if size != len(text) or length != struct.pack("<I", mask(sized)):
            raise self._wrong(name)
        if mask(crc32c(text, crc32c(length, sized))) != entry.checksum:
            raise self._wrong(name)
        return text

    def floats(self, name: str) -> np.ndarray:
        """A tensor as float32, its parts put together. UserError for another type, or a value that is not finite."""
        entry = self._need(name)
        self.budget.reserve(name, entry.shape, entry.dtype)
        return self.budget.to_float32(name, self._sliced(name, entry) if entry.slices else self._array(name, entry))

    def _sliced(self, name: str, entry: Entry) -> np.ndarray:
        """A tensor that was stored in parts."""
        parts = []
        for sides in entry.slices:
            if len(sides) != len(entry.shape):
                raise self._wrong(name)
            part = self._need(_slice_name(name, sides), name)
            starts = [start for start, _ in sides]
            lengths = [size if length < 0 else length for (_, length), size in zip(sides, entry.shape, strict=True)]
            ends = [start + length for start, length in zip(starts, lengths, strict=True)]
            inside = all(start >= 0 and end <= size for start, end, size in zip(starts, ends, entry.shape, strict=True))
            if not inside or part.slices or part.type != entry.type or part.shape != tuple(lengths):
                raise self._wrong(name)
            parts.append((tuple(map(slice, starts, ends)), self._array(name, part)))
        if sum(values.size for _, values in parts) != math.prod(entry.shape):
            raise self._wrong(name)
        whole = np.full(entry.shape, np.nan, np.float32)  # what two parts share leaves another place unfilled
        with np.errstate(over="ignore"):
            for place, values in parts:
                whole[place] = values
        return whole

    def _array(self, name: str, entry: Entry) -> np.ndarray:
        if entry.size != math.prod(entry.shape) * entry.dtype.itemsize:
            raise self._wrong(name)
        data = self._bytes(name, entry)
        if mask(crc32c(data)) != entry.checksum:
            raise self._wrong(name)
        if entry.type == BFLOAT16:
            return (np.frombuffer(data, "<u2").astype("<u4") << 16).view("<f4").reshape(entry.shape)
        return np.frombuffer(data, entry.dtype).reshape(entry.shape)

    def _bytes(self, name: str, entry: Entry) -> bytes:
        file = self.index.with_name(f"{self.index.stem}.data-{entry.shard:05d}-of-{self.shards:05d}")
        try:
            with file.open("rb") as opened:
                end = opened.seek(0, 2)
                if entry.offset + entry.size > end:
                    raise self._wrong(name)
                left = self.left.setdefault(file.name, end) - entry.size
                if left < 0:  # no two tensors share their bytes
                    raise self._wrong(name)
                self.left[file.name] = left
                opened.seek(entry.offset)
                return opened.read(entry.size)
        except OSError:
            raise UserError("tf_data", file=str(self.index), missing=file.name) from None

    def _need(self, name: str | bytes, shown: str = "") -> Entry:
        found = self.entries.get(name if isinstance(name, bytes) else name.encode())
        if found is None:
            raise self._wrong(shown or str(name))
        return found

    def _wrong(self, name: str) -> UserError:
        return UserError("tf_tensor", file=str(self.index), key=short_printable(name))


def _entry(value: bytes) -> Entry:
    """A ``BundleEntryProto``."""
    message = Message(value)
    if len(message.all(7)) > PARTS:
        raise ValueError("a tensor has too many parts")
    shapes = list(message.messages(2))
    shape = tuple(side.number(1) for side in shapes[-1].messages(2)) if shapes else ()
    slices = tuple(
        tuple((extent.number(1), extent.number(2) if 2 in extent.fields else -1) for extent in part.messages(1))
        for part in message.messages(7)
    )
    numbers = [message.number(field) for field in (1, 3, 4, 5, 6)]
    if len(shape) > RANK or min([*numbers, *shape], default=0) < 0 or numbers[1] >= SHARDS:
        raise ValueError("a tensor has a place or a shape that cannot be")
    kind, shard, offset, size, checksum = numbers
    return Entry(kind, shape, shard, offset, size, checksum, slices)


def _slice_name(name: str, sides: tuple[tuple[int, int], ...]) -> bytes:
    """The key of a tensor's part, in TensorFlow's ordered code."""
    escaped = name.encode().replace(b"\0", b"\0\xff")
    rank = len(sides)
    count = rank.to_bytes((rank.bit_length() + 7) // 8, "big")
    numbers = b"".join(_signed(number) for side in sides for number in side)
    return b"\0" + escaped + b"\0\x01" + bytes([len(count)]) + count + numbers


def _signed(number: int) -> bytes:
    """A number in as few bytes as hold it; as many leading bits as bytes tell how many, a sign before them.

    >>> _signed(0).hex(), _signed(-1).hex(), _signed(64).hex(), _signed(20_000).hex()
    ('80', '7f', 'c040', 'e04e20')
    """
    bits = (number if number >= 0 else ~number).bit_length()
    width = bits // 7 + 1
    header = ((1 << width) - 1) << (8 * width - width)
    return (number & ((1 << 8 * width) - 1) ^ header).to_bytes(width, "big")
