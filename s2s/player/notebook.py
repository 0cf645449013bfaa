"""The player in a notebook: the exported page in an iframe, isolated from the notebook's styles and scripts.

The page is the frame's ``srcdoc``: it loads nothing and needs no extension, so it plays wherever a notebook shows HTML,
also in a saved notebook. The script beside the frame (frame.js) makes it as tall as its page, and tells the page
whether its surroundings are dark; without the script the frame scrolls.
"""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from html import escape
from pathlib import Path

from s2s import disk
from s2s.errors import LANGUAGES, UserError, say
from s2s.player import page as export
from s2s.player import payload
from s2s.player.lanes import Lanes
from s2s.trace.trace import Trace

CHARACTERS = 110  # estimated source characters in a line of the player


@dataclass(frozen=True)
class NotebookFrame:
    """A page as the output of a notebook cell. A given ``height`` (pixels) is kept; otherwise the page sets it.

    >>> NotebookFrame("<p>played", "a player", "en", 80)._repr_html_().count("<iframe")
    1
    """

    page: str
    title: str
    language: str
    height: int
    fixed: bool = False

    def __repr__(self) -> str:
        return f"<Frame {self.title}>"

    def _repr_html_(self) -> str:
        """The frame and its script as HTML."""
        fixed = " data-fixed" if self.fixed else ""
        page = self.page.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")  # in quotes others may stand
        return (
            f'<iframe class="lookback-frame" title="{escape(self.title)}" lang="{self.language}"{fixed} '
            f'sandbox="allow-scripts allow-downloads" srcdoc="{page}" '
            f'style="display:block;width:100%;height:{self.height}px;border:0"></iframe>'
            f"<script>{payload.read('frame.js')}</script>"
        )


def show(shown: Trace | Lanes, language: str | None = None, height: int | None = None) -> NotebookFrame:
    """A trace or lanes as a notebook's output, the playing player; ``language`` is ``zh`` or ``en``.

    Without ``language`` it is that of the machine's locale. The frame is as tall as its page, or ``height`` pixels.

    >>> import s2s
    >>> s2s.show(s2s.load("date").trace("2025年3月9日"), "zh")
    <Frame 2025年3月9日>
    """
    lanes, language = _lanes(shown), language or locale_language()
    if language not in LANGUAGES:
        raise UserError("setting_choice", name="language", found=language, known=", ".join(LANGUAGES))
    title = next(iter(lanes.values())).source_text[: export.TITLE]
    return NotebookFrame(
        _page(lanes, language, framed=True), title, language, height or _estimate_height(lanes), height is not None
    )


def export_html(shown: Trace | Lanes, file: str | Path, language: str | None = None) -> Path:
    """Write a trace or lanes as one page that plays in any browser without a network; returns its path.

    The page has both languages and opens in ``language``. Raises UserError if the file cannot be written.

    >>> import s2s, tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> s2s.export_html(s2s.load("date").trace("2025年3月9日"), folder.name + "/page.html").name
    'page.html'
    >>> folder.cleanup()
    """
    path = Path(file)
    disk.write_text(path, _page(_lanes(shown), language or locale_language()))
    return path


def _repr_html_(shown: Trace | Lanes) -> str:
    """What a notebook shows of a trace or lanes: the player."""
    return show(shown)._repr_html_()


Trace._repr_html_ = Lanes._repr_html_ = _repr_html_  # type: ignore[attr-defined]


def locale_language() -> str:
    """``zh`` where the machine's locale is Chinese, else ``en``."""
    names = ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")
    return "zh" if next(filter(None, map(os.environ.get, names)), "").lower().startswith("zh") else "en"


def _lanes(shown: Trace | Lanes) -> Lanes:
    if isinstance(shown, Trace):
        return Lanes.of(shown)
    if not isinstance(shown, Lanes):
        raise UserError("lanes_kind", found=type(shown).__name__)
    return shown


def _page(lanes: Lanes, language: str, framed: bool = False) -> str:
    words = None if lanes.checkpoint is None else lanes.checkpoint.sayable
    note = say("lanes.sums", language) if any("sums" in trace.settings for trace in lanes.values()) else ""
    # what made the lanes of a function is in Python alone
    return export.render(lanes.own, language, words, lanes.rows(), framed, note=note, forking=lanes.noted is not None)


def _estimate_height(lanes: Lanes) -> int:
    """A first guess of the player's height in pixels, until its page reports it."""
    trace = next(iter(lanes.values()))
    lines = math.ceil(sum(len(token) + 3 for token in trace.source_tokens) / CHARACTERS)
    rows = len(lanes) + 2
    speaks = any(step.top or step.rank for step in trace.steps)
    heatmap = min(460, 26 * len(trace.steps) + 9 * max(map(len, trace.source_tokens)) + 30)
    return 330 + 52 * min(lines, 4) + 44 * rows + max(heatmap, 340 if speaks else 0)
