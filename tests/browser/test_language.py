"""A page has one language: no visible or read-out word is of the other; a phone's menu closes."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from s2s.checkpoint.examples import EXAMPLES, GREEDY_LOSES
from s2s.errors import LANGUAGES, say
from s2s.web.lesson import CHAPTERS
from s2s.web.shell.builtin import CODES
from s2s.web.shell.language import NAMES as NAMES_OF
from tests.browser.conftest import OpenPage
from tests.browser.reading import foreign, popovers, settle, unfold
from tests.paths import ROOT
from tests.visitors import OURS, open_from_menu, rest, serve, unfold_menu

NAMES = " ".join(path.name for path in (ROOT / "checkpoints").iterdir())
SENTENCES = " ".join(text for pairs in EXAMPLES.values() for pair in pairs for text in pair) + str(GREEDY_LOSES)
KNOWN = f"{NAMES} {SENTENCES} 中文 语言 回望"
PATHS = ("lesson", "compare", "exposure", "evidence", "doctor", "checkpoints", "inspection", "classroom")
PAGES = ("compare", "exposure", "evidence", "doctor", "checkpoints", "inspect", "classroom")


def go(page: Page, language: str, name: str) -> None:
    """To a page, by the menu."""
    title = re.compile(f"^{re.escape(say(f'page.{name}', language))}$")
    open_from_menu(page, language, name)
    expect(page.get_by_test_id("stMarkdownContainer").locator("strong").filter(has_text=title)).to_be_visible()


def looks(page: Page, language: str, seen: set[str]) -> list[str]:
    """What is foreign on the page as it stands, unfolded, behind its tabs and its popovers."""
    settle(page)
    found = []
    for at in range(max(1, page.get_by_role("tab").count())):
        if page.get_by_role("tab").count():
            page.get_by_role("tab").nth(at).click()
            settle(page)
        unfold(page)
        found += foreign(page, language, KNOWN)
    return found + popovers(page, language, KNOWN, seen)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_page_says_a_word_of_the_other_language(open_page: OpenPage, language: str) -> None:
    page, seen = open_page({"lang": language, "strategy": "beam"}), set[str]()
    found = {"step": looks(page, language, seen)}
    for name in PAGES:
        go(page, language, name)
        found[name] = looks(page, language, seen)
    go(page, language, "lesson")
    for chapter in CHAPTERS if language == "zh" else ():  # English is Streamlit's own
        page.locator(f".st-key-to-{chapter} button").click()
        expect(page.locator(f".st-key-chapter-{chapter}")).to_be_visible()
        found[chapter] = looks(page, language, seen)
    assert {where: texts for where, texts in found.items() if texts} == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_streamlits_own_words_follow_a_switch_and_come_back(open_page: OpenPage, language: str) -> None:
    """Its hint below a field, a menu's tooltip and what a screen reader reads, which no parameter changes."""
    page = open_page({"lang": language})
    other = next(name for name in LANGUAGES if name != language)
    for shown in (language, other, language):
        page.get_by_text(NAMES_OF[shown], exact=True).click()
        expect(page.locator(f"html[lang={CODES[shown]}]")).to_be_attached()
        expect(page.get_by_role("navigation", name=say("builtin.menu", shown))).to_be_visible()
        expect(page.get_by_test_id("stSkipToContent")).to_have_text(say("builtin.skip", shown))
        field = page.locator(".st-key-text textarea")
        field.fill("我们明天去看电影")
        keys = say("builtin.submit_long", shown, keys="Ctrl")
        expect(page.get_by_test_id("InputInstructions").filter(has_text=keys)).to_be_visible()


