"""The chapters on losses and remedies in a browser: a drag, a click on a bar, the width of a phone."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from s2s.errors import say
from tests.browser.conftest import OpenPage

QUERY = {
    "text": "我妹妹每天早上骑自行车去学校。",
    "ref": "My sister goes to school by bike every morning.",
    "model": "zh-en-luong",
}


def within(page: Page) -> None:
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")
    width, inner = page.evaluate("[document.querySelector('[data-testid=stMain]').scrollWidth, innerWidth]")
    assert width <= inner


def test_logits_are_dragged_a_bar_is_clicked_and_a_phone_holds_it_all(open_page: OpenPage) -> None:
    page = open_page(QUERY | {"chapter": "cross_entropy", "lang": "en"}, path="lesson", player=False)
    table = page.locator(".lb-numbers").first
    expect(table).to_contain_text("0.87888")
    handle = page.locator(".st-key-logit-1").get_by_role("slider")
    handle.focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    expect(table).to_contain_text("3.66930")  # e^1.3
    bars = page.locator(".st-key-sentence-loss .bars .point path")
    expect(bars).to_have_count(11)
    bars.nth(5).scroll_into_view_if_needed()
    box = bars.nth(5).bounding_box()
    assert box
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(*middle)  # plotly clicks what it hovers over
    page.wait_for_selector(".st-key-sentence-loss .hoverlayer .hovertext")
    page.mouse.click(*middle)  # by, where the model would leave bicycle out
    expect(page.get_by_text(say("lesson.cross_entropy.step", "en", step=6, word="by").split(" (")[0])).to_be_visible()
    within(page)
    phone = {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark", "has_touch": True}
    for chapter in ("cross_entropy", "prior", "homework"):
        page = open_page(QUERY | {"chapter": chapter, "lang": "zh"}, path="lesson", player=False, **phone)
        expect(page.get_by_text(say(f"lesson.{chapter}.try", "zh")[:12])).to_be_visible()
        within(page)


def test_the_remedies_of_a_sentence(open_page: OpenPage) -> None:
    page = open_page(QUERY | {"chapter": "exposure", "lang": "zh"}, path="lesson")
    expect(page.locator(".lb-draw")).to_have_count(7)
    draws = page.locator(".lb-draw").all_inner_texts()
    page.get_by_role("button", name=say("lesson.remedies.again", "zh")).click()
    page.wait_for_function(
        "(old) => [...document.querySelectorAll('.lb-draw')].map((e) => e.innerText).join() !== old",
        arg=",".join(draws),
    )
    page.get_by_text(say("lesson.remedies.adversarial", "zh"), exact=True).click()
    expect(page.locator(".st-key-fgm-curve .scatterlayer .trace")).to_have_count(2)
    expect(page.get_by_text(re.compile("沿梯度，损失变化"))).to_be_visible()
    page.get_by_text(say("lesson.remedies.policy", "zh"), exact=True).click()
    expect(page.locator(".st-key-rewards .bars .point")).to_have_count(20)
    within(page)
