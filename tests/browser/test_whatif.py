"""Forks and edited attention in a browser: mouse, keyboard, an input method, a finger."""

from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.parse import parse_qs, urlparse

import pytest
from playwright.sync_api import Page, expect

from s2s.checkpoint.open import load
from s2s.decode.decode import trace
from s2s.errors import say
from s2s.trace.branch import Edit, unpack
from s2s.trace.trace import Trace
from tests.browser.conftest import OpenPage
from tests.browser.test_player import LONG, REFERENCE, TEXT, traced
from tests.paths import ROOT
from tests.visitors import unfold_menu

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


def visit(open_page: OpenPage, step: int = 1, lang: str = "en", **more: object) -> Page:
    link = {"lang": lang, "text": TEXT, "ref": REFERENCE, "model": "zh-en-luong", "step": str(step), "lane": "free"}
    page = open_page(link, **more)
    expect(page.locator("tr.lane.free")).to_have_class(re.compile("active"))
    return page


def words(page: Page, lane: str) -> list[str]:
    return page.locator(f"tr.lane.{lane} td .token").all_text_contents()


def alternative(page: Page, place: int = 1) -> tuple[str, str]:
    """A word of the softmax that is not said: its selector and itself."""
    row = f".softmax li[data-token] >> nth={place}"
    return row, str(page.locator(row).get_attribute("data-token"))


def current(page: Page, lane: str) -> None:
    expect(page.locator(f"tr.lane.{lane}")).to_have_class(re.compile("active"))


def link_of(page: Page) -> dict[str, str]:
    return {name: value[0] for name, value in parse_qs(urlparse(page.url).query).items()}


def frames(page: Page, count: int) -> None:
    """Until the browser has painted so often."""
    script = "n => new Promise(done => { const next = () => n-- > 0 ? requestAnimationFrame(next) : done(); next(); })"
    page.evaluate(script, count)


def fork(page: Page, lane: str, typed: str) -> None:
    """Type a word at the current step and wait for the branch."""
    page.locator(".say input").fill(typed)
    page.keyboard.press("Enter")
    current(page, lane)


def test_a_click_on_a_word_makes_a_branch_that_says_it(open_page: OpenPage, tmp_path: Path) -> None:
    page = visit(open_page, step=4)
    free = words(page, "free")
    row, word = alternative(page)
    page.locator(row).click()
    current(page, "b1")
    expect(page.locator(".where")).to_contain_text("step 4 /")
    assert words(page, "b1")[:4] == [*free[:3], word]
    shared = page.locator("tr.lane.b1 td.shared").all()
    assert len(shared) == 3 and page.locator("tr.lane.b1 td[data-t='3'] .icon.fork").count() == 1
    expect(page.locator(".news")).to_contain_text(f"New branch “{word}” from step 4")
    made = traced(page, tmp_path)
    checkpoint = load(ROOT / "checkpoints" / "zh-en-luong")
    expected = trace(checkpoint, TEXT, REFERENCE, prefix=[*free[:3], word])
    assert [s.output for s in made.steps] == [s.output for s in expected.steps] and made.prefix == 4
    for own, other in zip(made.steps, expected.steps, strict=True):
        assert own.log_prob == pytest.approx(other.log_prob, abs=1e-4) and own.rank == other.rank
    assert [t for t, s in enumerate(made.steps) if s.rank > 1] == [3]