# The first page's title is that of no other, so its player stands for it.
OTHER = {
    "page.lesson": ["lecture", "lessons", "Lesson"],
    "page.classroom": ["ask-a-class", "Ask_A_Class", "class", "CLASSROOM/"],
    "page.compare": ["comparison", "COMPARE"],
    "page.exposure": ["exposure-bias", "exposure_bias", "Exposure/"],
    "page.doctor": ["diagnosis", "Attention-Doctor", "attention_doctor/", "Doctor"],
    "page.evidence": ["attention", "ATTENTION/", "Evidence"],
    "page.inspect": ["error", "errors", "Errors", "ERRORS/", "errors/", "inspect", "inspections", "Inspection"],
    "page.checkpoints": ["checkpoint", "model", "models", "Models/", "CHECKPOINTS"],
}
OF_THE_STAGE = ["home", "player", "stage", "step", "step-through", "step_through", "Step_Through/", "STAGE"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_older_and_guessed_names_of_addresses_lead_to_the_page_with_what_they_ask(
    open_page: OpenPage, language: str
) -> None:
    page = open_page({"lang": language})
    home = page.url.split("?")[0]
    for name in OF_THE_STAGE:
        page.goto(f"{home}{name}?lang={language}&text=我喜欢茶。")
        expect(page.locator(".chip").first).to_have_text(re.compile("我"))
        expect(page.get_by_role("dialog")).to_have_count(0)
    for key, names in OTHER.items():
        for name in names:
            page.goto(f"{home}{name}?lang={language}&text=我喜欢茶。")
            title = page.get_by_test_id("stMarkdownContainer").locator("strong").filter(has_text=say(key, language))
            expect(title.first).to_be_visible()
            expect(page.get_by_role("dialog")).to_have_count(0)
            assert parse_qs(urlsplit(page.url).query)["text"] == ["我喜欢茶。"], name
    groups = page.get_by_test_id("stTopNavSection")
    groups.last.click()
    expect(page.get_by_test_id("stTopNavDropdownLink")).to_have_count(6)  # each page once
    page.goto(f"{home}ERRORS/?lang={language}")
    title = page.get_by_test_id("stMarkdownContainer").locator("strong").filter(has_text=say("page.inspect", language))
    expect(title).to_be_visible()
    go(page, language, "compare")
    page.go_back()
    expect(title).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)


@pytest.mark.parametrize("path", ("", *PATHS, "inspection?inspection=gone", "exposure?text=", "?room=ABC234"))
def test_every_pages_address_says_its_language(open_page: OpenPage, path: str) -> None:
    """Also of a page that shows nothing yet, and after a switch; what else the link asks stays."""
    page = open_page(path=path, player=False, locale="zh-CN")
    for language in ("zh", "en", "zh"):
        page.get_by_text(NAMES_OF[language], exact=True).click()
        expect(page.locator(f"html[lang={CODES[language]}]")).to_be_attached()
        page.wait_for_url(re.compile(rf"[?&]lang={language}(&|$)"))
    if path.startswith("?room"):
        assert "room=ABC234" in page.url
    page.get_by_text(NAMES_OF["en"], exact=True).click()
    page.wait_for_url(re.compile("[?&]lang=en(&|$)"))
    copied = open_page(path=page.url.split("/", 3)[3], player=False, locale="zh-CN")
    expect(copied.locator("html[lang=en]")).to_be_attached()


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_address_of_no_page_is_explained_in_the_visitors_language(
    browser: Browser, server: str, language: str
) -> None:
    page = browser.new_page()  # not a visitor's: Streamlit calls it an error in the console, too
    page.goto(f"{server}/nosuch?lang={language}")
    expect(page.get_by_role("dialog")).to_contain_text(say("own.not_found", language))
    expect(page.get_by_role("dialog")).to_contain_text(say("builtin.not_found", language))
    page.close()


@pytest.mark.parametrize("base", ["", "/up"])
def test_an_address_below_a_page_leads_to_the_page_or_to_the_sentence(
    browser: Browser, tmp_path: Path, base: str
) -> None:
    """In the app's own server, also behind a path; never an empty page."""
    options = ("--base-path", base) if base else ()
    with serve(tmp_path, (*OURS[:2], *options, OURS[2]), path=base) as server:
        page = browser.new_page()  # not a visitor's, as above
        for language in LANGUAGES:
            for path in ("lesson/2", "Lesson/2/", "lesson//x/y"):
                page.goto(f"{server}/{path}?lang={language}&text=我喜欢茶。")
                title = page.get_by_test_id("stMarkdownContainer").locator("strong")
                expect(title.filter(has_text=say("page.lesson", language)).first).to_be_visible()
                expect(page.get_by_role("dialog")).to_have_count(0)
                assert parse_qs(urlsplit(page.url).query)["text"] == ["我喜欢茶。"], path
            for path in ("a/b", "x/y/z", "课/二"):
                page.goto(f"{server}/{path}?lang={language}")
                expect(page.get_by_role("dialog")).to_contain_text(say("own.not_found", language))
                expect(page.locator(".player").first).to_be_attached()
        page.close()


