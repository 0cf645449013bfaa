"""Takes the pictures of docs/ anew, in a browser: ``python -m tests.pictures``."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

from s2s.errors import say
from tests.paths import ROOT
from tests.visitors import FLAGS, OURS, Visitors, found, rest, serve

SCREEN = {"viewport": {"width": 1280, "height": 720}, "reduced_motion": "reduce"}
SENTENCE = {
    "lang": "en",
    "text": "昨天晚上我在图书馆遇见了我的老师。",
    "ref": "Last night I met my teacher in the library.",
}
GUESSES = ((0, 0), (0, 0), (0, 1), (1, 0), (4, 2))  # each phone's source word and word to say


def player(people: Visitors) -> Page:
    """A sentence at the step where it leaves the reference."""
    return people.come(SENTENCE | {"step": "7"}, **SCREEN)


def classroom(people: Visitors) -> Page:
    """The votes of five phones, revealed."""
    teacher = people.come(SENTENCE, player=False, path="classroom", **SCREEN)
    press(teacher, "open")
    code = teacher.locator(".lb-join b").last.inner_text().strip()
    phones = [people.come({"room": code, "lang": "en"}, player=False) for _ in GUESSES]
    press(teacher, "ask", step=1)
    for phone, (place, word) in zip(phones, GUESSES, strict=True):
        phone.locator(".chip").nth(place).click()
        phone.locator(".candidate").nth(word).click()
        phone.locator(".vote").click()
        expect(phone.locator(".status")).to_have_text(say("room.counted", "en"))
    expect(teacher.get_by_text(say("classroom.voters", "en", count=len(GUESSES)))).to_be_visible()
    press(teacher, "close")
    press(teacher, "reveal")
    expect(teacher.locator(".lb-board i.model").first).to_be_attached()
    return teacher


def press(page: Page, key: str, **values: object) -> None:
    """Press a button of the classroom."""
    page.get_by_role("button", name=re.compile(re.escape(say(f"classroom.{key}", "en", **values)))).click()


def inspection(people: Visitors) -> Page:
    """The charts of an inspection."""
    page = people.come({"lang": "en"}, player=False, path="inspection", **SCREEN)
    page.locator("summary, h1").first.wait_for()
    rest(page)
    page.mouse.move(640, 500)
    page.mouse.wheel(0, 200)
    return page


def inspect(folder: Path) -> None:
    """An inspection of the date model, written into the server's home."""
    for command in (
        ["generate", "date", "--train", "1", "--dev", "1", "--test", "200", "--out", folder / "dates"],
        ["inspect", "date", folder / "dates" / "test.tsv", "--out", folder / "inspected" / "date"],
    ):
        subprocess.run([sys.executable, "-m", "s2s", *map(str, command)], cwd=ROOT, check=True, capture_output=True)


def main() -> None:
    """Take them all, from a server with a home of its own."""
    with tempfile.TemporaryDirectory() as home, sync_playwright() as playwright:
        inspect(Path(home))
        browser = playwright.chromium.launch(executable_path=found(), args=FLAGS)
        with serve(Path(home), OURS, LOOKBACK_HOME=home) as server:
            for take in (player, classroom, inspection):
                people = Visitors(browser, server)
                page = take(people)
                rest(page)
                page.screenshot(path=ROOT / "docs" / f"{take.__name__}.png")
                people.leave()
        browser.close()


if __name__ == "__main__":
    main()
