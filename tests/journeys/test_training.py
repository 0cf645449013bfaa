"""A student trains a model, stops and resumes the training, and uses the model."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from s2s.errors import say
from tests.journeys.people import becomes, go, sees_no_error
from tests.visitors import Visitors, rest


def choose(page: Page, name: str, value: str) -> None:
    page.locator(f"[class*=st-key-train_{name}] input").click()
    page.get_by_role("option", name=value, exact=True).click()
    rest(page)


def test_train_stop_go_on_and_use_it(visitors: Visitors) -> None:
    page = visitors.come(player=False, path="lesson", query={"chapter": "training", "lang": "zh", "model": "date"})
    page.set_default_timeout(120_000)
    start = page.locator(".st-key-train button")
    expect(start).to_be_enabled(timeout=120_000)
    for name, value in (("size", "32"), ("batch_size", "256"), ("epochs", "1")):
        choose(page, name, value)
    start.click()
    page.locator(".st-key-train-stop button").click()  # at once, when there is no film of it yet
    onward = page.locator(".st-key-train-resume button")
    onward.wait_for()
    rest(page)
    onward.click()
    expect(page.locator(".st-key-train-stop button")).to_be_visible()  # it can be watched, and stopped again
    expect(page.get_by_test_id("stProgress")).to_be_visible()
    expect(start).to_be_disabled()
    page.locator(".st-key-train-open button").wait_for(timeout=120_000)
    expect(start).to_be_enabled()
    rest(page)
    page.locator(".film").focus()
    page.keyboard.press("End")
    expect(page.locator(".film .where")).to_have_text(say("film.where", "zh", step=47, steps=47))
    page.locator(".st-key-train-open button").click()
    page.locator(".player .softmax li").first.wait_for()
    rest(page)
    page.wait_for_url("**model=date-additive-**")
    go(page, "zh", "exposure")
    page.locator(".player").wait_for()
    sees_no_error(page)
    go(page, "zh", "step")
    page.wait_for_selector(".player")
    becomes(page, temperature=None, beam=None)
    sees_no_error(page)
