"""Each part that a server needs is checked, and one that hangs is asked by one thread alone."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from s2s.errors import UserError
from s2s.server import folders
from s2s.store import database
from s2s.web.shell import models, routes
from s2s.web.shell.routes import Probe
from tests.wait import run_async


def test_a_check_that_hangs_fails_in_time_and_runs_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes, "LIMIT", 0.05)
    started, end = list[int](), threading.Event()

    def hang() -> None:
        started.append(1)
        end.wait(60)

    async def ask() -> tuple[list[bool], bool]:
        probe = Probe("database", hang)
        waited = [await probe.passes() for _ in range(5)]
        end.set()
        monkeypatch.setattr(routes, "LIMIT", 60)
        return waited, await probe.passes()

    assert run_async(ask()) == ([False] * 5, True) and len(started) == 1


def test_a_check_that_raises_fails_and_is_logged_without_its_message(caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> None:
        raise PermissionError("/srv/secret")

    assert not run_async(Probe("folders", fail).passes())
    [record] = caplog.records
    assert getattr(record, "fields", None) == {"part": "folders", "error": "PermissionError"}
    assert "secret" not in record.getMessage()


def test_parts_that_fail(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    routes.check_checkpoint()
    monkeypatch.setattr(models, "FOLDERS", (tmp_path / "none",))
    with pytest.raises(LookupError):
        routes.check_checkpoint()
    monkeypatch.setattr(folders, "INSPECTED", tmp_path / "inspected")
    routes.check_folders()
    (tmp_path / "file").touch()
    monkeypatch.setattr(folders, "INSPECTED", tmp_path / "file" / "inspected")
    with pytest.raises(OSError, match="Not a directory"):
        routes.check_folders()
    with pytest.raises(UserError, match="cannot be used"):
        database.ping(f"sqlite:///{tmp_path}")