def test_branches_form_a_tree_that_t_walks_and_a_link_reopens(open_page: OpenPage, tmp_path: Path) -> None:
    page = visit(open_page, step=3)
    page.locator(alternative(page)[0]).click()
    current(page, "b1")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.locator(alternative(page)[0]).click()
    current(page, "b2")
    page.locator("tr.lane.free td[data-t='1']").click()
    page.locator(alternative(page)[0]).click()
    current(page, "b3")
    rows = "rows => rows.map(row => row.className.match(/lane (\\w+)/)[1])"
    assert page.locator("tr.lane").evaluate_all(rows) == ["forced", "free", "b1", "b2", "b3"]
    depth = "heads => heads.map(head => Number(head.style.getPropertyValue('--depth')))"
    assert page.locator("th.branch").evaluate_all(depth) == [1, 2, 1]
    for lane in ("forced", "free", "b1", "b2"):
        page.keyboard.press("t")
        current(page, lane)
    page.wait_for_url(re.compile("lane=b2"))
    unfold_menu(page, "more")
    with page.expect_download() as taken:  # made outside of the visit
        page.get_by_role("button", name=say("step.html", "en"), exact=True).click()
    saved = page.context.new_page()
    saved.goto(taken.value.path().rename(tmp_path / "page.html").as_uri())
    assert saved.locator("tr.lane").evaluate_all(rows) == ["forced", "free", "b1", "b2", "b3"]
    assert words(saved, "b2") == words(page, "b2")
    query = link_of(page)
    assert [b.parent for b in unpack(query["branches"])] == ["free", "b1", "free"]
    again = open_page(query)
    current(again, "b2")
    assert again.locator("tr.lane").evaluate_all(rows) == ["forced", "free", "b1", "b2", "b3"]
    for lane in ("b1", "b2", "b3"):
        assert words(again, lane) == words(page, lane)
    assert again.locator(".where").text_content() == page.locator(".where").text_content()


def test_a_word_is_forked_by_keyboard_alone(open_page: OpenPage) -> None:
    page = visit(open_page, step=2)
    page.locator(".softmax button.pick").nth(2).focus()
    word = str(alternative(page, 2)[1])
    page.keyboard.press("ArrowRight")  # a step; the focus stays on its row
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    current(page, "b1")
    assert words(page, "b1")[1] == word
    page.keyboard.press("Space")  # the player's again, and no second fork
    expect(page.get_by_role("button", name=say("player.pause", "en"))).to_be_visible()
    page.keyboard.press("Space")
    expect(page.locator("tr.lane.b2")).to_have_count(0)


def test_an_input_method_composes_undisturbed(open_page: OpenPage) -> None:
    link = {"lang": "zh", "text": "王问群臣，莫能对。", "model": "classical-modern", "mode": "free"}
    page = open_page(link)
    page.keyboard.press("ArrowRight")
    field = page.locator(".say input")
    field.focus()
    client = page.context.new_cdp_session(page)
    for typed in ("d", "da", "dawang"):
        client.send(
            "Input.imeSetComposition", {"text": typed, "selectionStart": len(typed), "selectionEnd": len(typed)}
        )
    composing = {"key": "Enter", "isComposing": True, "keyCode": 229, "bubbles": True, "cancelable": True}
    field.evaluate("(node, event) => node.dispatchEvent(new KeyboardEvent('keydown', event))", composing)
    field.evaluate("node => node.form.requestSubmit()")  # some browsers submit all the same
    for key in ("e", "t", " "):
        composed = composing | {"key": key}
        field.evaluate("(node, event) => node.dispatchEvent(new KeyboardEvent('keydown', event))", composed)
    assert page.locator("tr.lane.b1").count() == 0 and page.locator(".distribution .note").text_content() == ""
    expect(page.locator(".where")).to_contain_text("第 2 步")
    client.send("Input.insertText", {"text": "大王"})
    expect(field).to_have_value("大王")
    page.keyboard.press("Enter")
    current(page, "b1")
    assert words(page, "b1")[1:3] == ["大", "王"]  # two tokens of this model
    expect(page.locator("th.branch")).to_have_count(1)  # nothing of what was being composed has made one
    expect(page.locator(".say input")).to_have_value("")
    page.keyboard.press("Home")  # the keys are the player's, no longer the field's
    expect(page.locator(".where")).to_contain_text("第 1 步")


def test_an_unknown_word_gets_a_sentence_and_stays_typed(open_page: OpenPage) -> None:
    page = visit(open_page)
    page.locator(".say input").fill("qwzx te")
    page.keyboard.press("Enter")
    sentence = say("error.prefix_token", "en", token="qwzx", checkpoint="zh-en-luong")
    expect(page.locator(".distribution .note")).to_have_text(sentence)
    expect(page.locator(".say input")).to_have_value("qwzx te")
    assert page.locator("th.branch").count() == 0
    current(page, "free")
    page.get_by_text("中文", exact=True).click()
    expect(page.locator(".where")).to_contain_text("第 1 步")
    expect(page.locator(".say input")).to_have_value("qwzx te")


