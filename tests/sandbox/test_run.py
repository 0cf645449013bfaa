"""The confined child: what it can do, what it cannot, and what its parent believes of it."""

from __future__ import annotations

import errno
import http.server
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from s2s.errors import UserError
from s2s.sandbox import run as module
from s2s.sandbox.limits import Limits
from s2s.sandbox.run import run
from tests.paths import ROOT

TASKS = "tests.sandbox.attempts"
SMALL = Limits(seconds=2, memory=300_000_000, file=5_000_000)
linux = pytest.mark.skipif(sys.platform != "linux", reason="Landlock and seccomp are Linux's")


def attempt(name: str, path: object = "", **more: Any) -> str:
    """What came of an attempt."""
    return str(run(f"{TASKS}:outcome", "file", {"attempt": name, "path": str(path)}, limits=SMALL, **more))


@pytest.fixture
def port() -> Iterator[int]:
    """A server on this machine that would answer."""
    server = http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


@linux
@pytest.mark.parametrize("name", ["udp", "unix", "fork", "program", "replaced", "debugged", "killed"])
def test_no_sockets_processes_or_other_limits(name: str) -> None:
    assert attempt(name) == "PermissionError"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limits")
def test_no_limit_is_raised_again() -> None:
    assert attempt("unlimited") in ("ValueError", "PermissionError")


@linux
def test_no_connection_to_a_server_that_listens(port: int) -> None:
    assert attempt("tcp", port) == "PermissionError"


@linux
def test_only_the_named_files(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "out").mkdir()
    given, secret = tmp_path / "in" / "given", tmp_path / "secret"
    given.write_text("given")
    secret.write_text("secret")
    paths: dict[str, Any] = {"reads": [given], "writes": [tmp_path / "out"]}
    assert attempt("read", given, **paths) == "done"
    assert attempt("write", given, **paths) == "PermissionError"
    assert attempt("read", secret, **paths) == "PermissionError"
    assert attempt("listed", tmp_path, **paths) == "PermissionError"
    assert attempt("read", "/etc/passwd", **paths) == "PermissionError"
    assert attempt("write", tmp_path / "out" / "new", **paths) == "done"
    assert attempt("write", tmp_path / "new", **paths) == "PermissionError"
    link = tmp_path / "out" / "link"
    link.symlink_to(secret)
    assert attempt("read", link, **paths) == "PermissionError"
    assert secret.read_text() == "secret" and not (tmp_path / "new").exists()


def test_threads_still_run() -> None:
    assert attempt("threaded") == "done"


def test_no_file_larger_than_the_limit(tmp_path: Path) -> None:
    assert attempt("large", tmp_path / "large", writes=[tmp_path]) == "OSError"
    assert (tmp_path / "large").stat().st_size <= SMALL.file


@pytest.mark.parametrize("task", ["hoard", "spin", "die", "fail"])
def test_what_exceeds_a_limit_or_dies_is_one_sentence(task: str) -> None:
    with pytest.raises(UserError) as found:
        run(f"{TASKS}:{task}", "x" * 50, {}, limits=SMALL)
    assert found.value.key == "error.sandbox_ended"
    assert max(len(found.value.say(language)) for language in ("zh", "en")) < 500


def test_what_only_waits_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "IMPORT_SECONDS", 3)
    began = time.monotonic()
    with pytest.raises(UserError):
        run(f"{TASKS}:idle", "file", {}, limits=Limits(seconds=1))
    assert time.monotonic() - began < 20


def test_answers_errors_and_what_is_printed() -> None:
    assert run(f"{TASKS}:echo", "file", {"value": [1, "二", None]}) == [1, "二", None]
    assert run(f"{TASKS}:printed", "file", {}) == "returned"
    with pytest.raises(UserError) as found:
        run(f"{TASKS}:refuse", "file", {"key": "file_no_pairs", "file": "a" * 10_000})
    assert found.value.key == "error.file_no_pairs" and len(str(found.value)) < 500


@pytest.mark.parametrize("values", [{"key": "no such key"}, {"key": "file_no_pairs"}, {"key": "file_no_pairs", "x": 1}])
def test_an_error_that_cannot_be_said_is_not_believed(values: dict[str, Any]) -> None:
    with pytest.raises(UserError) as found:
        run(f"{TASKS}:refuse", "file", values)
    assert found.value.key == "error.sandbox_ended"


def test_an_endless_answer_is_cut() -> None:
    with pytest.raises(UserError):
        run(f"{TASKS}:flood", "file", {}, limits=SMALL)


def test_the_environment_is_not_handed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOOKBACK_DATABASE", "postgresql://user:password@host/db")
    found = run(f"{TASKS}:environment", "file", {})
    assert "LOOKBACK_DATABASE" not in found and os.environ["LOOKBACK_DATABASE"]


FORBIDDEN = """
import logging, sys
import pyseccomp
logging.basicConfig(stream=sys.stdout, format="%(levelname)s %(message)s")
rules = pyseccomp.SyscallFilter(defaction=pyseccomp.ALLOW)
if sys.argv[1] == "landlock_create_ruleset":
    rules.add_rule(pyseccomp.ERRNO(int(sys.argv[2])), "landlock_create_ruleset")
if sys.argv[1] == "seccomp":
    rules.add_rule(pyseccomp.ERRNO(1), "seccomp")
    rules.add_rule(pyseccomp.ERRNO(1), "prctl", pyseccomp.Arg(0, pyseccomp.EQ, 22))
rules.load()
from s2s.sandbox.walls import log_walls
log_walls()
"""


@linux
@pytest.mark.parametrize(
    ("call", "number", "said"),
    [
        ("none", 0, ""),
        ("landlock_create_ruleset", errno.ENOSYS, "WARNING uploads are read by a process without Landlock"),
        ("landlock_create_ruleset", errno.EPERM, "ERROR uploads and imports are refused: .*forbids Landlock"),
        ("seccomp", errno.EPERM, "ERROR uploads and imports are refused: .*forbids seccomp"),
    ],
)
def test_a_server_logs_once_which_wall_is_missing(call: str, number: int, said: str) -> None:
    command = [sys.executable, "-c", FORBIDDEN, call, str(number)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
    assert re.match(said, done.stdout) and len(done.stdout.splitlines()) == bool(said), done.stdout + done.stderr
