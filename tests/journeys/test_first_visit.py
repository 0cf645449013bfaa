"""A student's first visit, at an address without parameters."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from s2s.errors import say
from tests.journeys.people import (
    OTHER,
    PHONE,
    TEXT,
    address,
    at,
    becomes,
    choose,
    chosen,
    rest,
    run,
    sees_no_error,
    words,
    write,
)
from tests.visitors import Visitors


def test_type_run_step_diverge_fork_and_send_the_link(visitors: Visitors) -> None:
    page = visitors.come()
    write(page, "zh", TEXT, "My sister often eats cold noodles.")
    page.keyboard.press("Control+Enter")
    page.locator(".player").get_by_text("noodles", exact=True).first.wait_for()  # the reference that was just typed
    rest(page)
    page.keyboard.press("ArrowRight")  # straight away, with nothing clicked: keys are the player's
    page.keyboard.press("ArrowRight")
    at(page, 3, "zh")
    becomes(page, step="3", text=TEXT)
    page.locator("button.jump").first.click()
    diverged = page.locator("tr.lane.active td.diverges")
    step = 1 + int(diverged.get_attribute("data-t") or 0)
    at(page, step, "zh")
    becomes(page, step=str(step))
    word = page.locator(".softmax li[data-token] >> nth=1")
    said = word.get_attribute("data-token")
    word.click()
    expect(page.locator("tr.lane.b1")).to_have_class(re.compile("active"))
    becomes(page, lane="b1")
    page.keyboard.press("ArrowRight")
    becomes(page, step=str(step + 1))
    shown = {lane: words(page, lane) for lane in ("forced", "free", "b1")}
    assert shown["b1"][step - 1] == said

    friend = visitors.come(address(page), color_scheme="dark")
    expect(friend.locator("tr.lane.b1")).to_have_class(re.compile("active"))
    at(friend, step + 1, "zh")
    assert {lane: words(friend, lane) for lane in shown} == shown
    assert address(friend) == address(page)
    sees_no_error(friend)


def settings(page: Page, lang: str) -> dict[str, str]:
    """What the unfolded settings show."""
    found = {}
    for name in ("temperature", "top_p", "length_penalty", "coverage_penalty"):
        slider = page.get_by_role("slider", name=say(f"step.{name}", lang))
        found[name] = slider.input_value()
    for name in ("top_k", "seed", "beam", "max_length"):
        found[name] = page.get_by_role("spinbutton", name=say(f"step.{name}", lang)).input_value()
    return found


USUAL = {"temperature": 1, "top_p": 1, "length_penalty": 0.6, "coverage_penalty": 0}
WHOLE = {"top_k": 0, "seed": 0, "beam": 5, "max_length": 0}


def unfold(page: Page, lang: str) -> None:
    page.get_by_role("button", name=say("step.settings", lang), exact=True).click()
    page.get_by_role("slider", name=say("step.temperature", lang)).wait_for()


@pytest.mark.parametrize(("lang", "look"), [("en", {"viewport": {"width": 1280, "height": 720}}), ("zh", PHONE)])
def test_run_first_and_then_the_settings(visitors: Visitors, lang: str, look: dict[str, object]) -> None:
    page = visitors.come({"lang": lang}, **look)
    write(page, lang, TEXT, "")
    run(page, lang)
    greedy = words(page, "free")
    unfold(page, lang)
    assert {k: float(v) for k, v in settings(page, lang).items()} == USUAL | WHOLE
    choose(page, say("step.sampling", lang))
    becomes(page, strategy="sampling", temperature=None, top_p=None, top_k=None, beam=None, length_penalty=None)
    assert {k: float(v) for k, v in settings(page, lang).items()} == USUAL | WHOLE
    assert words(page, "free") != greedy  # at temperature 1 and seed 0 this model says something else
    page.get_by_role("slider", name=say("step.temperature", lang)).press("ArrowRight")
    becomes(page, temperature="1.05")
    choose(page, say("step.beam_search", lang))
    becomes(page, strategy="beam", temperature="1.05", beam=None, length_penalty=None, top_p=None)
    assert settings(page, lang)["beam"] == "5"
    page.keyboard.press("Escape")
    page.get_by_role("tab", name=say("step.beam_tab", lang)).click()
    expect(page.locator(".beam")).to_be_visible()
    becomes(page, tab="beam_tab")
    if look is PHONE:
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.reload()
    page.locator(".beam").wait_for()
    rest(page)
    chosen(page, say("step.mode_both", lang))
    unfold(page, lang)
    chosen(page, say("step.beam_search", lang))
    seen = {k: float(v) for k, v in settings(page, lang).items()}
    assert seen == USUAL | WHOLE | {"temperature": 1.05}
    sees_no_error(page)


def test_keyboard_alone_in_english(visitors: Visitors) -> None:
    page = visitors.come({"lang": "en"}, locale="en-GB")
    write(page, "en", OTHER, "He likes to drink tea.")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")  # Run
    page.locator(".player").get_by_text("drink", exact=True).first.wait_for()
    rest(page)
    page.keyboard.press("End")
    steps = len(words(page, "free"))
    at(page, steps, "en")
    page.keyboard.press("t")
    becomes(page, lane="forced", step=str(steps))
    page.keyboard.press("Home")
    page.keyboard.press("Space")  # plays, and does not press Run again
    expect(page.get_by_role("button", name="Pause (Space)")).to_be_visible()
    sees_no_error(page)
