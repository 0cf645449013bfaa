"""Settings that are opened after a run show their defaults, and the link agrees with them."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from s2s.errors import say
from tests.browser.conftest import OpenPage
from tests.journeys.people import becomes
from tests.visitors import open_from_menu, pick_model, rest

DEFAULTS = {
    "temperature": "1",
    "top_k": "0",
    "top_p": "1",
    "seed": "0",
    "beam": "5",
    "length_penalty": "0.6",
    "coverage_penalty": "0",
    "max_length": "0",
}


def idle(page: Page) -> None:
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")


def run(page: Page, text: str) -> None:
    """Type a sentence and press Run; its link is there."""
    page.locator(".st-key-text textarea").fill(text)
    page.locator(".st-key-run button").click()
    page.wait_for_function("text => new URLSearchParams(location.search).get('text') === text", arg=text)
    idle(page)


def settings(page: Page, prefix: str = "") -> dict[str, str]:
    return {name: page.locator(f".st-key-{prefix}{name} input").first.input_value() for name in DEFAULTS}


def linked(page: Page, prefix: str = "") -> set[str]:
    """Which settings the address names."""
    return set(parse_qs(urlsplit(page.url).query)) & {f"{prefix}{name}" for name in DEFAULTS}


@pytest.mark.parametrize("strategy", ["Sampling", "Beam search"])
def test_settings_are_at_their_defaults_for_who_runs_first(open_page: OpenPage, strategy: str) -> None:
    page = open_page({"lang": "en"})
    run(page, "我喜欢茶。")
    page.get_by_role("button", name="Decoding").click()
    assert settings(page) == DEFAULTS
    page.locator(".st-key-strategy-en").get_by_text(strategy).click()
    expect(page.locator(f".st-key-{'beam' if strategy == 'Beam search' else 'seed'} input")).to_be_enabled()
    page.wait_for_function("() => location.search.includes('strategy=')")
    assert settings(page) == DEFAULTS
    assert linked(page) == set()


def test_both_sides_of_a_comparison_are_at_their_defaults_for_who_runs_first(open_page: OpenPage) -> None:
    page = open_page({"lang": "en", "differs": "source,decoding"}, player=False, path="compare")
    page.wait_for_selector(".comparison")
    run(page, "我喜欢茶。")
    page.get_by_role("button", name="Decoding of A").click()
    assert settings(page) == DEFAULTS
    page.locator(".st-key-strategy-en").get_by_text("Sampling").click()
    expect(page.locator(".st-key-seed input")).to_be_enabled()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Decoding of B").click()
    page.locator(".st-key-b_strategy-en").get_by_text("Beam search").click()
    expect(page.locator(".st-key-b_beam input")).to_be_enabled()
    page.wait_for_function("() => location.search.includes('b_strategy=beam')")
    assert settings(page, "b_") == DEFAULTS
    assert linked(page) | linked(page, "b_") == set()


def test_the_page_says_whose_sentence_is_shown_and_keeps_what_was_typed(open_page: OpenPage) -> None:
    page = open_page({"lang": "en", "text": "我妹妹每天早上骑自行车去学校。"})
    field, told = page.locator(".st-key-text textarea"), page.locator(".draft")
    field.fill("他喜欢喝茶。")
    expect(told).to_be_empty()  # not while it is being typed
    pick_model(page, "date", say("step.checkpoint", "en"))  # which brings an example of its own
    shown = "二〇二六年十一月廿二日"
    page.wait_for_function("text => new URLSearchParams(location.search).get('text') === text", arg=shown)
    expect(told.get_by_role("status")).to_have_text(say("player.stale", "en", text=shown))
    expect(field).to_have_value("他喜欢喝茶。")
    told.get_by_role("button", name=say("player.stale_back", "en")).focus()
    page.keyboard.press("Enter")  # the button must stay the one that has the focus
    expect(field).to_have_value(shown)
    expect(told).to_be_empty()
    field.fill("二〇〇一年")
    pick_model(page, "zh-en-luong", say("step.checkpoint", "en"))
    told.get_by_role("button", name=say("player.stale_run", "en")).click()
    page.wait_for_function("() => new URLSearchParams(location.search).get('text') === '二〇〇一年'")
    expect(told).to_be_empty()
    page.go_back()  # the field holds what the page shows again, not what was typed into it
    page.wait_for_function("() => new URLSearchParams(location.search).get('text') !== '二〇〇一年'")
    shown = page.evaluate("new URLSearchParams(location.search).get('text')")
    expect(field).to_have_value(shown)
    expect(told).to_be_empty()


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_what_was_typed_and_not_run_stands_beside_nothing_of_another_sentence(open_page: OpenPage, lang: str) -> None:
    text, reference = "我妹妹每天早上骑自行车去学校。", "My sister goes to school by bike every morning."
    page = open_page({"lang": lang, "text": text, "ref": reference})
    sentence, gold, told = (page.locator(name) for name in (".st-key-text textarea", ".st-key-ref textarea", ".draft"))
    sentence.fill("他喜欢喝茶。")
    pick_model(page, "date", say("step.checkpoint", lang))
    expect(told.get_by_role("button")).to_have_count(2)
    expect(sentence).to_have_value("他喜欢喝茶。")
    expect(gold).to_have_value("")
    told.get_by_role("button", name=say("player.stale_back", lang)).click()
    expect(gold).to_have_value("2026-11-22")
    gold.fill("2026-11-23")
    pick_model(page, "zh-en-luong", say("step.checkpoint", lang))  # the typed reference brings its sentence along
    becomes(page, model="zh-en-luong", ref="She didn't go to school yesterday.")
    expect(told.get_by_role("button")).to_have_count(2)
    expect(sentence).to_have_value("二〇二六年十一月廿二日")
    expect(gold).to_have_value("2026-11-23")
    told.get_by_role("button", name=say("player.stale_back", lang)).click()
    for typed in ("他喜欢喝茶。", "我喜欢茶。"):
        gold.fill("")
        run(page, typed)
    gold.fill("I like tea.")
    page.keyboard.press("Escape")
    expect(told.get_by_role("button")).to_have_count(2)
    page.go_back()
    becomes(page, text="他喜欢喝茶。")
    expect(sentence).to_have_value("他喜欢喝茶。")
    expect(gold).to_have_value("")
    expect(told).to_be_empty()


def test_what_was_typed_and_not_run_outlives_another_page_and_language(open_page: OpenPage) -> None:
    page = open_page({"lang": "en", "text": "我妹妹每天早上骑自行车去学校。"})
    field, told, typed = page.locator(".st-key-text textarea"), page.locator(".draft"), "他喜欢喝茶。"
    field.fill(typed)
    page.get_by_text("中文", exact=True).click()
    expect(page.locator("html")).to_contain_text(say("step.run", "zh"))
    expect(field).to_have_value(typed)
    for name in ("lesson", "checkpoints", "compare"):
        open_from_menu(page, "zh", name)
        page.wait_for_url(re.compile(f"/{name}"))
    expect(field).to_have_value(typed)
    expect(told.get_by_role("button")).to_have_count(2)
    told.get_by_role("button", name=say("player.stale_run", "zh")).click()
    page.wait_for_function("text => new URLSearchParams(location.search).get('text') === text", arg=typed)
    expect(told).to_be_empty()


# Fields stay empty until ``fill`` is called.
HELD = """
const held = [];
let hold = true;
for (const name of ["value", "defaultValue"]) {
    const { get, set } = Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, name);
    const later = function (text) { hold ? held.push(() => set.call(this, text)) : set.call(this, text); };
    Object.defineProperty(HTMLTextAreaElement.prototype, name, { get, set: later, configurable: true });
}
globalThis.fill = () => ((hold = false), held.forEach((set) => set()));
"""


def test_fields_that_are_filled_late_are_no_draft(browser: Browser, server: str) -> None:
    page = browser.new_page()
    page.add_init_script(HELD)
    page.goto(f"{server}/?{urlencode({'lang': 'en', 'text': '我喝茶。'})}")
    page.wait_for_selector(".player")
    rest(page)
    field, told = page.locator(".st-key-text textarea"), page.locator(".draft")
    expect(field).to_have_value("")
    page.locator(".player").focus()  # at such a moment the page looks for drafts
    page.evaluate("fill()")
    expect(field).to_have_value("我喝茶。")
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    expect(told).to_be_empty()
    page.context.close()


def test_back_goes_to_what_was_looked_at_before_and_not_out_of_the_page(open_page: OpenPage) -> None:
    first, second = "我喜欢茶。", "他喜欢喝茶。"
    page = open_page({"lang": "en", "text": first, "strategy": "sampling", "temperature": "0.7"})
    page.wait_for_function("() => location.search.includes('step=')")
    page.locator(".st-key-text textarea").fill(second)
    page.locator(".st-key-run button").click()
    page.wait_for_function("text => new URLSearchParams(location.search).get('text') === text", arg=second)
    page.locator(".player").press("ArrowRight")
    page.wait_for_function("() => location.search.includes('step=2')")  # no entry of its own
    open_from_menu(page, "en", "lesson")
    page.wait_for_function("() => location.search.includes('chapter=encoder_decoder')")
    page.locator(".st-key-to-layers button").click()
    page.wait_for_function("() => location.search.includes('chapter=layers')")
    page.go_back()
    expect(page.locator(".st-key-chapter-encoder_decoder")).to_be_visible()
    page.go_back()
    expect(page.locator(".player")).to_be_visible()
    expect(page.locator(".st-key-text textarea")).to_have_value(second)
    page.go_back()
    expect(page.locator(".st-key-text textarea")).to_have_value(first)
    page.wait_for_function("text => new URLSearchParams(location.search).get('text') === text", arg=first)
    assert "temperature=0.7" in page.url
    page.go_forward()
    expect(page.locator(".st-key-text textarea")).to_have_value(second)


def strategy(page: Page, name: str) -> Locator:
    """A radio button of the open popover *Decoding*."""
    return page.get_by_role("radio", name=say(f"step.{name}", "en"), exact=True)


def test_back_takes_back_a_setting_at_a_time(open_page: OpenPage) -> None:
    page = open_page({"lang": "en", "text": "我喜欢茶。"})
    page.wait_for_function("() => location.search.includes('step=')")
    page.locator(".st-key-decoding button").click()
    strategy(page, "beam_search").check(force=True)
    page.wait_for_function("() => location.search.includes('strategy=beam')")
    page.keyboard.press("Escape")
    before = page.evaluate("new URLSearchParams(location.search).get('model')")
    page.locator(".st-key-models-model input").click()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    another = "model => new URLSearchParams(location.search).get('model') !== model"
    page.wait_for_function(another, arg=before)
    page.go_back()
    page.wait_for_function(f"model => !({another})(model)", arg=before)
    assert "strategy=beam" in page.url
    page.go_back()
    page.wait_for_function("() => !location.search.includes('strategy=')")
    expect(page.get_by_role("tab", name=say("step.beam_tab", "en"))).to_have_count(0)
    page.locator(".st-key-decoding button").click()
    expect(strategy(page, "greedy")).to_be_checked()
    page.go_forward()
    expect(page.get_by_role("tab", name=say("step.beam_tab", "en"))).to_be_visible()
