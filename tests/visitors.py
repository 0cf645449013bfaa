"""Starts a server and visits it with Chromium; a script error or a request to another host fails the test."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, FrameLocator, Locator, Page, expect

from benchmarks.server import free_port, healthy
from s2s.errors import LANGUAGES, say
from tests.paths import ROOT
from tests.titles import title_of
from tests.wait import until

expect.set_options(timeout=30_000)  # a busy machine is no failure
PRESS = 60  # milliseconds between press and release: less than a person's, enough for a page to move what is pressed
STILL = """() => document.getAnimations().every(
    (motion) => motion.playState !== "running" || motion.effect.getComputedTiming().iterations === Infinity)"""


def _press(place: Locator, click: Callable[..., None] = Locator.click, **options: Any) -> None:
    """Press as a person does: what stands still, and not for no time."""
    place.page.wait_for_function(STILL)
    click(place, **({"delay": PRESS} | options))


Locator.click = _press  # type: ignore[assignment]  # in every test
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]


def found() -> str | None:
    """The browser's path, None where there is none."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


STREAMLIT = ("streamlit", "run", "app.py", "--server.port")
OURS = ("s2s", "serve", "--port")


@contextlib.contextmanager
def serve(folder: Path, command: Sequence[str] = STREAMLIT, path: str = "", **environment: str) -> Iterator[str]:
    """The app as a module serves it, on a free port below ``path``; its log goes into ``folder``."""
    port = free_port()
    own = os.environ | {"LOOKBACK_DATABASE": f"sqlite:///{folder}/lookback.sqlite"} | environment
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", *command, str(port)], cwd=ROOT, stdout=log, stderr=log, env=own
        )
        address = f"http://localhost:{port}{path}"
        try:
            until(lambda: healthy(address), every=0.1)
            yield address
        finally:
            process.terminate()
            process.wait(60)


def pick_model(page: Page, name: str, label: str) -> None:
    """Choose a model, by its directory's name, in the list with this label: options are titles."""
    path = ROOT / "checkpoints" / name
    titles = [f"^{re.escape(title_of(path, language))}$" for language in LANGUAGES] if path.exists() else []
    # Alone in place of a task that is not known, and behind a title that two have.
    ways = "|".join([*titles, rf"(^|· ){re.escape(name)}( ·|$)"])
    page.get_by_role("combobox", name=label).click()
    page.get_by_role("option", name=re.compile(ways)).last.click()


def probe(message: ConsoleMessage) -> bool:
    """Whether it is Streamlit's own look for its server below a page's path, where there is none."""
    return bool(re.search(r"/[\w-]+/_stcore/(health|host-config)$", message.location["url"]))


# Every text and attribute of a page, shadow trees included, in which a sentence's {place} was left; code aside.
UNFILLED = """() => {
    const names = ["aria-label", "title", "alt", "placeholder"], code = "script, style, pre, code, textarea, .katex";
    const open = (text) => /\\{\\w+(:[^}]*)?\\}|\\bundefined\\b/.test(text ?? "");
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


class Visitors:
    """People at a server, each in a context of their own; ``problems`` are errors of scripts and requests elsewhere."""

    def __init__(self, browser: Browser, server: str) -> None:
        self.browser, self.server, self.problems = browser, server, list[str]()
        self.contexts: list[BrowserContext] = []

    def come(
        self,
        query: Mapping[str, str] | None = None,
        player: bool = True,
        path: str = "",
        first: bool = False,
        **options: Any,
    ) -> Page:
        """Open a link and wait for the player; options are those of a browser context.

        Only who is ``first`` here is shown the first minute.
        """
        usual: dict[str, Any] = {"viewport": {"width": 1280, "height": 900}, "locale": "zh-CN"}
        context = self.browser.new_context(**(usual | options))
        self.contexts.append(context)
        if not first:
            context.add_init_script("globalThis.lookbackStored = { 'first-minute': 'seen' };")
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("console", self._said)
        page.on("request", lambda request: self._asked(request.url))
        page.goto(f"{self.server}/{path}" + (f"?{urlencode(query)}" if query else ""))
        if player:
            page.wait_for_selector(".player")
        rest(page)  # nothing moves any more
        return page

    def leave(self) -> None:
        """Everybody goes; what went wrong meanwhile fails."""
        for context in self.contexts:
            self.problems += [text for page in context.pages for text in unfilled(page)]
            context.close()
        assert not self.problems, self.problems  # this module is not one whose asserts pytest explains

    def _said(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not probe(message):
            self.problems.append(message.text)

    def _asked(self, url: str) -> None:
        if not url.startswith((self.server, "data:", "blob:", self.server.replace("http", "ws"))):
            self.problems.append(f"request to {url}")


def rest(page: Page) -> None:
    """Until the server has nothing more to say and the browser has the script of every element."""
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")
    page.wait_for_function("() => !document.querySelector('[data-testid=stMain] [data-testid=stSkeleton]')")


TEACHING = ("step", "lesson", "classroom")  # the pages of the menu's first group


def open_from_menu(page: Page, lang: str, name: str) -> None:
    """Press a page's name in the header, on a phone in the menu."""
    title = re.compile(f"^{re.escape(say(f'page.{name}', lang))}$")
    groups = page.get_by_test_id("stTopNavSection")
    if groups.first.is_visible():
        groups.filter(has_text=say("page.group_teach" if name in TEACHING else "page.group_study", lang)).click()
        page.get_by_test_id("stTopNavDropdownLink").filter(has_text=title).click()
        return
    if page.get_by_test_id("stSidebar").get_attribute("data-collapsed") != "false":
        page.get_by_test_id("stExpandSidebarButton").click()
    page.get_by_test_id("stSidebarNavLink").filter(has_text=title).click()


def unfold_menu(page: Page, key: str) -> None:
    """Press a menu of the line of controls: ``card``, ``decoding``, ``more``."""
    page.locator(f":is(.st-key-{key}, [class*='st-key-{key}-']) [data-testid=stPopoverButton]").click()


def unfold_exports(place: Page | FrameLocator) -> None:
    """Press the player's menu of downloads."""
    place.locator(".exports > summary").click()


def project_and_leave(page: Page, place: Locator) -> None:
    """Press the switch of the projector mode, then P; after both ``place`` has the focus."""
    page.get_by_text(say("projector.switch", "en"), exact=True).click()
    expect(page.locator(".st-key-projector-leave")).to_be_attached()
    expect(place).to_be_focused()
    page.keyboard.press("p")
    expect(page.locator(".st-key-projector-leave")).to_have_count(0)
    expect(place).to_be_focused()
