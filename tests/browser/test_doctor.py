"""The page Attention doctor in a person's order: a model, a matrix, bad files, another language, Stop."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from s2s.errors import LANGUAGES, say
from s2s.web.shell.language import NAMES
from tests.browser.axe import excuse, violations
from tests.browser.conftest import OpenPage
from tests.browser.test_announce import heard, listen, named, press, upload
from tests.doctor.test_report import packed
from tests.visitors import open_from_menu, rest, unfold_menu

PHONE = {"width": 390, "height": 844}


def over_time() -> bytes:
    """Weights whose softmax ran over the steps."""
    scores_TS = 4 * np.eye(5, 7) + np.random.default_rng(0).normal(size=(5, 7))
    grown_TS = np.exp(scores_TS)
    return packed(weights=grown_TS / grown_TS.sum(axis=0), source=np.array(list("我妹妹骑车去。")))


def faults(page: Page) -> list[object]:
    return [found for found in violations(page.main_frame) if excuse(found) is None]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_model_then_a_picture_are_examined(open_page: OpenPage, tmp_path: Path, lang: str) -> None:
    other = next(name for name in LANGUAGES if name != lang)
    page = open_page({"lang": lang, "model": "date"}, player=False, path="doctor")
    listen(page)
    press(named(page, "doctor.page.examine", lang))
    what = say("doctor.page.doing", lang, file="date")
    well = say("doctor.healthy", lang)
    heard(page, re.compile("^" + re.escape(say("announce.result", lang, what=what, result=well))))
    expect(page.get_by_test_id("stAlert")).to_have_text(well)
    page.get_by_text(say("doctor.measures", lang)).click()
    expect(page.get_by_text(say("doctor.test.shape", lang), exact=True)).to_be_visible()
    assert faults(page) == []
    with page.expect_download() as got:
        page.get_by_role("button", name=say("doctor.page.html", lang)).click()
    report = got.value.path().read_text(encoding="utf-8")
    assert say("doctor.title_healthy", lang, name="date") in report
    page.get_by_text(NAMES[other], exact=True).click()
    expect(page.get_by_test_id("stAlert")).to_have_text(say("doctor.healthy", other))
    page.get_by_text(NAMES[lang], exact=True).click()
    expect(page.get_by_test_id("stAlert")).to_have_text(well)
    page.get_by_text(say("doctor.page.what_file", lang)).click()
    (tmp_path / "m.npz").write_bytes(over_time())
    upload(page, "doctor_file", tmp_path / "m.npz")
    expect(page.get_by_test_id("stAlert")).to_contain_text(say("doctor.name.wrong_axis", lang))
    expect(page.locator(".js-plotly-plot")).to_be_visible()
    rest(page)
    assert faults(page) == []
    page.get_by_text(NAMES[other], exact=True).click()
    expect(page.get_by_test_id("stAlert")).to_contain_text(say("doctor.name.wrong_axis", other))
    expect(page.locator(".js-plotly-plot")).to_have_count(1)  # that of the last language has gone
    assert "model=date" in page.url


WIDE = "document.documentElement.scrollWidth <= innerWidth"
LINKS = (
    "我 喜欢 茶 。\tI like tea .\t0-0 1-1 2-2\t3-3\n他 喜欢 水 。\tHe likes water .\t0-0 1-1 2-2 3-3\n"
    "\u200b\tnothing\t0-0\n"
    "我们 去 学校 。\tWe go to school .\t0-0 1-1 2-3\t1-2 3-4\n"
)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_links_of_people_are_given_corrected_and_printed(open_page: OpenPage, tmp_path: Path, lang: str) -> None:
    page = open_page({"lang": lang, "model": "zh-en-luong"}, player=False, path="doctor", viewport=PHONE)
    page.get_by_text(say("doctor.page.what_pairs", lang)).click()
    rest(page)
    page.get_by_text(say("doctor.page.more_links", lang)).click()
    expect(page.get_by_test_id("stCode")).to_be_visible()
    expect(page.get_by_test_id("stCode")).to_contain_text("0-0 1-1 2-2")
    assert page.evaluate("(box) => box.scrollWidth <= box.clientWidth", page.get_by_test_id("stCode").element_handle())
    (tmp_path / "links.tsv").write_text(LINKS.replace("2-2 3-3", "2-2 4-3"), encoding="utf-8")
    upload(page, "doctor_links", tmp_path / "links.tsv")
    wrong = say("error.alignment_link", lang, file="links.tsv", row=2, link="4-3", sources=4, targets=4)
    expect(page.get_by_test_id("stAlert")).to_have_text(wrong)
    expect(named(page, "doctor.page.examine", lang)).to_be_disabled()
    (tmp_path / "right.tsv").write_text(LINKS, encoding="utf-8")
    upload(page, "doctor_links", tmp_path / "right.tsv")
    press(named(page, "doctor.page.examine", lang))
    table = page.get_by_test_id("stExpander").filter(has_text=say("doctor.links", lang)).locator("table")
    expect(table.get_by_role("columnheader", name=say("doctor.error_rate", lang))).to_be_visible()
    expect(table.get_by_role("row").filter(has_text="★")).to_have_count(1)
    evidence = page.get_by_test_id("stExpander").filter(has_text=say("doctor.links_evidence", lang)).locator("table")
    expect(evidence.get_by_role("row")).to_have_count(5)
    expect(page.get_by_text(say("doctor.rows_left_out", lang, count=1, rows="3"))).to_be_visible()
    expect(page.locator(".js-plotly-plot").first).to_be_visible()
    rest(page)
    assert faults(page) == [] and page.evaluate(WIDE)
    with page.expect_download() as got:
        page.get_by_role("button", name=say("doctor.page.html", lang)).click()
    report = page.context.new_page()
    for scheme, media in (("dark", "screen"), ("light", "print")):
        report.emulate_media(color_scheme=scheme, media=media)  # type: ignore[arg-type]
        report.set_content(got.value.path().read_text(encoding="utf-8"))
        expect(report.get_by_role("img", name=say("doctor.page.picture", lang))).to_be_visible()
        expect(report.locator("svg text", has_text="I").first).to_be_visible()
        assert report.evaluate(WIDE)
        assert faults(report) == []


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_bad_file_gets_a_sentence_and_a_strange_name_stays_text(
    open_page: OpenPage, tmp_path: Path, lang: str
) -> None:
    page = open_page({"lang": lang}, player=False, path="doctor", viewport=PHONE)
    page.get_by_text(say("doctor.page.what_file", lang)).click()
    name = "<img src=x onerror=globalThis.hit=1> [a](b) $x$.npz"
    contents = {name: over_time(), "broken.npz": b"PK\x03\x04 no more", "five.json": b"[1]\n" * 1_240_000}
    for file, content in contents.items():
        (tmp_path / file).write_bytes(content)
        page.locator(".st-key-doctor_file input[type=file]").set_input_files(tmp_path / file)
        if file == name:
            expect(page.get_by_role("heading", name=name)).to_be_visible()
            expect(page.get_by_test_id("stAlert")).to_contain_text(say("doctor.name.wrong_axis", lang))
        else:
            expect(page.get_by_test_id("stAlert")).to_contain_text(file)
            expect(page.locator(".js-plotly-plot")).to_have_count(0)
        rest(page)
    assert page.evaluate("globalThis.hit") is None
    assert page.evaluate(WIDE)


def test_the_stage_leads_here_and_stop_ends_an_examination(open_page: OpenPage, tmp_path: Path) -> None:
    page = open_page({"lang": "en", "model": "zh-en-luong"})
    unfold_menu(page, "more")
    page.locator("[data-testid=stPageLink] a", has_text=say("step.doctor", "en")).click()
    expect(page.locator("strong", has_text=say("page.doctor", "en"))).to_be_visible()
    page.wait_for_url("**/doctor?*model=zh-en-luong*")
    page.get_by_text(say("doctor.page.what_pairs", "en")).click()
    lines = "".join(f"我有{n}本书。\tI have {n} books.\n" for n in range(200))
    (tmp_path / "pairs.tsv").write_text(lines, encoding="utf-8")
    upload(page, "doctor_pairs", tmp_path / "pairs.tsv")
    press(named(page, "doctor.page.examine", "en"))
    stop = named(page, "exposure.stop", "en")
    expect(stop).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("stAlert")).to_contain_text("pairs.tsv")
    expect(named(page, "doctor.page.examine", "en")).to_be_focused()
    open_from_menu(page, "en", "checkpoints")
    expect(page.locator("strong", has_text=say("page.checkpoints", "en"))).to_be_visible()
