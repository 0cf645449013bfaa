"""States in a browser: neighbours of a chosen word, and points in a box as the table's filter."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from s2s.inspect.states.store import StateStore
from tests.browser.conftest import probe, serve
from tests.inspect.corpus import with_states
from tests.paths import ROOT


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """A server of the section alone, on a small inspection."""
    inspection = str(with_states(tmp_path).directory)
    app = ("streamlit", "run", "tests/browser/states_app.py", "--server.port")
    with serve(tmp_path, app, LOOKBACK_INSPECTION=inspection, PYTHONPATH=str(ROOT)) as address:
        yield address


def test_points_in_a_box_are_the_tables_examples(address: str, browser: Browser, tmp_path: Path) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 1500}, locale="en-US")
    page, problems = context.new_page(), list[str]()
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda m: problems.append(m.text) if m.type == "error" and not probe(m) else None)
    page.on(
        "request",
        lambda r: None if "localhost" in r.url or r.url.startswith(("data:", "blob:")) else problems.append(r.url),
    )
    page.goto(f"{address}/?lang=en")
    page.get_by_text("Show neighbours and projection").click(timeout=120_000)
    brush = page.get_by_test_id("stButton").first
    expect(brush).to_have_text("No points selected", timeout=120_000)
    plot = page.locator(".js-plotly-plot .nsewdrag").first
    plot.scroll_into_view_if_needed()
    expect(page.locator(".js-plotly-plot .scatterlayer .points path").first).to_be_attached()
    box = plot.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 2, box["y"] + 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, steps=4)
    page.mouse.move(box["x"] + box["width"] - 2, box["y"] + box["height"] - 2, steps=4)
    page.mouse.up()
    examples = len(StateStore(tmp_path / "made").index) - 1
    expect(brush).to_have_text(f"Only these {examples} examples in the table")
    brush.get_by_role("button").click()
    expect(page.get_by_text("chosen [1, 2, 3")).to_be_visible()
    again = page.get_by_role("button", name=re.compile("Show all examples again"))
    again.click()
    expect(page.get_by_text("chosen []")).to_be_visible()
    with page.expect_download() as taken:
        page.get_by_role("button", name="Table as CSV").click()
    head, *rows = csv.reader(taken.value.path().read_text(encoding="utf-8-sig").splitlines())
    assert head[0] == "cosine" and len(rows) == 10 and float(rows[0][0]) <= 1
    table = page.get_by_test_id("stDataFrame")
    table.hover()
    toolbar = table.locator("..").get_by_test_id("stElementToolbar")
    expect(toolbar.get_by_role("button", name="Search")).to_be_visible()
    expect(page.get_by_role("button", name="Download as CSV")).to_have_count(0)  # with formulas as they are
    page.get_by_text("decoder", exact=True).click()
    expect(page.get_by_text("the state in which the decoder said the word")).to_be_visible()
    assert problems == []
    context.close()
