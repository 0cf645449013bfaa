"""The stage: source, lanes, heatmap and softmax on one screen, from a lecture hall to a phone."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from s2s.errors import say
from tests.browser.conftest import OpenPage

SCREENS = [(1280, 720), (1366, 768), (1440, 900), (1920, 1080)]
SENTENCES = {
    "nine": ("我妹妹每天早上骑自行车去学校。", "My sister goes to school by bike every morning."),
    "fifteen": ("如果明天早上不下雨，我和妹妹就一起骑车去学校。", "If it doesn't rain tomorrow, we will go by bike."),
}
EMPTY = say("error.text_empty", "en")
LONG = "我喜欢你的学校，" * 40
ON_STAGE = (".bar", ".source", ".lanesBox", ".map", ".softmax")
# The size in pixels of the screen of each text that is seen, with the text.
TYPE = """(root) => [...root.querySelectorAll("*")].filter((e) => e.checkVisibility({ visibilityProperty: true })
  && [...e.childNodes].some((n) => n.nodeType === Node.TEXT_NODE && n.data.trim())
  && !e.closest(".live, .news, .heard"))
  .map((e) => [parseFloat(getComputedStyle(e).fontSize) * e.currentCSSZoom, e.textContent])"""
# Whether a part of the player ends within the window.
ENDS_WITHIN = """(name) => document.querySelector(".st-key-lanes [data-testid=stBidiComponentIsolated]").shadowRoot
  .querySelector(name).getBoundingClientRect().bottom <= innerHeight"""

ENDS_WITHIN_COMPARISON = """() => [...document.querySelectorAll("[data-testid=stBidiComponentIsolated]")]
  .map((host) => host.shadowRoot?.querySelector(".comparison .map")).find(Boolean)
  ?.getBoundingClientRect().bottom <= innerHeight"""
CUT = "(box) => [box.scrollWidth > box.clientWidth + 2, box.scrollHeight > box.clientHeight + 2]"


def end(part: Locator) -> float:
    """Where a part ends, in pixels from the top of the window."""
    box = part.bounding_box()
    assert box is not None
    return box["y"] + box["height"]


def scrolled(page: Page) -> float:
    return float(page.evaluate("document.querySelector('[data-testid=stMain]').scrollTop"))


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("sentence", SENTENCES)
def test_the_stage_is_seen_without_scrolling(open_page: OpenPage, sentence: str, lang: str) -> None:
    text, reference = SENTENCES[sentence]
    page = open_page({"lang": lang, "text": text, "ref": reference}, viewport={"width": 1280, "height": 720})
    for width, height in SCREENS:
        page.set_viewport_size({"width": width, "height": height})
        for name in ON_STAGE:
            part = page.locator(f".player {name}")
            expect(part).to_be_in_viewport()
            page.wait_for_function(ENDS_WITHIN, arg=name)  # the window has been made larger just now
            assert end(part) <= height, (name, width, height)
        if sentence == "nine":
            assert page.locator(".player .map").evaluate(CUT) == [False, False], (width, height)
    assert scrolled(page) == 0


def test_cells_grow_with_the_screen(open_page: OpenPage) -> None:
    text, reference = SENTENCES["nine"]
    page = open_page({"lang": "en", "text": text, "ref": reference}, viewport={"width": 1280, "height": 720})
    cells = page.locator(".player .cells")
    small, narrow = cells.bounding_box(), page.locator(".player .lanes").bounding_box()
    page.set_viewport_size({"width": 1920, "height": 1080})
    page.wait_for_function(
        "(width) => document.querySelector('.st-key-lanes [data-testid=stBidiComponentIsolated]')"
        ".shadowRoot.querySelector('.cells').getBoundingClientRect().width > width",
        arg=1.2 * (small or {})["width"],
    )
    map_box, softmax = page.locator(".player .map").bounding_box(), page.locator(".player .softmax").bounding_box()
    assert map_box and softmax and softmax["x"] - (map_box["x"] + map_box["width"]) < 60  # no gap between the two
    wide = page.locator(".player .lanes").bounding_box()
    assert narrow and wide and wide["width"] > 1.1 * narrow["width"] > 0.6 * 1280


def test_projected_only_the_stage_is_left_and_readable_from_the_back(open_page: OpenPage) -> None:
    text, reference = SENTENCES["nine"]
    page = open_page(
        {"lang": "zh", "text": text, "ref": reference, "projector": "1"}, viewport={"width": 1280, "height": 720}
    )
    expect(page.locator(".st-key-projector-title")).to_have_text(text)
    expect(page.get_by_role("button", name="运行")).to_be_hidden()
    for name in (".source", ".lanesBox", ".map", ".softmax"):
        assert end(page.locator(f".player {name}")) <= 720, name
    assert page.locator(".player .map").evaluate(CUT) == [False, False]  # every step of nine words is seen
    sizes = page.locator(".player").evaluate(TYPE)
    assert min(sizes)[0] >= 17.9, min(sizes)
    page.keyboard.press("ArrowRight")
    expect(page.locator(".where")).to_contain_text("2")


def test_projected_a_long_sentence_leaves_the_stage_its_room(open_page: OpenPage) -> None:
    page = open_page({"lang": "zh", "text": LONG, "projector": "1"}, viewport={"width": 1280, "height": 720})
    title, where = (page.locator(name).bounding_box() for name in (".st-key-projector-title span", ".where"))
    assert title and where and title["height"] < 60 and title["x"] + title["width"] <= where["x"]
    for name in (".lanesBox", ".map"):
        assert end(page.locator(f".player {name}")) <= 720, name


def test_projected_the_step_of_a_link_is_in_sight_and_nothing_stands_above_the_rows(open_page: OpenPage) -> None:
    text = "老师告诉我们，如果明天不下雨，我们就可以去公园里踢足球，但是我想待在家里看书。"
    query = {"lang": "zh", "text": text, "step": "9", "projector": "1", "model": "zh-en-bahdanau"}
    page = open_page(query, viewport={"width": 1280, "height": 720})
    corner, row = page.locator(".corner"), page.locator(".side.now")
    page.wait_for_function(
        """() => {
            const { shadowRoot } = document.querySelector(".st-key-lanes [data-testid=stBidiComponentIsolated]");
            const box = (name) => shadowRoot.querySelector(name).getBoundingClientRect();
            return box(".side.now").top >= box(".corner").bottom && box(".side.now").bottom <= box(".map").bottom;
        }"""
    )
    widths = [part.bounding_box() for part in (corner, row)]
    assert widths[0] and widths[1] and widths[0]["width"] >= widths[1]["width"] - 1  # it covers the rows above
    assert corner.evaluate("(corner) => getComputedStyle(corner).visibility") == "visible"


def test_on_a_phone_source_and_transport_stay_and_the_heatmap_begins_on_the_first_screen(open_page: OpenPage) -> None:
    text, reference = SENTENCES["nine"]
    size = {"width": 390, "height": 844}
    page = open_page({"lang": "zh", "text": text, "ref": reference}, viewport=size, has_touch=True, is_mobile=True)
    for name in (".source", ".lanes tr.lane", ".side"):
        assert end(page.locator(f".player {name}").first) <= 844, name
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.keyboard.press("End")
    expect(page.locator(".player .source")).to_have_class("source more-left")  # its name is hidden here
    page.locator(".player .softmax").scroll_into_view_if_needed()
    for name in (".bar", ".source"):
        expect(page.locator(f".player {name}")).to_be_in_viewport()


def test_a_projected_stage_on_a_phone_has_its_heatmap_and_its_softmax_below(open_page: OpenPage) -> None:
    text, reference = SENTENCES["nine"]
    size = {"width": 390, "height": 844}
    page = open_page({"lang": "zh", "text": text, "ref": reference, "projector": "1"}, viewport=size)
    cells = page.locator(".player .cells").bounding_box()
    assert cells is not None and cells["width"] > 200 and end(page.locator(".player .side").first) <= 844
    softmax = page.locator(".player .softmax").bounding_box()
    assert softmax is not None and softmax["y"] >= cells["y"] + cells["height"]


def test_a_source_of_200_words_scrolls_in_its_box_and_fades_where_it_goes_on(open_page: OpenPage) -> None:
    page = open_page({"lang": "en", "text": LONG}, viewport={"width": 1280, "height": 720})
    assert page.locator(".player .chip").count() >= 160
    source = page.locator(".player .source")
    assert (source.bounding_box() or {})["height"] < 110
    expect(source).to_have_class("source more-below")
    expect(page.locator(".player .map")).to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280
    source.evaluate("(box) => box.scrollTo(0, box.scrollHeight)")
    expect(source).to_have_class("source")


B = {"b_text": "我哥哥每天早上骑自行车去学校。", "compare": "zh-en-bahdanau"}


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_difference_of_two_runs_is_seen_without_scrolling(open_page: OpenPage, lang: str) -> None:
    text, reference = SENTENCES["nine"]
    query = {"lang": lang, "text": text, "ref": reference, **B}
    page = open_page(query, path="compare", viewport={"width": 1280, "height": 720})
    for width, height in SCREENS:
        page.set_viewport_size({"width": width, "height": height})
        for name in (".bar", ".lanesBox", ".map", ".both"):
            expect(page.locator(f".comparison {name}")).to_be_in_viewport()
        page.wait_for_function(ENDS_WITHIN_COMPARISON)
        assert page.locator(".comparison .map").evaluate(CUT) == [False, False], (width, height)
    assert scrolled(page) == 0
    expect(page.locator(".st-key-words")).to_be_in_viewport()  # what one changes


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_field_grows_while_somebody_types_and_hides_nothing_after(open_page: OpenPage, lang: str) -> None:
    page = open_page({"lang": lang, "text": "我喝茶。"}, viewport={"width": 1280, "height": 720})
    field = page.locator(".st-key-text textarea")
    low = end(field)
    field.focus()
    assert end(field) > low + 60
    page.keyboard.press("Escape")
    assert end(field) == low


# Whether a field's text has a room of its own, between its label and the hint, and its frame is seen as a whole.
APART = """(field) => {
    const area = field.closest("[data-testid=stTextArea]");
    const box = (selector) => area.querySelector(selector)?.getBoundingClientRect();
    const [label, text, frame] = ["label", "textarea", "[data-testid=stTextAreaRootElement]"].map(box);
    const hint = box("[data-testid=InputInstructions]");
    const seen = (y) => area.contains(document.elementFromPoint(frame.left + 20, y));
    const below = !hint || (text.bottom <= hint.top + 1 && hint.bottom <= frame.bottom); // a narrow field has none
    const within = label.bottom <= text.top + 1 && text.bottom <= frame.bottom;
    return below && within && [frame.top + 1, frame.bottom - 2].every(seen);
}"""


@pytest.mark.parametrize("size", [(1280, 720), (390, 844)])
def test_a_second_line_is_typed_below_the_label_and_above_the_hint(open_page: OpenPage, size: tuple[int, int]) -> None:
    page = open_page({"lang": "en", "text": "我喝茶。"}, viewport=dict(zip(("width", "height"), size, strict=True)))
    field = page.locator(".st-key-text textarea")
    field.click()
    page.keyboard.press("End")
    for line in ("一", "二", "三", "四", "五", "六", "七"):
        page.keyboard.press("Enter")
        page.keyboard.type(line)
        expect(page.get_by_test_id("InputInstructions").first).to_be_visible(visible=size[0] > 1000)
        page.wait_for_function(APART, arg=field.element_handle())
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("InputInstructions").first).to_be_hidden()


@pytest.mark.parametrize("size", [(1280, 720), (390, 844)])
@pytest.mark.parametrize("text", ["", "我喝茶。" * 501])
def test_why_a_text_is_refused_stands_below_the_field_that_has_grown(
    open_page: OpenPage, size: tuple[int, int], text: str
) -> None:
    page = open_page({"lang": "en", "text": "我喝茶。"}, viewport=dict(zip(("width", "height"), size, strict=True)))
    field = page.locator(".st-key-text textarea")
    field.fill(text)
    page.keyboard.press("Control+Enter")
    refusal = page.get_by_test_id("stAlert")
    expect(refusal).to_have_text(say("error.text_too_long", "en", found=2004, limit=2000) if text else EMPTY)
    expect(field).to_be_focused()
    box = refusal.bounding_box()
    assert box is not None and end(page.get_by_test_id("stTextAreaRootElement").first) <= box["y"]
    if size[0] > 1000:
        expect(page.get_by_test_id("InputInstructions").first).to_contain_text(f"{len(text)}/2000")
