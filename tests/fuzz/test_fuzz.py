"""A bounded number of mutated files of every format: read, or refused in one short sentence, and nothing else happens.

``python -m tests.fuzz`` reads 100,000.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from s2s.errors import UserError
from tests.fuzz.__main__ import fuzz
from tests.fuzz.formats import FORMATS, Format
from tests.fuzz.mutate import mutated
from tests.fuzz.worker import Watched, problem

FILES = 40  # of each format


@pytest.mark.parametrize("name", FORMATS)
def test_mutated_files_are_read_or_refused(name: str) -> None:
    if name == "huggingface":
        pytest.importorskip("transformers")
    result = fuzz(name, 0, FILES)
    assert result.read == FILES and result.findings == []


def _refuse(directory: Path) -> None:
    raise UserError("file_missing", file="x" * 10_000)


def _crash(directory: Path) -> None:
    raise KeyError(directory.name)


@pytest.mark.parametrize(("read", "found"), [(_refuse, ""), (_crash, "KeyError"), (lambda _: None, "")])
def test_only_a_reader_that_fails_otherwise_is_a_finding(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, read: Callable[[Path], None], found: str
) -> None:
    monkeypatch.setitem(FORMATS, "made", Format(lambda _: None, read))
    assert problem("made", tmp_path, Watched([])).partition(":")[0] == found


def test_what_is_opened_elsewhere_is_seen() -> None:
    watched = Watched(["/allowed"])
    events: list[tuple[str, tuple[Any, ...]]] = [
        *(("open", ("/allowed/a", "r", 0)), ("open", (3, "r", 0)), ("open", ("relative", None, 0))),
        *(
            ("open", ("/etc/hostname", "r", 0)),
            ("socket.connect", (None, "x")),
            ("pickle.find_class", ("os", "system")),
        ),
    ]
    for on in (False, True):
        watched.on = on
        for event, arguments in events:
            watched(event, arguments)
    assert [seen.split()[0] for seen in watched.seen] == ["open", "socket.connect", "pickle.find_class"]


def test_mutations_change_files_and_are_the_same_for_a_seed() -> None:
    content = bytes(range(256)) * 4
    first = [mutated(content, random.Random(n)) for n in range(50)]
    assert first == [mutated(content, random.Random(n)) for n in range(50)]
    assert sum(changed != content for changed in first) > 45
