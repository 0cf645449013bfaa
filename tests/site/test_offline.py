"""The site without a network after a first visit: pages, chapters, models that were loaded and those that were not."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, expect

from s2s.errors import say
from tests.site.conftest import Visits, served
from tests.site.test_pages import CHAPTERS, lesson, run

READY = "async () => { await navigator.serviceWorker.ready; return Boolean(navigator.serviceWorker.controller) }"


def first_visit(page: Page) -> None:
    """Until the site's files are kept."""
    expect(page.locator("h1")).to_have_text(say("app.tagline", "en"))
    page.wait_for_function(READY)


def test_everything_works_without_a_network_once_all_is_loaded(visits: Visits, built: Path) -> None:
    with served(built) as address:
        page = visits.come(address)
        first_visit(page)
        page.locator(".keep").click()
        expect(page.locator(".kept")).to_be_visible()
    page.context.set_offline(True)  # and the server is gone
    page.reload()
    expect(page.locator(".kept")).to_be_visible()
    page.locator("[data-card=lesson]").click()
    for chapter in CHAPTERS:
        lesson(page, chapter, "en")
        page.locator("h1").press("PageDown")
    for model in page.locator(".choice select").first.locator("option").all():
        name = str(model.get_attribute("value"))
        page.goto(f"{address}#page=step&model={name}")
        page.locator(".player").wait_for()
        run(page, "5 March 1999" if name == "date" else "他喝茶。")
        page.wait_for_function(
            "() => location.hash.includes(encodeURIComponent('喝茶')) || location.hash.includes('1999')"
        )
        expect(page.locator(".player .output")).not_to_be_empty()
        expect(page.locator(".problem:not(:empty)")).to_have_count(0)


def test_a_model_that_never_came_is_missed_in_a_sentence(visits: Visits, built: Path) -> None:
    with served(built) as address:
        page = visits.come(address)
        first_visit(page)
    page.context.set_offline(True)
    visits.cut = True
    page.reload()
    page.goto(f"{address}#page=lesson&chapter=predict&model=date")
    lesson(page, "predict", "en")  # the example was computed ahead
    run(page, "5 March 1999")
    expect(page.locator(".problem")).to_have_text(say("error.site_fetch", "en", name="date"))
