"""The page Compare in a browser: keyboard and mouse, wide and narrow, light and dark."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path
from urllib.parse import parse_qs, urlparse

import pytest
from playwright.sync_api import Page, expect

from s2s.errors import say
from s2s.trace.trace import Trace
from tests.browser.conftest import OpenPage
from tests.browser.test_exposure import SIZES
from tests.browser.test_player import LONG
from tests.visitors import pick_model, unfold_menu

TEXT = "我妹妹每天早上骑自行车去学校。"
QUERY = {"text": TEXT, "ref": "", "model": "zh-en-luong"}


def chips(page: Page, side: str) -> list[str]:
    return page.locator(f".strip.side-{side} .chip .token").all_text_contents()


def words(page: Page, side: str) -> list[str]:
    return page.locator(f".outputs tr.side-{side} td .token").all_text_contents()


def choose(page: Page, word: str) -> None:
    page.locator(".st-key-chip button", has_text=word).click()
    expect(page.locator(".st-key-actions button").first).to_be_visible()


def press(page: Page, key: str) -> None:
    page.locator(f".st-key-{key} button").click()


def downloaded(page: Page, name: str) -> tuple[str, str]:
    with page.expect_download() as download:
        page.get_by_role("button", name=name, exact=True).click()
    return download.value.suggested_filename, Path(download.value.path()).read_text(encoding="utf-8-sig")


def test_a_word_is_changed_by_keyboard_and_the_change_can_be_undone(open_page: OpenPage) -> None:
    page = open_page(QUERY | {"lang": "en"}, path="compare")
    before = words(page, "a")
    assert words(page, "b") == before and chips(page, "b") == chips(page, "a")
    page.locator(".st-key-chip button", has_text="妹妹").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".st-key-actions button").first).to_be_visible()
    page.locator(".st-key-act-mask button").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".strip.side-b .chip").nth(1)).to_have_text(re.compile("<unk>"))
    assert words(page, "a") == before != words(page, "b")
    expect(page.locator("b.parting").first).to_be_attached()
    at = next(t for t, (a, b) in enumerate(zip(before, words(page, "b"), strict=False)) if a != b)
    expect(page.locator(".stMarkdown", has_text=f"They diverge at step {at + 1}").first).to_be_visible()
    page.locator(".comparison").focus()
    where = page.locator(".where")
    expect(where).to_have_text(re.compile(f"row {at + 1} /"))  # it begins where they part
    page.keyboard.press("Home")
    expect(where).to_have_text(re.compile("row 1 /"))
    page.keyboard.press("ArrowRight")
    expect(where).to_have_text(re.compile("row 2 /"))
    page.keyboard.press("t")
    expect(page.locator("button.shown[data-shown=a]")).to_have_attribute("aria-pressed", "true")
    page.locator(".st-key-undo button").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text(say("compare.identical", "en"))).to_be_visible()
    typed = page.get_by_label(say("compare.typed", "en"))  # the word is still chosen
    typed.fill("哥哥")
    typed.press("Enter")
    expect(page.locator(".strip.side-b .chip.changed")).to_have_text(re.compile("哥哥"))
    expect(page.get_by_label(say("compare.b_text", "en"))).to_have_value(TEXT.replace("妹妹", "哥哥"))


# The address follows what is shown after a pause.
SETTLED = """() => {
    if (window.seen !== location.href) [window.seen, window.since] = [location.href, Date.now()];
    return Date.now() - window.since > 1500;
}"""


def test_another_segmentation_is_chosen_and_the_link_shows_it_again(open_page: OpenPage) -> None:
    page = open_page(QUERY | {"lang": "zh"}, path="compare")
    page.get_by_role("button", name=say("compare.segmentations", "zh", count=7)).click()
    page.wait_for_function("document.getAnimations().length === 0")  # a click on what is still unfolding is lost
    page.locator("[class*=st-key-segmentation] label", has_text="我 · 妹 · 妹").click()
    expect(page.locator(".strip.side-b .chip")).to_have_count(len(TEXT))
    page.keyboard.press("Escape")
    expect(page.locator(".map .head")).to_have_count(9)
    choose(page, "校")
    press(page, "act-delete")
    expect(page.locator(".strip.side-b .chip")).to_have_count(len(TEXT) - 1)
    page.locator("button.next").click()
    page.wait_for_function("new URLSearchParams(location.search).get('b_tokens').includes('学 。')")
    page.wait_for_function(SETTLED)
    shown, where = (chips(page, "b"), words(page, "b")), page.locator(".where").inner_text()
    address = parse_qs(urlparse(page.url).query)
    again = open_page({name: value[0] for name, value in address.items()}, path="compare")
    assert (chips(again, "b"), words(again, "b")) == shown
    expect(again.locator(".where")).to_have_text(where)
    with again.context.expect_page() as opened:
        again.get_by_role("link", name=say("compare.open", "zh", side="B")).click()
    opened.value.wait_for_selector(".player")
    assert opened.value.locator(".chip .token").all_text_contents() == shown[0]
    assert opened.value.locator("tr.lane.free td .token").all_text_contents() == shown[1]


@pytest.mark.parametrize(("size", "lang"), [("desktop", "zh"), ("phone", "en")])
def test_everything_fits_the_width_and_a_neighbour_is_taken(open_page: OpenPage, size: str, lang: str) -> None:
    page = open_page(QUERY | {"lang": lang}, path="compare", **SIZES[size])
    choose(page, "自行车")
    press(page, "act-near-0")
    expect(page.locator(".strip.side-b .chip.changed")).to_have_count(1)
    head = page.locator(".map .head .was").first
    expect(head).to_have_text("自行车")
    # Both words stand within their column, on a phone upright, one character below the other.
    assert head.evaluate("(was) => was.closest('.head').scrollWidth <= was.closest('.head').clientWidth")
    box = head.bounding_box()
    assert box is not None and box["height"] >= (2 if size == "desktop" else 3) * 14
    width, inner = page.evaluate("[document.querySelector('[data-testid=stMain]').scrollWidth, innerWidth]")
    assert width <= inner
    for part in page.locator(".bar, .lanesBox, .strip, .map, .both section").all():
        box = part.bounding_box()
        assert box is not None and box["x"] >= 0 and box["x"] + box["width"] <= inner
    weights = page.locator(".strip.side-b .weight").all_text_contents()
    assert sum(float(weight) for weight in weights if weight) == pytest.approx(1, abs=0.05)


def test_two_hundred_words_scroll_and_none_is_cut_off(open_page: OpenPage) -> None:
    query = QUERY | {"text": LONG, "compare": "zh-en-bahdanau", "differs": "source,checkpoint"}
    page = open_page(query | {"lang": "zh", "b_text": LONG.replace("明天", "")}, path="compare")
    heads = page.locator(".map .head")
    assert heads.count() > 200
    expect(page.locator(".map .head.only")).to_have_count(11)  # what B has no more is still a column
    assert page.locator(".map .head").evaluate_all("nodes => nodes.every(n => n.scrollWidth <= n.clientWidth + 1)")
    heads.last.scroll_into_view_if_needed()
    expect(heads.last).to_be_in_viewport()
    page.locator(".map canvas").click(position={"x": 45, "y": 30})
    expect(page.locator(".map .head.marked")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.locator(".map .head.marked")).to_have_count(0)


def test_downloads_are_both_traces_and_their_difference(open_page: OpenPage) -> None:
    page = open_page(QUERY | {"lang": "en", "b_text": "我每天早上骑自行车去学校。"}, path="compare")
    traces = []
    for side in "AB":
        name, text = downloaded(page, say("compare.json", "en", side=side))
        assert name == f"lookback-compare-{side}-zh-en-luong.json"
        traces.append(Trace.from_json(text))
    assert [list(trace.source_tokens) for trace in traces] == [chips(page, "a"), chips(page, "b")]
    _, text = downloaded(page, say("compare.csv", "en"))
    head, *rows = csv.reader(io.StringIO(text))
    assert [row[1] for row in rows if row[0]] == [step.output for step in traces[0].steps]
    assert "A 1:妹妹/" in head
    page.locator("summary", has_text=say("comparison.table", "en")).click()
    expect(page.locator(".comparison .numbers tbody tr")).to_have_count(page.locator(".map .head").count())


def test_step_through_leads_here_with_its_state(open_page: OpenPage) -> None:
    page = open_page(QUERY | {"lang": "en", "strategy": "beam"})
    unfold_menu(page, "more")
    page.locator("[data-testid=stPageLink] a", has_text=say("step.compare", "en")).click()
    page.wait_for_selector(".comparison")
    expect(page.get_by_label(say("step.text", "en"))).to_have_value(TEXT)
    page.wait_for_url("**strategy=beam**")
    page.locator("[data-testid=stButtonGroup] button", has_text=say("compare.checkpoint", "en")).click()
    pick_model(page, "zh-en-bahdanau", say("exposure.compare", "en"))
    page.wait_for_url("**compare=zh-en-bahdanau**")
    expect(page.get_by_text("in A,").first).to_be_visible()  # another model, other numbers
