"""A page with the playground and nothing else, served from a folder as any web host would, with a strict policy."""

from __future__ import annotations

import functools
import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from s2s.errors import sentences
from s2s.player import bundle
from tests.paths import ROOT

FOLDER = ROOT / "s2s" / "browser_model"
POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; worker-src 'self'"
PAGE = """<!doctype html><html lang="{language}" data-theme="{theme}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<title>Playground</title><link rel="stylesheet" href="page.css"><link rel="stylesheet" href="playground.css"></head>
<body><main><h1 class="unseen">Playground</h1><h2 class="unseen">Training</h2><div class="lookback"></div></main>
<script type="module" src="start.js"></script></body></html>"""
START = """import mount from "./mount.js";
mount({{ data: {data}, parentElement: document.querySelector("main") }});"""


def strings(language: str) -> dict[str, str]:
    """The playground's texts."""
    start = "playground."
    return {key.removeprefix(start): text for key, text in sentences(language).items() if key.startswith(start)}


def write_site(folder: Path, language: str = "en", theme: str = "light", **settings: Any) -> None:
    """The page and what it loads; ``settings`` are those of both models at first."""
    data = {"strings": strings(language), "worker": {"url": "worker.js"}, "settings": settings}
    files = {
        "index.html": PAGE.format(language=language, theme=theme, policy=POLICY),
        "start.js": START.format(data=json.dumps(data, ensure_ascii=False)),
        "mount.js": bundle.script(FOLDER / "playground" / "mount.js"),
        "worker.js": bundle.script(FOLDER / "training" / "worker.js"),
        "playground.css": bundle.style(FOLDER / "playground" / "playground.css"),
        "page.css": bundle.style(ROOT / "s2s" / "player" / "browser" / "page.css"),
    }
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")


class Quiet(http.server.SimpleHTTPRequestHandler):
    """A handler without a log."""

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address of a server of the folder's files."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=folder)) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()
