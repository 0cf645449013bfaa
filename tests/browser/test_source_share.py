"""The source's share on the page Errors: asked for in the form, sorted by, and read in the open row."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from s2s.checkpoint.examples import EXAMPLES
from s2s.checkpoint.open import load
from s2s.errors import say
from s2s.explain.prefix import origins
from s2s.explain.replay import Lane
from s2s.figures.numbers import share
from s2s.inspect.source_share import METHODS_AUC
from s2s.inspect.table import Examples
from s2s.text.vocab import BOS
from s2s.web.inspection.shaded import TOLD
from tests.browser.axe import excuse, violations
from tests.browser.conftest import inspect
from tests.paths import SHIPPED

OpenPage = Callable[..., Page]
MODEL = "zh-en-luong"


@pytest.fixture(scope="module")
def examples(inspected: Path) -> Examples:
    """An inspection without shares."""
    return Examples(inspect(inspected / "unshared", MODEL, EXAMPLES["zh-en"]))


def shares_of(examples: Examples, id: int) -> tuple[list[str], list[float]]:
    """The words of a row's output, and their shares by the evidence of the prefix."""
    row, checkpoint = examples.example(id), load(SHIPPED / MODEL)
    source, output = checkpoint.source.vocab.encode(row["source_tokens"]), list(row["output_tokens"])
    said = checkpoint.target.vocab.encode(output)
    lane = Lane(tuple(source), (BOS, *said[:-1]), tuple(said))
    found = [step.rows["unknown"].share for step in origins(checkpoint.model, lane, range(len(said)))]
    return output, [value for value in found if value is not None]


def tells_the_shares(page: Page, examples: Examples, id: int, lang: str) -> None:
    """The open row's words have their shares, also for the ear, and the caption says how little that tells."""
    output, shares = shares_of(examples, id)
    line = page.locator("[class*=st-key-inspect_share]").filter(has=page.locator("p[dir=auto]"))
    words = line.locator("p[dir=auto] > span")
    expect(words).to_have_count(len(output))
    for word, token, value in zip(words.all(), output, shares, strict=True):
        expect(word).to_have_attribute("title", share(value))
        expect(word).to_have_text(f"{token} ({share(value)})" if value < TOLD else token)
    expect(line).to_contain_text(say("inspect.share_mean", lang, share=share(sum(shares[1:]) / len(shares[1:]))))
    expect(line).to_contain_text(share(METHODS_AUC["unknown"][0]))
    chance = {"en": "no better than chance", "zh": "并不比瞎猜好"}[lang]
    expect(line).to_contain_text(chance)


@pytest.mark.parametrize(("lang", "width", "theme"), [("en", 1280, "light"), ("zh", 390, "dark")])
def test_the_open_row_says_what_comes_from_the_source(
    open_page: OpenPage, examples: Examples, lang: str, width: int, theme: str
) -> None:
    id = int(examples.column("id")[1].as_py())
    address = {"lang": lang, "inspection": "unshared", "row": str(id)}
    page = open_page(address, path="inspection", viewport={"width": width, "height": 900}, color_scheme=theme)
    tells_the_shares(page, examples, id, lang)
    assert page.locator("th button[data-sort=source_share]").count() == 0  # of the whole file it was not asked
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth") <= width
    assert [one for one in violations(page.main_frame) if excuse(one) is None] == []


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_whole_file_is_sorted_by_it(open_page: OpenPage, examples: Examples, tmp_path: Path, lang: str) -> None:
    file = tmp_path / f"{lang}.tsv"
    file.write_text("".join(f"{a}\t{b}\n" for a, b in EXAMPLES["zh-en"]), encoding="utf-8")
    page = open_page({"lang": lang, "model": MODEL}, player=False, path="inspection")
    form = page.get_by_test_id("stExpander").filter(has_text=say("inspect.new", lang))
    form.locator("summary").first.click()
    page.locator("[class*=st-key-inspect_file] input[type=file]").set_input_files(file)
    page.locator("[class*=st-key-inspect_shares]").get_by_text(say("inspect.shares", lang)).click()
    start = page.locator("[class*=st-key-inspect_start] button")
    expect(start).to_be_enabled()
    start.click()
    head = page.locator("th button[data-sort=source_share]")
    expect(head).to_contain_text(say("inspect.column.source_share", lang), timeout=60_000)
    head.click()
    expect(page.locator("th[aria-sort=ascending] button[data-sort=source_share]")).to_be_visible()
    expect(page.locator("section[data-name=source_share]")).to_be_visible()
    heads = page.locator("tr:has(button[data-sort=source_share]) > *")
    place = heads.evaluate_all("cells => cells.findIndex((cell) => cell.querySelector('[data-sort=source_share]'))")
    cells = page.locator("tr[data-id]").locator(f"> :nth-child({place + 1})").all_inner_texts()
    values = [float(cell) for cell in cells if re.fullmatch(r"[\d.]+", cell)]
    assert len(values) > 5 and values == sorted(values)
    first = page.locator("tr[data-id]").first
    id = int(first.get_attribute("data-id") or 0)
    first.click()
    tells_the_shares(page, examples, id, lang)
    _, shares = shares_of(examples, id)
    assert values[0] == pytest.approx(sum(shares[1:]) / len(shares[1:]), abs=0.006)
