"""The first minute and the guided tour: what they show, drive and leave alone."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from s2s.errors import say
from s2s.web.shell.language import NAMES
from tests.browser.conftest import OpenPage
from tests.journeys.people import PHONE, REFERENCE, TEXT, address, becomes, field, go, run, words
from tests.visitors import rest
from tests.web.shell.test_tour import STOPS, WELL, WRONG

FULL = {"text": TEXT, "ref": REFERENCE}
FOCUSED = """() => {
    let node = document.activeElement;
    while (node.shadowRoot?.activeElement) node = node.shadowRoot.activeElement;
    return node.className;
}"""
# Whether ring and card rest, the ring in sight, the card in the window and beside the ring, or over its lower part if
# there is no room beside it.
RESTS_BESIDE = """() => {
    const roots = [...document.querySelectorAll("*")].map((node) => node.shadowRoot);
    const root = roots.find((root) => root?.querySelector(".ring"));
    const [ring, card] = [".ring", ".card"].map((name) => root.querySelector(name).getBoundingClientRect());
    const [last, now] = [globalThis.lastRing, [ring.top, ring.height, card.top].join()];
    globalThis.lastRing = now;
    const aside = card.left >= ring.right || card.right <= ring.left;
    const beside = aside || card.top >= ring.bottom || card.bottom <= ring.top;
    const room = ring.height + card.height + 64 < innerHeight;
    const inside = card.top >= 0 && card.bottom <= innerHeight && card.left >= 0 && card.right <= innerWidth;
    const seen = ring.bottom > 0 && ring.top < innerHeight - 20;
    return last === now && inside && seen && (beside || !room);
}"""

# The clock of the first minute goes when the test says so: ``lookbackTick()`` is a step, if it was not stopped; false
# before there was a clock.
TICKED = """() => {
    const [start, stop] = [setInterval, clearInterval];
    let step = null, id = null;
    globalThis.setInterval = (act, time, ...more) =>
        time === 1800 ? ((step = act), (id = start(() => {}, time))) : start(act, time, ...more);
    globalThis.clearInterval = (other) => (other === id && step && (step = () => {}), stop(other));
    globalThis.lookbackTick = () => step !== null && (step(), true);
}"""


def card(page: Page) -> Locator:
    return page.locator(".card:popover-open")


def press(page: Page, name: str) -> None:
    """Press one of the card's buttons: skip, back or next."""
    page.locator(f".card .{name}").click()


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_first_visit_is_shown_a_success_and_a_failure_and_then_has_its_turn(open_page: OpenPage, lang: str) -> None:
    page = open_page({"lang": lang}, first=True)
    expect(page.locator(".card .title")).to_have_text(say("tour.first.well.title", lang))
    assert page.evaluate(FOCUSED) == ""  # whoever types or reads is not interrupted
    expect(field(page, lang)).to_have_value(WELL[0])
    expect(page.locator(".where")).to_have_text(re.compile(r" 2 (步 )?/"))  # it plays by itself
    assert "◆" not in page.locator(".lanes").inner_text()
    press(page, "next")
    expect(field(page, lang)).to_have_value(WRONG[0])
    caption = page.locator(".card .caption")
    gone, by = page.locator("tr.lane.free td.diverges .token").inner_text(), WRONG[1].split()[5]
    expect(caption).to_contain_text(gone)
    expect(caption).to_contain_text(by)  # the teacher's word, from the lanes
    press(page, "next")
    expect(page.locator(".card .title")).to_have_text(say("tour.first.turn.title", lang))
    page.locator(".softmax .pick").nth(1).click()
    branch = page.locator("tr.lane.b1.active")
    expect(branch).to_be_visible()
    expect(caption).to_contain_text(words(page, "b1")[5])
    press(page, "next")
    expect(card(page)).to_have_count(0)
    page.goto(page.url.split("?")[0])
    expect(page.locator(".player")).to_be_visible()
    expect(page.locator(".bar .help")).to_be_visible()
    expect(card(page)).to_have_count(0)  # it does not come back


