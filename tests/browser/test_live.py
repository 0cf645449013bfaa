"""A page of one file that holds a model: opened from disk, offline, and used in a person's order."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

import s2s
from s2s.decode.decode import trace
from s2s.decode.strategy import Settings
from s2s.errors import UserError, say
from s2s.explain import of_trace
from s2s.explain.evidence import examine
from s2s.player.live import LiveModel, render_live
from s2s.trace.summary import summaries
from s2s.trace.trace import Trace
from tests.browser.axe import SMALL, violations
from tests.browser.offline import OfflineFiles
from tests.browser.test_player import traced
from tests.paths import SHIPPED

OpenFile = Callable[..., Page]
DATE, CHINESE = "Oct. 3rd, 2019", "二〇一九年十月三日"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The page of a shipped model, made once."""
    folder = tmp_path_factory.mktemp("带走 100%")

    def make(name: str) -> Path:
        file = folder / f"{name}.html"
        if not file.exists():
            file.write_text(render_live(LiveModel.of(SHIPPED / name), "en"), encoding="utf-8")
        return file

    return make


@pytest.fixture
def open_file(browser: Browser, files: Callable[[str], Path]) -> Iterator[OpenFile]:
    """Open a model's page; any script error or request but for the file and what it made itself fails."""
    offline = OfflineFiles(browser)

    def open_one(name: str = "date", fragment: str = "", lang: str = "en", **options: object) -> Page:
        page = offline.open(files(name), fragment, **{"viewport": {"width": 1280, "height": 720}} | options)
        if lang == "zh":
            page.get_by_role("button", name="中文").click()
        page.wait_for_selector(".player")
        expect(page.locator(".busy")).to_be_empty()
        return page

    yield open_one
    offline.leave()


def sentence(page: Page, lang: str = "en") -> Locator:
    return page.get_by_label(say("step.text", lang))


def reference(page: Page, lang: str = "en") -> Locator:
    return page.get_by_label(say("step.reference", lang))


def decoded(name: str, text: str, ref: str | None = None, mode: str = "free", **settings: object) -> Trace:
    return trace(s2s.load(name), text, ref, mode, Settings.of(settings))


def outputs(page: Page, lane: str = "free") -> list[str]:
    return page.locator(f"td[data-lane={lane}] .token").all_inner_texts()


def shows(page: Page, expected: Trace) -> None:
    """The player shows a free lane, word for word, with the probabilities that Python computes."""
    expect(page.locator("p.outputRow .output span")).to_have_text(expected.text)
    expect(page.locator("td[data-lane=free] .token")).to_have_text([step.output for step in expected.steps])
    shares = [
        page.evaluate(
            "p => p > 0 && p < 5e-4 ? '<0.1 %' : p < 1 && p > 0.9995 ? '>99.9 %' : (100 * p).toFixed(1) + ' %'", p
        )
        for p in (math.exp(step.log_prob) for step in expected.steps if step.log_prob is not None)
    ]
    expect(page.locator("td[data-lane=free] .p")).to_have_text(shares)


def link_of(page: Page) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(page.url.partition("#")[2]).items()}


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_visitor_types_a_date_and_sees_what_python_decodes(open_file: OpenFile, lang: str) -> None:
    page = open_file(lang=lang)
    sentence(page, lang).fill(CHINESE)
    sentence(page, lang).press("Enter")
    shows(page, decoded("date", CHINESE))
    expect(page.locator(".summing")).to_have_text(summaries(decoded("date", CHINESE))[lang])
    expect(reference(page, lang)).to_have_value("")  # the example's belongs to the example
    reference(page, lang).fill("2019-10-04")
    page.get_by_role("button", name=say("step.run", lang), exact=True).click()
    expect(page.locator("td[data-lane=forced]").first).to_be_visible()
    forced = decoded("date", CHINESE, "2019-10-04", "forced")
    expect(page.locator(".jump")).to_have_text(f"◆ {(forced.divergence or 0) + 1}")


