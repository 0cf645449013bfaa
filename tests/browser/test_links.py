"""What a person reads who opens a link with mistakes, and the hints in empty fields, which fit on a phone."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from s2s.errors import LANGUAGES, say
from tests.browser.conftest import OpenPage
from tests.visitors import rest

PHONE = {"width": 390, "height": 844}
PATHS = (
    "",
    "lesson",
    "compare?differs=source",
    "exposure",
    "evidence",
    "doctor",
    "checkpoints",
    "inspection",
    "classroom",
)
# Every visible hint that is longer than its empty field shows, with what its field has and what it would need.
CUT = """() => [...document.querySelectorAll("input[placeholder], textarea[placeholder]")].flatMap((field) => {
    if (!field.checkVisibility() || !field.clientWidth) return [];
    const twin = field.cloneNode(), style = getComputedStyle(field);
    for (const name of style) twin.style.setProperty(name, style.getPropertyValue(name));
    twin.style.setProperty("transition", "none");
    twin.style.setProperty("position", "absolute");
    twin.value = "";
    field.after(twin);
    let [high, wide] = [twin.scrollHeight - twin.clientHeight, twin.scrollWidth - twin.clientWidth];
    if (field.tagName === "INPUT") {
        twin.value = field.placeholder;
        wide = twin.scrollWidth - twin.clientWidth;
        high = 0;
    }
    twin.remove();
    return high > 1 || wide > 1 ? [`${field.placeholder}: ${wide} wide, ${high} high`] : [];
})"""


def warnings(page: Page) -> list[str]:
    """The sentences in boxes on the page."""
    return page.get_by_test_id("stAlert").all_inner_texts()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_link_with_mistakes_is_answered_in_a_few_sentences(open_page: OpenPage, language: str) -> None:
    locale = {"zh": "zh-CN", "en": "en-US"}[language]
    page = open_page({"lang": "fr", "Text": "茶", "chapter": "99", "utm_source": "mail"}, locale=locale)
    asked = page.get_by_test_id("stAlert")
    expect(asked).to_have_count(3)
    text = "\n".join(warnings(page))
    assert "zh, en" in text and say("error.link_name", language, name="Text", like="text") in text
    assert say("error.link_numbered", language, high=9, known="encoder_decoder").partition("encoder")[0][1:] in text
    assert "utm_source" not in text
    page = open_page({"lang": language, "text": "我" * 4001})
    expect(page.get_by_test_id("stAlert")).to_have_count(1)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_hint_in_an_empty_field_is_cut_on_a_phone(open_page: OpenPage, language: str) -> None:
    found = {}
    for path in PATHS:
        end = f"{'&' if '?' in path else '?'}lang={language}"
        page = open_page(player=False, path=path + end, viewport=PHONE, is_mobile=True, has_touch=True)
        rest(page)
        folded = page.locator("[data-testid=stExpander] details:not([open]) > summary")
        while folded.count():
            folded.first.click()
        if path == "inspection":
            page.get_by_text(say("inspect.from_path", language), exact=True).click()
        rest(page)
        found[path] = page.evaluate(CUT)
    assert {path: cut for path, cut in found.items() if cut} == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_column_of_the_models_is_cut_on_a_small_desktop(open_page: OpenPage, language: str) -> None:
    size = {"width": 1280, "height": 720}
    page = open_page({"lang": language}, player=False, path="checkpoints", viewport=size)
    scroller = page.locator("[data-testid=stDataFrame] .dvn-scroller")
    expect(scroller).to_be_visible()
    wide, room = scroller.evaluate("node => [node.scrollWidth, node.clientWidth]")
    assert wide <= room
