"""The page Inspection in a browser: brush, click, sort, move by keyboard, return by the link."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from s2s.checkpoint.examples import EXAMPLES, GREEDY_LOSES
from s2s.errors import LANGUAGES, say
from s2s.figures.numbers import share
from s2s.inspect.query import Query
from s2s.inspect.table import Examples
from s2s.web.inspection.shaded import TOLD
from tests.browser.conftest import inspect
from tests.visitors import rest

OpenPage = Callable[..., Page]
MODEL = "zh-en-luong"


@pytest.fixture(scope="module")
def examples(inspected: Path) -> Examples:
    """An inspection of our own sentences."""
    return Examples(inspect(inspected / "ours", MODEL, [*EXAMPLES["zh-en"], *GREEDY_LOSES[MODEL]]))


def ids(page: Page) -> list[int]:
    return [int(row.get_attribute("data-id") or 0) for row in page.locator("tr[data-id]").all()]


def stands_at_error(page: Page, examples: Examples, id: int) -> None:
    """The opened row's player begins at its first wrong token or ◆, and the way to Step through leads there."""
    row = examples.example(id)
    at = next(iter(row.get("wrong_output") or ()), row["divergence"])
    expect(page.locator(".where")).to_have_text(re.compile(f"^step {(at or 0) + 1} /"))
    link = page.locator("[class*=st-key-inspect_open] a").first
    expect(link).to_have_attribute("href", re.compile(f"step={at + 1}$" if at is not None else "lang=en$"))


def tells_what_is_wrong(page: Page, row: dict[str, Any], lang: str) -> None:
    """Of the opened row, an error, stand its probability, its cause with the evidence, and its suspect words shaded."""
    main = page.get_by_test_id("stMain")
    expect(main).to_contain_text(say("inspect.error", lang, p="§", right="", agree="").partition("§")[0])
    expect(main).to_contain_text(share(row["error_probability"]))
    if row["cause"] is None:
        expect(main).to_contain_text(say("inspect.no_cause", lang))
    else:
        line = page.locator("li", has=page.locator("strong", has_text=say(f"cause.{row['cause']}", lang)))
        for word in [row["output_tokens"][k] for k in row["wrong_output"]]:
            expect(line.locator("code", has_text=word).first).to_be_visible()
    words = page.locator("[data-testid=stHtml] dl dd").last.locator("> span")
    expect(words).to_have_count(len(row["output_tokens"]))
    for word, token, value in zip(words.all(), row["output_tokens"], row["suspicion"], strict=True):
        heard = f"{token} ({share(value)})" if value >= TOLD else token  # not by colour alone
        expect(word).to_have_text(heard)
        expect(word).to_have_attribute("title", share(value))
        expect(word).to_have_css("text-decoration-line", "underline" if value >= TOLD else "none")
    shades = words.evaluate_all("nodes => nodes.map((node) => getComputedStyle(node).backgroundColor)")
    opacity = [float(re.findall(r"[\d.]+", shade)[-1]) for shade in shades]
    assert opacity == pytest.approx([0.45 * value for value in row["suspicion"]], abs=0.01)


@pytest.mark.parametrize("width", [1280, 390])
def test_brushing_sorting_and_walking(open_page: OpenPage, examples: Examples, width: int) -> None:
    size = {"width": width, "height": 900}
    page = open_page({"lang": "en", "inspection": "ours"}, player=False, path="inspection", viewport=size)
    rows = page.locator("tr[data-id]")
    expect(rows).to_have_count(10)
    bars = page.locator("section[data-name=chrf] .bars")
    bars.scroll_into_view_if_needed()
    box = bars.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 2, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.48, box["y"] + 20)
    page.mouse.up()
    expect(page.locator("[class*='st-key-chip-ranges']")).to_be_visible()
    below = [row["id"] for row in examples.page(Query(ranges={"chrf": (None, 49.999)})).rows]
    assert 1 < len(below) < 10
    expect(rows).to_have_count(len(below))
    assert ids(page) == below
    page.locator("th button[data-sort=nll]").click()
    expect(page.locator("th[aria-sort=ascending] button[data-sort=nll]")).to_be_visible()
    ordered = [row["id"] for row in examples.page(Query(sort="nll", ranges={"chrf": (None, 49.999)})).rows]
    assert ids(page) == ordered
    rows.first.click()
    expect(page.locator("[class*=st-key-inspect_head]")).to_contain_text(f"Example {ordered[0]} ")
    page.wait_for_selector(".player")
    stands_at_error(page, examples, ordered[0])
    page.keyboard.press("j")
    expect(page.locator("[class*=st-key-inspect_head]")).to_contain_text(f"Example {ordered[1]} ")
    stands_at_error(page, examples, ordered[1])
    assert examples.example(ordered[1])["verdict"] == "error"
    tells_what_is_wrong(page, examples.example(ordered[1]), "en")
    page.wait_for_url(f"**row={ordered[1]}*")
    who = page.locator("[class*=st-key-label-person] input")
    who.fill("Ann")
    who.press("Enter")
    page.wait_for_url(re.compile(f"row={ordered[1]}.*person=Ann"))  # all of it is in the address, whatever wrote last
    page.locator("th button[data-sort=nll]").click()
    page.wait_for_url(re.compile("descending"))
    ordered = [row["id"] for row in examples.page(Query("nll", True, ranges={"chrf": (None, 49.999)})).rows]
    opened = page.locator("tr[aria-selected=true]").get_attribute("data-id")
    wide = page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth")
    assert wide <= width
    page.reload()
    page.wait_for_selector(".player")
    expect(page.locator("[class*=st-key-inspect_head]")).to_contain_text(f"Example {opened} ")
    expect(rows).to_have_count(len(below))
    assert ids(page) == ordered
    expect(who).to_have_value("Ann")
    page.locator("[class*='st-key-chip-ranges'] button").click()
    expect(rows).to_have_count(10)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_an_opened_error_says_what_is_wrong_and_shades_suspect_words(
    open_page: OpenPage, examples: Examples, lang: str
) -> None:
    page = open_page({"lang": lang, "inspection": "ours"}, player=False, path="inspection")
    chip = page.locator(".cause[data-name=loss]")
    chip.click()
    named = [row["id"] for row in examples.page(Query(causes=("loss",))).rows]
    expect(page.locator("tr[data-id]")).to_have_count(len(named))
    for id in named:
        page.locator(f"tr[data-id='{id}']").click()
        page.wait_for_url(f"**row={id}*")
        row = examples.example(id)
        assert (row["verdict"], row["cause"]) == ("error", "loss")
        tells_what_is_wrong(page, row, lang)
    assert len(named) > 1


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (390, 760)])
def test_a_link_to_an_example_leads_to_it(open_page: OpenPage, examples: Examples, width: int, height: int) -> None:
    id = int(examples.column("id")[-1].as_py())
    link = {"inspection": "ours", "row": str(id), "lang": "en"}
    page = open_page(link, player=False, path="inspection", viewport={"width": width, "height": height})
    head = page.locator("[class*=st-key-inspect_head]")
    expect(head).to_contain_text(f"Example {id} ")
    expect(head).to_be_in_viewport()
    rest(page)
    expect(head.get_by_text(f"Example {id} ")).to_be_in_viewport()


