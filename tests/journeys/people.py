"""Actions and checks that several stories share."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urlsplit

from playwright.sync_api import Locator, Page, TimeoutError, expect

from s2s.errors import say
from tests import visitors
from tests.visitors import open_from_menu, rest, unfold_menu

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
TEXT, REFERENCE = "我妹妹每天早上骑自行车去学校。", "My sister goes to school by bike every morning."
OTHER = "他喜欢喝茶。"


def field(page: Page, lang: str, key: str = "text") -> Locator:
    """The field of the sentence or of the reference."""
    return page.get_by_label(say(f"step.{key}", lang), exact=True)


def write(page: Page, lang: str, text: str, reference: str | None = None) -> None:
    """Replace the sentence and, if given, the reference by typing."""
    for key, typed in (("text", text), ("reference", reference)):
        if typed is not None:
            field(page, lang, key).click()
            page.keyboard.press("Control+a")
            page.keyboard.insert_text(typed)  # as an input method does


def run(page: Page, lang: str) -> None:
    """Press Run and wait until the page is idle."""
    page.get_by_role("button", name=say("step.run", lang), exact=True).click()
    rest(page)


def address(page: Page) -> dict[str, str]:
    """The parameters of the page's address."""
    return dict(parse_qsl(urlsplit(page.url).query, keep_blank_values=True))


def becomes(page: Page, **parts: str | None) -> None:
    """Wait until the address has these parameters, and none of those given as None."""
    page.wait_for_function(
        """parts => {
            const here = new URLSearchParams(location.search);
            return Object.entries(parts).every(([name, value]) => here.get(name) === value);
        }""",
        arg=parts,
    )


def words(page: Page, lane: str) -> list[str]:
    """The words of a lane."""
    return page.locator(f"tr.lane.{lane} td .token").all_text_contents()


def at(page: Page, step: int, lang: str) -> None:
    """Expect that the player shows a step."""
    start = say("player.where", lang, step=step, steps=0).split("0")[0] if step != 0 else ""
    expect(page.locator(".where")).to_contain_text(start.strip())


def sees_no_error(page: Page) -> None:
    """Expect that the page has neither an exception nor an error box."""
    expect(page.get_by_test_id("stException")).to_have_count(0)
    expect(page.get_by_test_id("stAlertContentError")).to_have_count(0)


def chosen(page: Page, name: str) -> None:
    """Expect that a radio button is checked; that of a lane stands in the menu of decoding."""
    button = page.get_by_role("radio", name=re.compile(f"^{re.escape(name)}$"))
    folded = not button.is_visible()
    if folded:
        unfold_menu(page, "decoding")
    expect(button).to_be_checked()
    if folded:
        page.keyboard.press("Escape")


def choose(page: Page, name: str) -> None:
    """Click a radio button's label; that of a lane stands in the menu of decoding."""
    label = page.get_by_test_id("stRadio").get_by_text(name, exact=True)
    folded = not label.is_visible()
    if folded:
        unfold_menu(page, "decoding")
        try:
            label.wait_for(timeout=5_000)
        except TimeoutError:  # the page was drawn anew, which folds its menus: press again
            unfold_menu(page, "decoding")
    label.click()
    rest(page)
    if folded:
        page.keyboard.press("Escape")


def pick_model(page: Page, lang: str, name: str) -> None:
    """Choose a model from the list."""
    visitors.pick_model(page, name, say("step.checkpoint", lang))
    rest(page)


def go(page: Page, lang: str, name: str) -> None:
    """Open another page from the menu, and wait until the address is that page's; earlier actions would be lost."""
    open_from_menu(page, lang, name)
    path = {"step": "/", "inspect": "/inspection"}.get(name, f"/{name}")
    page.wait_for_function("(path) => location.pathname === path", arg=path)
    rest(page)
