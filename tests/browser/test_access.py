"""The heatmap by keyboard, its sound, a reader's own settings, and the way to ◆."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, Route, expect

from s2s.checkpoint.open import load
from s2s.decode.decode import trace
from s2s.errors import say
from s2s.trace.trace import Trace
from tests.browser.conftest import OpenPage
from tests.browser.test_player import REFERENCE, TEXT
from tests.paths import SHIPPED
from tests.visitors import rest, unfold_menu

QUERY = {"lang": "en", "text": TEXT, "ref": REFERENCE, "model": "zh-en-luong"}


@pytest.fixture(scope="module")
def free() -> Trace:
    return trace(load(SHIPPED / "zh-en-luong"), TEXT, REFERENCE, "free")


def said(page: Page) -> str:
    """What the active cell says, as the grid's ``aria-activedescendant`` names it."""
    grid = page.get_by_role("grid")
    return str(
        grid.evaluate(
            """grid => {
                const cell = grid.getRootNode().getElementById(grid.getAttribute("aria-activedescendant"));
                const place = [cell.parentNode.getAttribute("aria-rowindex"), cell.getAttribute("aria-colindex")];
                return `${place} ${cell.getAttribute("aria-label")}`;
            }"""
        )
    )


def cell(free: Trace, t: int, s: int) -> str:
    step, source = free.steps[t], free.source_tokens[s]
    return f"{t + 1},{s + 1} step {t + 1} {step.output} looks at {source}, {step.attention[s]:.2f}"


def test_the_heatmap_is_walked_cell_by_cell_and_says_what_each_holds(open_page: OpenPage, free: Trace) -> None:
    page = open_page(QUERY)
    page.keyboard.press("h")
    grid = page.get_by_role("grid")
    expect(grid).to_be_focused()
    steps, words = len(free.steps), len(free.source_tokens)
    assert (grid.get_attribute("aria-rowcount"), grid.get_attribute("aria-colcount")) == (str(steps), str(words))
    assert grid.get_by_role("gridcell").count() == 1  # however large the heatmap is
    weights = [list(step.attention) for step in free.steps]
    greatest = [row.index(max(row)) for row in weights]
    assert said(page) == cell(free, 0, greatest[0])
    for key, place in (
        ("Home", (0, 0)),
        ("ArrowRight", (0, 1)),
        ("ArrowDown", (1, 1)),
        ("End", (1, words - 1)),
        ("ArrowRight", (1, words - 1)),
        ("m", (1, greatest[1])),
        ("ArrowUp", (0, greatest[1])),
        ("n", (max(range(steps), key=lambda t: weights[t][greatest[1]]), greatest[1])),
    ):
        page.keyboard.press(key)
        assert said(page) == cell(free, *place), key
        expect(page.locator(".where")).to_have_text(re.compile(f"^step {place[0] + 1} /"))
        expect(page.locator(".chip.marked")).to_have_attribute("data-s", str(place[1]))
    page.keyboard.press("Escape")
    expect(page.locator(".player")).to_be_focused()
    expect(page.locator(".chip.marked")).to_have_count(0)
    expect(page.locator(".keys", has_text="H enters the heatmap")).to_have_count(1)


TONES = """() => {
    globalThis.tones = [];
    const start = OscillatorNode.prototype.start;
    OscillatorNode.prototype.start = function (...when) {
        globalThis.tones.push(Math.round(this.frequency.value));
        return start.apply(this, when);
    };
}"""


def test_weights_sound_once_the_reader_switches_it_on_and_the_browser_remembers(
    open_page: OpenPage, free: Trace
) -> None:
    page = open_page(QUERY)
    page.evaluate(TONES)
    page.locator(".player").focus()
    page.keyboard.press("ArrowRight")
    assert page.evaluate("tones") == []
    switch = page.get_by_role("button", name="♪ Sound")
    switch.click()
    page.locator(".player").focus()
    page.keyboard.press("ArrowRight")
    expected = [round(220 * 4 ** max(step.attention)) for step in free.steps[1:3]]
    assert page.evaluate("tones") == pytest.approx(expected, abs=2)
    page.reload()
    expect(switch).to_have_attribute("aria-pressed", "true")
    switch.click()
    page.reload()
    expect(switch).to_have_attribute("aria-pressed", "false")


def style(page: Page, selector: str, name: str) -> str:
    read = "(node, name) => getComputedStyle(node).getPropertyValue(name)"
    return str(page.locator(selector).first.evaluate(read, name))


def colour(page: Page, name: str) -> str:
    """A system's own colour by its name."""
    node = "Object.assign(document.body.appendChild(document.createElement('b')), { style: `color: ${name}` })"
    return str(page.evaluate(f"name => getComputedStyle({node}).color", name))


