"""axe-core finds nothing on any page: both languages, both themes, three widths, the pages that leave the app included.

A state is opened once; language, theme and width change on the open page, which lays itself out anew.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, Page, expect

from s2s.checkpoint.examples import EXAMPLES
from s2s.checkpoint.open import load
from s2s.decode.decode import trace
from s2s.errors import say
from s2s.inspect.report.content import Report, make_report, trace_decoder
from s2s.inspect.report.render import render_report
from s2s.inspect.table import Examples
from s2s.player import page as export
from s2s.player.lanes import Lanes
from s2s.player.notebook import show
from s2s.web.shell.builtin import CODES
from s2s.web.shell.language import NAMES
from tests.browser.axe import STREAMLIT, excuse, too_small, violations
from tests.browser.axe_states import IN_HEADER, OPENED, PAIR, STATES, hold_runs, tour_stops
from tests.browser.conftest import inspect
from tests.browser.test_player import REFERENCE, TEXT
from tests.paths import SHIPPED
from tests.visitors import rest

MODEL = "zh-en-luong"
# In each language the themes and widths in which a state is seen: 1280 pixels, a phone, and 1280 enlarged four times.
Views = tuple[tuple[Literal["light", "dark"], int], ...]
SEEN: dict[str, Views] = {"en": (("light", 1280), ("dark", 390)), "zh": (("light", 320), ("dark", 1280))}
CONTRAST = "en"  # whose words stand on the same grounds as those of the other language
OPENED_IN: dict[str, Views] = {"en": (("light", 1280),), "zh": (("dark", 390),)}
OPEN = """() => {
    const look = (root) => root.querySelectorAll("*").forEach((node) => {
        if (node.localName === "details") node.open = true;
        if (node.shadowRoot) look(node.shadowRoot);
    });
    look(document);
}"""
FOUND: dict[str, list[str]] = {}
EXCUSED: set[tuple[str, str]] = set()


@pytest.fixture(scope="module")
def inspection(inspected: Path) -> Path:
    """An inspection of a few sentences of ours."""
    return inspect(inspected / "axe", MODEL, EXAMPLES["zh-en"])


@pytest.fixture
def findings() -> Iterator[None]:
    """What was found in the test fails it at its end, all at once."""
    FOUND.clear()
    yield
    assert not FOUND, "\n".join(f"{what}\n    in {', '.join(where)}" for what, where in FOUND.items())


def look(page: Page, theme: Literal["light", "dark"], width: int) -> None:
    page.emulate_media(color_scheme=theme)
    page.set_viewport_size({"width": width, "height": 900})


# Two frames, and what moves in them and has an end.
RESTED = """async () => {
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    const ends = (animation) => Number.isFinite(animation.effect?.getComputedTiming().endTime);
    await Promise.allSettled(document.getAnimations().filter(ends).map(({ finished }) => finished));
}"""


def collect(page: Page, name: str, contrast: bool = True) -> None:
    """Collect what axe finds on the page as it is."""
    frame = page.frames[-1]  # of a notebook the output, otherwise the page itself
    page.evaluate(RESTED)
    for violation in violations(frame, contrast):
        key = excuse(violation)
        if key is not None:
            EXCUSED.add(key)
        else:
            FOUND.setdefault(json.dumps(violation, ensure_ascii=False), []).append(name)
    for text in too_small(frame):
        FOUND.setdefault(f"smaller than 12 pixels: {text}", []).append(name)


def check(page: Page, name: str, views: Views, contrast: bool = True) -> None:
    """Open what folds, and collect what axe finds in each theme and width."""
    page.frames[-1].evaluate(OPEN)
    for theme, width in views:
        look(page, theme, width)
        collect(page, f"{name} {theme} {width}", contrast)


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """One for all states: the browser loads Streamlit's scripts once."""
    context = browser.new_context()
    yield context.new_page()
    context.close()


@pytest.mark.usefixtures("inspection", "findings")
def test_axe_finds_nothing_on_any_page_but_what_is_streamlits(page: Page, server: str) -> None:
    EXCUSED.clear()
    for name, (path, query) in STATES.items():
        for language, views in SEEN.items():
            look(page, *views[0])
            switch = page.locator(".st-key-language-switch label", has_text=NAMES[language])
            if language == "zh" and switch.is_visible():
                rest(page)  # another theme runs the page again
                switch.click()
                expect(page.locator("html")).to_have_attribute("lang", CODES["zh"])
            else:
                page.goto(f"{server}/{path}?{urlencode(query | {'lang': language})}")
                page.get_by_test_id("stMainBlockContainer").wait_for()
            settle(page)
            check(page, f"{name} {language}", views, contrast=language == CONTRAST)
            if name == "step" and language == "zh":
                opened(page, IN_HEADER, f"{language} {views[-1]}")
    assert set(STREAMLIT) == EXCUSED, "a line of STREAMLIT that no page needs any more"


