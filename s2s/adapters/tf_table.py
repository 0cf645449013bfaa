"""Read the table of a TensorFlow checkpoint's index: sorted keys in blocks, as LevelDB stores them, each with a CRC.

Every length is checked against what there is before anything is read; ``LIMIT`` bounds all blocks together.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from s2s.adapters.crc32c import crc32c, mask
from s2s.adapters.protobuf import read_varint
from s2s.adapters.snappy import decompress

LIMIT = 4_000_000  # bytes of all unpacked blocks: an index lists names and places, no numbers
ENTRIES = 20_000  # of a table, at most
MAGIC = struct.pack("<Q", 0xDB4775248B80FB57)
FOOTER = 48  # bytes: two places of blocks, filled up, and MAGIC
TRAILER = 5  # bytes after a block: how it is packed, and its checksum
PLAIN, SNAPPY = 0, 1


def read_table(data: bytes) -> dict[bytes, bytes]:
    """The values by key. ValueError for anything but a whole table, with the reason."""
    if len(data) < FOOTER or data[-8:] != MAGIC:
        raise ValueError("it does not end as an index does")
    footer = data[-FOOTER:]
    _, at = _place(footer, 0)  # a list of filters, which TensorFlow does not write
    place, _ = _place(footer, at)
    left = LIMIT
    found: dict[bytes, bytes] = {}
    index = _block(data, *place, left)
    left -= len(index)
    for _, where in _entries(index):
        block = _block(data, *_place(where, 0)[0], left)
        left -= len(block)
        for key, value in _entries(block):
            if key in found or len(found) >= ENTRIES:
                raise ValueError("it lists a name twice, or too many")
            found[key] = value
    return found


def _place(data: bytes, at: int) -> tuple[tuple[int, int], int]:
    """Offset and size of a block, and where that ends."""
    offset, at = read_varint(data, at)
    size, at = read_varint(data, at)
    return (offset, size), at


def _block(data: bytes, offset: int, size: int, limit: int) -> bytes:
    """A block's content, unpacked to at most ``limit`` bytes."""
    end = offset + size
    if end + TRAILER > len(data):
        raise ValueError("a block lies beyond its end")
    packed, kind = data[offset:end], data[end]
    if mask(crc32c(data[offset : end + 1])) != int.from_bytes(data[end + 1 : end + TRAILER], "little"):
        raise ValueError("the checksum of a block is wrong")
    if kind == SNAPPY:
        return decompress(packed, limit)
    if kind != PLAIN or size > limit:
        raise ValueError("a block is packed in an unknown way, or too large")
    return packed


def _entries(block: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Keys and values; a key begins with as many bytes of the last one as it says."""
    restarts = int.from_bytes(block[-4:], "little")
    end = len(block) - 4 * (restarts + 1)
    if len(block) < 4 or end < 0:
        raise ValueError("a block has no room for its list of restarts")
    at, key, held = 0, b"", 0
    while at < end:
        shared, at = read_varint(block, at)
        fresh, at = read_varint(block, at)
        size, at = read_varint(block, at)
        held += shared + fresh
        if shared > len(key) or at + fresh + size > end or held > LIMIT:
            raise ValueError("an entry is longer than its block")
        key, at = key[:shared] + block[at : at + fresh], at + fresh
        yield key, block[at : at + size]
        at += size
