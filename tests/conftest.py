"""Fixtures of all tests."""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import settings as hypothesis_settings

from s2s import settings
from s2s.store.database import _created as engines
from tests.factory import make_checkpoint
from tests.setting import Setting
from tests.steady import pytest_collection_modifyitems as pytest_collection_modifyitems
from tests.steady import pytest_terminal_summary as pytest_terminal_summary

hypothesis_settings.register_profile("lookback", deadline=None, derandomize=True, max_examples=25)
hypothesis_settings.load_profile("lookback")
collect_ignore = ["fixtures"]  # how they were made: wants packages that no test does
NUMBERS = itertools.count(1)  # of databases


@pytest.fixture(scope="session")
def tiny_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint directory with a tiny additive model of random weights; not to be written to."""
    return make_checkpoint(tmp_path_factory.mktemp("checkpoints"))


@pytest.fixture
def setting(monkeypatch: pytest.MonkeyPatch) -> Setting:
    """A function that changes settings of this process, until the test ends."""

    def change(**values: Any) -> None:
        changed = replace(settings.current(), **values)
        monkeypatch.setattr(settings, "current", lambda: changed)

    return change


@pytest.fixture(scope="session")
def chromium() -> str:
    """The browser's path. Without one, an error in CI and a skip elsewhere."""
    from tests.visitors import found

    if path := found():
        return path
    message = "no Chromium found: install it (Debian: apt-get install chromium fonts-noto-cjk) to run the browser tests"
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Any]:
    """One browser for all tests; every test has a context of its own."""
    from playwright.sync_api import sync_playwright

    from tests.visitors import FLAGS

    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield launched
        launched.close()


def fast() -> str | None:
    """A file system in memory with room for a server; None for the usual one. What a crash leaves is kept by both."""
    memory = "/dev/shm"
    return memory if os.path.isdir(memory) and shutil.disk_usage(memory).free > 500_000_000 else None


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The URL of a PostgreSQL server of our own. Without one, an error in CI and a skip elsewhere."""
    found = shutil.which("initdb")
    tools = [Path(found).parent] if found else sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not tools:
        message = "no PostgreSQL found: install it (Debian: apt-get install postgresql) to run the tests that use it"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    with tempfile.TemporaryDirectory(prefix="lookback-", dir=fast()) as folder:  # a socket's path must be short
        own: dict[str, Any] = {"check": True, "stdout": subprocess.DEVNULL, "stdin": subprocess.DEVNULL, "cwd": folder}
        if os.getuid() == 0:  # a server that root starts refuses to
            user = pwd.getpwnam("nobody")
            os.chown(folder, user.pw_uid, user.pw_gid)
            own |= {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        data, control = f"{folder}/data", str(tools[-1] / "pg_ctl")
        options = ["-U", "lookback", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
        subprocess.run([str(tools[-1] / "initdb"), "-D", data, *options], **own)
        server = f"-c listen_addresses='' -c fsync=off -k {folder}"
        subprocess.run([control, "-D", data, "-l", f"{folder}/log", "-w", "-o", server, "start"], **own)
        yield f"postgresql://lookback@/postgres?host={folder}"
        subprocess.run([control, "-D", data, "-m", "immediate", "stop"], **own)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database, of either kind."""
    if request.param == "sqlite":
        folder = tempfile.mkdtemp(prefix="lookback-", dir=fast() or tmp_path)
        request.addfinalizer(lambda: shutil.rmtree(folder))
        return f"sqlite:///{folder}/state/test.sqlite"
    return str(request.getfixturevalue("postgres_database"))


@pytest.fixture
def postgres_database(postgres: str) -> Iterator[str]:
    """The URL of an empty PostgreSQL database; its connections are closed at the end, as a server has only 100."""
    name = f"test_{next(NUMBERS)}"
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {name}")
    yield f"{postgres}&options=-csearch_path%3D{name}"
    for engine in list(engines):
        if engine.url.query.get("options") == f"-csearch_path={name}":
            engine.dispose()
