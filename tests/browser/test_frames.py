"""A page of another origin shows the app in a frame if the setting ``frames`` names it, and only then."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.visitors import OURS, serve


@pytest.fixture
def course(tmp_path: Path) -> Iterator[int]:
    """The port of a course's site, whose pages lie in the folder ``course``."""
    (tmp_path / "course").mkdir()
    handler = partial(SimpleHTTPRequestHandler, directory=str(tmp_path / "course"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as site:
        threading.Thread(target=site.serve_forever, daemon=True).start()
        yield site.server_port
        site.shutdown()


def test_only_an_origin_that_is_named_frames_the_app(browser: Browser, course: int, tmp_path: Path) -> None:
    named, other = f"http://127.0.0.1:{course}", f"http://localhost:{course}"
    with serve(tmp_path, OURS, LOOKBACK_FRAMES=named) as app:
        frame = f'<iframe src="{app}/?embed=true&lang=en" title="Lookback" width="1200" height="800"></iframe>'
        page_of_course = f"<!doctype html><title>Course</title>{frame}"
        (tmp_path / "course" / "page.html").write_text(page_of_course, encoding="utf-8")
        page = browser.new_page()
        said = list[str]()
        page.on("console", lambda message: said.append(message.text))
        page.goto(f"{named}/page.html")
        inside = page.frame_locator("iframe")
        expect(inside.locator(".player")).to_be_visible()
        expect(inside.get_by_test_id("stHeader")).to_be_hidden()
        assert not any("frame-ancestors" in text for text in said)
        page.goto(f"{other}/page.html")  # returns when the frame, too, has loaded or was refused
        assert page.frames[-1].url.startswith("chrome-error:")
        assert any("frame-ancestors" in text and app in text for text in said), said
        page.close()
