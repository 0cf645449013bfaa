"""The lesson in a browser: the network played and read, scores dragged, the projector, a phone."""

from __future__ import annotations

import re

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from s2s.checkpoint.find import find_checkpoint
from s2s.checkpoint.open import load
from s2s.decode.prefix_cache import PrefixCache
from s2s.decode.what_if import preview
from s2s.errors import say
from s2s.lesson.network import flow
from s2s.trace.trace import Trace
from s2s.web.lesson import CHAPTERS
from tests.browser.conftest import OpenPage
from tests.browser.test_player import REFERENCE
from tests.visitors import open_from_menu, project_and_leave, rest

TEXT = "我妹妹每天早上骑自行车去学校。"
LONG = "我昨天在学校里看见了他，他说他明天想和我们一起去山上看书，" * 11 + "你想来吗？"
MODEL = "zh-en-bahdanau"
PATIENCE = 90_000  # a model is loaded
SCREEN = {"viewport": {"width": 1280, "height": 720}}


def visit(open_page: OpenPage, chapter: str, wanted: str, **more: object) -> Page:
    query = {"lang": "en", "model": MODEL, "text": TEXT, "chapter": chapter}
    options = {key: more.pop(key) for key in list(more) if key in ("viewport", "color_scheme")}
    page = open_page(query | more, player=False, path="lesson", **options)
    page.wait_for_selector(wanted, timeout=PATIENCE)
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")
    return page


def numbers(text: str) -> list[float]:
    return [float(x) for x in re.findall(r"-?\d+\.\d+", text.replace("−", "-"))]


def test_the_network_is_played_step_by_step_and_every_strip_reads_out_its_numbers(open_page: OpenPage) -> None:
    run = flow(load(find_checkpoint(MODEL)), TEXT)
    page = visit(open_page, "encoder_decoder", ".network .step")
    steps = page.locator(".network .step")
    expect(steps).to_have_count(len(run.moments))
    expect(page.locator(".network .step .said .token")).to_have_text([moment.output for moment in run.moments])
    steps.nth(2).locator(".strip").nth(1).hover()
    expect(page.locator(".detail b")).to_have_text(say("network.context_of", "en", step=3) + f" · M = {run.sizes['M']}")
    shown = numbers(page.locator(".detail .values").inner_text())
    np.testing.assert_allclose(shown, run.moments[2].context, atol=6e-4)
    page.keyboard.press("Home")
    expect(page.locator(".where")).to_have_text(say("network.at_words", "en"))
    expect(page.locator(".strip[data-forward].there")).to_have_count(0)
    page.keyboard.press("ArrowRight")
    expect(page.locator(".strip[data-forward].there")).to_have_count(1)
    expect(page.locator(f".strip[data-backward='{len(run.tokens) - 1}'].there")).to_have_count(1)
    page.get_by_role("button", name=say("lesson.attention.title", "en")).first.click()
    expect(page.locator(".network")).to_have_count(0)
    page.get_by_role("button", name=say("lesson.encoder_decoder.title", "en")).first.click()
    expect(page.locator(".strip[data-forward].there")).to_have_count(1)  # where the reader was
    page.locator(".network .where").click()  # the chapter's button has the focus, and Space would press it
    page.keyboard.press("Space")
    expect(page.locator(".network .play")).to_have_attribute("aria-label", say("network.pause", "en"))
    expect(page.locator(".step.there").first).to_be_visible()
    page.keyboard.press("End")
    expect(steps.last).to_have_class(re.compile("now"))
    weights = page.locator(".column .alpha span").all_text_contents()
    assert [w for w in weights if w] == [f"{a:.2f}" for a in run.moments[-1].attention if a >= 0.005]
    page.keyboard.press("PageDown")  # as a presenter's remote sends it
    page.wait_for_selector(".weighing .panel", timeout=PATIENCE)
    expect(page).to_have_url(re.compile("chapter=attention"))


def lane(name: str) -> Trace:
    from s2s.decode.decode import trace

    return trace(load(find_checkpoint(name)), TEXT)


