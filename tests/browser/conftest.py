"""A real server and a real Chromium; any script error or request to another host fails the test."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

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
        for _ in range(240):
            try:
                urllib.request.urlopen(f"{address}/_stcore/health", timeout=1).close()
                break
            except OSError:
                time.sleep(0.25)
        else:
            pytest.fail("the server did not come up")
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


# Every text and attribute of a page, shadow trees included, in which a sentence's {place} was left; code aside.
UNFILLED = """() => {
    const names = ["aria-label", "title", "alt", "placeholder"], code = "script, style, pre, code, textarea, .katex";
    const open = (text) => /\\{\\w+\\}|\\bundefined\\b/.test(text ?? "");
    const found = [];
    const look = (node) => {
        for (const child of node.childNodes) {
            if (child.nodeType === Node.TEXT_NODE && open(child.data)) found.push(child.data);
            if (child.nodeType !== Node.ELEMENT_NODE || child.matches(code)) continue;
            for (const name of names) if (open(child.getAttribute(name))) found.push(child.getAttribute(name));
            look(child);
            if (child.shadowRoot) look(child.shadowRoot);
        }
    };
    look(document.body);
    return found;
}"""


def unfilled(page: Page) -> list[str]:
    """What of a page at the end of a test still has a place that nobody filled."""
    return [] if page.is_closed() or page.url == "about:blank" else list(page.evaluate(UNFILLED))


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
        problems += [text for page in context.pages for text in unfilled(page)]
        context.close()
    assert problems == []