@pytest.mark.usefixtures("findings")
@pytest.mark.parametrize("language", OPENED_IN)
def test_axe_finds_nothing_in_what_opens_on_the_stage(page: Page, server: str, language: str) -> None:
    for theme, width in OPENED_IN[language]:
        look(page, theme, width)
        page.goto(f"{server}/?{urlencode(PAIR | {'lang': language})}")
        page.wait_for_selector(".player")
        settle(page)
        opened(page, OPENED, f"{language} {theme} {width}")
        for stop in tour_stops(page):  # on the card that was looked at as "help"
            collect(page, f"tour {stop} {language} {theme} {width}", contrast=False)


@pytest.mark.usefixtures("findings")
@pytest.mark.parametrize("language", OPENED_IN)
def test_axe_finds_nothing_while_a_sentence_runs(page: Page, server: str, language: str) -> None:
    streams = hold_runs(page)
    for theme, width in OPENED_IN[language]:
        look(page, theme, width)
        page.goto(f"{server}/?{urlencode(PAIR | {'lang': language})}")
        page.wait_for_selector(".player")
        settle(page)
        page.locator(".st-key-text textarea").fill("我喝茶。")
        streams[-1].silent = True
        page.get_by_role("button", name=say("step.run", language), exact=True).click()
        expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "running")
        expect(page.locator("[data-stale=true]").first).to_be_attached()
        collect(page, f"running {language} {theme} {width}")
        streams[-1].release()
        rest(page)
        expect(page.locator(".player .chip")).to_have_count(3)


def opened(page: Page, states: Mapping[str, Callable[[Page], None]], where: str) -> None:
    """Open one after the other, collect what axe finds, and close what stands over the page."""
    for name, opens in states.items():
        opens(page)
        collect(page, f"{name} {where}")
        for place in ("stPopoverBody", "stDialog"):  # Esc closes the menu first that the dialog was opened from
            if page.get_by_test_id(place).count():
                page.keyboard.press("Escape")
                expect(page.get_by_test_id(place), name).to_have_count(0)


def settle(page: Page) -> None:
    """Until the server has nothing to say and the page no more to lay out."""
    rest(page)
    page.wait_for_function(
        """() => {
            const height = document.querySelector("[data-testid=stMainBlockContainer]").scrollHeight;
            const same = globalThis.lookbackHeight === height;
            globalThis.lookbackHeight = height;
            return same && !document.querySelector("[data-testid=stSkeleton], [data-testid=stSpinner]");
        }""",
        polling=100,
    )
    rest(page)


OUTSIDE: dict[str, Callable[[str, Path], str]] = {
    "exported page": lambda language, _: export.render(lanes(), language, 17, ()),
    "report": lambda language, place: render_report(report(Examples(place)), language),
    "notebook": lambda language, _: notebook(language),
}


def lanes() -> dict[str, Any]:
    checkpoint = load(SHIPPED / MODEL)
    return {mode: trace(checkpoint, TEXT, REFERENCE, mode) for mode in ("free", "forced")}


def report(examples: Examples) -> Report:
    return make_report(examples, range(1, 4), trace_decoder(load(SHIPPED / MODEL)), {})


def notebook(language: str) -> str:
    output = show(Lanes(lanes()), language)._repr_html_()
    return f'<!doctype html><html lang="{language}"><title>Notebook</title><main><h1>Notebook</h1>{output}</main>'


@pytest.mark.usefixtures("findings")
@pytest.mark.parametrize("kind", OUTSIDE)
def test_axe_finds_nothing_on_what_leaves_the_app(
    browser: Browser, inspection: Path, tmp_path: Path, kind: str
) -> None:
    for language, views in SEEN.items():
        file = tmp_path / f"{language}.html"
        file.write_text(OUTSIDE[kind](language, inspection), encoding="utf-8")
        context = browser.new_context(color_scheme=views[0][0], offline=True)
        page = context.new_page()
        page.goto(file.as_uri())
        check(page, f"{kind} {language}", views)
        context.close()
