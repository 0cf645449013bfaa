"""Tables of checkpoints written block by block: compressed ones, and damaged ones with checksums that are right."""

from __future__ import annotations

import struct
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from s2s.adapters.crc32c import crc32c, mask
from s2s.adapters.tf_table import MAGIC, PLAIN, SNAPPY, read_table


def varint(number: int) -> bytes:
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def field(number: int, value: int | bytes) -> bytes:
    """A field of a protocol buffer message: a number, or bytes."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value & (1 << 64) - 1)
    return varint(number << 3 | 2) + varint(len(value)) + value


def snappy(data: bytes) -> bytes:
    """Compressed: a copy of each piece of 4 bytes or more that was there before, within 64 KB."""
    out, at, start, seen = bytearray(varint(len(data))), 0, 0, dict[bytes, int]()

    def literal(piece: bytes) -> None:
        for begin in range(0, len(piece), 60):
            part = piece[begin : begin + 60]
            out.extend([len(part) - 1 << 2, *part])

    while at + 4 <= len(data):
        before = seen.get(data[at : at + 4], -(1 << 16))
        seen[data[at : at + 4]] = at
        offset, length = at - before, 4
        if offset >= 1 << 16:
            at += 1
            continue
        while at + length < len(data) and length < 64 and data[before + length] == data[at + length]:
            length += 1
        literal(data[start:at])
        if length < 12 and offset < 2048:
            out.extend([1 | length - 4 << 2 | offset >> 8 << 5, offset & 255])
        else:
            out.extend([2 | length - 1 << 2, *struct.pack("<H", offset)])
        at = start = at + length
    literal(data[start:])
    return bytes(out)


def block(entries: Iterable[tuple[bytes, bytes]], restart: int = 16) -> bytes:
    """A block's content: each key without what it shares with the last one; every 16th key whole."""
    out, last, restarts = bytearray(), b"", list[int]()
    for number, (key, value) in enumerate(entries):
        shared = 0
        if number % restart:
            while shared < min(len(key), len(last)) and key[shared] == last[shared]:
                shared += 1
        else:
            restarts.append(len(out))
        out += varint(shared) + varint(len(key) - shared) + varint(len(value)) + key[shared:] + value
        last = key
    return bytes(out) + struct.pack(f"<{len(restarts or [0]) + 1}I", *(restarts or [0]), len(restarts or [0]))


def table(entries: Mapping[bytes, bytes], pack: Callable[[bytes], bytes] | None = None, per_block: int = 9) -> bytes:
    """A whole table of sorted entries; ``pack`` compresses its blocks."""
    out, index, names = bytearray(), list[tuple[bytes, bytes]](), sorted(entries)

    def add(content: bytes) -> bytes:
        packed = pack(content) if pack else content
        packed += bytes([SNAPPY if pack else PLAIN])
        place = varint(len(out)) + varint(len(packed) - 1)
        out.extend(packed + struct.pack("<I", mask(crc32c(packed))))
        return place

    for begin in range(0, len(names), per_block):
        part = names[begin : begin + per_block]
        index.append((part[-1], add(block((name, entries[name]) for name in part))))
    footer = add(block([])) + add(block(index, restart=1))
    return bytes(out) + footer.ljust(40, b"\0") + MAGIC


def compress_index(data: bytes) -> bytes:
    """The same table with compressed blocks."""
    return table(read_table(data), snappy)


if __name__ == "__main__":
    Path(sys.argv[1]).write_bytes(compress_index(Path(sys.argv[1]).read_bytes()))