def test_rename_in_place_and_delete(open_page: OpenPage) -> None:
    page = visit(open_page, step=3)
    fork(page, "b1", "comes")
    page.keyboard.press("ArrowRight")
    fork(page, "b2", "home")
    page.locator("tr.lane.b1 th").click()
    current(page, "b1")
    page.locator(".branchBar button.rename").click()
    page.keyboard.type("never mind")
    page.keyboard.press("Escape")
    expect(page.locator("tr.lane.b1 .name")).to_have_text("comes")
    page.locator("tr.lane.b1 .name").dblclick()
    page.keyboard.type("te the other")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("the\\+other"))
    expect(page.locator("tr.lane.b1 .name")).to_have_text("te the other")
    current(page, "b1")
    before = words(page, "b2")
    page.locator(".branchBar button.delete").click()
    expect(page.locator("tr.lane.b1")).to_have_count(0)
    current(page, "free")
    assert words(page, "b2") == before
    assert page.locator("tr.lane.b2 td.shared").count() == 2  # now of the free lane
    page.locator("tr.lane.b2 th").click()
    page.locator(".branchBar button.delete").click()
    expect(page.locator("th.branch")).to_have_count(0)
    page.wait_for_function("!location.search.includes('branches')")


def shares(page: Page) -> dict[str, tuple[str, str]]:
    rows = page.locator(".change li").evaluate_all(
        "rows => rows.map(row => [row.querySelector('.token').textContent, row.querySelector('.p').textContent])"
    )
    return {token: tuple(text.split(" → ")) for token, text in rows}


def test_a_drag_edits_attention_and_continues(open_page: OpenPage, tmp_path: Path) -> None:
    page = visit(open_page, step=4)
    step = traced(page, tmp_path).steps[3]
    page.locator("button.edit").click()
    assert set(shares(page)) == {s.token for s in step.top[:5]}
    chip = page.locator(".chip").nth(4)
    box = chip.bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y - 40, steps=4)
    page.mouse.move(x, y - 400, steps=8)
    page.mouse.up()
    expect(page.locator(".slider, .weigh")).to_contain_text("1.00")
    one_hot = trace(
        load(ROOT / "checkpoints" / "zh-en-luong"),
        TEXT,
        prefix=[s.output for s in traced(page, tmp_path).steps[:3]],
        attention={3: Edit("only", 4)},
    )
    for scored in one_hot.steps[3].top[:5]:
        shown = f"{100 * 2.718281828**scored.log_prob:.1f} %"
        expect(page.locator(".change li", has=page.get_by_text(scored.token, exact=True)).first).to_contain_text(shown)
    weights = page.locator(".chip .weight").all_text_contents()
    assert weights[4].endswith("1.00") and all(w == "" or w.endswith("→0.00") for i, w in enumerate(weights) if i != 4)
    page.locator(".onward").click()
    current(page, "b1")
    made = traced(page, tmp_path)
    assert [s.output for s in made.steps] == [s.output for s in one_hot.steps]
    assert made.steps[3].own_attention is not None and made.steps[3].attention[4] == pytest.approx(1)
    assert made.steps[3].own_attention.tolist() == pytest.approx(step.attention.tolist(), abs=1e-6)
    expect(page.locator("tr.lane.b1 td[data-t='3'] .marks")).to_contain_text("✎")
    sizes = page.locator("tr.lane.b1 .marks").evaluate_all(
        """(all) => all.flatMap((one) => [
            parseFloat(getComputedStyle(one).fontSize),
            ...[...one.querySelectorAll(".icon")].map((icon) => icon.getBoundingClientRect().height),
        ])"""
    )
    assert len(sizes) > 1 and min(sizes) >= 12  # the projector mode enlarges 12 pixels to 18
    expect(page.locator(".editor")).to_be_hidden()
    page.get_by_text(say("player.worked", "en")).click()
    expect(page.locator(".workedBody")).to_contain_text(say("player.worked_edited", "en"))


