"""The states in which axe looks at the app: those that a link opens, and those that somebody opens on the stage."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from playwright.sync_api import Page, WebSocketRoute, expect
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from s2s.errors import LANGUAGES, say
from s2s.web.lesson import CHAPTERS
from tests.browser.test_player import REFERENCE, TEXT
from tests.visitors import unfold_menu

PAIR = {"text": TEXT, "ref": REFERENCE}
BRANCHES = [{"id": "b1", "kind": "fork", "parent": "free", "step": 2, "tokens": "My father"}]
# What a visitor can have on screen: path and query.
STATES: Mapping[str, tuple[str, dict[str, str]]] = {
    "step": ("", PAIR),
    "guess": ("", PAIR | {"predict": "1"}),
    "charts": ("", PAIR | {"tab": "charts"}),
    "beam": ("", PAIR | {"strategy": "beam", "tab": "beam_tab"}),
    "projector": ("", PAIR | {"projector": "1"}),
    "no attention": ("", PAIR | {"model": "zh-en-none"}),
    "wrong link": ("", PAIR | {"beam": "many"}),
    "no text": ("", {"text": ""}),
    **{f"lesson {chapter}": ("lesson", PAIR | {"chapter": chapter}) for chapter in CHAPTERS},
    "compare": ("compare", PAIR | {"differs": "source", "b_text": "我妹妹每天早上去学校。"}),
    "exposure": ("exposure", PAIR),
    "evidence": ("evidence", {}),
    "doctor": ("doctor", {"model": "date"}),
    "models": ("checkpoints", {}),
    "inspections": ("inspection", {}),
    "inspection": ("inspection", {"inspection": "axe", "row": "1"}),
    "classroom": ("classroom", PAIR),
    "no room": ("", {"room": "ABCDEF"}),
    "first minute": ("", {}),
    "tour, in the player": ("", PAIR | {"tour": "9"}),
    "framed": ("", PAIR | {"embed": "true", "note": "Step 6", "hide": "form"}),
    "refused": ("", {"text": "我" * 5000}),
}


def _menu(key: str) -> Callable[[Page], None]:
    def unfold(page: Page) -> None:
        unfold_menu(page, key)
        expect(page.get_by_test_id("stPopoverBody")).to_be_visible()

    return unfold


def _share(page: Page) -> None:
    unfold_menu(page, "more")
    page.locator(".st-key-share").get_by_role("button").click()
    expect(page.get_by_test_id("stDialog").locator("code").first).to_be_visible()


def _help(page: Page) -> None:
    page.locator(".bar .help").click()
    expect(page.locator(".card:popover-open")).to_be_visible()


def _flow(page: Page) -> None:
    page.locator(".player").press("f")
    expect(page.locator(".flow svg")).to_be_visible()


def _pages(page: Page) -> None:
    page.get_by_test_id("stTopNavSection").first.click()
    expect(page.get_by_test_id("stTopNavDropdownLink").first).to_be_visible()


def _draft(page: Page) -> None:
    page.locator(".st-key-text textarea").fill("我喝茶。")
    page.locator(".player").focus()
    expect(page.locator(".draft").get_by_role("button").first).to_be_visible()


# What somebody opens on the stage, one after the other; Esc closes what stands over the page.
OPENED: Mapping[str, Callable[[Page], None]] = {
    "card": _menu("card"),
    "decoding": _menu("decoding"),
    "examples": _menu("examples-0"),
    "more": _menu("more"),
    "share": _share,
    "help": _help,
    "flow": _flow,
    "unrun": _draft,
}
# The same on a screen wide enough for the pages in the header.
IN_HEADER: Mapping[str, Callable[[Page], None]] = {"pages": _pages}


def tour_stops(page: Page) -> Iterator[str]:
    """Go through the whole tour; at each stop yields where it stands, as "3 / 11"."""
    card = page.locator(".card:popover-open")
    if not card.count():  # the help is not open
        page.locator(".bar .help").click()
    card.get_by_role("button", name=re.compile("|".join(say("tour.help.tour", name) for name in LANGUAGES))).click()
    place, last = card.locator(".place"), False
    while not last:
        expect(place).to_have_text(re.compile(r"\d+ / \d+"))
        standing = place.inner_text()
        yield standing
        stop, stops = standing.split(" / ")
        if not (last := stop == stops):
            card.locator(".next").click()
            expect(place).not_to_have_text(standing)


class Stream:
    """What a server says to one page. While ``silent`` it says that a run begins, and nothing that the run makes."""

    def __init__(self, browser: WebSocketRoute) -> None:
        self.silent, self.held = False, list[str | bytes]()
        self.browser = browser
        browser.connect_to_server().on_message(self._said)

    def _said(self, message: str | bytes) -> None:
        made = self.silent and ForwardMsg.FromString(bytes(message)).WhichOneof("type") == "delta"
        if made or self.held:
            self.held.append(message)
        else:
            self.browser.send(message)

    def release(self) -> None:
        """Say the rest."""
        self.silent, held, self.held = False, self.held, []
        for message in held:
            self.browser.send(message)


def hold_runs(page: Page) -> list[Stream]:
    """The streams of the page from now on, the last one the newest."""
    streams: list[Stream] = []
    page.route_web_socket("**/_stcore/stream", lambda route: streams.append(Stream(route)))
    return streams