def test_the_example_can_be_played_and_stays_at_its_step_when_the_model_has_arrived(open_file: OpenFile) -> None:
    page = open_file()
    page.locator(".player").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("td.now[data-lane=free]")).to_have_attribute("data-t", "1")
    page.wait_for_url("**step=2**")


@pytest.mark.parametrize(
    ("typed", "key"),
    [("", "text_empty"), ("7" * 2_001, "text_too_long"), ("\u200b", "text_no_words"), ("漢", "text_unknown")],
)
def test_a_mistake_is_one_sentence_and_loses_nothing(open_file: OpenFile, typed: str, key: str) -> None:
    page = open_file()
    with pytest.raises(UserError) as mistake:
        decoded("date", typed)
    assert mistake.value.key == f"error.{key}"
    sentence(page).fill(typed)
    sentence(page).press("Enter")
    expect(page.get_by_role("alert").first).to_have_text(mistake.value.say("en"))
    expect(sentence(page)).to_have_value(typed)
    expect(page.locator(".player")).to_be_hidden()  # what was before is no answer to this
    page.get_by_role("button", name="中文").click()
    expect(page.get_by_role("alert").first).to_have_text(mistake.value.say("zh"))
    expect(sentence(page, "zh")).to_have_value(typed)
    sentence(page, "zh").fill(DATE)
    sentence(page, "zh").press("Enter")
    shows(page, decoded("date", DATE))


def test_settings_hold_in_whatever_order_they_are_touched(open_file: OpenFile) -> None:
    page = open_file()
    sentence(page).fill(DATE)
    sentence(page).press("Enter")  # a sentence is run before the settings are opened
    shows(page, decoded("date", DATE))
    page.get_by_text(say("step.settings", "en"), exact=True).click()
    page.get_by_label(say("step.beam_search", "en")).check()
    page.get_by_label(say("step.beam", "en")).fill("3")
    page.get_by_label(say("step.beam", "en")).press("Tab")
    page.wait_for_url("**beam=3**")
    shows(page, decoded("date", DATE, strategy="beam", beam=3))
    page.get_by_label(say("step.sampling", "en")).check()
    page.get_by_label(say("step.temperature", "en")).fill("3")
    page.get_by_label(say("step.seed", "en")).fill("5")
    page.get_by_label(say("step.seed", "en")).press("Tab")
    page.wait_for_url("**seed=5**")
    sampled = {"strategy": "sampling", "temperature": 3.0, "seed": 5, "beam": 3}
    shows(page, decoded("date", DATE, **sampled))
    page.get_by_label(say("step.seed", "en")).fill("2.5")
    page.get_by_label(say("step.seed", "en")).press("Tab")
    wrong = UserError("setting_number", name=say("step.seed", "en"), found="2.5")
    expect(page.get_by_role("alert").first).to_have_text(str(wrong))


def test_back_forward_and_a_copied_link_show_the_same(open_file: OpenFile) -> None:
    page = open_file()
    for text in (DATE, CHINESE):
        sentence(page).fill(text)
        sentence(page).press("Enter")
        shows(page, decoded("date", text))
    page.go_back()
    shows(page, decoded("date", DATE))
    expect(sentence(page)).to_have_value(DATE)
    page.go_forward()
    shows(page, decoded("date", CHINESE))
    page.locator("td[data-lane=free]").nth(3).click()
    page.wait_for_url("**step=4**")
    other = open_file(fragment="#" + page.url.partition("#")[2])
    shows(other, decoded("date", CHINESE))
    expect(other.locator("td.now[data-lane=free]")).to_have_attribute("data-t", "3")


def test_a_broken_link_says_what_it_cannot_use(open_file: OpenFile) -> None:
    page = open_file(fragment="#text=03/04/05&beam=9999&seed=x&branches=%5Bx&strategy=<b>")
    shows(page, decoded("date", "03/04/05"))
    names = "beam, seed, strategy, branches"
    expect(page.get_by_role("alert").first).to_have_text(say("live.refused", "en", names=names))