def test_a_dragged_score_moves_weights_context_and_words(open_page: OpenPage) -> None:
    checkpoint, own = load(find_checkpoint(MODEL)), lane(MODEL)
    page = visit(open_page, "attention", ".weighing .panel")
    panel = page.locator(".panel[data-n='0']")
    panel.locator(".path button").nth(1).click()
    set_range(panel.locator("tbody tr").nth(3).locator("input"), 9.0)
    scores = own.steps[1].scores.astype(float)
    scores[3] = 9.0
    expected = np.exp(scores - scores.max()) / np.exp(scores - scores.max()).sum()
    shown = [float(x) for x in panel.locator("tbody tr:not(.pad) .weight span").all_text_contents()]
    np.testing.assert_allclose(shown, expected, atol=6e-4)
    context = numbers(panel.locator(".context .numbers").inner_text())
    np.testing.assert_allclose(context, expected @ np.array(own.memory), atol=6e-4)
    expect(panel.locator(".top .p").first).to_contain_text("→")
    from s2s.trace.branch import Edit

    seen = preview(
        checkpoint,
        PrefixCache(checkpoint.model, checkpoint.source.encode(TEXT)),
        [own.steps[0].output],
        {},
        Edit("weights", weights=tuple(expected.tolist())),
    )
    expect(panel.locator(".top .token")).to_have_text([change.token for change in seen.changes][:6])
    panel.locator(".reset").click()
    expect(panel.locator("tr.moved")).to_have_count(0)
    set_range(panel.locator(".mask input[type=range]"), 20)
    expect(panel.locator("tr.pad .weight span")).to_have_text("0.000")
    panel.locator(".mask input[type=checkbox]").uncheck()
    pad = float(panel.locator("tr.pad .score").inner_text().replace("−", "-"))
    plain = own.steps[1].scores.astype(float)
    taken = 20 * np.exp(pad) / (np.exp(plain).sum() + 20 * np.exp(pad))
    assert float(panel.locator("tr.pad .weight span").inner_text()) == pytest.approx(taken, abs=0.01)


def set_range(field: object, value: float) -> None:
    field.evaluate(  # type: ignore[attr-defined]
        "(n, v) => { n.value = v; n.dispatchEvent(new Event('input', { bubbles: true })); }", value
    )


def test_projector_and_phone_show_it_whole(open_page: OpenPage) -> None:
    page = visit(open_page, "encoder_decoder", ".network .step", projector="1", text=LONG)
    expect(page.get_by_test_id("stHeader")).to_be_hidden()
    size = page.locator(".network .where").evaluate("n => n.getBoundingClientRect().height")
    assert size >= 24  # with the zoom
    figure = page.locator(".network .columns").first
    expect(figure).to_be_in_viewport()
    introduction = page.get_by_text(say("lesson.encoder_decoder.text", "en")[:40])
    assert (introduction.bounding_box() or {})["y"] > (figure.bounding_box() or {})["y"]
    expect(figure).to_have_class(re.compile("more-(left|right)"))
    page.keyboard.press("Home")
    expect(page.locator(".network .columns").first).to_have_class("columns scroll more-right")
    page.keyboard.press("PageDown")
    expect(page.locator(".st-key-chapter-attention h3").first).to_be_in_viewport()
    phone = visit(
        open_page, "attention", ".weighing .panel", viewport={"width": 390, "height": 844}, color_scheme="dark"
    )
    for selector in ("document.documentElement", "document.querySelector('[data-testid=stMain]')"):
        assert phone.evaluate(f"{selector}.scrollWidth <= {selector}.clientWidth")


def test_a_typed_p_is_a_letter_and_not_the_shortcut_of_the_projector(open_page: OpenPage) -> None:
    page = visit(open_page, "attention", ".weighing .panel")
    rest(page)
    field = page.locator(".st-key-text textarea")
    field.fill("")
    field.press("p")
    expect(field).to_have_value("p")
    field.blur()
    page.locator("body").press("PageDown")  # runs the page after whatever the letter might have run
    expect(page.locator(".st-key-chapter-layers h3").first).to_be_visible()
    rest(page)
    expect(page.locator(".st-key-projector-leave")).to_have_count(0)


