"""A random walk in Chromium: clicks, typed text and keys.

It uses any visible and enabled control (links of the menu, buttons, radios, switches, sliders, fields, tabs, and the
buttons, words and cells of the figures) and the keys of the figures. After every action the page has no exception, no
fault and no error in its console. Now and then its address is opened in another browser context, which must show the
same fields, lanes and step.
"""

from __future__ import annotations

import random
import re
from typing import Any

from playwright.sync_api import Error, Locator, Page

from s2s.errors import say
from tests.journeys.walk_rules import FAULT, Finding
from tests.visitors import Visitors, rest

KEYS = ("ArrowRight", "ArrowLeft", "Home", "End", "Space", "t", "Escape", "PageDown", "PageUp", "Tab", "e")
PAUSE = re.compile("|".join(re.escape(say("player.pause", language)) for language in ("zh", "en")))
TEXTS = ("我喜欢苹果。", "他喜欢喝茶。", "I like tea.", "", "<b>我</b> [x](javascript:window.hit=1)")
CONTROLS = """button, [role=radio], [role=switch], [role=tab], [role=slider], [role=option], textarea, input,
    summary, select, a[href^="http://localhost"], tr.lane td[data-t], .chip, li[data-token]"""
ABOUT = """n => ({
    html: (n.closest('[class*=st-key]')?.className ?? '') + n.outerHTML.slice(0, 300),
    name: String(n.getAttribute('aria-label') || n.textContent || n.value || n.className),
    tag: n.localName,
    kind: n.tagName + (n.type ?? ''),
})"""
# Controls that leave the page, start long work, or belong to Streamlit's menu.
LEFT_ALONE = re.compile(
    r"stMainMenu|stAppDeploy|stFileUploader|stDownload|download|data-kind|st-key-train|st-key-inspect_start|measure"
    r"|states_|check-dates|stToolbar|st-key-html|button link|stLinkButton"
)