def test_a_label_is_in_the_table_of_two_people(open_page: OpenPage, examples: Examples) -> None:
    pages = [
        open_page({"lang": "en", "inspection": "ours", "row": "3", "person": name}, path="inspection")
        for name in ("Ann", "Bob")
    ]
    said = [page.locator("tr[data-id='3'] td.labels .label") for page in pages]
    for page, verdict in zip(pages, ("wrong", "acceptable"), strict=True):
        page.get_by_test_id("stButtonGroup").get_by_text(verdict, exact=True).click()
        expect(page.locator("tr[data-id='3'] td.labels b", has_text=verdict)).to_be_visible()
    expect(said[1]).to_have_text(["Annwrong", "Bobacceptable"])
    expect(said[0]).to_have_text(["wrong"])
    pages[0].locator("th button[data-sort=label]").click()
    expect(said[0]).to_have_count(2)  # another person's is there after the next click
    assert ids(pages[0])[0] == 3
    pages[0].locator("tr[data-id]").nth(1).click()
    head = pages[0].locator("[class*=st-key-inspect_head]")
    expect(head).to_contain_text("2 of ")
    expect(head).to_be_in_viewport()  # it was below the window
    rest(pages[0])  # the files are those of the row
    pages[0].get_by_text("Labels, export, report").click()
    with pages[0].expect_download() as taken:
        pages[0].get_by_role("button", name="Report (HTML)").click()
    report = taken.value.path().read_text(encoding="utf-8")
    assert f"<h3>Example {ids(pages[0])[1]}<" in report.partition("</article>")[0] and 'class="cell"' in report
    with pages[0].expect_download() as taken:
        pages[0].get_by_role("button", name="labels · CSV").click()
    assert "verdict (Bob)" in taken.value.path().read_text(encoding="utf-8-sig").splitlines()[0]


FOCUSED = """() => {
    const at = document.activeElement;
    return at.closest("[data-testid=stMain]") && at.checkVisibility() ? at.innerText || at.tagName : "";
}"""


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_where_the_pressed_button_goes_the_focus_stays_on_the_page(
    open_page: OpenPage, tmp_path: Path, lang: str
) -> None:
    file = tmp_path / "many.tsv"
    file.write_text("".join(f"我有 {n} 本书。\tI have {n} books.\n" for n in range(5000)), encoding="utf-8")
    page = open_page({"lang": lang}, player=False, path="inspection")
    page.locator("[class*=st-key-inspect_file] input[type=file]").set_input_files(file)
    start = page.get_by_role("button", name=say("inspect.start", lang))
    if not start.count():  # folded where there are inspections
        page.locator("summary", has_text=say("inspect.new", lang)).click()
    expect(start).to_be_enabled()
    start.click()
    stop, go_on = (page.get_by_role("button", name=say(key, lang)) for key in ("exposure.stop", "inspect.go_on"))
    stop.focus()
    for gone, come in ((stop, go_on), (go_on, stop), (stop, go_on)):
        expect(gone).to_be_focused()
        page.keyboard.press("Enter")
        expect(come).to_be_focused()
    told = say("inspect.unfinished", lang, name="§", share=0.0).split("§")[1].split("0")[0].strip()
    expect(page.get_by_text(told)).to_have_count(1)
    page.locator("[class*=st-key-inspect_delete] summary").click()
    page.locator("[class*=st-key-delete-u-] button").first.focus()
    page.keyboard.press("Enter")
    page.locator("[class*=st-key-delete-sure-u-] button").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text(say("inspect.deleted", lang))).to_be_visible()
    page.wait_for_function(FOCUSED)
    expect(go_on).to_have_count(0)


def test_a_reference_that_is_removed_leaves_the_focus_on_the_page(open_page: OpenPage) -> None:
    page = open_page({"lang": "en", "text": "我喜欢茶。", "ref": "I like tea."})
    page.locator(".st-key-text textarea").fill("他喜欢茶。")
    page.locator(".st-key-run button").click()
    remove = page.locator(".st-key-drop_ref button")
    remove.focus()
    page.keyboard.press("Enter")
    expect(remove).to_have_count(0)
    page.wait_for_function(FOCUSED)
