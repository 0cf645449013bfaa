"""Predict, then reveal: the page has nothing of a step before it is revealed; the score is the trace's."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from s2s.errors import say
from s2s.trace.trace import Trace
from tests.browser.conftest import OpenPage
from tests.browser.test_player import REFERENCE, TEXT, traced
from tests.visitors import unfold_menu

# All text, titles and names of the page, of what is inside components too, without what was typed into the form.
SEEN = """() => {
    const found = [];
    const walk = (node) => {
        if (node.nodeType === Node.TEXT_NODE) found.push(node.data);
        for (const { name, value } of node.attributes ?? []) {
            if (!["value", "class", "style"].includes(name)) found.push(value);
        }
        if (["style", "script", "textarea"].includes(node.localName)) return;
        for (const child of [...(node.shadowRoot?.childNodes ?? []), ...node.childNodes]) walk(child);
    };
    walk(document.querySelector("[data-testid=stMain]"));
    return found;
}"""


def visit(open_page: OpenPage, **query: str) -> Page:
    return open_page({"lang": "en", "text": TEXT, "ref": REFERENCE, "mode": "free", **query})


def told(page: Page, coming: list[str], but: set[str]) -> list[str]:
    """What of the coming words stands on the page: one as a whole text, where it is no candidate, or two in a row."""
    texts = {text.strip() for text in page.evaluate(SEEN)}
    pairs = [" ".join(pair) for pair in itertools.pairwise(coming)]
    return [word for word in coming if word in texts - but] + [p for p in pairs if any(p in text for text in texts)]


def worth(trace: Trace, step: int, place: int) -> int:
    weights = trace.steps[step].attention
    return int(10 * float(weights[place]) / float(weights.max()) + 0.5)


def test_a_step_is_hidden_until_it_is_revealed_and_the_score_is_the_traces(open_page: OpenPage, tmp_path: Path) -> None:
    plain = visit(open_page)
    trace = traced(plain, tmp_path)
    outputs = [step.output for step in trace.steps]
    assert set(outputs) <= set(told(plain, outputs, set()))  # it finds what is there
    page = visit(open_page, predict="1")
    expect(page.locator(".candidate")).to_have_count(5)
    got = of = 0
    for t, step in enumerate(trace.steps):
        offered = page.locator(".candidate .token").all_text_contents()
        assert step.output in offered and set(offered) <= {word.token for word in step.top}
        earlier = {word.token for known in trace.steps[:t] for word in known.top}
        assert told(page, outputs[t:], earlier | set(outputs[:t]) | set(offered)) == []
        assert set(page.locator(".chip .weight").all_text_contents()) == {""}
        assert (
            page.locator(".chip").evaluate_all("chips => chips.map(c => c.style.getPropertyValue('--w'))") == [""] * 9
        )
        expect(page.locator(".side")).to_have_count(t)
        expect(page.locator("tr.lane td")).to_have_count(t)
        expect(page.get_by_role("tab")).to_have_count(0)
        if t == 0:
            page.keyboard.press("ArrowRight")
            expect(page.locator(".hint")).to_have_text(say("player.predict_hint", "en"))
            page.locator(".chip").nth(2).click()
            page.locator(".candidate").nth(offered.index(step.output)).click()
        elif t == 1:
            page.keyboard.press("s")  # marks the first one at once
            expect(page.locator(".chip").first).to_have_attribute("aria-checked", "true")
            page.keyboard.press("ArrowRight")
            page.keyboard.press("End")
            page.keyboard.press("ArrowLeft")
            page.keyboard.press(str(1 + offered.index(step.output)))
        elif t == 2:
            page.get_by_label(say("player.predict_type", "en")).fill("zebra")
        place = {0: 2, 1: 7}.get(t)
        (page.locator(".reveal").click if t > 2 else lambda: page.keyboard.press("Enter"))()
        of += {0: 20, 1: 20, 2: 10}.get(t, 0)
        got += (10 if t < 2 else 0) + (0 if place is None else worth(trace, t, place))
        expect(page.locator(".tally")).to_contain_text(f"{got} of {of} points")
        heard = page.locator(".answers li").all_inner_texts() if t < 3 else []
        for part in (*heard, page.locator(".tally").inner_text()):  # what is seen is read out
            expect(page.locator(".live")).to_contain_text(re.sub(r"(?<!\d)(?=\d+ of 10$)", " ", part))
        expect(page.locator(".reads")).to_have_text(f"{step.input} → {step.output}")
        weights = page.locator(".chip .weight").all_text_contents()
        assert weights == [f"{w:.2f}" if w >= 0.005 else "" for w in step.attention.tolist()]
        if t + 1 < len(trace.steps):
            page.keyboard.press("ArrowRight")
    expect(page.locator(".summary li").first).to_contain_text(f"{got} of {of} points")
    expect(page.locator(".summary")).to_contain_text(say("player.predict_words", "en", right=2, near=0, words=3))


def test_it_begins_at_the_links_step_keeps_its_order_and_can_be_switched_off(open_page: OpenPage) -> None:
    page = visit(open_page, predict="1", step="3", mode="both", lane="forced")
    expect(page.locator(".predict h4 .token")).to_have_text(REFERENCE.split()[1])
    expect(page.locator("tr.lane")).to_have_count(1)
    offered = page.locator(".candidate .token").all_text_contents()
    page.locator(".chip").nth(4).click()
    page.get_by_text("中文", exact=True).click()  # the language changes, question and mark stay
    expect(page.locator(".predict .place")).to_have_text(say("player.predict_marked", "zh", word="骑"))
    assert page.locator(".candidate .token").all_text_contents() == offered
    page.wait_for_url(re.compile("predict=1.*step=3"))
    unfold_menu(page, "more")
    page.get_by_text(say("step.predict", "zh"), exact=True).click()
    expect(page.locator("tr.lane")).to_have_count(2)
    expect(page.locator(".predict")).to_be_hidden()
    page.wait_for_url(lambda url: "predict" not in url)
    expect(page.locator(".chip[role=radio]")).to_have_count(0)


def test_what_was_guessed_stays_in_the_other_language(open_page: OpenPage) -> None:
    page = visit(open_page, predict="1")
    page.locator(".candidate").first.click()
    page.locator(".reveal").click()
    expect(page.locator(".side")).to_have_count(1)
    page.keyboard.press("ArrowRight")
    page.locator(".chip").nth(3).click()
    points = re.findall(r"\d+", page.locator(".tally").inner_text())
    assert points
    page.get_by_text("中文", exact=True).click()
    expect(page.locator(".tally")).to_have_text(re.compile("分"))
    assert re.findall(r"\d+", page.locator(".tally").inner_text()) == points
    expect(page.locator(".side")).to_have_count(1)
    expect(page.locator(".chip").nth(3)).to_have_attribute("aria-checked", "true")


def test_an_open_question_stays_when_the_page_around_it_changes(open_page: OpenPage) -> None:
    page = visit(open_page, predict="1")
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    expect(page.locator(".candidate")).to_have_count(5)
    unfold_menu(page, "more")
    page.get_by_text(say("projector.switch", "en"), exact=True).click()
    page.wait_for_url(re.compile("projector=1.*step=1"))
    expect(page.locator(".live")).to_have_text(say("player.predict_announce", "en", step=1, word="<bos>"))
    expect(page.locator(".candidate")).to_have_count(5)
    assert wrong == []


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_on_a_phone_a_finger_is_enough(open_page: OpenPage, lang: str) -> None:
    size = {"width": 390, "height": 844}
    query = {"lang": lang, "predict": "1", "text": TEXT * 15, "max_length": "3"}
    page = open_page(query, viewport=size, has_touch=True, is_mobile=True, color_scheme="dark")
    page.locator(".chip").nth(1).tap()
    page.locator(".candidate").nth(0).tap()
    page.locator(".reveal").tap()
    expect(page.locator(".answers li")).to_have_count(2)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert min(page.locator(".predict button").evaluate_all("nodes => nodes.map(n => n.offsetHeight)")) >= 40