@pytest.mark.parametrize("name", ["__proto__", "constructor", "toString", "utm_source"])
def test_names_that_nobody_gave_change_nothing(open_file: OpenFile, name: str) -> None:
    page = open_file(fragment=f"#{name}=1&text=03/04/05")
    shows(page, decoded("date", "03/04/05"))
    expect(page.locator(".problem")).to_be_empty()


def test_what_is_typed_and_not_run_is_said_and_other_settings_leave_it(open_file: OpenFile) -> None:
    page = open_file()
    shown = sentence(page).input_value()
    sentence(page).fill(DATE)
    expect(page.locator(".draft")).to_have_text(say("live.unrun", "en"))
    page.get_by_text(say("step.settings", "en"), exact=True).click()
    page.get_by_label(say("step.sampling", "en")).check()
    expect(page.locator(".how")).to_have_text("Sampling · Seed 0")
    page.wait_for_url("**strategy=sampling**")
    shows(page, decoded("date", shown, strategy="sampling"))
    expect(sentence(page)).to_have_value(DATE)
    page.get_by_role("button", name=say("step.run", "en"), exact=True).click()
    shows(page, decoded("date", DATE, strategy="sampling"))
    expect(page.locator(".draft")).to_be_empty()


def test_a_link_to_the_sentence_on_screen_says_what_it_cannot_use_and_forgets_it(open_file: OpenFile) -> None:
    page = open_file(fragment="#text=03/04/05")
    page.evaluate("location.hash = '#text=03/04/05&beam=9999&hide=table'")
    expect(page.get_by_role("alert").first).to_have_text(say("live.refused", "en", names="beam, hide"))
    page.evaluate("location.hash = '#text=03/04/05&step=4'")
    expect(page.locator(".problem")).to_be_empty()


def test_examples_run_at_a_choice_and_typed_text_is_not_lost_by_a_switch(open_file: OpenFile) -> None:
    page = open_file()
    page.get_by_text(say("step.examples", "en"), exact=True).click()
    page.get_by_role("button", name="03/04/05").click()
    shows(page, decoded("date", "03/04/05"))
    sentence(page).fill("not yet run")
    page.get_by_role("button", name="中文").click()
    expect(sentence(page, "zh")).to_have_value("not yet run")
    page.locator("#theme").click()
    expect(sentence(page, "zh")).to_have_value("not yet run")


def test_shift_begins_a_line_and_an_input_method_keeps_its_enter(open_file: OpenFile) -> None:
    page = open_file()
    sentence(page).fill("3")
    sentence(page).press("Shift+Enter")
    expect(sentence(page)).to_have_value("3\n")
    before = page.url
    sentence(page).evaluate(
        "(area) => area.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', isComposing: true }))"
    )
    assert page.url == before


def test_a_source_of_200_tokens_is_decoded_and_no_page_scrolls_sideways(open_file: OpenFile) -> None:
    page = open_file("classical-modern", viewport={"width": 390, "height": 844})
    text = "太守闻之大喜。" * 28 + "王曰善"
    sentence(page).fill(text)
    sentence(page).press("Enter")
    expected = decoded("classical-modern", text)
    expect(page.locator("p.outputRow .output span")).to_have_text(expected.text)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def current(page: Page, lane: str) -> None:
    expect(page.locator(f"tr.lane.{lane}")).to_have_class(re.compile("active"))


def equals(page: Page, folder: Path, expected: Trace) -> None:
    """The lane on screen, saved as JSON, is what Python decodes."""
    made = traced(page, folder)
    assert [step.output for step in made.steps] == [step.output for step in expected.steps]
    for own, other in zip(made.steps, expected.steps, strict=True):
        assert own.log_prob == pytest.approx(other.log_prob, abs=1e-4) and own.rank == other.rank
        assert own.attention.tolist() == pytest.approx(other.attention.tolist(), abs=1e-4)