@pytest.mark.parametrize(
    ("chapter", "figure"),
    [
        ("attention", ".weighing .panel"),
        ("cross_entropy", ".st-key-sentence-loss .js-plotly-plot"),
        ("prior", ".lb-rest"),
        ("exposure", ".player .source"),
    ],
)
def test_a_projected_chapter_begins_with_its_figure(open_page: OpenPage, chapter: str, figure: str) -> None:
    more = {"projector": "1", "ref": REFERENCE, "model": "classical-modern" if chapter == "prior" else MODEL}
    page = visit(open_page, chapter, figure, **more, **SCREEN)
    page.locator(".katex-display").first.wait_for()
    top = (page.locator(figure).first.bounding_box() or {})["y"]
    assert top < 360
    assert all((one.bounding_box() or {"y": 1e9})["y"] > top for one in page.locator(".katex-display").all())


TYPE = """() => [...document.querySelectorAll(".js-plotly-plot text")].filter((one) => one.textContent.trim()).map(
    (one) => {
        const { a, b } = one.getScreenCTM();
        return [one.textContent, parseFloat(getComputedStyle(one).fontSize) * Math.hypot(a, b)];
    })"""


@pytest.mark.parametrize("remedy", ["", "sampling", "policy", "adversarial"])
def test_the_type_of_projected_charts_can_be_read_from_the_back_row(open_page: OpenPage, remedy: str) -> None:
    chapter, chart = ("exposure", "") if remedy else ("cross_entropy", ".st-key-smoothing")
    page = visit(open_page, chapter, ".katex-display", projector="1", ref=REFERENCE, **SCREEN)
    if remedy:
        page.get_by_text(say(f"lesson.remedies.{remedy}", "en"), exact=True).click()
        chart = {"sampling": ".st-key-schedules", "policy": ".st-key-rewards"}.get(remedy, ".st-key-fgm-curve")
    page.locator(f"{chart} .xtick text").first.wait_for()
    sizes = page.evaluate(TYPE)
    assert len(sizes) > 8
    assert [one for one in sizes if one[1] < 18] == []


def test_into_the_projector_mode_and_out_of_it_the_chapter_has_the_focus(open_page: OpenPage) -> None:
    page = visit(open_page, "attention", ".weighing .panel")
    chapter = page.locator(".st-key-chapter-attention")
    project_and_leave(page, chapter)


HEADING = """(number) => {
    const heading = document.querySelector("[class*=st-key-chapter-] h3");
    const { top } = heading?.getBoundingClientRect() ?? {};
    return heading?.innerText.startsWith(`${number} `) && top >= 0 && top < innerHeight / 2;
}"""
DOWN = "document.querySelector('[data-testid=stMain]').scrollTo(0, 1e6)"
REST = "[data-testid=stApp][data-test-script-state=notRunning]"


def test_another_chapter_and_another_page_begin_at_their_top(open_page: OpenPage) -> None:
    page = visit(open_page, "encoder_decoder", ".st-key-on", viewport={"width": 1280, "height": 720})
    chapters = list(CHAPTERS)
    ways = (
        lambda to: page.locator(".st-key-on button").click(),
        lambda to: page.keyboard.press("PageDown"),
        lambda to: page.locator(f".st-key-to-{to} button").evaluate("button => button.click()"),  # as by Enter
    )
    for number, chapter in enumerate(chapters[1:], start=2):
        page.evaluate(DOWN)
        ways[number % 3](chapter)
        page.wait_for_function(HEADING, arg=number, timeout=PATIENCE)
        page.wait_for_selector(REST, timeout=PATIENCE)
        page.wait_for_function(HEADING, arg=number)  # and it stays there when the figure has come
    page.evaluate(DOWN)
    open_from_menu(page, "en", "checkpoints")
    page.wait_for_url("**/checkpoints*")
    page.wait_for_function("document.querySelector('[data-testid=stMain]').scrollTop === 0")
    page.wait_for_selector(REST)
    page.evaluate(DOWN)
    open_from_menu(page, "en", "lesson")
    page.wait_for_function(HEADING, arg=len(chapters))
