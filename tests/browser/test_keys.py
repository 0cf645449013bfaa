"""Keyboard focus: a field keeps it while somebody types, a figure has it after a run; its frame covers nothing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from s2s.errors import say
from tests.browser.conftest import OpenPage
from tests.browser.test_player import REFERENCE, TEXT, visit
from tests.visitors import rest, unfold_menu

FOCUSED = """() => {
    let node = document.activeElement;
    while (node.shadowRoot?.activeElement) node = node.shadowRoot.activeElement;
    return node.className || node.tagName;
}"""
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


def focus(page: Page, name: str) -> None:
    page.wait_for_function(f"name => ({FOCUSED})().split(' ').includes(name)", arg=name)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_after_a_run_the_keys_are_the_players_and_esc_gives_a_field_up(open_page: OpenPage, lang: str) -> None:
    page = visit(open_page, lang)
    assert page.evaluate(FOCUSED) == "BODY"  # a link takes nothing from a screen reader
    text = page.get_by_label(say("step.text", lang))
    text.fill("他喜欢喝茶。")
    text.press("Control+Enter")
    expect(page.locator(".chip .token")).to_have_text(["他", "喜欢", "喝茶", "。"])
    focus(page, "player")
    page.keyboard.press("ArrowRight")
    expect(page.locator(".where")).to_have_text(re.compile(r" 2 (步 )?/"))
    text.click()
    page.keyboard.type("吗")
    page.keyboard.press("Escape")
    focus(page, "player")
    page.keyboard.press("ArrowRight")
    expect(page.locator(".where")).to_have_text(re.compile(r" 3 (步 )?/"))
    assert "吗" in text.input_value()  # what was typed stays
    page.get_by_role("button", name=say("step.run", lang), exact=True).click()
    expect(page.locator(".chip .token")).to_have_count(5)
    focus(page, "player")
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name=say("player.pause", lang))).to_be_visible()
    page.keyboard.press("Space")
    page.locator(".say input").fill("x")
    page.keyboard.press("Escape")
    focus(page, "player")


def test_whoever_types_on_keeps_the_field(open_page: OpenPage) -> None:
    page = visit(open_page)
    text = page.get_by_label(say("step.text", "en"))
    text.fill("他喜欢喝茶。")
    text.evaluate("""node => {
        node.dispatchEvent(new KeyboardEvent("keydown", {key: "Enter", ctrlKey: true, bubbles: true, composed: true}));
        node.dispatchEvent(new InputEvent("input", {bubbles: true, composed: true}));
    }""")  # at once: the run cannot end in between
    expect(page.locator(".chip .token")).to_have_text(["他", "喜欢", "喝茶", "。"])
    expect(page.locator(".where")).to_contain_text("step 1 /")
    assert page.evaluate("document.activeElement.tagName") == "TEXTAREA"
    page.get_by_text("中文", exact=True).click()  # no run of anybody's
    expect(page.locator(".where")).to_contain_text("第 1 步")
    assert page.evaluate(FOCUSED) != "player"


@pytest.mark.parametrize(
    "path, query, part",
    [
        ("", {"tab": "beam_tab", "strategy": "beam"}, "tree"),
        ("compare", {"b_text": "他喜欢喝茶。"}, "comparison"),
        ("lesson", {"chapter": "encoder_decoder"}, "network"),
        ("lesson", {"chapter": "attention"}, "weighing"),
    ],
)
def test_what_shows_a_run_has_its_keys(open_page: OpenPage, path: str, query: dict[str, str], part: str) -> None:
    page = open_page({"lang": "en", "text": TEXT, **query}, player=False, path=path)
    expect(page.locator(f".{part}").first).to_be_visible()
    page.get_by_label(say("step.text", "en")).press("Control+Enter")
    focus(page, part)
    page.get_by_label(say("step.text", "en")).click()
    page.keyboard.press("Escape")
    focus(page, part)


def test_the_frame_of_who_has_the_keys_crosses_no_button(open_page: OpenPage) -> None:
    page = open_page({"lang": "en", "text": TEXT, "ref": REFERENCE, "projector": "1"})
    page.locator(".player").focus()
    page.keyboard.press("ArrowRight")
    assert page.locator(".player").evaluate("node => getComputedStyle(node).outlineStyle") == "none"
    frame, style = page.locator(".bar").evaluate(
        "node => [node.getBoundingClientRect().toJSON(), getComputedStyle(node).outlineWidth]"
    )
    assert style == "2px"
    for box in page.get_by_role("button").evaluate_all("nodes => nodes.map(n => n.getBoundingClientRect().toJSON())"):
        inside = all(frame[side] + 2 <= box[side] for side in ("left", "top"))
        inside &= all(frame[side] - 2 >= box[side] for side in ("right", "bottom"))
        beside = box["right"] < frame["left"] or box["left"] > frame["right"]
        assert inside or beside or box["bottom"] < frame["top"] or box["top"] > frame["bottom"], box


@pytest.mark.parametrize("options", [PHONE, {}], ids=["phone", "projector"])
def test_nothing_covers_the_brand_the_bar_or_a_number(open_page: OpenPage, options: dict[str, object]) -> None:
    projector = {} if options else {"projector": "1"}
    page = open_page({"lang": "zh", "text": TEXT, "ref": REFERENCE, **projector}, **options)
    uncovered = """node => {
        const box = node.getBoundingClientRect(), top = (y) => document.elementsFromPoint(box.left + 4, y)[0];
        const inside = (found) => node.contains(found) || found.contains(node) || found.shadowRoot?.contains(node);
        return [box.top + 1, box.bottom - 1].every((y) => top(y) && inside(top(y)));
    }"""
    leave = page.locator(".st-key-projector-leave")
    if not options:
        expect(leave).to_have_css("position", "fixed")  # the mode's style comes after the player
    brand = page.get_by_test_id("stHeaderLogo") if options else page.locator(".st-key-projector-title")
    page.wait_for_function(uncovered, arg=brand.element_handle())
    if options:  # a projected page has nothing to scroll to
        page.evaluate("document.querySelector('[data-testid=stMain]').scrollTo(0, 800)")
        page.wait_for_function("document.querySelector('[data-testid=stMain]').scrollTop > 100")
    page.wait_for_function(uncovered, arg=page.locator(".bar").element_handle())
    if not options:
        content = page.locator(".player").bounding_box()
        box = leave.bounding_box()
        assert content and box and box["x"] >= 0 and box["x"] + box["width"] <= content["x"]
        expect(leave.get_by_role("button", name=re.compile(say("projector.leave", "zh")))).to_be_visible()


def test_numbers_and_short_words_stand_upright_above_the_heatmap(open_page: OpenPage) -> None:
    page = open_page({"lang": "en", "text": "他2024年买了15个T恤，花了10000元，see iPhone。", "mode": "free"})
    styles = page.locator(".head").evaluate_all("""nodes => nodes.map((node) => {
        const { writingMode, textOrientation } = getComputedStyle(node);
        return [node.textContent, writingMode, textOrientation];
    })""")
    heads = {text: (mode, orientation) for text, mode, orientation in styles}
    flat = [text for text, (mode, _) in heads.items() if mode == "horizontal-tb"]
    assert {"15", "see"} <= set(flat) and all(len(text) <= 4 for text in flat)
    assert heads["10000"] == ("vertical-rl", "upright")
    assert heads["，"] == heads["买"] == ("vertical-rl", "mixed")
    digits = [text for text in heads if re.search(r"\d", text)]
    assert all(heads[text][0] == "horizontal-tb" or heads[text][1] == "upright" for text in digits)


def test_an_error_of_a_fork_is_seen_where_the_word_was_asked_for(open_page: OpenPage) -> None:
    page = visit(open_page, viewport={"width": 1280, "height": 560})
    word = page.locator(".say input")
    word.fill("zzzzqq")
    page.evaluate("""() => {
        const main = document.querySelector("[data-testid=stMain]");
        const player = [...document.querySelectorAll("*")].find((node) => node.shadowRoot?.querySelector(".say"));
        const { bottom } = player.shadowRoot.querySelector(".say").getBoundingClientRect();
        main.scrollBy(0, bottom - innerHeight + 4);
    }""")  # the field is the last thing in the window
    word.press("Enter")
    note = page.locator(".distribution .note")
    expect(note).to_contain_text("zzzzqq")
    expect(note).to_be_in_viewport(ratio=1)
    expect(note).to_have_attribute("role", "alert")
    expect(word).to_have_value("zzzzqq")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_page_that_is_taken_away_opens_where_the_player_stands(
    open_page: OpenPage, tmp_path: Path, lang: str
) -> None:
    page = visit(open_page, lang)
    page.locator(".player").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.locator(".softmax .pick").nth(1).click()
    branch = page.locator("tr.lane.b1.active")
    expect(branch).to_be_visible()
    page.keyboard.press("ArrowRight")
    stands = page.locator(".where").inner_text()
    unfold_menu(page, "more")
    with page.expect_download() as download:
        page.get_by_role("button", name=say("step.html", lang), exact=True).click()
    download.value.save_as(tmp_path / "page.html")
    taken = page.context.new_page()
    taken.goto((tmp_path / "page.html").as_uri())
    expect(taken.locator(".where")).to_have_text(stands)
    expect(taken.locator("tr.lane.b1.active")).to_be_visible()
    taken.goto((tmp_path / "page.html").as_uri() + "#step=1&lane=forced")
    expect(taken.locator("tr.lane.forced.active")).to_be_visible()
    taken.reload()
    expect(taken.locator("tr.lane.forced.active")).to_be_visible()  # a link into it goes before
    taken.close()


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_p_enters_and_leaves_the_projector_mode_from_the_stage_alone(open_page: OpenPage, lang: str) -> None:
    page = open_page({"lang": lang, "text": TEXT, "ref": REFERENCE})
    leave = page.locator(".st-key-projector-leave")
    expect(page.locator(".player > .keys")).to_contain_text(say("player.key_projector", lang).strip())
    for place in (page.locator(".player"), page.locator(".cells")):
        place.focus()
        page.keyboard.press("p")
        expect(leave).to_be_attached()
        expect(page.locator(".player")).to_be_focused()
        page.keyboard.press("p")
        expect(leave).to_have_count(0)
        expect(page.locator(".player")).to_be_focused()
    page.locator(".say input").click()
    page.keyboard.type("p")
    unfold_menu(page, "more")
    page.locator(".st-key-share").get_by_role("button").first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("textbox").first).to_be_visible()
    dialog.get_by_role("button").first.focus()
    for key in ("p", "Control+p"):
        page.keyboard.press(key)
    rest(page)
    expect(dialog).to_be_visible()
    expect(leave).to_have_count(0)
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(page.locator(".say input")).to_have_value("p")


def test_into_the_projector_mode_and_out_of_it_the_stage_has_the_focus(open_page: OpenPage) -> None:
    page = open_page({"lang": "en", "text": TEXT, "ref": REFERENCE})
    unfold_menu(page, "more")
    page.get_by_text(say("projector.switch", "en"), exact=True).click()
    expect(page.locator(".st-key-projector-leave")).to_be_attached()
    expect(page.locator(".player")).to_be_focused()
    page.keyboard.press("p")
    expect(page.locator(".st-key-projector-leave")).to_have_count(0)
    expect(page.locator(".player")).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".where")).to_contain_text("2")
