"""Worst slices, words by frequency and n-grams on the page Errors: found, opened by a click, compared."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from playwright.sync_api import Locator, Page, expect

from s2s.checkpoint.examples import EXAMPLES
from s2s.checkpoint.open import load
from s2s.errors import say
from s2s.figures.numbers import chance
from s2s.inspect.pair_findings import pair_words
from s2s.inspect.paired import Paired
from s2s.inspect.run import Input, Inspection
from s2s.inspect.table import Examples
from s2s.inspect.worst import worst_slices
from s2s.train.distributed import Group
from tests.browser.axe import excuse, violations
from tests.paths import SHIPPED

OpenPage = Callable[..., Page]
REST = "[data-testid=stApp][data-test-script-state=notRunning]"
NAMES = {"found": "zh-en-luong", "found-other": "zh-en-bahdanau"}
EVIL = "<img src=x onerror=alert(1)> **news**"


@pytest.fixture(scope="module")
def pair(inspected: Path) -> Paired:
    """Two inspections of 80 pairs; those of one domain have the references of other sentences."""
    inspected.mkdir(exist_ok=True)
    file, lines, some = inspected / "found.tsv", ["source\ttarget\tdomain"], EXAMPLES["zh-en"]
    for n in range(80):
        (source, _), wrong = some[n % 8], n // 8 % 3 == 0
        lines.append(f"{source}\t{some[(n + 4 * wrong) % 8][1]}\t{EVIL if wrong else 'talk'}")
    file.write_text("\n".join(lines), encoding="utf-8")
    for name, model in NAMES.items():
        made = Inspection(inspected / name, load(SHIPPED / model), Input(file))
        made.run(Group(0, 1, torch.device("cpu")), lambda pairs: None)
    return Paired(Examples(inspected / "found"), Examples(inspected / "found-other"), "chrf")


def button(page: Page, key: str) -> Locator:
    return page.locator(f"[class*='st-key-{key}'] button").filter(visible=True)


def press(page: Page, key: str) -> None:
    """Press a button once the page is still, as a person does who has seen the last press work."""
    page.wait_for_selector(REST)
    button(page, key).click()


def faults(page: Page) -> list[dict[str, Any]]:
    """What axe finds in the open expander and around it, without what is Streamlit's own."""
    return [one for one in violations(page.main_frame) if excuse(one) is None]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_found_slice_is_opened_and_left_again(open_page: OpenPage, pair: Paired, lang: str) -> None:
    def t(key: str, **values: object) -> str:
        return say(key, lang, **values)

    search = worst_slices(pair)
    (wrong,) = [one for one in search.found if one.kind == "extra" and one.value == ("domain", EVIL)]
    assert wrong.p == 0.001 and wrong.count == 32 and search.found.index(wrong) == 0
    page = open_page({"lang": lang, "inspection": "found"}, player=False, path="inspection")
    expect(page.locator("tr[data-id]")).to_have_count(10)
    section = page.locator("[class*=st-key-inspect_findings]")
    section.locator("summary").click()
    told = {"slices": search.candidates, "rows": 80, "least": 20}
    expect(section).to_contain_text(t("findings.searched", **told))
    first = button(page, "worst-0")
    expect(first).to_have_text(f"domain: {EVIL}")
    expect(section).to_contain_text(t("findings.searched", **told))
    expect(page.locator("img[src=x]")).to_have_count(0)
    expect(section).to_contain_text("p = 0.001")
    expect(section.get_by_role("table")).to_have_count(1)
    expect(section.get_by_role("table")).to_contain_text(t("findings.rank"))
    assert faults(page) == []
    press(page, "worst-0")
    filtered = page.locator("[class*=st-key-inspect_filtered]")
    expect(filtered).to_contain_text(t("slices.filtered", count=32, all=80))
    expect(page.locator("[class*='st-key-chip-extra'] button").filter(visible=True)).to_contain_text(EVIL)
    expect(first).to_have_text(f"domain: {EVIL}")  # the list stays as it was
    expect(section).to_contain_text(t("findings.searched", **told))
    press(page, "worst-again")
    expect(section).to_contain_text(t("findings.too_few", rows=32, least=20, slices=0))
    press(page, "chip-extra")
    expect(filtered).to_have_count(0)
    press(page, "worst-again")
    expect(section).to_contain_text(t("findings.searched", **told))
    press(page, "worst-0")
    expect(filtered).to_contain_text(t("slices.filtered", count=32, all=80))
    press(page, "worst-0")
    expect(filtered).to_have_count(0)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_two_inspections_are_searched_and_their_ngrams_shown(open_page: OpenPage, pair: Paired, lang: str) -> None:
    def t(key: str, **values: object) -> str:
        return say(key, lang, **values)

    link = {"lang": lang, "inspection": "found", "against": "found-other"}
    page = open_page(link, player=False, path="inspection", viewport={"width": 1280, "height": 900})
    compared = page.locator("[data-testid=stMarkdown]").filter(has_text=t("inspect.column.chrf"))
    expect(compared.filter(has_text="近似随机化" if lang == "zh" else "approximate randomisation")).to_be_visible()
    section = page.locator("[class*=st-key-inspect_findings]")
    section.locator("summary").click()
    ngrams = pair_words(pair)["ngrams"]
    tables = section.get_by_role("table")
    expect(tables).to_have_count(1 + sum(map(bool, ngrams)))
    for side, table in zip([side for side in (0, 1) if ngrams[side]], tables.all()[1:], strict=True):
        for number, one in enumerate(ngrams[side], start=1):
            both = [t("findings.right_of", right=one["right"][n], said=one["said"][n]) for n in (0, 1)]
            cells = [" ".join(one["tokens"]), *both, chance(one["p"]).removeprefix("= ")]
            expect(table.get_by_role("row").nth(number).get_by_role("cell")).to_have_text(cells)
    assert faults(page) == []
    choice = section.get_by_role("combobox", name=t("findings.by"), exact=True)
    choice.click()
    options = page.get_by_role("option")
    expect(options).to_have_count(2)
    wanted = options.nth(1).text_content()
    options.nth(1).click()
    expect(choice).to_have_value(wanted or "")
