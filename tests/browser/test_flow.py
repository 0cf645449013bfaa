"""The flow of a step: its ribbons have the trace's weights, its lines the trace's numbers, keys walk it."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from s2s.checkpoint.open import load
from s2s.decode.decode import trace
from s2s.errors import say
from s2s.player import page as export
from s2s.trace.step import Step
from s2s.trace.trace import Trace
from tests.browser.conftest import OpenPage
from tests.factory import make_checkpoint
from tests.wait import until

TEXT, REFERENCE = "我喜欢 tea。", "I like tea."
# Node by id: the width of its bar as a share of the context's. An upright bar is as wide as a flat one is high.
SHARES = """(flow) => {
    const svg = flow.querySelector("svg"), upright = flow.querySelector(".upright") !== null;
    const ids = [...flow.querySelectorAll(".flowNodes button")].map((node) => node.dataset.node);
    const bars = [...svg.querySelectorAll("rect")].map((bar) => Number(bar.getAttribute(upright ? "width" : "height")));
    return Object.fromEntries(ids.map((id, i) => [id, bars[i] / bars[ids.indexOf("c")]]));
}"""
# A key, and the shares that are drawn in the same task.
PRESSED = """(flow, key) => {
    flow.getRootNode().querySelector(".player").dispatchEvent(
        new KeyboardEvent("keydown", { key, bubbles: true, composed: true }));
    return (SHARES)(flow);
}""".replace("SHARES", SHARES)
Opened = Callable[..., tuple[Page, Trace]]


@pytest.fixture
def saved(browser: Browser, tmp_path: Path) -> Iterator[Opened]:
    """A page exported from a model of a kind, with its flow open, and its trace."""

    contexts: list[BrowserContext] = []

    def open_one(options: dict[str, Any] | None = None, **kind: Any) -> tuple[Page, Trace]:
        run = trace(load(make_checkpoint(tmp_path, scale=0.6, **kind)), TEXT, REFERENCE, mode="forced")
        file = tmp_path / "page.html"
        file.write_text(export.render({"forced": run}, "en", 17), encoding="utf-8")
        contexts.append(browser.new_context(**(options or {})))
        page = contexts[-1].new_page()
        page.goto(file.as_uri())
        page.get_by_role("button", name=say("player.flow_help", "en")).click()
        return page, run

    yield open_one
    for context in contexts:
        context.close()


def shares(page: Page) -> dict[str, float]:
    return dict(page.locator(".flow").evaluate(SHARES))


def drawn(found: dict[str, float], step: Step) -> bool:
    """Whether bars are as wide as the step's weights and its most probable words' probabilities."""
    weights = all(abs(found[f"s{s}"] - weight) < 0.01 for s, weight in enumerate(step.attention.tolist()))
    return weights and abs(found["w0"] - math.exp(step.top[0].log_prob)) < 0.01


def numbers(text: str) -> list[float]:
    return [float(x) for x in re.findall(r"-?\d+\.\d+", text.replace("−", "-"))]


@pytest.mark.parametrize("kind", ["additive", "general", "local-p"])
def test_widths_and_lines_are_the_traces_also_after_hurried_steps(saved: Opened, kind: str) -> None:
    page, run = saved(attention=kind, **({"window": 3} if kind == "local-p" else {}))
    for key in ["ArrowRight", "ArrowRight", "ArrowLeft", "ArrowRight"]:
        page.keyboard.press(key)
    step = run.steps[2]
    until(lambda: drawn(shares(page), step))
    best = int(step.attention.argmax())
    page.locator(f".flowNodes button[data-node=s{best}]").click()
    expect(page.locator(".flowLine")).to_contain_text("α(")
    score, *_, own, weight = numbers(page.locator(".flowLine > span").inner_text())
    assert score == pytest.approx(float(step.scores[best]), abs=6e-4)
    assert own == weight == pytest.approx(float(step.attention[best]), abs=6e-4)
    page.locator(".flowNodes button[data-node=w0]").click()
    expect(page.locator(".flowLine")).to_contain_text("p(")
    found = numbers(page.locator(".flowLine > span").inner_text())
    assert found[0] == pytest.approx(step.top[0].log_prob + step.normaliser, abs=6e-4)
    assert found[-1] == pytest.approx(100 * math.exp(step.top[0].log_prob), abs=0.06)
    page.locator(".flowNodes button[data-node=h]").click()
    expect(page.locator(".flowLine")).to_contain_text(say("player.readout_none", "en"))


def test_with_forced_colours_no_ribbon_keeps_a_colour_of_ours(saved: Opened) -> None:
    page, _ = saved({"forced_colors": "active"}, attention="general")
    fills = "(all) => all.map((path) => getComputedStyle(path).fill)"
    system = page.evaluate("""() => ["CanvasText", "GrayText", "Highlight"].map((colour) => {
        document.body.style.color = colour;
        return getComputedStyle(document.body).color;
    })""")
    assert set(page.locator(".ribbon:not(.thread)").evaluate_all(fills)) <= {*system}


def test_a_pointer_and_a_model_without_attention_say_what_flows(saved: Opened) -> None:
    page, run = saved(coverage=True, pointer=True, prior=True)
    gate = run.steps[0].p_gen
    assert gate is not None
    assert shares(page)["h"] == pytest.approx(gate, abs=0.01)
    assert shares(page)["copy"] == pytest.approx(1 - gate, abs=0.01)
    page, _ = saved(attention="none")
    expect(page.locator(".flowNote")).to_contain_text(say("player.flow_none", "en"))
    assert {"last", "c", "h"} <= shares(page).keys() and "s0" not in shares(page)


def test_without_motion_a_step_is_drawn_at_once_and_on_a_phone_from_top_to_bottom(saved: Opened) -> None:
    page, run = saved({"reduced_motion": "reduce", "viewport": {"width": 390, "height": 844}}, attention="general")
    expect(page.locator(".flowDrawing")).to_have_class(re.compile("upright"))
    found = dict(page.locator(".flow").evaluate(PRESSED, "ArrowRight"))
    sources = [share for id, share in found.items() if id[0] in "so" and id != "state"]
    assert sum(sources) == pytest.approx(1, abs=0.02)
    assert found["w0"] == pytest.approx(math.exp(run.steps[1].top[0].log_prob), abs=0.02)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_with_the_keyboard_a_line_a_part_and_the_way_back(open_page: OpenPage) -> None:
    page = open_page({"lang": "en", "text": "我妹妹每天早上骑自行车去学校。"})
    page.keyboard.press("f")
    expect(page.locator(".flow")).to_be_visible()
    expect(page.locator(".map")).to_be_hidden()
    mixed = page.locator(".flowChain [data-part=mix] .partLine")
    expect(mixed).to_contain_text("tanh(")  # the model was asked
    page.locator(".flowChain button").first.focus()
    names = page.locator(".flowChain button").count()
    for _ in range(names):
        page.keyboard.press("ArrowDown")
    node = page.locator(".flowNodes button").first
    expect(node).to_be_focused()
    page.keyboard.press("Enter")
    expect(node).to_have_attribute("aria-expanded", "true")
    line = page.locator(".flowLine").inner_text()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".flowLine")).not_to_have_text(line)  # of the next step
    expect(node).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".flowBack")).to_be_focused()
    expect(page.locator(".flowDetail table tbody tr")).to_have_count(9)  # every source word
    page.keyboard.press("Tab")  # into the table, which scrolls
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".flowBack")).to_be_focused()  # the table is another one
    page.keyboard.press("Escape")
    expect(node).to_be_focused()
    page.keyboard.press("Escape")
    expect(node).to_have_attribute("aria-expanded", "false")
    page.keyboard.press("Escape")
    expect(page.locator(".map")).to_be_visible()


SENTENCE = {
    "lang": "en",
    "text": "我妹妹每天早上骑自行车去学校。",
    "ref": "My sister goes to school by bike every morning.",
}


@pytest.mark.parametrize(
    "mode", [{}, {"projector": "1"}, {"projector": "1", "ref": ""}], ids=["plain", "projected", "alone"]
)
def test_opened_by_a_key_the_flow_is_on_the_screen_and_has_the_focus_until_it_is_closed(
    open_page: OpenPage, mode: dict[str, str]
) -> None:
    page = open_page(SENTENCE | mode, viewport={"width": 1280, "height": 720})
    flow = page.locator(".flow")
    page.keyboard.press("f")
    expect(flow).to_be_focused()
    for part in (".flowDrawing", ".flowLine"):
        expect(page.locator(part)).to_be_in_viewport(ratio=1)
    expect(page.locator(".flow")).to_be_in_viewport(ratio=0.85)
    page.keyboard.press("ArrowDown")
    first = page.locator(".flowNodes button" if mode else ".flowChain button").first
    expect(first).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".where")).to_contain_text("2")
    page.keyboard.press("f")
    expect(flow).to_be_hidden()
    expect(page.locator(".player")).to_be_focused()


def test_a_press_of_the_button_leaves_the_focus_where_the_hand_is(open_page: OpenPage) -> None:
    page = open_page(SENTENCE)
    button = page.locator("button.flowButton")
    button.click()
    expect(button).to_be_focused()
    button.press("Enter")
    expect(page.locator(".flow")).to_be_hidden()
    button.press("Enter")
    expect(page.locator(".flow")).to_be_focused()
    page.keyboard.press("f")
    expect(button).to_be_focused()