def test_presets_by_keyboard_alone(open_page: OpenPage) -> None:
    page = visit(open_page, step=3)
    page.keyboard.press("e")
    expect(page.locator(".editor")).to_be_visible()
    page.locator(".chip[tabindex='0']").focus()
    where = page.locator(".where").text_content()
    page.keyboard.press("Home")
    expect(page.locator(".chip[tabindex='0']")).to_have_attribute("aria-valuenow", "0.00")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("PageUp")
    page.keyboard.press("ArrowUp")
    expect(page.locator(".chip[tabindex='0']")).to_have_attribute("role", "slider")
    weights = [float(str(chip.get_attribute("aria-valuenow"))) for chip in page.locator(".chip").all()]
    assert sum(weights) == pytest.approx(1, abs=0.05)
    assert page.locator(".where").text_content() == where  # the arrows did not step
    for preset in ("uniform", "only", "previous", "erase", "reset"):
        page.get_by_role("button", name=say(f"player.edit_{preset}", "en")).press("Enter")
        values = [float(str(chip.get_attribute("aria-valuenow"))) for chip in page.locator(".chip").all()]
        assert sum(values) == pytest.approx(1, abs=0.05), preset
    expect(page.locator(".onward")).to_be_disabled()
    page.get_by_role("button", name=say("player.edit_uniform", "en")).press("Enter")
    expect(page.locator(".news")).to_contain_text("Most probable now")
    page.locator(".onward").press("Enter")
    current(page, "b1")
    assert page.locator(".chip").first.get_attribute("role") is None
    page.keyboard.press("e")
    page.keyboard.press("ArrowRight")
    expect(page.locator(".editor")).to_be_visible()  # the mode stays, with the next step's own weights
    expect(page.locator(".onward")).to_be_disabled()
    page.keyboard.press("Escape")
    expect(page.locator(".editor")).to_be_hidden()


def test_an_answer_builds_no_lane_anew(open_page: OpenPage) -> None:
    page = visit(open_page, step=3)
    page.locator("tr.lane.free td[data-t='0']").evaluate("td => td.dataset.before = ''")
    page.keyboard.press("e")
    page.get_by_role("button", name=say("player.edit_uniform", "en")).press("Enter")
    expect(page.locator(".change")).to_have_attribute("data-seq", re.compile(r"\d"))
    expect(page.locator("td[data-before]")).to_have_count(1)


def test_a_row_of_the_heatmap_is_dragged(open_page: OpenPage) -> None:
    page = visit(open_page, step=2)
    page.locator("button.edit").click()
    page.locator(".cells").scroll_into_view_if_needed()
    box = page.locator(".cells").bounding_box()
    assert box
    across, down = page.locator(".chip").count(), page.locator(".side").count()
    x, y = box["x"] + box["width"] / across * 3.5, box["y"] + box["height"] / down * 1.5
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y - 80, steps=6)
    page.mouse.up()
    weight = float(str(page.locator(".chip").nth(3).get_attribute("aria-valuenow")))
    assert weight == pytest.approx(0.5, abs=0.03)
    expect(page.locator(".where")).to_contain_text("step 2 /")
    expect(page.locator(".onward")).to_be_enabled()


def test_beam_search_refuses_an_edit_in_a_sentence(open_page: OpenPage) -> None:
    page = open_page({"lang": "en", "text": TEXT, "strategy": "beam", "beam": "2", "mode": "free"})
    page.locator("button.edit").click()
    page.get_by_role("button", name=say("player.edit_uniform", "en")).click()
    page.locator(".onward").click()
    expect(page.locator(".editor .note")).to_have_text(say("error.edit_beam", "en"))
    assert page.locator("th.branch").count() == 0