def test_a_systems_own_colours_show_what_is_chosen_and_keep_what_a_bar_says(open_page: OpenPage) -> None:
    page = open_page(QUERY, forced_colors="active")
    chosen = "button.lane[aria-pressed=true]"
    assert style(page, chosen, "background-color") == colour(page, "Highlight")
    assert style(page, "button.lane[aria-pressed=false]", "background-color") != colour(page, "Highlight")
    assert style(page, ".softmax .fill", "background-color") == colour(page, "CanvasText")
    assert style(page, ".band.row", "outline-color") == colour(page, "Highlight")
    assert style(page, ".band.row", "outline-style") == "solid"


# Whether so many options of Streamlit's choices and tabs are chosen, and these alone have a frame.
MARKED = """(count) => {
    const groups = "[data-testid=stRadioGroup] > *, [data-testid=stButtonGroup] button";
    const chosen = `${groups}, [role=tab], .st-key-contents button`;
    const on = (node) => node.matches("[data-selected=true], [data-testid=stBaseButton-primary]");
    const frame = (node) => {
        const { outlineStyle, outlineWidth, borderBottomStyle, borderBottomWidth } = getComputedStyle(node);
        const wide = (style, width) => style === "solid" && parseFloat(width) >= 3;
        return wide(outlineStyle, outlineWidth) || wide(borderBottomStyle, borderBottomWidth);
    };
    const all = [...document.querySelectorAll(chosen)].filter((node) => node.checkVisibility());
    return all.filter(on).length === count && all.every((node) => on(node) === frame(node));
}"""


@pytest.mark.parametrize(("path", "count"), [("", 2), ("compare", 3), ("lesson", 2)])
def test_with_a_systems_own_colours_every_chosen_option_has_a_frame(open_page: OpenPage, path: str, count: int) -> None:
    page = open_page(QUERY, path=path, player=not path, forced_colors="active")
    page.wait_for_function(MARKED, arg=count)  # the language, and those of the page
    if not path:
        unfold_menu(page, "decoding")
        page.wait_for_function(MARKED, arg=count + 2)


def test_with_a_systems_own_colours_a_chosen_option_has_a_dot(open_page: OpenPage) -> None:
    page = open_page(QUERY, forced_colors="active")
    dot = "label > span + div > div:first-child > div"
    option = ".st-key-language-switch [data-testid=stRadioGroup] >"
    chosen, other = f"{option} [data-selected=true] {dot}", f"{option} :not([data-selected=true]) {dot}"
    for node in (chosen, other):
        expect(page.locator(node)).to_have_count(1)
    assert style(page, chosen, "background-color") == colour(page, "Highlight")
    assert float(style(page, chosen, "width").removesuffix("px")) > 4
    assert style(page, other, "background-color") != colour(page, "Highlight")


def test_with_a_systems_own_colours_the_step_of_the_lanes_and_a_switch_that_is_on_are_seen(open_page: OpenPage) -> None:
    page = open_page(QUERY, forced_colors="active")
    frame = "border-left-color"
    assert style(page, ".lanes td.now", frame) != style(page, ".lanes td:not(.now)", frame)
    unfold_menu(page, "more")
    track = "[data-testid=stCheckbox] label > span + div"
    off = style(page, track, "background-color")
    page.get_by_text(say("step.predict", "en"), exact=True).click()
    expect(page.locator(".predict")).to_be_visible()
    unfold_menu(page, "more")
    assert (
        style(page, f"[data-testid=stCheckbox]:has(input:checked) {track.split(' ', 1)[1]}", "background-color") != off
    )


def test_more_contrast_has_no_pale_text(open_page: OpenPage) -> None:
    usual, more = open_page(QUERY), open_page(QUERY, contrast="more")
    assert style(usual, ".keys", "color") != style(usual, ".player", "color")
    assert style(more, ".keys", "color") == style(more, ".player", "color")


def test_less_motion_moves_nothing(open_page: OpenPage) -> None:
    usual, less = open_page(QUERY), open_page(QUERY, reduced_motion="reduce")
    assert style(usual, ".softmax .fill", "transition-duration") == "0.08s"
    assert style(less, ".softmax .fill", "transition-duration") == "0s"


