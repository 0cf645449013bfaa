"""Slices on the page Errors: searched, negated, by a column of one's own; saved, opened, compared, downloaded."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from playwright.sync_api import Locator, Page, expect

from s2s.checkpoint.examples import EXAMPLES
from s2s.checkpoint.open import load
from s2s.errors import say
from s2s.inspect.run import Input, Inspection
from s2s.inspect.table import Examples
from s2s.train.distributed import Group
from tests.paths import SHIPPED

OpenPage = Callable[..., Page]
NAMES = {"sliced": "zh-en-luong", "sliced-other": "zh-en-bahdanau"}
EVIL = "<img src=x onerror=alert(1)> **茶**"  # the name of a slice


@pytest.fixture(scope="module")
def examples(inspected: Path) -> Examples:
    """Two inspections of one file, whose third column is the visitor's own."""
    inspected.mkdir(exist_ok=True)
    file = inspected / "sliced.tsv"
    pairs = [
        f"{source}\t{target}\t{'talk' if n % 2 else 'news'}" for n, (source, target) in enumerate(EXAMPLES["zh-en"])
    ]
    file.write_text("\n".join(["source\ttarget\tdomain", *pairs]), encoding="utf-8")
    for name, model in NAMES.items():
        made = Inspection(inspected / name, load(SHIPPED / model), Input(file))
        made.run(Group(0, 1, torch.device("cpu")), lambda pairs: None)
    return Examples(inspected / "sliced")


def texts(examples: Examples) -> list[tuple[int, str, str, str]]:
    table = examples.columns("id", "source", "output", "extra")
    columns = (table[name].to_pylist() for name in ("id", "source", "output"))
    return [(*row, dict(extra)["domain"]) for *row, extra in zip(*columns, table["extra"].to_pylist(), strict=True)]


def ids(page: Page) -> list[int]:
    return [int(row.get_attribute("data-id") or 0) for row in page.locator("tr[data-id]").all()]


def shows(page: Page, wanted: list[int]) -> None:
    expect(page.locator("tr[data-id]")).to_have_count(min(10, len(wanted)))
    assert ids(page) == wanted[:10]


def chosen(page: Page, label: str, option: str) -> None:
    page.get_by_role("combobox", name=label, exact=True).click()
    page.get_by_role("option", name=option, exact=True).click()


def button(page: Page, key: str) -> Locator:
    return page.locator(f"[class*='st-key-{key}'] button").filter(visible=True)  # a hidden one measures a tooltip


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_slice_is_made_saved_opened_and_deleted(open_page: OpenPage, examples: Examples, lang: str) -> None:
    def t(key: str, **values: object) -> str:
        return say(key, lang, **values)

    rows = texts(examples)
    link = {"lang": lang, "inspection": "sliced", "against": "sliced-other"}
    page = open_page(link, player=False, path="inspection", viewport={"width": 1280, "height": 1400})
    field = page.get_by_role("textbox", name=t("inspect.search"), exact=True)
    shows(page, [id for id, *_ in rows])
    whole = page.locator("[class*=st-key-inspect_filtered]")
    expect(whole).to_have_count(0)
    # an expression that is none is told, and stays to be mended
    chosen(page, t("inspect.search_how"), t("inspect.search_regex"))
    field.fill("(我|她")
    field.press("Enter")
    expect(
        page.get_by_role("alert").filter(has_text=t("error.regex", expression="(我|她", place="(我|她"))
    ).to_be_visible()
    expect(field).to_have_value("(我|她")
    field.fill("(我|她)")
    field.press("Enter")
    chips, found = button(page, "chip-searches"), t("inspect.chip_regex", text="(我|她)")
    expect(chips).to_have_text([f"{found} ✕"])
    chosen(page, t("inspect.search_field"), t("inspect.column.source"))
    expect(chips).to_have_text([f"{t('inspect.chip_in', where=t('inspect.column.source'), what=found)} ✕"])
    kept = [row for row in rows if "我" in row[1] or "她" in row[1]]
    assert 1 < len(kept) < len(rows)
    expect(whole).to_contain_text(t("slices.filtered", count=len(kept), all=len(rows)))
    shows(page, [row[0] for row in kept])
    # not what a whole word of the output says, and only one domain
    button(page, "inspect_search_more").click()
    expect(field).to_have_value("")
    chosen(page, t("inspect.search_how"), t("inspect.search_word"))
    chosen(page, t("inspect.search_field"), t("inspect.column.output"))
    field.fill("School")
    field.press("Enter")
    expect(chips).to_have_count(2)
    button(page, "not-searches").nth(1).click()
    told = t(
        "inspect.not",
        what=t("inspect.chip_in", where=t("inspect.column.output"), what=t("inspect.chip_word", text="School")),
    )
    expect(chips.nth(1)).to_have_text(f"{told} ✕")
    kept = [row for row in kept if "school" not in re.findall(r"[a-z]+", row[2].lower())]
    shows(page, [row[0] for row in kept])
    page.locator("[class*=st-key-inspect_slices] summary").click()
    chosen(page, t("inspect.own_value"), "news")
    kept = [row for row in kept if row[3] == "news"]
    assert kept
    expect(whole).to_contain_text(t("slices.filtered", count=len(kept), all=len(rows)))
    shows(page, [row[0] for row in kept])
    expect(page.get_by_text(t("slices.compared"))).to_be_visible()
    # it is saved under a name that is text and nothing else
    name = page.get_by_role("textbox", name=t("slices.name"), exact=True)
    name.fill(EVIL)
    name.press("Enter")
    button(page, "slice-save").click()
    expect(whole).to_contain_text(EVIL)
    expect(page.locator("img[src=x]")).to_have_count(0)
    with page.expect_download() as taken:
        page.get_by_role("button", name=t("inspect.json")).click()
    summary = json.loads(Path(taken.value.path()).read_text(encoding="utf-8"))
    assert re.fullmatch(rf"sliced-[\w-]+-{len(kept)}-summary\.json", taken.value.suggested_filename)
    assert summary["examples"] == len(kept) and summary["slice"]["extra"] == {"domain": "news"}
    page.locator("details").filter(has_text=t("labels.bar")).locator("summary").click()
    with page.expect_download() as taken:
        page.get_by_role("button", name=f"{t('labels.export')} · JSONL").click()
    lines = Path(taken.value.path()).read_text(encoding="utf-8").splitlines()
    assert re.fullmatch(rf"sliced-[\w-]+-{len(kept)}-rows\.jsonl", taken.value.suggested_filename)
    exported = [json.loads(line) for line in lines]
    assert [(row["id"], row["extra"]) for row in exported] == [(row[0], {"domain": "news"}) for row in kept]
    # it comes back from its link and from the list, and goes
    address = page.url
    button(page, "chip-all").click()
    expect(whole).to_have_count(0)
    page.goto(address)
    expect(whole).to_contain_text(EVIL)
    shows(page, [row[0] for row in kept])
    button(page, "chip-all").click()
    expect(whole).to_have_count(0)
    page.locator("[class*=st-key-inspect_slices] summary").click()
    chosen(page, t("slices.saved"), EVIL)
    expect(whole).to_contain_text(EVIL)
    shows(page, [row[0] for row in kept])
    name.fill("短句 short")
    name.press("Enter")
    button(page, "slice-rename").click()
    expect(whole).to_contain_text("短句 short")
    button(page, "slice-delete").click()
    expect(whole).to_contain_text(t("slices.filtered", count=len(kept), all=len(rows)))
