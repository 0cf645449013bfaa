"""axe finds nothing on any page of the site: both languages, both themes, a phone and a desktop."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import too_small, violations
from tests.site.conftest import Come
from tests.site.test_pages import CHAPTERS, lesson

UNFOLD = "() => document.querySelectorAll('main details').forEach((part) => { part.open = true; })"
# Two frames, in which components take the colours of another theme.
RESTED = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


def check(page: Page, place: str) -> list[str]:
    """What axe finds on the page in both themes and two widths, with all that unfolds."""
    page.evaluate(UNFOLD)
    if page.locator(".race").count():  # it is fetched where it unfolds
        page.locator(".playground").wait_for()
        page.evaluate(UNFOLD)
    found = []
    for theme, width in (("light", 1280), ("dark", 360)):
        page.emulate_media(color_scheme=theme)
        page.set_viewport_size({"width": width, "height": 900})
        page.evaluate(RESTED)
        found += [f"{place} {theme} {width}: {one}" for one in violations(page.main_frame)]
        small = [text for text in too_small(page.main_frame) if not re.search("<m[ion]", text)]  # a formula's indices
        found += [f"{place}: smaller than 12 pixels: {text}" for text in small]
    return found


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_axe_finds_nothing(come: Come, lang: str) -> None:
    page = come({"lang": lang, "model": "date"}, reduced_motion="reduce", bypass_csp=True)  # axe writes styles
    base, found = re.sub("#.*", "", page.url), []
    page.locator(".models tbody tr").first.wait_for()
    found += check(page, f"home {lang}")
    page.goto(f"{base}#page=step&lang={lang}&model=date")
    page.locator(".player").wait_for()
    expect(page.locator(".busy")).to_be_empty()
    found += check(page, f"step {lang}")
    for chapter in CHAPTERS:
        model = "zh-en-luong" if chapter in ("encoder_decoder", "attention", "prior") else "date"
        page.goto(f"{base}#page=lesson&chapter={chapter}&lang={lang}&model={model}")
        lesson(page, chapter, lang)
        found += check(page, f"{chapter} {lang}")
    assert not found, "\n".join(found)