@pytest.mark.parametrize(("lang", "scheme"), [("zh", "dark"), ("en", "light")])
def test_on_a_phone_a_finger_forks_and_drags(open_page: OpenPage, lang: str, scheme: str) -> None:
    page = visit(open_page, 4, lang, color_scheme=scheme, **PHONE)
    page.locator(alternative(page)[0]).tap()
    current(page, "b1")
    page.locator("button.edit").tap()
    chip = page.locator(".chip").nth(1)
    chip.tap()
    expect(chip).to_have_attribute("tabindex", "0")
    page.locator(".source").evaluate("node => node.scrollIntoView({ block: 'center' })")
    frames(page, 4)
    box = chip.bounding_box()
    assert box
    x, y = box["x"] + 10, box["y"] + 10
    client, top = page.context.new_cdp_session(page), page.evaluate("scrollY")
    below = "node => node.getBoundingClientRect().top - node.parentNode.getBoundingClientRect().top"
    onward = page.locator(".onward").evaluate(below)
    client.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
    for up in (10, 40, 80):
        client.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [{"x": x, "y": y - up}]})
        frames(page, 4)  # a finger takes its time; with none between it is a fling, which swallows the next tap
    client.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    assert float(str(chip.get_attribute("aria-valuenow"))) == pytest.approx(0.5, abs=0.1)
    assert page.evaluate("scrollY") == top and page.evaluate("document.documentElement.scrollWidth") <= 390
    for part in (".editor", ".branchBar", ".say", ".change"):
        edge = page.locator(part).bounding_box()
        assert edge and edge["x"] >= 0 and edge["x"] + edge["width"] <= 390
    small = page.locator(".presets button, .branchBar button, .onward").evaluate_all("n => n.map(b => b.offsetHeight)")
    assert min(small) >= 44
    expect(page.locator(".change")).to_have_attribute("data-seq", re.compile(r"\d"))
    assert page.locator(".onward").evaluate(below) == onward  # an answer does not move it from under a finger
    page.locator(".onward").tap()
    current(page, "b2")


def test_a_request_that_is_lost_on_the_way_is_sent_again(open_page: OpenPage) -> None:
    page = visit(open_page, step=4)
    page.evaluate(
        """() => {
            const send = WebSocket.prototype.send;
            WebSocket.prototype.send = function (data) {
                const fork = new TextDecoder().decode(data).includes('"kind":"fork"');
                if (fork && !window.lost) window.lost = true;
                else send.call(this, data);
            };
        }"""
    )
    page.locator(alternative(page)[0]).click()
    current(page, "b1")
    assert page.evaluate("window.lost") and page.locator("th.branch").count() == 1


def test_two_hundred_tokens_are_forked_and_edited(open_page: OpenPage) -> None:
    page = open_page({"lang": "en", "text": LONG, "mode": "free", "max_length": "60"})
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    page.locator(alternative(page)[0]).click()
    current(page, "b1")
    page.locator("button.edit").click()
    page.get_by_role("button", name=say("player.edit_uniform", "en")).click()
    expect(page.locator(".change .p b").first).not_to_have_text("")
    page.locator(".onward").click()
    current(page, "b2")
    page.wait_for_url(re.compile("lane=b2"))
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280
    (_, edited) = unpack(link_of(page)["branches"])
    assert edited.edits == {3: Edit("uniform")}


def test_a_hostile_name_is_text(open_page: OpenPage) -> None:
    branches = [{"id": "b1", "name": "<img src=x onerror=hit=1>", "parent": "free", "step": 0, "prefix": ["My"]}]
    page = open_page({"lang": "en", "text": TEXT, "mode": "free", "branches": json.dumps(branches), "lane": "b1"})
    current(page, "b1")
    assert page.evaluate("window.hit") is None and page.locator(".player img").count() == 0
    expect(page.locator("tr.lane.b1 .name")).to_have_text("<img src=x onerror=hit=1>")


def test_the_page_on_exposure_bias_has_no_forks(open_page: OpenPage) -> None:
    page = open_page({"lang": "en", "text": TEXT, "ref": REFERENCE}, path="exposure")
    assert page.locator(".say").count() == 0 and page.locator("button.edit").count() == 0
    assert page.locator(".softmax li[data-token]").count() == 0
    page.keyboard.press("e")
    expect(page.locator(".editor")).to_be_hidden()


def test_json_of_a_branch_is_a_trace(open_page: OpenPage, tmp_path: Path) -> None:
    page = visit(open_page, step=3)
    fork(page, "b1", "comes")
    made = traced(page, tmp_path)
    assert Trace.from_json(made.to_json()) == made and made.mode == "free" and made.reference == REFERENCE
