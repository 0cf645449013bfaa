"""The playground in a real browser: two models that train in workers, used in a person's order."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from s2s.errors import say
from tests.browser.axe import RUN, SCRIPT, SMALL
from tests.browser_model.playground_site import served, strings, write_site

Open = Callable[..., Page]
QUICK = {"size": 32, "learningRate": 0.016, "attention": "dot", "steps": 300}
LONG = 240_000  # milliseconds that a training may take on a busy machine
NUMBERS = """node => [...node.querySelectorAll("polyline")].map((line) => line.points.length)"""


@pytest.fixture
def open_page(browser: Browser, tmp_path: Path) -> Iterator[Open]:
    """Open the page; a script error, a warning or a request to another host fails the test."""
    problems: list[str] = []
    contexts = []
    with served(tmp_path) as address:

        def come(language: str = "en", theme: str = "light", settings: Any = None, **options: Any) -> Page:
            write_site(tmp_path, language, theme, **(QUICK if settings is None else settings))
            context = browser.new_context(**{"viewport": {"width": 1280, "height": 720}} | options)
            contexts.append(context)
            page = context.new_page()
            page.on("pageerror", lambda error: problems.append(str(error)))
            page.on("console", lambda m: problems.append(m.text) if m.type in ("error", "warning") else None)
            page.on("request", lambda r: None if r.url.startswith(address) else problems.append(r.url))
            page.goto(address)
            expect(page.locator(".said b")).to_have_count(2, timeout=LONG)
            return page

        yield come
        for context in contexts:
            context.close()
    assert problems == []


def pane(page: Page, name: str) -> Locator:
    return page.locator(f".pane.{name}")


def step_of(page: Page, name: str) -> int:
    """The step in a model's line of numbers; 0 before training."""
    found = [int(word) for word in pane(page, name).locator(".state").inner_text().split() if word.isdigit()]
    return found[0] if found else 0


def test_a_visitor_trains_two_models_and_watches_attention_form(open_page: Open) -> None:
    page = open_page()
    first, second = pane(page, "first"), pane(page, "second")
    expect(first.locator(".state")).to_have_text(say("playground.untrained", "en"))
    second.get_by_role("combobox", name="Attention", exact=True).select_option("none")
    expect(second.locator(".note")).to_have_text(say("playground.no_attention", "en"))
    page.get_by_role("button", name="One step").click()
    for one in (first, second):
        expect(one.locator(".state")).to_contain_text("Step 1 of 300")
    uneven = first.locator(".attention .cell").first.evaluate("node => node.style.getPropertyValue('--w')")
    page.get_by_role("button", name="Train", exact=True).click()
    expect(first.locator(".state strong")).to_contain_text("95 % after", timeout=LONG)
    expect(page.locator("[aria-live]")).to_contain_text("Model A reads 95.0 % of new dates exactly")
    expect(page.get_by_role("button", name="Train", exact=True)).to_be_visible(timeout=LONG)  # the race is over
    expect(first.locator(".said .right")).to_have_text("2026-11-22")
    expect(second.locator(".said .wrong")).to_be_visible()
    assert first.locator(".attention .cell").first.evaluate("node => node.style.getPropertyValue('--w')") != uneven
    counts = page.locator(".curve").evaluate(NUMBERS)
    assert len(counts) == 4 and min(counts) > 2
    loss = float(first.locator(".state").inner_text().split("loss ")[1].split(" ")[0])
    assert loss < 0.5


def test_a_paused_training_stands_still_and_goes_on(open_page: Open) -> None:
    page = open_page()
    page.locator(".playground").focus()
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    expect(pane(page, "first").locator(".state")).to_contain_text("Step", timeout=LONG)
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Train", exact=True)).to_be_visible()
    for name in ("first", "second"):
        expect(pane(page, name)).to_have_attribute("aria-busy", "false", timeout=LONG)
    steps = {name: step_of(page, name) for name in ("first", "second")}
    page.keyboard.press(".")
    for name, step in steps.items():
        expect(pane(page, name).locator(".state")).to_contain_text(f"Step {step + 1} of", timeout=LONG)
    page.keyboard.press("s")
    slow = page.get_by_role("button", name="Slow motion")
    expect(slow).to_have_attribute("aria-pressed", "true")
    for name, step in steps.items():
        expect(pane(page, name).locator(".state")).not_to_contain_text(f"Step {step + 1} of", timeout=LONG)
    page.keyboard.press("r")
    expect(slow).to_have_attribute("aria-pressed", "false")
    expect(pane(page, "second").locator(".state")).to_have_text(say("playground.untrained", "en"), timeout=LONG)


def test_a_visitor_types_a_date_and_chooses_a_weight(open_page: Open) -> None:
    page = open_page()
    typed = page.get_by_role("textbox", name="Or type one")
    typed.fill("2026☃5")
    first = pane(page, "first")
    expect(first.locator(".attention .top.unknown")).to_have_text("☃")
    expect(page.locator(".centre .note")).to_contain_text("☃")
    typed.fill("")
    expect(first.locator(".attention .top").first).to_have_text("二")
    page.get_by_role("combobox", name="A date that both read").select_option("Nov. 22nd, 2026")
    expect(first.locator(".attention .top").first).to_have_text("N")
    page.get_by_role("button", name="One step").click()
    gradient = first.locator("canvas.gradient")
    expect(gradient).to_be_visible()
    page.get_by_role("combobox", name="Gradient of").select_option("encoder.embedding.weight")
    expect(first.get_by_role("img", name="Gradient of encoder.embedding.weight, 108 × 16 numbers")).to_be_visible()
    first.get_by_text("Table: the same numbers").click()
    table = first.get_by_role("table")
    row = [float(text) for text in table.locator("tbody tr").first.locator("td").all_inner_texts()]
    assert len(row) == len("Nov. 22nd, 2026") and sum(row) == pytest.approx(1, abs=0.06)


@pytest.mark.parametrize(
    ("language", "theme", "width", "height"),
    [("en", "dark", 1280, 720), ("zh", "light", 390, 844), ("zh", "dark", 820, 1100)],
)
def test_it_fits_and_can_be_read(open_page: Open, language: str, theme: str, width: int, height: int) -> None:
    page = open_page(language, theme, viewport={"width": width, "height": height})
    page.locator("button.step").click()
    expect(pane(page, "second").locator("canvas.gradient")).to_be_visible()
    size = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]")
    assert size[0] == width and (width < 1280 or size[1] <= height)
    page.evaluate(SCRIPT)
    assert page.evaluate(RUN, True) == []
    assert page.evaluate(SMALL) == []
    shown = page.locator(".playground").inner_text()
    assert strings(language)["exact"] in shown and "{" not in json.dumps(shown)
