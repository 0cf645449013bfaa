"""A page keeps still while it loads, as Cumulative Layout Shift counts it, with the server of ``lookback serve``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, Page, expect

from s2s.checkpoint.examples import EXAMPLES
from s2s.web.lesson import CHAPTERS
from tests.browser.conftest import inspect
from tests.browser.test_player import REFERENCE, TEXT
from tests.paths import ROOT
from tests.visitors import OURS, rest, serve

MOST = 0.05  # half of what is called good
SIZES = [(1280, 720), (390, 844)]
SHIFTS = """
globalThis.shifted = 0;
new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) globalThis.shifted += entry.value;
}).observe({ type: "layout-shift", buffered: true });
"""
SEEN = "globalThis.lookbackStored = { 'first-minute': 'seen' };"
# What is drawn last of a page, for those that have a figure of ours.
FIGURES = {
    "encoder_decoder": ".network svg",
    "attention": ".weighing input",
    "exposure": ".player",
    "training": ".film",
    "predict": ".player",
    "compare": ".comparison",
}
PAGES: dict[str, Mapping[str, str]] = {path.stem: {} for path in sorted((ROOT / "pages").glob("*.py"))}
PLACES: list[tuple[str, Mapping[str, str]]] = [
    *[(name, query) for name, query in PAGES.items() if name not in ("step_through", "lesson", "room")],
    *[("lesson", {"chapter": chapter}) for chapter in CHAPTERS],
    ("", {"room": "abcdef"}),
]


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The app as ``lookback serve`` serves it."""
    folder = tmp_path_factory.mktemp("ours")
    inspect(folder / "inspected" / "ours", "zh-en-luong", EXAMPLES["zh-en"])
    with serve(folder, OURS, LOOKBACK_INSPECTED=str(folder / "inspected")) as address:
        yield address


def open_cold(browser: Browser, size: tuple[int, int], script: str = SHIFTS) -> Page:
    """A page of a browser that has nothing in its cache."""
    context = browser.new_context(viewport={"width": size[0], "height": size[1]})
    context.add_init_script(script)
    return context.new_page()


@pytest.mark.parametrize("size", SIZES)
def test_the_first_page_keeps_still(browser: Browser, ours: str, size: tuple[int, int]) -> None:
    """What moves by itself of links to a sentence, and of a visit with the first minute."""
    query = {"lang": "en", "text": TEXT, "ref": REFERENCE, "model": "zh-en-luong"}
    shifted = {}
    for asked in (query, query | {"lang": "zh"}, {}):
        page = open_cold(browser, size)
        for visit in ("first", "second"):  # the first of a server loads the model, that of a browser the scripts
            page.goto(f"{ours}/?{urlencode(asked)}")
            page.wait_for_selector(".player")
            if not asked:
                expect(page.get_by_role("dialog")).to_be_visible()
            rest(page)
            shifted[f"{visit} {asked}"] = page.evaluate("shifted")
        page.context.close()
    assert max(shifted.values()) < MOST, shifted


def shift_of(browser: Browser, size: tuple[int, int], address: str, drawn: str) -> float:
    """What a page has shifted once all of it is there, in a browser that has nothing in its cache."""
    page = open_cold(browser, size, SHIFTS + SEEN)
    page.goto(address)
    main = page.get_by_test_id("stMain")
    main.locator(drawn).first.wait_for(state="attached")
    rest(page)
    expect(main.get_by_test_id("stSkeleton")).to_have_count(0)
    page.wait_for_load_state("networkidle")
    shifted = float(page.evaluate("shifted"))
    page.context.close()
    return shifted


@pytest.mark.parametrize("size", SIZES)
def test_every_page_and_every_chapter_keeps_still(browser: Browser, ours: str, size: tuple[int, int]) -> None:
    """Each in Chinese at one of the sizes and in English at the other."""
    shifted = {}
    for number, (path, query) in enumerate(PLACES):
        lang = ("zh", "en")[(number + SIZES.index(size)) % 2]
        drawn = FIGURES.get(query.get("chapter", path), "[data-testid=stElementContainer]")
        asked = f"{path}?{urlencode({**query, 'lang': lang})}"
        shifted[asked] = shift_of(browser, size, f"{ours}/{asked}", drawn)
        if shifted[asked] >= MOST:  # on a busy machine scripts may arrive one by one, which can only move more
            shifted[asked] = min(shifted[asked], shift_of(browser, size, f"{ours}/{asked}", drawn))
    assert max(shifted.values()) < MOST, shifted
