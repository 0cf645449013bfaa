"""Tests the built wheel as a user has it: ``python -m tests.wheel``.

It builds the wheel from the files in git, installs it with its dependencies into an empty virtual environment, runs
commands and the app from an empty directory, visits every page, and checks that nothing was written beside the
installed code.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from benchmarks.server import free_port, healthy
from benchmarks.session import Session
from s2s import __version__
from s2s.figures import palette
from tests.paths import ROOT
from tests.wait import until

LARGEST = 30_000_000  # bytes
TEXT, DATE = "2025年3月9日", "2025-03-09"
PAGES = sorted(path.stem for path in (ROOT / "pages").glob("*.py") if path.stem not in ("room", "step_through"))
PIP = ("-m", "pip", "--quiet", "--disable-pip-version-check")


def build(folder: Path) -> Path:
    """The wheel, made of a copy of what git knows, so that nothing else can be in it and nothing is left here."""
    source = folder / "source"
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, source / name)
    command = [sys.executable, *PIP, "wheel", "--no-deps", "--wheel-dir", str(folder), str(source)]
    subprocess.run(command, check=True)
    (wheel,) = folder.glob("*.whl")
    assert wheel.stat().st_size < LARGEST, f"{wheel.name} has {wheel.stat().st_size:,} bytes"
    with zipfile.ZipFile(wheel) as held:
        others = {name.split("/")[0] for name in held.namelist()} - {"s2s", f"lookback-{__version__}.dist-info"}
        assert not others, others
    return wheel


def install(folder: Path, wheel: Path) -> Path:
    """The commands of a fresh virtual environment with the wheel and what it needs, as a deployment locks it.

    Only torch is the one of the Makefile, whichever build pip finds.
    """
    environment = folder / "environment"
    subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
    commands = environment / ("Scripts" if os.name == "nt" else "bin")
    hashed = ("--require-hashes", "--no-build-isolation", "-r")
    for what in (
        ("torch==2.13.0",),
        (*hashed, ROOT / "deploy" / "build.lock"),
        (*hashed, ROOT / "deploy" / "requirements.lock"),
        ("--no-deps", wheel),
    ):
        subprocess.run([commands / "python", *PIP, "install", *what], check=True)
    subprocess.run([commands / "python", *PIP, "check"], check=True)
    return commands


def content(commands: Path) -> dict[str, bytes]:
    """The installed files, apart from the bytecode that Python adds."""
    code = "import s2s; print(s2s.__path__[0])"
    place = subprocess.run([commands / "python", "-c", code], cwd=commands, capture_output=True, text=True, check=True)
    installed = Path(place.stdout.strip())
    assert commands.parent in installed.parents
    files = (path for path in installed.rglob("*") if path.is_file() and path.suffix != ".pyc")
    return {str(path.relative_to(installed)): path.read_bytes() for path in files}


class Visit(Session):
    """A session that also keeps the settings that the server sends at its beginning."""

    settings = ""

    def _take(self, message: Any) -> None:
        if message.HasField("new_session"):
            self.settings = str(message.new_session)
        super()._take(message)


async def visit(address: str) -> None:
    """Decode a date, then open every page."""
    query = {"model": "date", "text": TEXT, "ref": "", "lang": "en"}
    session = Visit(urlencode(query))
    await session.open(address)
    assert DATE in json.dumps(session.data), "the player's page has not decoded"
    assert palette.LIGHT["accent"] in session.settings, "the app's own settings are not in force"
    await session.close()
    for page in PAGES:
        session = Visit(urlencode({"lang": "en"}), page)
        await session.open(address)
        await session.close()


def serve(command: Path, empty: Path, environment: Mapping[str, str]) -> None:
    """Start the app, visit it and stop it as Ctrl-C does."""
    port = str(free_port())
    log = empty.with_name("log")
    with log.open("wb") as out:
        process = subprocess.Popen(
            [command, "serve", "--port", port], cwd=empty, env=environment, stdout=out, stderr=subprocess.STDOUT
        )
        try:
            until(lambda: process.poll() is not None or healthy(f"http://localhost:{port}"), every=0.1)
            with urllib.request.urlopen(f"http://localhost:{port}/") as page:
                assert b'id="root"' in page.read()
            asyncio.run(visit(f"localhost:{port}"))
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(60)
            said = log.read_text(encoding="utf-8", errors="replace")
    assert "Traceback" not in said, said


def use(commands: Path, folder: Path) -> None:
    """What a stranger does first, from an empty directory and with a home of their own."""
    empty, home = folder / "empty", folder / "home"
    empty.mkdir()
    own = {name: value for name, value in os.environ.items() if not name.startswith(("LOOKBACK_", "PYTHON", "XDG_"))}
    own |= {"HOME": str(home), "LOCALAPPDATA": str(home), "OMP_NUM_THREADS": "1"}

    def ask(*arguments: str) -> str:
        command = [commands / "lookback", *arguments]
        done = subprocess.run(command, cwd=empty, env=own, capture_output=True, text=True, encoding="utf-8")
        assert (done.returncode, done.stderr) == (0, ""), done.stderr
        return done.stdout

    assert ask("--version") == f"Lookback {__version__}\n"
    assert ask("--help").startswith("usage: lookback ")
    assert DATE in ask("trace", "date", TEXT)
    assert "Text: " in ask("trace", "zh-en-luong", "我喜欢看电影。")
    serve(commands / "lookback", empty, own)
    assert not list(empty.iterdir()), f"left in the working directory: {list(empty.iterdir())}"
    assert list(home.rglob("lookback.sqlite")), "the classroom's page has made no database of the user's"


def main() -> None:
    """All of it, with the seconds that each part took."""
    with tempfile.TemporaryDirectory(prefix="lookback-") as name:
        folder, start = Path(name), time.monotonic()
        wheel = build(folder)
        print(
            f"{wheel.name}: {wheel.stat().st_size / 1e6:.1f} MB, built in {time.monotonic() - start:.0f} s", flush=True
        )
        start = time.monotonic()
        commands = install(folder, wheel)
        print(f"installed in {time.monotonic() - start:.0f} s", flush=True)
        start = time.monotonic()
        before = content(commands)
        use(commands, folder)
        after = content(commands)
        changed = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
        assert not changed, f"written beside the installed code: {changed}"
        print(f"used in {time.monotonic() - start:.0f} s: commands, the app, {len(PAGES) + 1} pages", flush=True)


if __name__ == "__main__":
    main()
