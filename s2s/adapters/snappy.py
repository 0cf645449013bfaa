"""Unpack Snappy's block format, in which older versions of TensorFlow compress the tables of their checkpoints."""

from __future__ import annotations

from s2s.adapters.protobuf import read_varint

WIDTHS = (0, 1, 2, 4)  # bytes of a copy's offset beyond its tag, by the tag's kind


def decompress(packed: bytes, limit: int) -> bytes:
    """The unpacked bytes. ValueError for damaged ones, and for a length beyond ``limit``, which is never reserved.

    >>> decompress(bytes([11, 2 << 2]) + b"abc" + bytes([(4 << 2) | 1, 3]), limit=99)
    b'abcabcabcab'
    """
    size, at = read_varint(packed, 0)
    if size > limit:
        raise ValueError("a block unpacks beyond the limit")
    out = bytearray()
    while at < len(packed):
        tag, kind = packed[at] >> 2, packed[at] & 3
        at += 1
        if kind == 0:
            if tag >= 60:
                tag, at = _number(packed, at, tag - 59)
            at += tag + 1
            out += _slice(packed, at - tag - 1, at)
        else:
            offset, at = _number(packed, at, WIDTHS[kind])
            if kind == 1:
                offset, tag = offset | (tag >> 3) << 8, (tag & 7) + 3
            _copy(out, offset, tag + 1, size)
        if len(out) > size:
            break
    if len(out) != size:
        raise ValueError("a block has not the length that it states")
    return bytes(out)


def _copy(out: bytearray, offset: int, length: int, size: int) -> None:
    """Append ``length`` bytes from ``offset`` before the end; they may repeat themselves."""
    if not 0 < offset <= len(out) or len(out) + length > size:
        raise ValueError("a copy leads out of its block")
    start = len(out) - offset
    piece = bytes(out[start : start + length])
    out += (piece * (length // len(piece) + 1))[:length]


def _number(packed: bytes, at: int, width: int) -> tuple[int, int]:
    return int.from_bytes(_slice(packed, at, at + width), "little"), at + width


def _slice(packed: bytes, start: int, end: int) -> bytes:
    if end > len(packed):
        raise ValueError("a block ends within a piece")
    return packed[start:end]
