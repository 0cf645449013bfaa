"""What a killed server leaves is gone after the next start, and nothing that a living one holds."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from s2s.server import temporary
from tests.paths import ROOT
from tests.web.shell.test_asgi import served

BUSY = """
import sys
from s2s.server import trainings, uploads
from s2s.train.live import Choice
from tests.wait import until

def half(directory):
    directory.mkdir()
    (directory / "model.safetensors").write_bytes(b"half")
    print("busy", flush=True)
    sys.stdin.read()

training = trainings.start_training(Choice())
until(lambda: training.poll() and (training.directory / "run").exists())
uploads._register("mine.zip", "", half)
"""


@contextmanager
def busy(environment: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """A process of the server in the middle of a training and of an upload."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    process = subprocess.Popen([sys.executable, "-c", BUSY], cwd=ROOT, env=environment, text=True, **pipes)  # type: ignore[call-overload]
    with process:
        assert process.stdout.readline() == "busy\n"
        yield process
        process.kill()


def test_the_next_start_removes_what_a_killed_server_left(tmp_path: Path) -> None:
    files, inspected = tmp_path / "tmp", tmp_path / "inspected"
    files.mkdir()
    settings = {"TMPDIR": str(files), "LOOKBACK_INSPECTED": str(inspected)}
    dead, fresh = inspected / ".asked" / "a.json.new", inspected / ".asked" / "b.json.new"
    writing = inspected / ".u.writing" / "new" / "rows"
    for path in (dead, fresh, writing):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    for path in (dead, writing, writing.parent, writing.parent.parent):
        os.utime(path, (0, 0))
    with busy(os.environ | settings) as living:
        own = set(files.iterdir())
        with busy(os.environ | settings) as killed:
            assert len(set(files.iterdir()) - own) == 1
            killed.send_signal(signal.SIGKILL)
        (left,) = set(files.iterdir()) - own
        assert any(left.rglob("model.safetensors")) and any(left.rglob("run"))
        with served(tmp_path, **settings):
            assert not left.exists() and own < set(files.iterdir())
            assert any(next(iter(own)).rglob("model.safetensors")) and living.poll() is None
            assert fresh.exists() and not dead.exists() and not writing.parent.parent.exists()
        assert own == set(files.iterdir())


def test_a_directory_that_something_cleaned_away_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(temporary, "_directories", [])
    with temporary.scratch() as folder:
        first = folder.parent
    assert not folder.exists() and list(tmp_path.iterdir()) == [first]
    first.rmdir()
    assert temporary.subdirectory().parent != first
