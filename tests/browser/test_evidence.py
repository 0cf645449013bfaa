"""The section on evidence in a browser: requested once, then stepped through without Python."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from s2s.errors import say
from tests.browser.axe import excuse, violations
from tests.browser.conftest import OpenPage

TEXT, REFERENCE = "我喜欢茶。", "I like tea."


def opened(page: Page) -> None:
    page.locator("details.evidence summary").click()
    expect(page.locator(".verdict")).to_be_visible()


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_it_opens_and_steps(open_page: OpenPage, lang: str) -> None:
    page = open_page({"lang": lang, "text": TEXT, "ref": REFERENCE, "model": "zh-en-luong", "step": "2"})
    assert page.locator(".verdict").count() == 0  # nothing is asked before it is opened
    opened(page)
    rows = page.locator(".evidence .rows tbody tr")
    expect(rows).to_have_count(4)
    expect(rows.nth(0).locator("th")).to_have_text(say("player.evidence_attention", lang))
    heads = page.locator(".evidence .rows thead tr > *")
    assert [head.evaluate("node => node.localName") for head in heads.all()] == ["th"] * heads.count()
    assert all(head.inner_text().strip() for head in heads.all())
    for row in rows.all():
        shares = [cell.inner_text() for cell in row.locator("td[data-s]").all()]
        assert sum(abs(float(x.replace("−", "-"))) for x in shares if x) == pytest.approx(1, abs=0.05)
    expect(page.locator(".evidence .progress")).to_have_count(0)  # all steps have come
    word = page.locator(".verdict").inner_text()
    page.locator(".player").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".verdict")).not_to_have_text(word)
    expect(rows).to_have_count(4)
    page.keyboard.press("t")
    expect(page.locator(".verdict")).to_be_visible()
    expect(page.locator(".facts dd").first).to_have_text(re.compile(r"\d\.\d{3}"))


def test_the_nearest_attention_for_another_word(open_page: OpenPage) -> None:
    page = open_page(
        {"lang": "en", "text": TEXT, "model": "zh-en-bahdanau", "step": "3"}, viewport={"width": 390, "height": 800}
    )
    opened(page)
    button = page.locator(".evidence .words button").first
    word = button.inner_text()
    button.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".evidence .outcome")).to_contain_text(f"“{word}”")
    expect(page.locator(".evidence .outcome")).to_have_text(re.compile("would win|make"))
    width, inner = page.evaluate("[document.querySelector('[data-testid=stMain]').scrollWidth, innerWidth]")
    assert width <= inner


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_words_before_stand_beside_the_source(open_page: OpenPage, lang: str) -> None:
    page = open_page({"lang": lang, "text": TEXT, "model": "zh-en-luong", "mode": "free", "step": "3"})
    opened(page)
    rows = page.locator(".evidence .owed").first.locator("tbody tr")
    expect(rows).to_have_count(4)
    heads = page.locator(".evidence .owed").first.locator("thead tr")
    sides = [say(f"player.evidence_origins_{name}", lang) for name in ("source", "prefix")]
    assert heads.nth(0).locator("th[scope=colgroup]").all_inner_texts() == sides
    tokens = heads.nth(1).locator("th").all_inner_texts()
    assert tokens[-2:] == ["I", "like"]
    for row in rows.all():
        cells = [float(str(cell.get_attribute("title")).replace("−", "-")) for cell in row.locator("td[title]").all()]
        of_source, whole = (sum(map(abs, some)) for some in (cells[:-2], cells))
        assert len(cells) == len(tokens)
        said = row.locator("td.tau").inner_text()
        assert abs(float(said.rstrip("%").strip()) / 100 - of_source / whole) < 0.006
    expect(page.locator(".evidence .progress")).to_have_count(0)
    curve = page.locator(".evidence .owed").last.locator("tbody tr")
    expect(curve).to_have_count(4)
    for row in curve.all():
        shares = row.locator("td").all_inner_texts()
        assert shares[0].startswith("100") and all(share.endswith("%") for share in shares)
    told = page.locator(".owes").inner_text()
    page.locator(".player").focus()
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".owes")).not_to_have_text(told)
    assert heads.nth(1).locator("th").all_inner_texts()[-1:] == ["I"]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_why_this_word_and_not_that_one(open_page: OpenPage, lang: str) -> None:
    page = open_page(
        {"lang": lang, "text": TEXT, "model": "zh-en-luong", "mode": "free", "step": "2"},
        viewport={"width": 390, "height": 800},
    )
    opened(page)
    expect(page.locator(".evidence .owed").first).to_be_visible()
    own = page.locator(".owes").inner_text()
    buttons = page.get_by_role("group", name=say("player.evidence_origins_against", lang)).locator("button")
    word = buttons.nth(1).inner_text()
    buttons.nth(1).focus()
    page.keyboard.press("Enter")
    expect(page.locator(".owes")).to_contain_text(f"“{word}”")
    expect(page.locator(".owes")).to_contain_text("nat")
    expect(buttons.nth(1)).to_have_attribute("aria-pressed", "true")
    expect(buttons.nth(1)).to_be_focused()
    page.keyboard.press("Enter")  # taken back
    expect(page.locator(".owes")).to_have_text(own)
    width, inner = page.evaluate("[document.querySelector('[data-testid=stMain]').scrollWidth, innerWidth]")
    assert width <= inner


def test_a_long_source_does_not_freeze(open_page: OpenPage) -> None:
    text = "他说今天的天气很好，我们一起去公园散步吧，" * 9
    page = open_page({"lang": "en", "text": text, "model": "zh-en-luong", "mode": "free", "max_length": "30"})
    page.locator("details.evidence summary").click()
    page.locator(".player").focus()
    for step in (2, 3):  # while Python works, it still steps
        page.keyboard.press("ArrowRight")
        expect(page.locator(".where")).to_contain_text(str(step))
    expect(page.locator(".verdict")).to_be_visible(timeout=90_000)
    assert page.locator(".evidence .rows thead th").count() > 100
    width, inner = page.evaluate("[document.querySelector('[data-testid=stMain]').scrollWidth, innerWidth]")
    assert width <= inner


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_model_without_attention_has_the_sources_share_alone(open_page: OpenPage, lang: str) -> None:
    page = open_page({"lang": lang, "text": TEXT, "ref": REFERENCE, "model": "zh-en-none", "mode": "free", "step": "3"})
    summary = page.locator("details.evidence summary")
    expect(summary).to_have_text(say("player.evidence_origins", lang))
    summary.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".evidence .owed").first.locator("tbody tr")).to_have_count(4)
    expect(page.locator(".evidence .progress")).to_have_count(0)
    assert page.locator(".evidence .rows, .verdict, .evidence .facts").count() == 0
    shares = page.locator(".evidence .owed").last.locator("tbody tr").first.locator("td").all_inner_texts()
    assert shares[0].startswith("100") and all(share.endswith("%") for share in shares)
    assert [one for one in violations(page.main_frame) if excuse(one) is None] == []


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_numbers_stay_while_a_contrast_is_worked_out(open_page: OpenPage, lang: str) -> None:
    page = open_page({"lang": lang, "text": TEXT, "model": "zh-en-luong", "mode": "free", "step": "3"})
    opened(page)
    table = page.locator(".evidence .owed").first
    expect(page.locator(".evidence .progress")).to_have_count(0)
    before = table.locator("tbody").inner_text()
    group = page.get_by_role("group", name=say("player.evidence_origins_against", lang), exact=True)
    watch = """(player) => {
        globalThis.seen = [];
        const look = () => {
            const box = player.querySelector(".owed").closest(".scroll");
            globalThis.seen.push([box.getAttribute("aria-busy"), box.querySelector("tbody").innerText]);
        };
        new MutationObserver(look).observe(player.querySelector(".evidenceBody"), { childList: true });
    }"""
    page.locator(".player").evaluate(watch)
    group.locator("button").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".owes")).to_contain_text("nat")
    seen = page.evaluate("globalThis.seen")
    assert seen[0] == ["true", before]  # never without a table
    assert seen[-1][0] == "false" and seen[-1][1] != before
    expect(group.locator("button").first).to_be_focused()
    page.keyboard.press("Tab")
    expect(group.locator("button").nth(1)).to_be_focused()
    name = say("player.evidence_origins", lang)
    expect(page.get_by_role("group", name=name, exact=True)).to_have_attribute("aria-busy", "false")
    expect(page.get_by_role("table", name=name, exact=True)).to_be_visible()
