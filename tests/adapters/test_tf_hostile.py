"""300 hostile checkpoints of TensorFlow: each is read or refused in one sentence, in little time and memory.

Most have checksums that are right, so that what is behind them is reached.
"""

from __future__ import annotations

import functools
import random
import shutil
import struct
import time
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from s2s.adapters import snappy, tf_checkpoint, tf_table
from s2s.adapters.crc32c import crc32c, mask
from s2s.adapters.imported import ImportOptions
from s2s.errors import LANGUAGES, UserError
from tests.adapters.test_tf_checkpoint import COURSE, FIXTURES, FORMS, VOCAB
from tests.adapters.tf_tables import block, field, table, varint
from tests.fuzz.mutate import mutated

INDEX, DATA, GRAPH = "ckpt-20.index", "ckpt-20.data-00000-of-00001", b"_CHECKPOINTABLE_OBJECT_GRAPH"
KERNEL = b"Seq2Seq/decoder/fc/kernel/.ATTRIBUTES/VARIABLE_VALUE"
SECONDS, BYTES = 5.0, 60_000_000  # of a processor for one file while memory is traced, and of its memory
Change = Callable[[Path, random.Random], None]


def entry(type: int, shape: list[int], offset: int, size: int, checksum: int = 0, **more: bytes) -> bytes:
    """A ``BundleEntryProto``."""
    sides = field(2, b"".join(field(2, field(1, side)) for side in shape))
    out = field(1, type) + sides + field(4, offset) + field(5, size) + varint(6 << 3 | 5) + struct.pack("<I", checksum)
    return out + b"".join(field(7, value) for value in more.values())


def rewrite(directory: Path, **values: bytes | None) -> None:
    """The index with other values, by key; checksums of its blocks are right."""
    entries = tf_table.read_table((directory / INDEX).read_bytes())
    for key, value in values.items():
        if value is None:
            entries.pop(key.encode())
        else:
            entries[key.encode()] = value
    (directory / INDEX).write_bytes(table(entries))


def write_graph(directory: Path, graph: bytes) -> None:
    """Another object graph, at the end of the data file, with all checksums right."""
    before = (directory / DATA).read_bytes()
    length = struct.pack("<I", mask(crc32c(struct.pack("<I", len(graph)))))
    checksum = mask(crc32c(graph, crc32c(length, crc32c(struct.pack("<I", len(graph))))))
    text = varint(len(graph)) + length + graph
    (directory / DATA).write_bytes(before + text)
    rewrite(directory, **{GRAPH.decode(): entry(7, [], len(before), len(text), checksum)})


def read_graph(directory: Path) -> bytes:
    from s2s.adapters.tf_bundle import Bundle

    return Bundle(directory / INDEX).text(GRAPH.decode())


def child(name: str, node: int) -> bytes:
    return field(1, field(2, name.encode()) + field(1, node))


def bytes_of(name: str, directory: Path, rng: random.Random) -> None:
    (directory / name).write_bytes(mutated((directory / name).read_bytes(), rng))


def cut(directory: Path, rng: random.Random) -> None:
    file = directory / rng.choice([INDEX, INDEX, DATA])
    content = file.read_bytes()
    file.write_bytes(content[: rng.randrange(len(content))])


def value_of_an_entry(directory: Path, rng: random.Random) -> None:
    entries = tf_table.read_table((directory / INDEX).read_bytes())
    key = rng.choice(sorted(entries))
    entries[key] = mutated(entries[key], rng)
    (directory / INDEX).write_bytes(table(entries, rng.choice([None, None, lambda data: mutated(data, rng)])))


def graph(directory: Path, rng: random.Random) -> None:
    write_graph(directory, mutated(read_graph(directory), rng))


def a_block(directory: Path, rng: random.Random) -> None:
    """A block of keys and values that is damaged within, under a right checksum."""
    entries = tf_table.read_table((directory / INDEX).read_bytes())
    content = mutated(block(sorted(entries.items())), rng) + b"\0"
    out = content + struct.pack("<I", mask(crc32c(content)))
    (directory / INDEX).write_bytes(_pointed(out, [(0, len(content) - 1)]))


def _pointed(data: bytes, places: list[tuple[int, int]]) -> bytes:
    """A table whose index points at these places of its data."""
    listed = block(((b"%08d" % n, varint(at) + varint(size)) for n, (at, size) in enumerate(places)), 1) + b"\0"
    handle = varint(len(data)) + varint(len(listed) - 1)
    return (
        data + listed + struct.pack("<I", mask(crc32c(listed))) + (b"\0\0" + handle).ljust(40, b"\0") + tf_table.MAGIC
    )


def whole(content: bytes, kind: int, times: int = 1) -> bytes:
    """A table of one block, to which its index points ``times`` times."""
    packed = content + bytes([kind])
    return _pointed(packed + struct.pack("<I", mask(crc32c(packed))), [(0, len(content))] * times)