def test_the_first_minute_goes_for_esc_and_for_who_types_also_without_storage(open_page: OpenPage) -> None:
    page = open_page({"lang": "zh"}, first=True)
    expect(card(page)).to_be_visible()
    page.locator(".st-key-language-switch label", has_text=NAMES["en"]).click()  # who does that has typed nothing
    expect(field(page, "en")).to_be_visible()
    rest(page)
    expect(card(page)).to_be_visible()
    expect(card(page)).to_contain_text(say("tour.first.well.title", "en"))
    page.keyboard.press("Escape")
    expect(card(page)).to_have_count(0)
    assert page.evaluate("localStorage.getItem('lookback.first-minute')") == "seen"
    other = open_page({"lang": "en"}, first=True, player=False)
    other.add_init_script("Object.defineProperty(window, 'localStorage', { get() { throw new Error('blocked'); } });")
    other.goto(f"{other.url.split('?')[0]}?lang=en")
    expect(card(other)).to_be_visible()
    field(other, "en").click()
    other.keyboard.press("End")
    other.keyboard.type("吗")
    expect(card(other)).to_have_count(0)
    assert field(other, "en").input_value() == WELL[0] + "吗"
    run(other, "en")
    expect(other.locator(".chip").first).to_be_visible()
    expect(card(other)).to_have_count(0)


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("way", ["heatmap", "table", "press", "tab"])
def test_the_first_minute_stands_still_for_who_is_at_work_in_the_player(
    open_page: OpenPage, lang: str, way: str
) -> None:
    page = open_page({"lang": lang}, player=False, first=True)
    page.add_init_script(f"({TICKED})()")
    page.goto(f"{page.url.split('?')[0]}?lang={lang}")  # the player has written the sentence into the address
    expect(card(page)).to_be_visible()
    where = page.locator(".where")
    expect(where).to_have_text(re.compile(r" 1 (步 )?/"))
    page.wait_for_function("lookbackTick()")
    expect(where).to_have_text(re.compile(r" 2 (步 )?/"))
    if way == "heatmap":
        page.keyboard.press("h")
        page.keyboard.press("ArrowRight")  # to another source word of the step
    elif way == "table":
        page.keyboard.press("f")
        page.keyboard.press("Tab")
    elif way == "press":
        page.locator(".map .head").first.click()
    else:
        page.locator(".player").evaluate("node => node.focus()")  # as after a run
        page.keyboard.press("Shift+Tab")
        page.keyboard.press("Tab")
    expect(card(page)).to_be_visible()
    page.evaluate("lookbackTick(), lookbackTick()")
    expect(where).to_have_text(re.compile(r" 2 (步 )?/"))
    expect(page.locator(".card .title")).to_have_text(say("tour.first.well.title", lang))
    becomes(page, step="2")
    other = next(name for name in NAMES if name != lang)
    page.locator(".st-key-language-switch label", has_text=NAMES[other]).click()
    expect(page.locator(".card .title")).to_have_text(say("tour.first.well.title", other))
    rest(page)
    page.evaluate("lookbackTick(), lookbackTick()")
    expect(where).to_have_text(re.compile(r" 2 (步 )?/"))  # nor is it taken back to the first
    press(page, "next")
    expect(page.locator(".card .title")).to_have_text(say("tour.first.wrong.title", other))
    expect(page.locator("tr.lane.free td.diverges.now")).to_be_visible()


@pytest.mark.parametrize("more", [{"text": TEXT}, {"predict": "1"}, {"projector": "1"}, {"embed": "true"}])
def test_it_does_not_begin_where_a_link_says_what_to_see(open_page: OpenPage, more: dict[str, str]) -> None:
    page = open_page({"lang": "en", **more}, first=True)
    expect(page.locator(".player")).to_be_visible()
    expect(page.get_by_test_id("stHeader")).to_be_visible(visible=not {"projector", "embed"} & set(more))
    assert page.locator(".tour .card").count() == 1  # the script is there
    expect(card(page)).to_have_count(0)


def expect_stop(page: Page, name: str, lang: str) -> None:
    """The stop's part is on screen, ringed, and not below the card, which has its words and the keyboard's focus."""
    expect(page.locator(f".card[data-stop={name}] .title")).to_have_text(say(f"tour.{name}.title", lang))
    expect(card(page)).to_have_attribute("aria-describedby", re.compile("tour-text"))
    page.wait_for_function(f"() => ({FOCUSED})().split(' ').includes('card')")
    becomes(page, tour=str(STOPS.index(name) + 1))
    page.wait_for_function(RESTS_BESIDE, polling=150)


