"""Leases: one holder at a time, also among processes; a lease ends with its process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from s2s.errors import UserError
from s2s.server import folders, lease

HOLDER = """
import pathlib, sys
from s2s.server import folders, lease
folders.INSPECTED = pathlib.Path(sys.argv[1])
with lease.hold("one"):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def inspected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(folders, "INSPECTED", tmp_path)
    return tmp_path


def test_a_lease_has_one_holder_and_each_inspection_its_own() -> None:
    assert not lease.is_held("one")
    with lease.hold("one"), lease.hold("two"):
        assert lease.is_held("one") and lease.is_held("two") and not lease.is_held("three")
        with pytest.raises(UserError, match="Another process"), lease.hold("one"):
            pass
    assert not lease.is_held("one")


def test_a_lease_ends_with_an_exception() -> None:
    with pytest.raises(ZeroDivisionError), lease.hold("one"):
        raise ZeroDivisionError
    assert not lease.is_held("one")


def test_a_killed_process_holds_nothing(inspected: Path) -> None:
    command = [sys.executable, "-c", HOLDER, str(inspected)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout and other.stdout.readline() == b"held\n"
        assert lease.is_held("one")
        with pytest.raises(UserError), lease.hold("one"):
            pass
        other.kill()
        other.wait()
    with lease.hold("one"):
        assert lease.is_held("one")