def test_what_a_model_says_is_not_taken_for_streamlits_words(open_page: OpenPage) -> None:
    """A word of a sentence stays as it is, though Streamlit has a button of that name."""
    page = open_page({"lang": "zh", "mode": "forced", "ref": "Close the door.", "text": "关上门。"})
    output = page.locator(".player .lanes")
    expect(output).to_contain_text("Close")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_phones_menu_closes_after_a_choice_and_stays_closed(open_page: OpenPage, language: str) -> None:
    page = open_page({"lang": language}, viewport={"width": 390, "height": 844})
    menu, opener = page.get_by_test_id("stSidebar"), page.get_by_test_id("stExpandSidebarButton")
    closed = expect(menu)
    opener.click()
    closed.to_have_attribute("data-collapsed", "false")
    go(page, language, "compare")
    closed.to_have_attribute("data-collapsed", "true")
    opener.click()
    go(page, language, "compare")  # where one is already
    closed.to_have_attribute("data-collapsed", "true")
    opener.click()
    closed.to_have_attribute("data-collapsed", "false")
    page.reload()
    expect(page.locator(f"html[lang={CODES[language]}]")).to_be_attached()
    closed.to_have_attribute("data-collapsed", "true")
    page.locator(".st-key-text textarea").click()  # nothing lies over it


@pytest.mark.parametrize("language", LANGUAGES)
def test_at_four_times_the_size_the_menu_is_reached_by_mouse_and_by_key(open_page: OpenPage, language: str) -> None:
    page = open_page({"lang": language}, viewport={"width": 320, "height": 512})
    menu, opener = page.get_by_test_id("stSidebar"), page.get_by_test_id("stExpandSidebarButton")
    for path in ("", *PATHS):
        page.goto(f"{page.url.split('?')[0].rsplit('/', 1)[0]}/{path}?lang={language}")
        rest(page)
        opener.click()  # fails where another part lies over it
        expect(menu).to_have_attribute("data-collapsed", "false")
        page.get_by_test_id("stSidebarCollapseButton").get_by_role("button").click()
        expect(menu).to_have_attribute("data-collapsed", "true")
        opener.press("Enter")
        expect(menu).to_have_attribute("data-collapsed", "false")


REASON = {"zh": "数值超出范围，请输入 0 到 200 之间的数。", "en": "Please enter a value between 0 and 200."}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_number_out_of_range_stays_with_the_reason_below_it(open_page: OpenPage, language: str) -> None:
    page = open_page({"lang": language})
    unfold_menu(page, "decoding")
    number = page.get_by_test_id("stNumberInput").filter(has_text=say("step.max_length", language))
    field, reason = number.get_by_role("spinbutton"), number.get_by_role("alert")
    field.fill("999")
    field.press("Tab")  # it is the last of the menu
    expect(reason).to_contain_text(REASON[language])
    expect(reason).to_be_in_viewport(ratio=1)
    assert (reason.bounding_box() or {})["height"] > 10  # seen, not only read out
    expect(field).to_be_focused()
    expect(field).to_have_value("999")
    field.fill("12")
    field.press("Enter")
    expect(reason).to_have_count(0)
    page.wait_for_url(re.compile("max_length=12"))
    field.fill("-1")
    field.press("Enter")
    expect(reason).to_be_visible()
    field.press("Tab")
    expect(page.get_by_test_id("stPopoverBody")).to_have_count(0)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_number_that_is_not_whole_stays_with_the_reason_and_is_not_cut(open_page: OpenPage, language: str) -> None:
    other = next(name for name in LANGUAGES if name != language)
    page = open_page({"lang": language, "strategy": "sampling", "seed": "7"})
    unfold_menu(page, "decoding")
    box = page.get_by_test_id("stNumberInput").filter(has_text=say("step.seed", language))
    field, reason = box.get_by_role("spinbutton"), box.get_by_role("alert")
    for typed, key in (("1e5", "Enter"), ("2.5", "Tab"), ("-", "Enter"), ("2.5", "Enter")):
        field.press("ControlOrMeta+a")
        field.press_sequentially(typed)
        field.press(key)
        expect(reason).to_have_text(say("app.whole_number", language))
        assert (reason.bounding_box() or {})["height"] > 10  # seen, not only read out
        expect(field).to_have_attribute("aria-invalid", "true")
        assert typed == "-" or field.input_value() == typed
    assert "seed=7" in page.url
    field.fill("12")
    expect(reason).to_have_count(0)
    field.press("Enter")
    page.wait_for_url(re.compile("seed=12&"))
    longest = page.get_by_test_id("stNumberInput").filter(has_text=say("step.max_length", language))
    last = longest.get_by_role("spinbutton")
    last.fill("1e1")
    last.press("Tab")  # it is the last of the menu
    expect(longest.get_by_role("alert")).to_have_text(say("app.whole_number", language))
    expect(last).to_be_focused()
    last.press("ArrowUp")  # Streamlit's own key
    expect(longest.get_by_role("alert")).to_have_count(0)
    page.keyboard.press("Escape")
    page.get_by_text(NAMES_OF[other], exact=True).click()
    expect(page.locator(f"html[lang={CODES[other]}]")).to_be_attached()