@pytest.mark.parametrize(("lang", "options"), [("en", {}), ("zh", PHONE)], ids=["en", "zh-phone"])
def test_every_stop_opens_rings_and_restores_what_it_is_about(
    open_page: OpenPage, lang: str, options: dict[str, Any]
) -> None:
    page = open_page({"lang": lang, **FULL}, **options)
    before = page.locator(".where").inner_text()
    page.locator(".player .help").click()
    page.get_by_role("button", name=say("tour.help.tour", lang)).click()
    for name in STOPS:
        expect_stop(page, name, lang)
        if name == "examples":
            expect(page.get_by_test_id("stPopoverBody")).to_be_visible()
        if name == "edit":
            expect(page.locator(".editor")).to_be_visible()
        if name == "worked":
            expect(page.locator(".worked .formula").first).to_be_visible()
        page.keyboard.press("ArrowRight")
    expect(card(page)).to_have_count(0)
    assert "tour" not in address(page)
    expect(page.get_by_test_id("stPopoverBody")).to_have_count(0)
    expect(page.locator(".editor")).to_be_hidden()
    expect(page.locator(".worked .formula").first).to_be_hidden()
    expect(page.locator(".where")).to_have_text(before)


def test_a_tour_is_resumed_where_its_link_says_and_ends_with_esc(open_page: OpenPage) -> None:
    page = open_page({"lang": "en", **FULL, "tour": "9"})
    expect_stop(page, "edit", "en")
    expect(page.locator(".editor")).to_be_visible()
    page.keyboard.press("ArrowLeft")
    expect_stop(page, "fork", "en")
    expect(page.locator(".editor")).to_be_hidden()
    page.reload()
    expect_stop(page, "fork", "en")
    page.keyboard.press("Escape")
    expect(card(page)).to_have_count(0)
    becomes(page, tour=None)
    page.wait_for_function(f"() => ({FOCUSED})() === 'help'")


def test_a_model_without_attention_has_a_tour_without_the_stops_about_it(open_page: OpenPage) -> None:
    page = open_page({"lang": "en", **FULL, "model": "zh-en-none", "tour": "5"})
    expect_stop(page, "lanes", "en")
    page.keyboard.press("ArrowRight")
    expect_stop(page, "softmax", "en")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect_stop(page, "worked", "en")


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_legend_explains_what_is_on_screen_until_it_is_dismissed(open_page: OpenPage, lang: str) -> None:
    page = open_page({"lang": lang, **FULL})
    legend = page.locator(".symbols")
    for name in ("diverges", "miss", "probability", "attention", "said", "reference"):
        expect(legend).to_contain_text(say(f"player.legend_{name}", lang))
    page.locator(".symbols .dismiss").click()
    expect(legend).to_be_hidden()
    page.reload()
    expect(page.locator(".player")).to_be_visible()
    expect(legend).to_be_hidden()
    page.locator(".player").focus()
    page.keyboard.press("?")
    page.get_by_role("button", name=say("tour.help.legend", lang)).click()
    expect(legend).to_be_visible()
    field(page, lang, "reference").fill("")
    run(page, lang)
    expect(legend).not_to_contain_text(say("player.legend_reference", lang))
    expect(legend).not_to_contain_text("◆")


@pytest.mark.parametrize("size", [(900, 600), (1280, 720), (1920, 1080)])
def test_the_help_of_a_projected_stage_is_on_the_screen_and_names_what_is_there(
    open_page: OpenPage, size: tuple[int, int]
) -> None:
    page = open_page(
        {"lang": "en", **FULL, "projector": "1"}, viewport=dict(zip(("width", "height"), size, strict=True))
    )
    page.keyboard.press("?")
    expect(card(page)).to_be_in_viewport(ratio=1)
    expect(page.get_by_role("button", name=say("tour.help.legend", "en"))).to_have_count(0)  # the mode hides the marks
    page.keyboard.press("Escape")
    expect(page.locator(".player")).to_be_focused()
    page.keyboard.press("?")
    page.get_by_role("button", name=say("tour.help.tour", "en")).click()
    for name in ("transport", "source", "lanes"):  # the line of controls is hidden
        expect_stop(page, name, "en")
        page.keyboard.press("ArrowRight")


