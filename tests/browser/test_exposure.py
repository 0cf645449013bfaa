"""The page Exposure bias in a browser, wide and narrow, light and dark."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlparse

import pytest
from playwright.sync_api import Page, expect

from s2s.checkpoint.open import load
from s2s.decode.decode import trace
from s2s.errors import say
from s2s.explain import of_trace, origins
from s2s.figures.numbers import share
from s2s.web.exposure.source_share import LONGEST
from tests.browser.axe import excuse, violations
from tests.browser.conftest import OpenPage
from tests.paths import SHIPPED
from tests.visitors import open_from_menu

TEXT, REFERENCE = "如果明天不下雨，我们就去爬山。", "If it doesn't rain tomorrow, we will go hiking."
QUERY = {"text": TEXT, "ref": REFERENCE, "model": "zh-en-luong"}
SIZES: dict[str, dict[str, Any]] = {
    "desktop": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light"},
    "phone": {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark", "has_touch": True},
}


def drawn(page: Page, key: str) -> None:
    expect(page.locator(f"[class*='st-key-{key}'] .js-plotly-plot .scatterlayer path").first).to_be_attached()


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("size", SIZES)
def test_a_link_shows_divergence_and_curve_within_the_width(open_page: OpenPage, size: str, lang: str) -> None:
    page = open_page(QUERY | {"lang": lang}, path="exposure", **SIZES[size])
    expect(page.get_by_role("heading", name=say("exposure.divergence", lang))).to_be_visible()
    expect(page.locator(".lb-panels section")).to_have_count(3)
    expect(page.locator(".lb-panels table").first.locator("tr")).to_have_count(6)
    expect(page.locator(".lb-rest tbody tr")).to_have_count(3)
    drawn(page, "sentence-curve")
    assert page.locator("[class*='st-key-sentence-curve'] .scatterlayer .trace").count() == 2
    width, inner = page.evaluate("[document.querySelector('[data-testid=stMain]').scrollWidth, innerWidth]")
    assert width <= inner
    for section in page.locator(".lb-panels section").all():
        box = section.bounding_box()
        assert box is not None and box["x"] >= 0 and box["x"] + box["width"] <= inner
    page.wait_for_url(re.compile(r"[?&]step=(?!1(&|$))\d"))  # the step of ◆
    step = page.locator(".player .where").first.inner_text()
    assert re.findall(r"\d+", page.locator(".player .jump").first.inner_text()) == re.findall(r"\d+", step)[:1]
    shown = urlparse(page.url)
    assert shown.path == "/exposure"
    assert {k: v[0] for k, v in parse_qs(shown.query).items()} | QUERY | {"lang": lang} == {
        k: v[0] for k, v in parse_qs(shown.query).items()
    }


def test_a_sentence_is_run_and_a_file_measured_by_keyboard(open_page: OpenPage, tmp_path: Path) -> None:
    file = tmp_path / "pairs.tsv"
    file.write_text("他是医生。\tHe's a doctor.\n我喜欢茶。\tI like tea.\n", encoding="utf-8")
    page = open_page(QUERY | {"lang": "en"}, path="exposure")
    drawn(page, "sentence-curve")
    text = page.get_by_label(say("step.text", "en"))
    text.fill("他把钥匙忘在办公室里了。")
    page.get_by_label(say("step.reference", "en")).fill("He left his keys in the office.")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".lb-rest tbody td, .lb-rest td:not(:empty)").first).to_have_text(
        say("exposure.rest_reference", "en")
    )
    expect(page.locator("tr.gold .token").nth(1)).to_have_text("left")
    page.locator("input[type=file]").set_input_files(file)
    expect(page.get_by_text(say("exposure.pairs", "en", count=2))).to_be_visible()
    page.get_by_role("button", name=say("exposure.measure", "en"), exact=True).focus()
    page.keyboard.press("Enter")
    drawn(page, "corpus-accuracy")
    drawn(page, "corpus-ece")
    expect(page.get_by_role("button", name=say("exposure.stop", "en"))).to_have_count(0)
    with page.expect_download() as download:
        model = "Chinese → English · Luong attention"
        page.get_by_role("button", name=say("exposure.json", "en", checkpoint=model)).click()
    assert download.value.suggested_filename == "exposure-zh-en-luong.json"
    before = page.locator(".where").inner_text()
    page.keyboard.press("ArrowRight")  # the player is out of sight
    assert page.locator(".where").inner_text() == before
    page.locator(".player").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".where")).not_to_have_text(before)


def test_stop_ends_a_long_measure(open_page: OpenPage, tmp_path: Path) -> None:
    file = tmp_path / "many.tsv"
    lines = (f"他有{n}本书，我也有很多很多书。\tHe has {n} books and I have many books, too.\n" for n in range(2000))
    file.write_text("".join(lines), encoding="utf-8")
    page = open_page(QUERY | {"lang": "zh"}, path="exposure")
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_role("button", name=say("exposure.measure", "zh"), exact=True).click()
    page.get_by_role("button", name=say("exposure.stop", "zh"), exact=True).click()
    stopped = say("exposure.stopped", "zh", file="many.tsv")
    expect(page.get_by_text(stopped)).to_be_visible()
    expect(page.get_by_role("button", name=say("exposure.measure", "zh"), exact=True)).to_be_enabled()


def test_the_sentence_goes_along_from_page_to_page(open_page: OpenPage) -> None:
    page = open_page(QUERY | {"lang": "en"})
    open_from_menu(page, "en", "exposure")
    expect(page.locator(".lb-panels section")).to_have_count(3)
    expect(page.get_by_label(say("step.text", "en"))).to_have_value(TEXT)
    open_from_menu(page, "en", "step")
    expect(page.locator(".lb-panels")).to_have_count(0)
    expect(page.get_by_label(say("step.reference", "en"))).to_have_value(REFERENCE)


@pytest.mark.parametrize(("lang", "size"), [("en", "desktop"), ("zh", "phone")])
def test_the_sources_share_of_a_sentence_is_drawn_and_said(open_page: OpenPage, lang: str, size: str) -> None:
    page = open_page(QUERY | {"lang": lang}, path="exposure", **SIZES[size])
    opened = page.locator("[class*=st-key-source_share-]")
    opened.locator("summary").focus()
    page.keyboard.press("Enter")
    drawn(page, "source-share")
    assert page.locator("[class*=st-key-source-share] .scatterlayer .trace").count() == 2
    checkpoint = load(SHIPPED / "zh-en-luong")
    forced, free = (trace(checkpoint, TEXT, REFERENCE, mode) for mode in ("forced", "free"))
    shares = {
        run.mode: [
            step.shares["integrated"]
            for step in origins(checkpoint.model, of_trace(checkpoint, run), range(len(run.steps)))
        ]
        for run in (forced, free)
    }
    after = {}
    assert forced.divergence is not None
    for mode, values in shares.items():
        known = [value or 0.0 for value in values]
        mean = share(sum(known[1:]) / (len(known) - 1))
        told = {"lane": say(f"curve.{mode}", lang), "share": mean, "steps": len(known) - 1}
        expect(opened).to_contain_text(say("exposure.source_share_mean", lang, **told))
        later = known[forced.divergence + 1 :]
        after[mode] = sum(later) / len(later)
    key = "less" if after["free"] < after["forced"] else "more"
    both = {mode: share(value) for mode, value in after.items()}
    expect(opened).to_contain_text(say(f"exposure.source_share_{key}", lang, **both))
    width, inner = page.evaluate("[document.querySelector('[data-testid=stMain]').scrollWidth, innerWidth]")
    assert width <= inner
    assert [one for one in violations(page.main_frame) if excuse(one) is None] == []


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_sources_share_of_a_long_source_says_its_limit(open_page: OpenPage, lang: str) -> None:
    text = "他说今天的天气很好，我们一起去公园散步吧，" * 17
    page = open_page({"lang": lang, "text": text, "ref": REFERENCE, "model": "zh-en-luong"}, path="exposure")
    opened = page.locator("[class*=st-key-source_share-]")
    opened.locator("summary").click()
    expect(opened).to_contain_text(say("exposure.source_share_long", lang, most=LONGEST))
