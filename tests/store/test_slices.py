"""Named slices of a file: saved, renamed and deleted, in SQLite and by several processes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from s2s.errors import UserError
from s2s.store import slices as module
from s2s.store.database import connect
from s2s.store.slices import MAX_TEXT, Slices
from tests.paths import ROOT

MANIFEST = {"file": {"sha256": "f" * 64}, "checkpoint": {"digest": "c"}}


@pytest.fixture
def slices(tmp_path: Path) -> Slices:
    return Slices(connect(f"sqlite:///{tmp_path}/lookback.sqlite"), MANIFEST)


def test_a_slice_is_saved_renamed_and_deleted(slices: Slices) -> None:
    assert slices.add("  short\x00 \nones ", '{"errors":true}') == "short ones"
    slices.add("<b>长句</b>", "{}")
    assert slices.all() == {"<b>长句</b>": "{}", "short ones": '{"errors":true}'}
    assert slices.rename("short ones", "short") == "short" and slices.all()["short"] == '{"errors":true}'
    slices.remove("short")
    slices.remove("short")
    assert list(slices.all()) == ["<b>长句</b>"]


def test_what_cannot_be_saved_is_told(slices: Slices, monkeypatch: pytest.MonkeyPatch) -> None:
    slices.add("a", "{}")
    slices.add("b", "{}")
    for change, key in (
        (lambda: slices.add("a", "x"), "slice_taken"),
        (lambda: slices.rename("a", "b"), "slice_taken"),
        (lambda: slices.rename("gone", "c"), "slice_gone"),
        (lambda: slices.add(" \n ", "{}"), "label_name"),
        (lambda: slices.add("c", "x" * (MAX_TEXT + 1)), "slice_long"),
    ):
        with pytest.raises(UserError) as refused:
            change()
        assert refused.value.key == f"error.{key}"
    monkeypatch.setattr(module, "MOST_SLICES", 2)
    with pytest.raises(UserError, match="2 slices"):
        slices.add("c", "{}")
    assert slices.all() == {"a": "{}", "b": "{}"}


def test_slices_belong_to_the_file_and_not_to_a_checkpoint(slices: Slices) -> None:
    slices.add("a", "{}")
    assert Slices(slices.engine, MANIFEST | {"checkpoint": {"digest": "d"}}).all() == {"a": "{}"}
    assert Slices(slices.engine, {"file": {"sha256": "0"}}).all() == {}


def test_several_processes_save_slices(slices: Slices) -> None:
    line = (
        "import sys; from s2s.store.database import connect; from s2s.store.slices import Slices\n"
        f"slices = Slices(connect(sys.argv[1]), {MANIFEST!r})\n"
        "for n in range(5): slices.add(f'{sys.argv[2]}{n}', '{}')"
    )
    url = slices.engine.url.render_as_string()
    jobs = [subprocess.Popen([sys.executable, "-c", line, url, name], cwd=ROOT) for name in "ab"]
    assert [job.wait(60) for job in jobs] == [0, 0] and len(slices.all()) == 10
