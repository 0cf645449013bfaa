"""A model trained from the page by a real process, with as few steps as possible."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage

REST = "[data-testid=stApp][data-test-script-state=notRunning]"
PAINT = """(film) => {
    const root = film.getRootNode(), slider = root.querySelector('.slider'), times = [];
    for (let i = 0; i < 40; i++) {
        const start = performance.now();
        slider.value = i % (Number(slider.max) + 1);
        slider.dispatchEvent(new Event('input'));
        film.getBoundingClientRect();
        times.push(performance.now() - start);
    }
    return times.sort((a, b) => a - b)[4]; // a busy machine interrupts most of them
}"""


def choose(page: Page, name: str, value: str) -> None:
    page.locator(f".st-key-train_{name} input").click()
    page.get_by_role("option", name=value, exact=True).click()
    page.wait_for_selector(REST)


def test_train_scrub_stop_and_open_in_the_player(open_page: OpenPage) -> None:
    page = open_page({"chapter": "training", "lang": "en", "model": "date"}, player=False, path="lesson")
    page.set_default_timeout(120_000)
    expect(page.locator(".st-key-train button")).to_be_enabled(timeout=120_000)
    for name, value in (("size", "32"), ("batch_size", "256"), ("epochs", "1")):
        choose(page, name, value)
    page.locator(".st-key-train button").click()
    film = page.locator(".film")
    film.wait_for()
    expect(page.locator(".st-key-train button")).to_be_disabled()
    expect(film.locator(".slider")).not_to_have_attribute(
        "max", "0", timeout=120_000
    )  # a second moment has come by itself
    page.locator(".st-key-train-stop button").click()
    page.locator(".st-key-train-open button").wait_for()
    page.wait_for_selector(REST)
    film.locator(".choices button").nth(1).click()
    assert film.locator(".head").count() == len("Nov. 22nd, 2026")
    page.keyboard.press("Home")
    expect(film.locator(".where")).to_have_text("step 0 of 47")
    uniform = film.locator("canvas").evaluate("(c) => [...c.getContext('2d').getImageData(0, 0, c.width, 1).data]")
    assert len(set(uniform[0::4])) <= 12  # untrained, it looks nowhere in particular
    page.keyboard.press("ArrowRight")
    expect(film.locator(".where")).to_have_text("step 1 of 47")
    assert film.evaluate(PAINT) <= 30
    page.keyboard.press("End")
    film.locator("summary").click()
    rows = film.locator(".tableBody table").nth(1).locator("tbody tr")
    rows.first.wait_for()  # the table is made once it is open
    assert rows.count() == int(film.locator(".slider").get_attribute("max") or 0) + 1
    weights = film.locator(".tableBody table").first.locator("tbody tr").first.locator("td").all_inner_texts()
    assert abs(sum(map(float, weights)) - 1) < 0.01
    page.set_viewport_size({"width": 390, "height": 844})
    expect(film.locator("svg[width]").last).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.locator(".st-key-train-open button").click()
    page.locator(".player .softmax li").first.wait_for()
    page.wait_for_url("**model=date-additive-**")


def test_two_models_train_in_the_visitors_own_browser(open_page: OpenPage) -> None:
    page = open_page({"chapter": "training", "lang": "en", "model": "date"}, player=False, path="lesson")
    page.set_default_timeout(120_000)
    page.locator(".st-key-playground").get_by_text("Train two models in this page").click()
    race = page.get_by_role("group", name="Train two models in this page")
    expect(race.locator(".said b")).to_have_count(2)
    race.get_by_role("combobox", name="State size").first.select_option("32")
    race.get_by_role("button", name="One step").click()
    expect(race.locator(".pane.first .state")).to_contain_text("Step 1 of 600")
    race.get_by_role("button", name="Train", exact=True).click()
    expect(race.locator(".pane.second .state")).to_contain_text("of 100 new dates")
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.locator(".st-key-playground").get_by_text("Train two models in this page").click()
    expect(race).to_have_count(0)
