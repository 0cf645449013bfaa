"""Differences between output and reference, or two outputs, in the table and the open row, in a person's order."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from s2s.checkpoint.examples import EXAMPLES, GREEDY_LOSES
from s2s.errors import LANGUAGES, say
from s2s.inspect.table import Examples
from s2s.text.difference import differing, parts
from tests.browser.conftest import inspect

OpenPage = Callable[..., Page]
MODEL = "zh-en-luong"
PAIRS = [*EXAMPLES["zh-en"], *GREEDY_LOSES[MODEL]]
LOOK = """(node) => {
    const style = getComputedStyle(node);
    return [style.textDecorationLine, style.textDecorationStyle, style.fontWeight, style.color];
}"""


@pytest.fixture(scope="module")
def examples(inspected: Path) -> list[Examples]:
    """Our own sentences, inspected with both models."""
    return [
        Examples(inspect(inspected / name, model, PAIRS))
        for name, model in (("marked", MODEL), ("other", "zh-en-bahdanau"))
    ]


def runs(text: str, words: tuple[int, ...]) -> list[str]:
    return parts(text, words)[1::2]


def first_error(examples: Examples) -> dict[str, str]:
    """The first row whose output and reference both have words that the other lacks."""
    rows = (examples.example(id) for id in examples.column("id").to_pylist())
    return next(row for row in rows if all(differing(row["reference"], row["output"])))


def opened(page: Page, tag: str) -> Locator:
    return page.locator(f"[data-testid=stHtml] dl {tag}")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_words_that_differ_are_marked_until_one_says_no(
    open_page: OpenPage, examples: list[Examples], lang: str
) -> None:
    row = first_error(examples[0])
    missing, extra = differing(row["reference"], row["output"])
    page = open_page({"lang": lang, "inspection": "marked"}, player=False, path="inspection", color_scheme="dark")
    line = page.locator(f"tr[data-id='{row['id']}']")
    expect(line.locator("td del")).to_have_text(runs(row["reference"], missing))
    expect(line.locator("td ins")).to_have_text(runs(row["output"], extra))
    cell = line.locator("td.text").nth(2)
    expect(cell).to_have_text(row["output"])  # nothing is added to the text
    line.click()
    expect(opened(page, "del")).to_have_text(runs(row["reference"], missing))
    expect(opened(page, "ins")).to_have_text(runs(row["output"], extra))
    for place in (line.locator("td ins").first, opened(page, "ins").first):
        underline, style, weight, colour = place.evaluate(LOOK)
        assert (underline, style, weight) == ("underline", "solid", "600")
        assert colour == place.evaluate("node => getComputedStyle(node.parentElement).color")
    assert line.locator("td del").first.evaluate(LOOK)[:2] == ["underline", "dotted"]
    box = page.get_by_role("checkbox", name=say("marks.show", lang))
    expect(box).to_be_checked()
    page.get_by_text(say("marks.show", lang), exact=True).click()
    expect(page.locator("tr[data-id] :is(ins, del)")).to_have_count(0)
    expect(opened(page, ":is(ins, del)")).to_have_count(0)
    expect(cell).to_have_text(row["output"])
    page.wait_for_url(re.compile("marked=off"))
    page.reload()
    page.wait_for_selector(".player")
    expect(box).not_to_be_checked()
    expect(page.locator("tr[data-id] :is(ins, del)")).to_have_count(0)
    page.get_by_text(say("marks.show", lang), exact=True).click()
    expect(line.locator("td ins").first).to_be_visible()
    expect(opened(page, "ins").first).to_be_visible()


@pytest.mark.parametrize("lang", LANGUAGES)
def test_of_two_inspections_the_outputs_are_compared_too(
    open_page: OpenPage, examples: list[Examples], lang: str
) -> None:
    ids = examples[0].column("id").to_pylist()
    pairs = {id: [one.example(id)["output"] for one in examples] for id in ids}
    id = next(id for id, outputs in pairs.items() if all(differing(*outputs)))
    address = {"lang": lang, "inspection": "marked", "against": "other", "row": str(id)}
    page = open_page(address, path="inspection")
    line = page.locator(f"tr[data-id='{id}']")
    expect(line.locator("td ins").first).to_be_visible()
    choice = page.get_by_role("combobox", name=say("marks.show", lang))
    choice.click()
    page.get_by_role("option", name=say("marks.outputs", lang), exact=True).click()
    sides = [runs(output, words) for output, words in zip(pairs[id], differing(*pairs[id]), strict=True)]
    expect(line.locator("td mark")).to_have_text([*sides[0], *sides[1]])
    expect(opened(page, "mark")).to_have_text([*sides[0], *sides[1]])
    expect(page.locator("tr[data-id] :is(ins, del)")).to_have_count(0)
    page.wait_for_url(re.compile("marked=outputs"))