@pytest.mark.parametrize(
    ("more", "asked", "shown", "place"),
    [
        ({"projector": "1"}, "1", "transport", (1, 6)),
        ({"projector": "1"}, "2", "transport", (1, 6)),
        ({"projector": "1"}, "10", "fork", (6, 6)),
        ({"projector": "1"}, "11", "fork", (6, 6)),
        ({"hide": "form"}, "1", "examples", (1, 10)),
    ],
)
def test_a_link_to_a_stop_that_is_hidden_shows_the_nearest_one(
    open_page: OpenPage, more: dict[str, str], asked: str, shown: str, place: tuple[int, int]
) -> None:
    page = open_page({"lang": "en", **FULL, **more, "tour": asked}, viewport={"width": 1280, "height": 720})
    expect_stop(page, shown, "en")
    at, every = place
    expect(page.locator(".card .place")).to_have_text(say("tour.place", "en", at=at, all=every))


def test_a_tour_goes_on_at_what_is_left_where_the_projector_mode_is_entered(open_page: OpenPage) -> None:
    page = open_page({"lang": "en", **FULL, "tour": "1"}, viewport={"width": 1280, "height": 720})
    expect_stop(page, "sentence", "en")
    page.evaluate("document.querySelector('.st-key-projector-enter button').click()")
    expect_stop(page, "transport", "en")
    expect(page.locator(".card .place")).to_have_text(say("tour.place", "en", at=1, all=6))


# How far the top of the ring is below the end of what stays at the top while the page scrolls.
BELOW_BAR = """() => {
    const roots = [...document.querySelectorAll("*")].map((node) => node.shadowRoot);
    const box = (name) => roots.map((root) => root?.querySelector(name)).find(Boolean).getBoundingClientRect();
    return box(".ring").top - Math.max(box(".bar").bottom, matchMedia("(max-width: 760px)").matches
        ? box(".sourceRow").bottom : 0);
}"""


@pytest.mark.parametrize("options", [{"viewport": {"width": 1280, "height": 720}}, PHONE], ids=["desktop", "phone"])
def test_the_heading_of_a_ringed_part_is_not_below_the_toolbar(open_page: OpenPage, options: dict[str, Any]) -> None:
    page = open_page({"lang": "en", **FULL, "tour": "10"}, **options)
    expect_stop(page, "worked", "en")
    assert page.evaluate(BELOW_BAR) >= 0


def test_a_projected_ring_cuts_through_no_number_of_the_softmax(open_page: OpenPage) -> None:
    page = open_page({"lang": "en", **FULL, "projector": "1", "tour": "8"}, viewport={"width": 1280, "height": 720})
    expect_stop(page, "fork", "en")
    ring = page.locator(".ring").bounding_box()
    assert ring
    for row in page.locator(".softmax li:not([hidden]) > span").all():
        box = row.bounding_box()
        assert box and ring["x"] <= box["x"] and box["x"] + box["width"] <= ring["x"] + ring["width"]
        assert ring["y"] <= box["y"] and box["y"] + box["height"] <= ring["y"] + ring["height"]


def test_pages_are_walked_back_and_forward_with_the_card_open_and_nothing_fails(open_page: OpenPage) -> None:
    page = open_page({"lang": "en", **FULL, "tour": "2"})
    failed: list[str] = []
    page.on("pageerror", lambda error: failed.append(str(error)))
    page.on("console", lambda message: failed.append(message.text) if "tour" in message.text else None)
    for key, path in {"compare": "/compare", "checkpoints": "/checkpoints"}.items():
        expect(card(page)).to_be_visible()
        go(page, "en", key)
        expect(page).to_have_url(re.compile(path))
        expect(card(page)).to_have_count(0)
        page.go_back()
        expect(page.locator(".bar .help")).to_be_visible()
        page.go_forward()
        expect(page).to_have_url(re.compile(path))
        page.go_back()
        page.locator(".bar .help").click()
    expect(card(page)).to_be_visible()
    rest(page)
    assert failed == []
