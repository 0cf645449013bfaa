"""Changes to a file's bytes, most of them small: in the bytes themselves, in a zip's members, in a JSON's values."""

from __future__ import annotations

import io
import json
import random
import zipfile
from collections.abc import Callable
from typing import Any

NUMBERS = [0, 1, 0x7F, 0x80, 0xFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 2**63 - 1, 2**64 - 1]
VALUES: list[Any] = [
    *(
        None,
        True,
        -1,
        0,
        1,
        10**6,
        10**18,
        10**400,
        1e308,
        -0.0,
        0.5,
        "",
        "x",
        "\x1b[31m",
        "![](http://h/i)",
        "x" * 9_999,
    ),
    *([], {}, [[]], [None], {"": {}}, "NaN", "../../x", "/dev/zero", "\ud800", "甲", "<unk>", [0] * 2_000),
]


def mutated(content: bytes, rng: random.Random) -> bytes:
    """The content with one to four changes."""
    for _ in range(rng.choice([1, 1, 1, 2, 4])):
        content = rng.choice([_bytes, _bytes, _inner])(content, rng)
    return content


def _bytes(content: bytes, rng: random.Random) -> bytes:
    change = rng.choice([_flip, _set, _number, _cut, _delete, _repeat, _overwrite, _insert])
    return change(bytearray(content or b"\0"), rng)


def _flip(data: bytearray, rng: random.Random) -> bytes:
    data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return bytes(data)


def _set(data: bytearray, rng: random.Random) -> bytes:
    for _ in range(rng.randint(1, 8)):
        data[rng.randrange(len(data))] = rng.randrange(256)
    return bytes(data)


def _number(data: bytearray, rng: random.Random) -> bytes:
    size, at = rng.choice([1, 2, 4, 8]), rng.randrange(len(data))
    number = rng.choice(NUMBERS) % (1 << 8 * size)
    data[at : at + size] = number.to_bytes(size, rng.choice(["little", "big"]))
    return bytes(data)


def _cut(data: bytearray, rng: random.Random) -> bytes:
    return bytes(data[: rng.randrange(len(data))])


def _delete(data: bytearray, rng: random.Random) -> bytes:
    at = rng.randrange(len(data))
    del data[at : at + rng.choice([1, 2, 8, 64, 1000])]
    return bytes(data)


def _repeat(data: bytearray, rng: random.Random) -> bytes:
    at = rng.randrange(len(data))
    piece = data[at : at + rng.choice([1, 8, 100, 2000])]
    return bytes(data[:at] + piece * rng.choice([2, 3, 50]) + data[at:])


def _overwrite(data: bytearray, rng: random.Random) -> bytes:
    at, other, size = rng.randrange(len(data)), rng.randrange(len(data)), rng.randint(1, 400)
    data[at : at + size] = data[other : other + size]
    return bytes(data)


def _insert(data: bytearray, rng: random.Random) -> bytes:
    at = rng.randrange(len(data) + 1)
    piece = rng.choice(
        [b"\0", b"\r", b"\x85", b"\xef\xbb\xbf", b'"', b"\t", b"{", b"[" * 3_000, b"9" * 5_000, rng.randbytes(9)]
    )
    return bytes(data[:at] + piece + data[at:])


def _inner(content: bytes, rng: random.Random) -> bytes:
    """A change inside what the bytes hold, in which the outer form stays whole."""
    if content[:2] == b"PK":
        return _zip(content, rng)
    if content[:1] in (b"{", b"["):
        return _json(content, rng)
    if len(content) > 8 and content[8:9] == b"{":  # safetensors: the header's length, the header, numbers
        return _safetensors(content, rng)
    return _bytes(content, rng)


def _zip(content: bytes, rng: random.Random) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = [(info, archive.read(info)) for info in archive.infolist()]
    except Exception:
        return _bytes(content, rng)
    if not members:
        return _bytes(content, rng)
    chosen, out = rng.randrange(len(members)), io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for place, (info, inside) in enumerate(members):
            if place == chosen:
                change: Callable[[bytes, random.Random], bytes] = rng.choice([_inner, _bytes])
                inside = change(inside, rng)
            archive.writestr(info, inside)
    return out.getvalue()


def _json(content: bytes, rng: random.Random) -> bytes:
    """One value of a JSON text replaced, removed, doubled or wrapped."""
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        return _bytes(content, rng)
    places: list[tuple[Any, Any]] = []

    def walk(part: Any) -> None:
        for key in list(part) if isinstance(part, dict) else range(min(len(part), 50)):
            places.append((part, key))
            if isinstance(part[key], dict | list):
                walk(part[key])

    if isinstance(value, dict | list):
        walk(value)
    if not places:
        return _bytes(content, rng)
    part, key = rng.choice(places)
    match rng.randrange(5):
        case 0:
            del part[key]
        case 1:
            part[key] = [part[key]]
        case 2 if isinstance(part, dict):
            part[str(rng.choice(VALUES))[:50]] = part[key]
        case _:
            part[key] = rng.choice(VALUES)
    return json.dumps(value).encode("utf-8", "surrogatepass")


def _safetensors(content: bytes, rng: random.Random) -> bytes:
    size = int.from_bytes(content[:8], "little")
    if size > len(content) - 8:
        return _bytes(content, rng)
    header = _json(content[8 : 8 + size], rng)
    return len(header).to_bytes(8, "little") + header + content[8 + size :]
