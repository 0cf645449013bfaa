"""Malicious input: links and fields with values that no control writes give one message, and nothing is executed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from s2s.errors import say
from s2s.web.shell import page_state
from tests.checkpoint.test_archive import files, packed
from tests.journeys.app_visit import PAGES, visit
from tests.journeys.people import TEXT, run, write
from tests.journeys.walk_rules import FAULT
from tests.journeys.world import Log, small
from tests.visitors import Visitors, rest
from tests.web.test_hostile import make_hostile

SCRIPT = "<img src=x onerror='window.hit=1'><script>window.hit=1</script>"
MARKDOWN = "# Big\n\n[click](javascript:window.hit=1) ![p](http://evil.example/p.png) **b** `c` $x^2$ :red[r] | a |"
STRANGE = (
    "",
    " ",
    "0",
    "-1",
    "1e999",
    "nan",
    "true",
    "null",
    "[]",
    '{"a": 1}',
    "../../etc/passwd",
    "\u0000",
    "\u202eabc",
    "%00%ff",
    "我" * 10_000,
    "9" * 400,
    "javascript:window.hit=1",
    SCRIPT,
    MARKDOWN,
)
OTHERS = ("lang", "room", "teach", "person", "constructor", "__proto__", "streamlit")


@pytest.fixture(scope="module")
def log() -> Iterator[Log]:
    with small() as found:
        yield found


@pytest.mark.parametrize("page", PAGES)
def test_a_strange_value_in_any_field_gives_at_most_a_short_message(log: Log, page: str) -> None:
    names = [*page_state.FIELDS, *OTHERS]
    rng = random.Random(page)
    for value in STRANGE:
        chosen = rng.sample(names, 6)
        query = {"text": "我喜欢苹果。", "model": "tiny-additive"} | dict.fromkeys(chosen, value)
        if query.get("room") == "":
            del query["room"]
        log.lines.clear()
        app = visit(page if "room" not in query else "", query)
        assert not app.exception and not log.lines, (query, app.exception, log.lines)
        boxes = [box.value for kind in (app.error, app.warning, app.info) for box in kind]
        assert not any(FAULT.search(box) for box in boxes), (query, boxes)
        assert all(len(box) < 600 for box in boxes), query


def harmless(page: Page) -> None:
    """Expect that no hostile text was executed, became an element, or can be clicked."""
    rest(page)
    assert page.evaluate("window.hit") is None
    assert page.locator("main img[src*=evil], main a[href^=javascript], [data-testid=stMain] script").count() == 0
    assert page.locator("a[href^='javascript'], a[href*='//evil'], img[src*='//evil']").count() == 0
    expect(page.get_by_test_id("stException")).to_have_count(0)
    assert not any(FAULT.search(box) for box in page.get_by_test_id("stAlert").all_inner_texts())


@pytest.mark.parametrize("path", ["", "compare", "lesson", "inspection"])
def test_hostile_links_are_harmless(visitors: Visitors, path: str) -> None:
    query = {name: MARKDOWN for name in page_state.FIELDS} | {"text": SCRIPT + TEXT, "ref": MARKDOWN, "lang": SCRIPT}
    page = visitors.come(query, player=False, path=path)
    page.get_by_test_id("stAlert").first.wait_for()
    harmless(page)
    twice = "&".join(f"{name}={value}" for name in ("text", "step", "model", "lane") for value in ("1", "2"))
    page.goto(f"{visitors.server}/{path}?{twice}&step=3&branches=%F0%9F%99%82&teach=.&person=%00")
    page.get_by_test_id("stAlert").first.wait_for()
    harmless(page)


def test_ten_thousand_characters_and_markup_in_a_field_are_harmless(visitors: Visitors, folder: Path) -> None:
    page = visitors.come({"lang": "en"}, locale="en-US")
    write(page, "en", "我" * 10_000, MARKDOWN)
    run(page, "en")
    expect(page.get_by_test_id("stAlert")).to_have_count(1)
    harmless(page)
    write(page, "en", TEXT + SCRIPT, SCRIPT)
    run(page, "en")
    page.wait_for_selector(".player")
    harmless(page)
    assert page.locator(".player img, .player script").count() == 0


def test_a_strangers_checkpoint_asks_no_other_host(visitors: Visitors, tmp_path: Path) -> None:
    page = visitors.come({"lang": "en"}, player=False, path="checkpoints", locale="en-US")
    page.get_by_text(say("cards.bring", "en")).click()
    content = packed(files(make_hostile(tmp_path)))
    field = page.locator("[class*='st-key-zip'] input[type=file]")
    field.set_input_files({"name": "mine.zip", "mimeType": "application/zip", "buffer": content})
    opened = page.get_by_role("button", name=say("cards.open", "en"))
    page.get_by_test_id("stMarkdownContainer").locator("code", has_text="mine-").first.wait_for()
    page.get_by_text(say("card.readme", "en")).click()
    page.get_by_test_id("stCode").first.wait_for()
    harmless(page)
    opened.click()
    page.wait_for_selector(".player")
    harmless(page)
