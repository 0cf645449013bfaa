"""A site of some of our models, built once and served as plain files; people who visit it with Chromium."""

from __future__ import annotations

import contextlib
import functools
import threading
from collections.abc import Callable, Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from s2s.site.build import build_site
from tests.paths import SHIPPED
from tests.visitors import unfilled

MODELS = (
    *("zh-en-luong", "zh-en-bahdanau", "zh-en-guided", "zh-en-none"),
    *("classical-modern", "classical-modern-plain", "date"),
)
BELOW = "/course/"  # the site lies below a path, as on most hosts


class Quiet(SimpleHTTPRequestHandler):
    """Serves files below ``BELOW``, and writes no log."""

    def translate_path(self, path: str) -> str:
        return super().translate_path(path.removeprefix(BELOW.rstrip("/")))

    def log_message(self, *_: object) -> None:
        pass


@contextlib.contextmanager
def served(directory: Path) -> Iterator[str]:
    """The address of a directory that is served on a free port."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(directory)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}{BELOW}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site's directory; not to be written to."""
    out = tmp_path_factory.mktemp("built") / "site"
    build_site(out, {name: SHIPPED / name for name in MODELS})
    return out


@pytest.fixture(scope="session")
def address(built: Path) -> Iterator[str]:
    with served(built) as url:
        yield url


class Visits:
    """People on the site; script errors, errors in the console and requests to anywhere else are ``problems``."""

    def __init__(self, browser: Browser) -> None:
        self.browser, self.problems, self.contexts = browser, list[str](), list[BrowserContext]()
        self.cut = False  # whether there is no network, so that requests may fail

    def come(self, address: str, query: dict[str, str] | None = None, **options: Any) -> Page:
        """Open a link of the site in a browser that has never been there."""
        usual: dict[str, Any] = {"viewport": {"width": 1280, "height": 900}, "locale": "en-GB"}
        context = self.browser.new_context(**(usual | options))
        self.contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("console", lambda said: self._said(said.text) if said.type == "error" else None)
        page.on("request", lambda asked: self._asked(asked.url, address))
        page.goto(address + (f"#{urlencode(query)}" if query else ""))
        return page

    def _said(self, text: str) -> None:
        if not (self.cut and "net::ERR_" in text):
            self.problems.append(text)

    def _asked(self, url: str, address: str) -> None:
        if not url.startswith((address, "data:", "blob:")):
            self.problems.append(f"request to {url}")

    def leave(self) -> None:
        for context in self.contexts:
            self.problems += [text for page in context.pages for text in unfilled(page)]
            context.close()
        assert not self.problems, self.problems


Come = Callable[..., Page]


@pytest.fixture
def visits(browser: Browser) -> Iterator[Visits]:
    visits = Visits(browser)
    yield visits
    visits.leave()


@pytest.fixture
def come(visits: Visits, address: str) -> Come:
    """Open a link of the served site: its parameters, and options of a browser context."""
    return functools.partial(visits.come, address)