def test_one_key_leads_from_the_loaded_page_to_where_the_lanes_part(open_page: OpenPage, free: Trace) -> None:
    page = open_page(QUERY)
    page.keyboard.press("d")
    expect(page.locator(".where")).to_have_text(re.compile(f"^step {(free.divergence or 0) + 1} /"))
    assert free.divergence
    word = say("player.announce_diverges", "en", word="by")
    expect(page.locator(".live")).to_have_text(re.compile(f"Step {free.divergence + 1}: .*{re.escape(word)}$"))
    page.keyboard.press("t")
    expect(page.locator(".live")).to_have_text(re.compile(f"{say('player.forced', 'en')}. Step .*{re.escape(word)}$"))
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".live")).to_have_text(re.compile(rf"^Step {free.divergence}: .*\d\.$"))


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_key_says_the_summary_again_where_the_lanes_do_not_part(open_page: OpenPage, lang: str) -> None:
    page = open_page({"lang": lang, "text": TEXT, "mode": "free"})
    summary, live = page.locator(".summing").inner_text(), page.locator(".live")
    expect(live).to_have_text(re.compile(f"^{re.escape(summary)}"))
    page.keyboard.press("ArrowRight")
    step = say("player.where", lang, step=2, steps=5).split("2")[0].strip().capitalize()
    expect(live).to_have_text(re.compile(rf"^{re.escape(step)} ?2"))
    page.keyboard.press("d")
    expect(live).to_have_text(re.compile(f"^{re.escape(summary)}"))


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_menu_opened_by_key_takes_the_focus_and_gives_it_back(open_page: OpenPage, lang: str) -> None:
    page = open_page({"lang": lang, "text": TEXT})
    for key in ("step.settings", "step.more", "step.examples"):
        button = page.get_by_role("button", name=say(key, lang), exact=True)
        button.press("Enter")
        expect(page.locator("[data-testid=stPopoverBody] :focus")).to_have_count(1)
        page.keyboard.press("Tab")
        expect(page.locator("[data-testid=stPopoverBody] :focus")).to_have_count(1)
        page.keyboard.press("Escape")
        expect(page.get_by_test_id("stPopoverBody")).to_have_count(0)
        expect(button).to_be_focused()


@pytest.mark.parametrize("name", ["step.settings", "step.more"])  # kinds of controls that the page has nowhere else
def test_tab_in_a_menu_whose_controls_are_still_to_come_stays_in_it(open_page: OpenPage, name: str) -> None:
    page = open_page({"lang": "zh", "text": TEXT})
    held: list[Route] = []  # what Streamlit shows a kind of control with, when it first needs it
    page.route("**/static/js/*.js", lambda route: held.append(route))
    button = page.get_by_role("button", name=say(name, "zh"), exact=True)
    button.press("Enter")
    page.keyboard.press("Tab")  # as fast as one can
    menu = page.get_by_test_id("stPopoverBody")
    expect(menu.get_by_test_id("stSkeleton").first).to_be_attached()
    focused = page.locator("[data-testid=stPopoverBody]:focus, [data-testid=stPopoverBody] :focus")
    expect(focused).to_have_count(1)
    page.keyboard.press("Tab")
    assert focused.count() == 1
    assert held
    for route in held:
        route.continue_()
    page.unroute("**/static/js/*.js")
    expect(menu.locator("input:focus, button:focus")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(button).to_be_focused()


def test_share_links_to_the_step_and_lane_on_screen_and_gives_the_focus_back(open_page: OpenPage) -> None:
    page = open_page({"lang": "en", "text": TEXT, "ref": "I like tea."})
    page.locator(".player").press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("t")
    page.wait_for_url("**step=3&lane=forced")
    more = page.get_by_role("button", name=say("step.more", "en"), exact=True)
    more.press("Enter")
    page.get_by_test_id("stPopoverBody").get_by_role("button", name=say("share.open", "en"), exact=True).press("Enter")
    dialog = page.get_by_role("dialog", name=say("share.open", "en"))
    expect(dialog.get_by_test_id("stCode").first).to_contain_text("step=3&lane=forced")
    expect(page.get_by_test_id("stPopoverBody")).to_have_count(0)  # the menu does not lie over it
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(more).to_be_focused()


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_table_wider_than_its_place_is_scrolled_by_keys(open_page: OpenPage, lang: str) -> None:
    page = open_page({"lang": lang}, player=False, path="evidence", viewport={"width": 240, "height": 800})
    boxes = page.locator("[data-testid=stTable] > div")
    expect(boxes.first).to_be_visible()
    rest(page)
    wide = [box for box in boxes.all() if box.evaluate("box => box.scrollWidth > box.clientWidth")]
    assert wide
    for box in wide:
        expect(box).to_have_attribute("tabindex", "0")
        box.focus()
        page.keyboard.press("ArrowRight")
        page.wait_for_function("box => box.scrollLeft > 0", arg=box.element_handle())
    page.set_viewport_size({"width": 1280, "height": 800})
    expect(boxes.first).not_to_have_attribute("tabindex", "0")