class Wanderer:
    """One visit; ``done`` has a line for each action so far."""

    def __init__(self, visitors: Visitors, seed: int, **options: Any) -> None:
        self.visitors, self.options, self.rng = visitors, options, random.Random(seed)
        self.page = visitors.come({"lang": "en"}, **options)
        self.done = ["open /"]

    def wander(self, steps: int, reopened: int = 25) -> None:
        """Do ``steps`` actions, and open the address after every ``reopened``. Raises Finding with the actions."""
        try:
            for step in range(1, steps + 1):
                self.step()
                self.check()
                if step % reopened == 0:
                    self.reopen()
        except (AssertionError, Error) as error:
            error.add_note("What was done:\n  " + "\n  ".join(self.done))
            raise

    def step(self) -> None:
        """Do one action."""
        if self.rng.random() < 0.25:
            key = self.rng.choice(KEYS)
            self.done.append(f"key {key}")
            self.page.keyboard.press(key)
        else:
            self._use()
        rest(self.page)

    def _use(self) -> None:
        found = self.page.locator(CONTROLS)
        for _ in range(20):
            one = found.nth(self.rng.randrange(max(1, found.count())))
            if (about := self._usable(one)) is not None:
                self.done.append(about["name"])
                self._do(one, about["kind"])
                return
        self.done.append("nothing to use")

    def _usable(self, one: Locator) -> dict[str, str] | None:
        """A control's name and kind; None if it is hidden, disabled, left alone, or no longer on the page."""
        try:
            about: dict[str, str] = one.evaluate(ABOUT, timeout=2_000)
            if LEFT_ALONE.search(about["html"]) or not one.is_visible() or not one.is_enabled(timeout=2_000):
                return None
        except Error:
            return None
        return about | {"name": f"{about['tag']} {' '.join(about['name'].split())[:60]!r}"}

    def _do(self, one: Locator, kind: str) -> None:
        """Click a control or type into it. A control that another element covers is no fault."""
        try:
            if kind.startswith("TEXTAREA") or kind in ("INPUTtext", "INPUTnumber"):
                text = "3" if kind == "INPUTnumber" else self.rng.choice(TEXTS)
                one.fill(text, timeout=2_000)
                self.done[-1] += f" := {text!r}"
                self.page.keyboard.press("Control+Enter" if kind.startswith("TEXTAREA") else "Enter")
            elif kind == "INPUTrange":
                one.press(self.rng.choice(("ArrowRight", "ArrowLeft", "Home", "End")), timeout=2_000)
            elif kind == "SELECTselect-one":
                one.select_option(index=0, timeout=2_000)
            else:
                one.click(timeout=2_000)
        except Error as error:
            self.done[-1] += f" (out of reach: {str(error).splitlines()[0][:60]})"

    def check(self) -> None:
        """Raise Finding after an exception or fault, an error in the console, or if typed text was executed."""
        page = self.page
        if page.get_by_test_id("stException").count():
            raise Finding("exception box", page.get_by_test_id("stException").first.inner_text()[:600])
        boxes = page.get_by_test_id("stAlert").all_inner_texts()
        if any(FAULT.search(box) for box in boxes):
            raise Finding("a fault", str(boxes))
        if self.visitors.problems:
            raise Finding("the browser's console", str(self.visitors.problems))
        if page.evaluate("window.hit") is not None:
            raise Finding("executed", "what was typed has run")

    def reopen(self) -> None:
        """Open the address in another context, which must show the same."""
        if "/?" not in self.page.url and not re.search(r"/(lesson|compare|exposure|classroom)\?", self.page.url):
            return
        self.page.mouse.move(0, 0)  # a preview under the mouse is not in the link
        self.page.evaluate("document.activeElement?.blur()")
        self.pause()
        self.settle(self.page)
        if (drafts := self.page.locator(".draft button")).count():  # nor is a text that was typed and not run
            drafts.last.evaluate("button => button.click()")  # it may be inside a closed expander
        self.settle(self.page)
        if "/?" in self.page.url and not self.page.locator(".player").count():
            return  # nothing was decoded, for example without a text: the address is that of the last decoding
        here, url = picture(self.page), self.page.url
        context = self.visitors.browser.new_context(**({"viewport": {"width": 1280, "height": 900}} | self.options))
        other = context.new_page()
        other.goto(url)
        for part in (".st-key-text textarea", ".player"):
            if self.page.locator(part).count():
                other.locator(part).first.wait_for(state="attached")  # a busy server renders it late
        self.settle(other)
        there = picture(other)
        context.close()
        for name in here:
            if here[name] != there[name]:
                raise Finding("the link shows something else", f"{name}: {here[name]!r} here, {there[name]!r}; {url}")

    def pause(self) -> None:
        """Stop a player that plays: its next step would come between what is read and the link to it."""
        pause = self.page.locator(".player").get_by_role("button", name=PAUSE)
        if pause.count() and pause.first.is_visible():
            pause.first.evaluate("button => button.click()")  # another element may cover it

    def settle(self, page: Page) -> None:
        """Wait until the server is idle and the address has the player's state."""
        page.get_by_test_id("stMain").wait_for()
        rest(page)
        page.wait_for_function(
            """() => {
                const where = document.querySelector("[data-testid=stMain]")?.innerText ?? "";
                const seen = globalThis.lookbackSeen === location.search + where.length;
                globalThis.lookbackSeen = location.search + where.length;
                return seen;
            }""",
            polling=350,  # the address follows the player after a quarter of a second
        )


def picture(page: Page) -> dict[str, Any]:
    """The visible state that a link must restore; if steps are guessed first, only the steps before the current one."""
    player = page.locator(".player")
    shown = "step=" in page.url and player.count() and player.first.is_visible()  # a film's moment is in no link
    step = page.locator(".player .where").first.inner_text() if shown else ""
    rows = page.locator(".player tr.lane")
    lanes: list[list[str]] = rows.evaluate_all(
        "rows => rows.map(row => [...row.children].map(cell => cell.textContent))"
    )
    if page.locator(".player.game").count() and (number := re.search(r"\d+", step)):
        step = number.group()
        lanes = [row[: int(step)] for row in lanes]
    return {
        "texts": [node.input_value() for node in page.locator(".st-key-text textarea, .st-key-ref textarea").all()],
        "step": step,
        "lanes": lanes,
    }
