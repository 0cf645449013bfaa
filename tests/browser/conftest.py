"""A real server and a real Chromium; any script error or request to another host fails the test."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from tests.wait import until

REPOSITORY = Path(__file__).resolve().parents[2]
expect.set_options(timeout=30_000)  # a busy machine is no failure
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]


@pytest.fixture(scope="session")
def chromium() -> str:
    """The browser's path. Without one, an error in CI and a skip elsewhere."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path:
        return path
    message = "no Chromium found: install it (Debian: apt-get install chromium fonts-noto-cjk) to run the browser tests"
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)


def healthy(address: str) -> bool:
    """Whether the server there answers."""
    try:
        urllib.request.urlopen(f"{address}/_stcore/health", timeout=1).close()
    except OSError:
        return False
    return True


@contextlib.contextmanager
def serve(folder: Path, script: str = "app.py", **environment: str) -> Iterator[str]:
    """The app as ``streamlit run app.py`` serves it, on a free port; its log goes into ``folder``."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", script, "--server.port", str(port)]
    own = os.environ | {"LOOKBACK_DATABASE": f"sqlite:///{folder}/lookback.sqlite"} | environment
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=REPOSITORY, stdout=log, stderr=log, env=own)
        address = f"http://localhost:{port}"
        until(lambda: healthy(address), every=0.1)
        yield address
        process.terminate()
        process.wait(60)


@pytest.fixture(scope="session")
def inspected(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the server looks for inspections and writes them."""
    return tmp_path_factory.mktemp("inspected")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory, inspected: Path) -> Iterator[str]:
    """One server for all tests."""
    os.environ["LOOKBACK_INSPECTED"] = str(inspected)
    with serve(tmp_path_factory.mktemp("server")) as address:
        yield address


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Browser]:
    """One browser for all tests; every test has a context of its own."""
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield launched
        launched.close()


def probe(message: ConsoleMessage) -> bool:
    """Whether it is Streamlit's own look for its server below a page's path, where there is none."""
    return bool(re.search(r"/\w+/_stcore/(health|host-config)$", message.location["url"]))


OpenPage = Callable[..., Page]


@pytest.fixture
def open_page(browser: Browser, server: str) -> Iterator[OpenPage]:
    """Open a link and wait for the player; options are those of a browser context."""
    problems: list[str] = []
    contexts = []

    def open_one(query: dict[str, str], player: bool = True, path: str = "", **options: object) -> Page:
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, "locale": "zh-CN"} | options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda m: problems.append(m.text) if m.type == "error" and not probe(m) else None)

        def watch(url: str) -> None:
            if not url.startswith((server, "data:", "blob:", server.replace("http", "ws"))):
                problems.append(f"request to {url}")

        page.on("request", lambda request: watch(request.url))
        page.goto(f"{server}/{path}?{urlencode(query)}")
        if player:
            page.wait_for_selector(".player")
            page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")  # nothing moves any more
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert problems == []
