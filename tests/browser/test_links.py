"""What a person reads who opens a link with mistakes."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from s2s.errors import LANGUAGES, say
from tests.browser.conftest import OpenPage


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
    assert "zh, en" in text and say("step.link_unknown", language, name="Text", like="text") in text
    assert say("error.link_numbered", language, high=9, known="encoder_decoder").partition("encoder")[0][1:] in text
    assert "utm_source" not in text
    page = open_page({"lang": language, "text": "我" * 4001})
    expect(page.get_by_test_id("stAlert")).to_have_count(1)