def test_forks_and_edits_are_what_python_decodes_and_a_link_reopens_them(open_file: OpenFile, tmp_path: Path) -> None:
    page = open_file("zh-en-luong")
    text, ref = page.get_by_label(say("step.text", "en")).input_value(), reference(page).input_value()
    lanes = s2s.load("zh-en-luong").lanes(text, ref)
    page.locator("td[data-lane=free]").nth(2).click()
    row = page.locator(".softmax li[data-token]").nth(1)
    word = str(row.get_attribute("data-token"))
    row.locator("button").click()
    current(page, "b1")
    lanes = lanes.fork(2, word)
    equals(page, tmp_path, lanes["b1"])
    page.locator("td[data-lane=free]").nth(4).click()
    page.get_by_role("button", name=say("player.edit", "en")).click()
    page.get_by_role("button", name=say("player.edit_uniform", "en")).click()
    expect(page.locator(".change li").first).to_be_visible()
    page.locator(".onward").click()
    current(page, "b2")
    lanes = lanes.fork(4, attention="uniform")
    equals(page, tmp_path, lanes["b2"])
    page.locator(".branchBar button.rename").click()
    page.keyboard.type("even <b>")
    page.keyboard.press("Enter")
    expect(page.locator("tr.lane.b2 .name")).to_have_text("even <b>")
    page.wait_for_url(re.compile("even.*lane=b2"))
    other = open_file("zh-en-luong", fragment="#" + page.url.partition("#")[2])
    current(other, "b2")
    assert outputs(other, "b1") == [step.output for step in lanes["b1"].steps]
    expect(other.locator("tr.lane.b2 .name")).to_have_text("even <b>")
    other.locator("tr.lane.b1 th").click()
    other.locator(".branchBar button.delete").click()
    expect(other.locator("tr.lane.b1")).to_have_count(0)
    other.wait_for_function("() => !decodeURIComponent(location.hash).includes('\"b1\"')")


def test_an_unknown_word_gets_a_sentence_and_stays_typed(open_file: OpenFile) -> None:
    page = open_file()
    page.locator(".say input").fill("ab")
    page.locator(".say input").press("Enter")
    sentence = say("error.prefix_token", "en", token="a", checkpoint="date")
    expect(page.locator(".distribution .note")).to_have_text(sentence)
    expect(page.locator(".say input")).to_have_value("ab")


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_evidence_by_erasure_and_the_arithmetic_of_a_step(open_file: OpenFile, lang: str) -> None:
    page = open_file(lang=lang)
    text = sentence(page, lang).input_value()
    page.get_by_text(say("player.evidence", lang), exact=True).click()
    rows = page.locator(".evidence .rows tbody tr")
    expect(rows).to_have_count(4)
    checkpoint = s2s.load("date")
    own = decoded("date", text, reference(page, lang).input_value())
    (expected,) = examine(checkpoint.model, of_trace(checkpoint, own), [0])
    shown = rows.last.locator("td[data-s]").evaluate_all("cells => cells.map(cell => cell.title.replace('−', '-'))")
    assert [float(value) for value in shown] == pytest.approx(expected.to_dict()["rows"]["erasure"], abs=2e-4)
    expect(page.locator(".verdict")).to_have_class(re.compile(rf"\b{expected.verdict}\b"))
    expect(page.locator(".evidence .progress")).to_have_count(0)
    expect(page.locator(".facts dd").first).to_have_text(re.compile(r"\d\.\d{3}"))
    page.get_by_text(say("player.worked", lang), exact=True).click()
    expect(page.locator(".workedBody .products, .workedBody table").first).to_be_visible()


@pytest.mark.parametrize("options", [{}, {"color_scheme": "dark"}, {"viewport": {"width": 390, "height": 844}}])
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_page_is_accessible(open_file: OpenFile, lang: str, options: dict[str, object]) -> None:
    page = open_file(lang=lang, **options)
    assert violations(page.main_frame) == [] and page.evaluate(SMALL) == []
    page.get_by_text(say("step.settings", lang), exact=True).click()
    assert violations(page.main_frame) == []
    page.keyboard.press("Escape")
    page.get_by_text(say("step.card", lang), exact=True).click()
    sentence(page, lang).fill("")
    sentence(page, lang).press("Enter")
    expect(page.get_by_role("alert").first).not_to_be_empty()
    assert violations(page.main_frame) == []