def _bomb() -> bytes:
    """Snappy: a megabyte out of 5 bytes each, as far as the limit allows."""
    return varint(3_900_000) + b"\0a" + b"\xfe\x01\0" * (3_900_000 // 64)


SLICED = field(1, field(1, 0) + field(2, 6)) + field(1, field(1, 0) + field(2, 14))
HUGE = field(1, b"") + field(1, b"")
MADE: dict[str, Callable[[Path], object]] = {
    "empty index": lambda d: (d / INDEX).write_bytes(b""),
    "a footer alone": lambda d: (d / INDEX).write_bytes(bytes(40) + tf_table.MAGIC),
    "blocks beyond": lambda d: (d / INDEX).write_bytes(varint(2**62) * 4 + bytes(4) + tf_table.MAGIC),
    "an endless number": lambda d: (d / INDEX).write_bytes(b"\xff" * 40 + tf_table.MAGIC),
    "a bomb's length": lambda d: (d / INDEX).write_bytes(whole(varint(2**40) + b"\0a", 1)),
    "a bomb": lambda d: (d / INDEX).write_bytes(whole(_bomb(), 1)),
    "bombs": lambda d: (d / INDEX).write_bytes(whole(_bomb(), 1, 100)),
    "one block 10,000 times": lambda d: (d / INDEX).write_bytes(whole(block([(b"a", b"x" * 9_000)]), 0, 10_000)),
    "another packing": lambda d: (d / INDEX).write_bytes(whole(b"", 2)),
    "restarts beyond": lambda d: (d / INDEX).write_bytes(whole(b"\xff" * 8, 0)),
    "a prefix of nothing": lambda d: (d / INDEX).write_bytes(
        whole(varint(9) + b"\1\1ab" + struct.pack("<2I", 0, 1), 0)
    ),
    "growing keys": lambda d: (d / INDEX).write_bytes(
        whole(b"".join(varint(n) + b"\1\0a" for n in range(20_000)) + struct.pack("<2I", 0, 1), 0)
    ),
    "many entries": lambda d: (d / INDEX).write_bytes(table({b"%09d" % n: b"" for n in range(21_000)}, per_block=900)),
    "no header": lambda d: rewrite(d, **{"": None}),
    "big numbers first": lambda d: rewrite(d, **{"": field(1, 1) + field(2, 1)}),
    "no files": lambda d: rewrite(d, **{"": field(1, 0)}),
    "two billion files": lambda d: rewrite(d, **{"": field(1, 2**31)}),
    "no graph": lambda d: rewrite(d, **{GRAPH.decode(): None}),
    "a graph of numbers": lambda d: rewrite(d, **{GRAPH.decode(): entry(1, [], 0, 4)}),
    "a graph without end": lambda d: rewrite(d, **{GRAPH.decode(): entry(7, [], 0, 2**50)}),
    "an empty graph": lambda d: write_graph(d, b""),
    "its own child": lambda d: write_graph(d, field(1, child("me", 0))),
    "a circle": lambda d: write_graph(d, field(1, child("a", 1)) + field(1, child("b", 0) + child("c", 1))),
    "a child that is not there": lambda d: write_graph(d, field(1, child("a", 7))),
    "a child before all": lambda d: write_graph(d, field(1, child("a", -1))),
    "a long chain": lambda d: write_graph(d, b"".join(field(1, child("a" * 99, n + 1)) for n in range(3_000))),
    "many children": lambda d: write_graph(d, field(1, b"".join(child("a", 0) for _ in range(30_000)))),
    "a name that is no text": lambda d: write_graph(d, field(1, field(1, field(2, b"\xff\xfe") + field(1, 0)))),
    "names with commands": lambda d: write_graph(
        d, field(1, child("\x1b[31m" * 50, 1)) + field(1, field(2, field(1, b"VARIABLE_VALUE") + field(3, KERNEL)))
    ),
    "a variable that is not there": lambda d: write_graph(
        d, field(1, field(2, field(1, b"VARIABLE_VALUE") + field(3, b"../../etc/passwd")))
    ),
    "a huge shape": lambda d: rewrite(d, **{KERNEL.decode(): entry(1, [2**40, 2**40], 0, 4)}),
    "a large shape": lambda d: rewrite(d, **{KERNEL.decode(): entry(1, [15_000, 15_000], 0, 900_000_000)}),
    "less than nothing": lambda d: rewrite(d, **{KERNEL.decode(): entry(1, [-6, -14], 0, 336)}),
    "before the file": lambda d: rewrite(d, **{KERNEL.decode(): entry(1, [6, 14], -8, 336)}),
    "behind the file": lambda d: rewrite(d, **{KERNEL.decode(): entry(1, [6, 14], 2**62, 336)}),
    "nine dimensions": lambda d: rewrite(d, **{KERNEL.decode(): entry(1, [1] * 9, 0, 4)}),
    "an unknown type": lambda d: rewrite(d, **{KERNEL.decode(): entry(77, [6, 14], 0, 336)}),
    "strings for numbers": lambda d: rewrite(d, **{KERNEL.decode(): entry(7, [6, 14], 0, 336)}),
    "whole numbers": lambda d: rewrite(d, **{KERNEL.decode(): entry(3, [6, 14], 0, 336)}),
    "a wrong checksum": lambda d: rewrite(d, **{KERNEL.decode(): entry(1, [6, 14], 0, 336, 7)}),
    "a part that is not there": lambda d: rewrite(d, **{KERNEL.decode(): entry(1, [6, 14], 0, 0, a=SLICED)}),
    "a huge whole of no parts": lambda d: rewrite(d, **{KERNEL.decode(): entry(1, [15_000, 15_000], 0, 0, a=HUGE)}),
    "a million parts": lambda d: rewrite(d, **{KERNEL.decode(): entry(1, [6, 14], 0, 0) + field(7, SLICED) * 20_000}),
    "a shard beyond": lambda d: rewrite(d, **{KERNEL.decode(): entry(1, [6, 14], 0, 336) + field(3, 5)}),
    "a latest of nothing": lambda d: (d / "checkpoint").write_bytes(b'model_checkpoint_path: "../"'),
    "a latest of bytes": lambda d: (d / "checkpoint").write_bytes(bytes(range(256)) * 9_000),
    "a latest elsewhere": lambda d: (d / "checkpoint").write_bytes(b'model_checkpoint_path: "/etc/passwd"'),
}


def hostile() -> Iterator[tuple[str, Change]]:
    """300 changes, by name."""
    for name, make in MADE.items():
        yield name, lambda directory, _, make=make: make(directory)
    kinds: dict[str, tuple[Change, int]] = {
        "index": (functools.partial(bytes_of, INDEX), 40),
        "data": (functools.partial(bytes_of, DATA), 33),
        "cut": (cut, 40),
        "entry": (value_of_an_entry, 60),
        "block": (a_block, 40),
        "graph": (graph, 40),
    }
    for kind, (change, count) in kinds.items():
        for number in range(count):
            yield f"{kind} {number}", change


HOSTILE = dict(hostile())


def test_there_are_300() -> None:
    assert len(HOSTILE) == 300


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_checkpoint_is_read_or_refused_in_one_sentence(tmp_path: Path, name: str) -> None:
    shutil.copytree(FIXTURES / "after-2", tmp_path / "theirs")
    HOSTILE[name](tmp_path / "theirs", random.Random(name))
    stated = ImportOptions(**{"vocabularies": (VOCAB,), **FORMS["after-2"]})
    tracemalloc.start()
    started = time.process_time()
    try:
        tf_checkpoint.read_tf_checkpoint([tmp_path / "theirs"], stated)
    except UserError as error:
        for language in LANGUAGES:
            said = error.say(language)
            assert said and len(said) < 1_500 and said.isprintable()
    else:
        assert name not in MADE
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert time.process_time() - started < SECONDS and peak < BYTES


def test_nothing_outside_of_the_folder_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(FIXTURES / "course-2", tmp_path / "theirs")
    opened, true_open = set[Path](), Path.open
    monkeypatch.setattr(Path, "open", lambda path, *a, **k: opened.add(path.parent) or true_open(path, *a, **k))
    (tmp_path / "theirs" / "checkpoint").write_text('model_checkpoint_path: "/etc/ckpt-20"', encoding="utf-8")
    tf_checkpoint.read_tf_checkpoint([tmp_path / "theirs"], ImportOptions(**{"vocabularies": (VOCAB,), **COURSE}))
    assert opened <= {tmp_path / "theirs", VOCAB.parent}


def test_compressed_text_comes_back_and_damage_is_told() -> None:
    from tests.adapters.tf_tables import snappy as compress

    rng = random.Random(3)
    for size in (0, 1, 59, 60, 61, 5_000, 70_000):
        text = bytes(rng.choice(b"ab") for _ in range(size))
        assert snappy.decompress(compress(text), size) == text
        assert size < 100 or len(compress(text)) < size
    long = bytes(rng.randrange(256) for _ in range(70_000))
    for width, piece in ((1, long[:200]), (2, long[:60_000]), (3, long)):
        stated = varint(len(piece)) + bytes([59 + width << 2]) + (len(piece) - 1).to_bytes(width, "little") + piece
        assert snappy.decompress(stated, len(piece)) == piece
    far = varint(len(long) + 8) + bytes([62 << 2]) + (len(long) - 1).to_bytes(3, "little") + long
    assert snappy.decompress(far + bytes([7 << 2 | 3]) + struct.pack("<I", 70_000), 99_999)[-8:] == long[:8]
    for damaged in (b"", b"\5", b"\5\0a", b"\4\1\0", b"\4\0a\1\2", b"\3\0a\xfe\1\0", b"\xff" * 12, b"\1\xfc"):
        with pytest.raises(ValueError):
            snappy.decompress(damaged, 100)
