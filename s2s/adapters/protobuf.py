"""Read the fields of a protocol buffer message without a schema; nothing is copied beyond the message itself."""

from __future__ import annotations

from collections.abc import Iterator

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5  # wire types; groups (3 and 4) are not read
SIZES = {FIXED64: 8, FIXED32: 4}


def read_varint(data: bytes, at: int) -> tuple[int, int]:
    """A number of 7 bits a byte, and where it ends. ValueError if it has no end, or more than 64 bits.

    >>> read_varint(bytes([0x96, 0x01]), 0)
    (150, 2)
    """
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(data):
            break
        byte = data[at]
        value, at = value | (byte & 0x7F) << shift, at + 1
        if byte < 0x80:
            if value >> 64:
                break
            return value, at
    raise ValueError("a number has no end")


class Message:
    """A message's fields by number, each with its values in order: numbers, or bytes."""

    def __init__(self, data: bytes) -> None:
        self.fields: dict[int, list[int | bytes]] = {}
        for number, value in _fields(data):
            self.fields.setdefault(number, []).append(value)

    def number(self, field: int) -> int:
        """The last value of a field of numbers, as a signed one; 0 if there is none. ValueError for bytes."""
        value = self.fields.get(field, [0])[-1]
        if not isinstance(value, int):
            raise ValueError(f"field {field} is no number")
        return value - (1 << 64) if value >> 63 else value

    def all(self, field: int) -> list[bytes]:
        """The values of a field of bytes. ValueError for a number."""
        values = self.fields.get(field, [])
        found = [value for value in values if isinstance(value, bytes)]
        if len(found) < len(values):
            raise ValueError(f"field {field} is a number")
        return found

    def messages(self, field: int) -> Iterator[Message]:
        """The values of a field of messages."""
        return map(Message, self.all(field))

    def text(self, field: int) -> str:
        """The last value of a field of text, "" if there is none. ValueError for anything but UTF-8."""
        return (self.all(field) or [b""])[-1].decode()


def _fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    at = 0
    while at < len(data):
        tag, at = read_varint(data, at)
        number, kind = tag >> 3, tag & 7
        if kind == VARINT:
            value, at = read_varint(data, at)
            yield number, value
            continue
        if kind == BYTES:
            size, at = read_varint(data, at)
        elif kind in SIZES:
            size = SIZES[kind]
        else:
            raise ValueError(f"wire type {kind}")
        if not number or size > len(data) - at:
            raise ValueError("a field is longer than its message")
        piece = data[at : at + size]
        yield number, piece if kind == BYTES else int.from_bytes(piece, "little")
        at += size
