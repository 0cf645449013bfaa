"""Bookmarks in a browser, in a person's order: set by mouse and keyboard, filtered, exported, kept."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from s2s.checkpoint.examples import EXAMPLES
from s2s.errors import LANGUAGES, say
from s2s.inspect.table import Examples
from tests.browser.conftest import inspect
from tests.visitors import rest

OpenPage = Callable[..., Page]
MODEL = "zh-en-luong"


@pytest.fixture(scope="module")
def examples(inspected: Path) -> Examples:
    return Examples(
        inspect(inspected / "kept", MODEL, [*EXAMPLES["zh-en"], ("谢谢。", "Thanks."), ("你好。", "Hello.")])
    )


def bookmarked(page: Page) -> list[int]:
    pressed = page.locator("[data-bookmark][aria-pressed=true]")
    return [int(button.get_attribute("data-bookmark") or 0) for button in pressed.all()]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_bookmarks_are_set_filtered_exported_and_kept(open_page: OpenPage, examples: Examples, lang: str) -> None:
    ids = examples.column("id").to_pylist()
    page = open_page({"lang": lang, "inspection": "kept"}, player=False, path="inspection")
    only = page.locator("[class*=st-key-inspect_bookmarked] button")
    expect(only).to_be_disabled()
    star = page.get_by_role("button", name=say("inspect_table.bookmark", lang, id=ids[1]), exact=True)
    star.click()
    expect(only).to_have_text(say("bookmarks.only", lang, count=1))
    expect(page.locator("[class*=st-key-inspect_head]")).to_have_count(0)  # the row was not opened
    expect(star).to_be_focused()
    page.keyboard.press("Enter")
    expect(only).to_be_disabled()
    page.keyboard.press("Space")
    expect(only).to_be_enabled()
    page.locator(f"tr[data-id='{ids[0]}'] td.text").first.click()
    own = page.locator("[class*=st-key-row-bookmark] button")
    expect(own).to_contain_text(say("bookmarks.add", lang))
    for key in ("b", "j", "j", "b", "j"):  # faster than the server
        page.keyboard.press(key)
    expect(only).to_have_text(say("bookmarks.only", lang, count=3))
    expect(page.locator("tr[aria-selected=true]")).to_have_attribute("data-id", str(ids[3]))
    own.click()
    expect(own).to_contain_text(say("bookmarks.remove", lang))
    expect(page.locator("[data-bookmark][aria-pressed=true]")).to_have_count(4)
    assert bookmarked(page) == ids[:4]
    only.click()
    expect(page.locator("tr[data-id]")).to_have_count(4)
    rest(page)
    page.locator("summary", has_text=say("labels.bar", lang)).click()
    with page.expect_download() as taken:
        page.get_by_role("button", name=f"{say('labels.export', lang)} · JSONL").click()
    rows = taken.value.path().read_text(encoding="utf-8").splitlines()
    assert [json.loads(row)["id"] for row in rows] == ids[:4]
    row = page.locator("tr[data-id]").first.element_handle()
    page.get_by_role("button", name=say("inspect_table.bookmark", lang, id=ids[0]), exact=True).click()
    expect(only).to_have_text(say("bookmarks.only", lang, count=3))
    assert row.evaluate("node => node.isConnected")  # the table was not built anew
    page.get_by_role("button", name=say("inspect_table.bookmark", lang, id=ids[0]), exact=True).click()
    expect(only).to_have_text(say("bookmarks.all", lang))
    again = page.context.new_page()
    again.goto(page.url.partition("?")[0] + f"?lang={lang}&inspection=kept")
    expect(again.locator("[class*=st-key-inspect_bookmarked] button")).to_have_text(
        say("bookmarks.only", lang, count=4)
    )
    expect(again.locator("[data-bookmark][aria-pressed=true]")).to_have_count(4)
    assert bookmarked(again) == ids[:4]
