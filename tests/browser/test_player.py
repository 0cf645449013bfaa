"""The player in a browser: keys, mouse, link, downloads, languages, sizes, themes."""

from __future__ import annotations

import csv
import io
import json
import math
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from urllib.parse import parse_qs, urlparse

import pytest
from playwright.sync_api import Browser, Page, expect

from s2s.errors import say
from s2s.player import page as export
from s2s.trace.trace import Trace
from tests.browser.conftest import OpenPage, serve
from tests.visitors import unfold_exports, unfold_menu

TEXT, REFERENCE = "我妹妹每天早上骑自行车去学校。", "My sister goes to school by bike every morning."
LONG = "我昨天在学校里看见了他，他说他明天想和我们一起去山上看书，" * 11 + "你想来吗？"


def visit(open_page: OpenPage, lang: str = "en", **more: object) -> Page:
    return open_page({"lang": lang, "text": TEXT, "ref": REFERENCE}, **more)


def saved(page: Page, kind: str, folder: Path, key: str = "player.download") -> Path:
    unfold_exports(page)
    with page.expect_download() as download:
        page.get_by_role("button", name=say(key, "en", kind=kind)).click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path


def traced(page: Page, folder: Path) -> Trace:
    return Trace.from_json(saved(page, "JSON", folder).read_text(encoding="utf-8"))


def where(page: Page, step: int, steps: int) -> None:
    expect(page.locator(".where")).to_have_text(say("player.where", "en", step=step, steps=steps))


def test_keys_step_and_what_is_painted_is_the_trace(open_page: OpenPage, tmp_path: Path) -> None:
    page = visit(open_page)
    trace = traced(page, tmp_path)
    steps = len(trace.steps)
    where(page, 1, steps)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    where(page, 3, steps)
    step = trace.steps[2]
    expect(page.locator(".reads")).to_have_text(f"{step.input} → {step.output}")
    weights = page.locator(".chip .weight").all_text_contents()
    assert weights == [f"{w:.2f}" if w >= 0.005 else "" for w in step.attention.tolist()]
    words = page.locator(".softmax li .word .token").all_text_contents()
    assert words[:8] == [s.token for s in step.top[:8]]
    shares = [float(re.sub(r"[^\d.]", "", text)) for text in page.locator(".softmax li .p").all_text_contents()]
    assert sum(shares) == pytest.approx(100, abs=0.6)
    page.keyboard.press("End")
    where(page, steps, steps)
    page.keyboard.press("ArrowRight")
    where(page, steps, steps)
    page.keyboard.press("Home")
    page.keyboard.press("ArrowLeft")
    where(page, 1, steps)


def test_t_switches_lanes_and_the_forced_lane_reads_the_reference(open_page: OpenPage, tmp_path: Path) -> None:
    page = visit(open_page)
    output = page.locator(".outputRow [dir]").element_handle()
    page.keyboard.press("ArrowRight")
    assert output.evaluate("node => node.isConnected")  # a step does not paint it anew, another lane does
    page.keyboard.press("t")
    expect(page.get_by_role("button", name="Teacher-forced", exact=True)).to_have_attribute("aria-pressed", "true")
    assert not output.evaluate("node => node.isConnected")
    trace = traced(page, tmp_path)
    expect(page.locator(".outputRow [dir]")).to_have_text(trace.text)
    assert trace.mode == "forced"
    lane = page.locator("tr.lane.forced td .token").all_text_contents()
    assert lane == [s.top[0].token for s in trace.steps]
    assert page.locator(".side .token").all_text_contents() == lane  # a row is of the word that it leads to
    marked = page.locator(".softmax li:has(b.chosen) .word .token")
    expect(marked).to_have_text(lane[1])


def test_divergence_is_marked_where_the_argmax_leaves_the_reference(open_page: OpenPage, tmp_path: Path) -> None:
    page = open_page({"lang": "en", "text": TEXT, "ref": "You never eat cold noodles on Monday."})
    for mode in ("free", "forced"):
        page.locator(f"button.lane[data-lane={mode}]").click()
        trace = traced(page, tmp_path)
        at = trace.divergence
        assert at is not None
        assert trace.steps[at].top[0].token != trace.reference_tokens[at]
        assert all(s.top[0].token == s.target.token for s in trace.steps[:at] if s.target)
        expect(page.locator(f"tr.lane.{mode} td.diverges")).to_have_attribute("data-t", str(at))
        page.locator("button.jump").click()
        where(page, at + 1, len(trace.steps))


def test_space_plays_to_the_end_and_stops(open_page: OpenPage, tmp_path: Path) -> None:
    page = visit(open_page)
    steps = len(traced(page, tmp_path).steps)
    page.locator("select.speed").select_option("4")
    page.locator(".player").focus()
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Pause (Space)")).to_be_visible()
    where(page, steps, steps)
    assert page.locator("button.play").get_attribute("aria-label") == "Play (Space)"  # at once: Home does not play on


def test_hover_previews_a_click_stays_and_escape_clears(open_page: OpenPage, tmp_path: Path) -> None:
    page = visit(open_page)
    trace = traced(page, tmp_path)
    page.locator(".side").nth(3).hover()
    where(page, 4, len(trace.steps))
    page.mouse.move(5, 5)
    where(page, 1, len(trace.steps))
    chip = page.locator(".chip").nth(2)
    chip.click()
    page.mouse.move(5, 5)
    expect(chip).to_have_class(re.compile("marked"))
    expect(page.locator(".head").nth(2)).to_have_class(re.compile("marked"))
    weights = "nodes => nodes.map(node => +node.style.getPropertyValue('--w'))"
    looks = page.locator("tr.lane.free .looked").evaluate_all(weights)
    assert looks == pytest.approx([float(s.attention[2]) for s in trace.steps])
    page.keyboard.press("Escape")
    expect(chip).not_to_have_class(re.compile("marked"))
    cells = page.locator(".cells").bounding_box()
    assert cells
    middle = {"x": cells["width"] / 9 * 4.5, "y": cells["height"] / len(trace.steps) * 2.5}
    page.locator(".cells").click(position=middle)
    page.mouse.move(5, 5)
    where(page, 3, len(trace.steps))
    expect(page.locator(".chip").nth(4)).to_have_class(re.compile("marked"))


def test_keys_are_not_taken_from_a_field_that_is_typed_in(open_page: OpenPage) -> None:
    page = visit(open_page)
    field = page.get_by_label(say("step.text", "en"))
    field.focus()
    page.keyboard.press("End")
    page.keyboard.type(" t")
    page.keyboard.press("ArrowLeft")
    assert field.input_value() == TEXT + " t"
    expect(page.locator(".where")).to_contain_text("step 1 /")


def test_the_address_is_the_whole_state(open_page: OpenPage) -> None:
    page = open_page({"lang": "en", "text": TEXT, "ref": REFERENCE, "model": "zh-en-luong", "max_length": "6"})
    page.keyboard.press("t")
    page.keyboard.press("ArrowRight")
    page.wait_for_url(re.compile("step=2"))
    query = {k: v[0] for k, v in parse_qs(urlparse(page.url).query).items()}
    expected = {"text": TEXT, "ref": REFERENCE, "model": "zh-en-luong", "max_length": "6"}
    assert query == {**expected, "lang": "en", "step": "2", "lane": "forced"}
    again = open_page(query)
    assert again.get_by_label(say("step.text", "en")).input_value() == TEXT
    expect(again.get_by_role("button", name="Teacher-forced", exact=True)).to_have_attribute("aria-pressed", "true")
    expect(again.locator(".where")).to_contain_text("step 2 /")
    assert again.locator("tr.lane.free td .token").count() == 6


def test_language_switches_live_and_the_step_stays(open_page: OpenPage) -> None:
    page = visit(open_page, "zh")
    page.keyboard.press("ArrowRight")
    expect(page.locator(".where")).to_contain_text("第 2 步")
    page.wait_for_url(re.compile("step=2"))
    page.get_by_text("English", exact=True).click()
    expect(page.locator(".where")).to_contain_text("step 2 /")
    page.wait_for_url(re.compile("lang=en"))
    assert page.get_by_label(say("step.text", "en")).input_value() == TEXT


def test_a_switch_of_language_closes_nothing_and_keeps_edited_weights(open_page: OpenPage) -> None:
    page = visit(open_page, "en")
    page.get_by_role("button", name=say("player.flow", "en")).click()
    page.get_by_text(say("player.worked", "en")).click()
    page.get_by_role("button", name=say("player.edit", "en")).click()
    page.get_by_role("button", name=say("player.edit_uniform", "en")).click()
    weights = page.locator(".chip").all_inner_texts()
    assert len({text.split("→")[-1] for text in weights}) == 1 and "→" in weights[0]
    for lang, name in (("zh", "中文"), ("en", "English")):
        page.get_by_text(name, exact=True).click()
        expect(page.get_by_role("button", name=say("player.flow", lang))).to_have_attribute("aria-pressed", "true")
        expect(page.locator(".flow")).to_be_visible()
        expect(page.locator("details.worked")).to_have_attribute("open", "")
        assert page.locator(".chip").all_inner_texts() == weights


def test_a_switch_of_language_keeps_mode_and_strategy(open_page: OpenPage) -> None:
    query = {"text": TEXT, "ref": REFERENCE, "mode": "free", "strategy": "sampling", "seed": "7", "lang": "zh"}
    page = open_page(query)
    words = page.locator("tr.lane.free td .token").all_text_contents()
    page.get_by_text("English", exact=True).click()
    page.wait_for_url(re.compile("lang=en"))
    unfold_menu(page, "decoding")
    expect(page.get_by_role("radio", name="Free-running")).to_be_checked()
    expect(page.locator("tr.lane.forced")).to_have_count(0)
    assert page.locator("tr.lane.free td .token").all_text_contents() == words
    assert "mode=free" in page.url and "strategy=sampling" in page.url
    page.get_by_text("Both", exact=True).click()
    expect(page.locator("tr.lane.forced")).to_have_count(1)


def test_the_first_visitor_of_a_new_server_can_switch_language_and_run(browser: Browser, tmp_path: Path) -> None:
    with serve(tmp_path) as address:
        page = browser.new_page(locale="zh-CN")
        page.goto(address)
        page.wait_for_selector(".player", timeout=60_000)
        page.get_by_text("English", exact=True).click()
        field = page.get_by_label(say("step.text", "en"))
        field.fill("他喜欢喝茶。")
        page.get_by_role("button", name=say("step.run", "en"), exact=True).click()
        expect(page.locator(".chip .token")).to_have_text(["他", "喜欢", "喝茶", "。"])
        page.close()


def test_a_new_text_is_decoded_and_begins_at_its_first_step(open_page: OpenPage) -> None:
    page = visit(open_page)
    page.keyboard.press("End")
    page.get_by_label(say("step.text", "en")).fill("他喜欢喝茶。")
    page.get_by_role("button", name=say("step.run", "en"), exact=True).click()
    expect(page.locator(".chip .token")).to_have_text(["他", "喜欢", "喝茶", "。"])
    expect(page.locator(".where")).to_contain_text("step 1 /")


def test_downloads_hold_the_trace(open_page: OpenPage, tmp_path: Path) -> None:
    page = visit(open_page)
    trace = traced(page, tmp_path)
    rows = list(csv.reader(io.StringIO(saved(page, "CSV", tmp_path).read_text(encoding="utf-8-sig"))))
    expected = list(csv.reader(io.StringIO(trace.to_csv())))
    assert rows[0] == expected[0]
    for row, wanted in zip(rows[1:], expected[1:], strict=True):
        assert row[1:3] == wanted[1:3]
        assert [float(x) for x in row[3:6] + row[8:]] == pytest.approx([float(x) for x in wanted[3:6] + wanted[8:]])
    for key in ("player.download", "player.download_heatmap"):
        svg = ElementTree.parse(saved(page, "SVG", tmp_path, key)).getroot()
        texts = [node.text for node in svg.iter("{http://www.w3.org/2000/svg}text")]
        assert "".join(trace.source_tokens) in "".join(t for t in texts if t)
        assert {s.output for s in trace.steps} <= set(texts)
        png = saved(page, "PNG", tmp_path, key).read_bytes()
        assert png[:8] == b"\x89PNG\r\n\x1a\n"
        assert int.from_bytes(png[16:20]) == 2 * int(svg.attrib["width"])
    assert [s.output for s in trace.steps] == texts[-len(trace.steps) :]  # the heatmap's rows


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_page_that_is_taken_away_holds_the_lanes_in_the_pages_language(
    open_page: OpenPage, tmp_path: Path, lang: str
) -> None:
    page = visit(open_page, lang)
    shown = page.locator("tr.lane.free td .token").all_text_contents()
    unfold_menu(page, "more")
    with page.expect_download() as download:
        page.get_by_role("button", name=say("step.html", lang), exact=True).click()
    download.value.save_as(tmp_path / "page.html")
    assert download.value.suggested_filename == "lookback-zh-en-luong.html"
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    lanes = export.read_lanes(text)
    assert set(lanes) == {"free", "forced"} and f'<html lang="{lang}">' in text
    assert [s.output for s in lanes["free"].steps] == shown
    expect(page.locator(".where")).to_contain_text("1")  # the page has not run again


def test_the_worked_arithmetic_adds_up(open_page: OpenPage, tmp_path: Path) -> None:
    page = visit(open_page)
    trace = traced(page, tmp_path)
    page.get_by_text(say("player.worked", "en")).click()
    tables = page.locator(".workedBody table.numbers")
    expect(tables).to_have_count(5)  # two of them when the model has answered
    step = trace.steps[0]
    softmax, context, mixed, products, output = (
        [[c.replace("−", "-") for c in row] for row in table]
        for table in tables.evaluate_all(
            "tables => tables.map(t => [...t.tBodies[0].rows].map(r => [...r.cells].map(c => c.textContent)))"
        )
    )
    assert float(softmax[0][1]) == pytest.approx(float(step.scores.max()), abs=6e-4)
    assert sum(float(row[-1]) for row in softmax) == pytest.approx(1, abs=4e-3)
    for column in range(4):
        weighted = sum(float(row[1]) * float(row[2 + column]) for row in context[:-1] if row[1])
        weighted += sum(float(row[2 + column]) for row in context[:-1] if not row[1])
        assert weighted == pytest.approx(float(context[-1][2 + column]), abs=6e-3)
        assert float(context[-1][2 + column]) == pytest.approx(step.context[column], abs=6e-4)
    for _, *parts, total, value in mixed:
        assert sum(map(float, parts)) == pytest.approx(float(total), abs=3e-3)
        assert math.tanh(float(total)) == pytest.approx(float(value), abs=2e-3)
    for row, said in zip(products, output, strict=False):
        assert row[0] == said[0] and sum(map(float, row[1:-1])) == pytest.approx(float(row[-1]), abs=5e-3)
        assert float(row[-1]) == pytest.approx(float(said[1]), abs=2e-3)  # the logit that the softmax begins with
    assert [float(row[3]) for row in output] == pytest.approx([2.718281828**s.log_prob for s in step.top[:5]], abs=6e-5)


def test_plotly_is_fetched_only_for_the_charts(open_page: OpenPage) -> None:
    page = visit(open_page)
    fetched: list[str] = []
    page.on("request", lambda request: fetched.append(request.url))
    entries = page.evaluate("performance.getEntriesByType('resource').map(e => e.name)")
    assert not [name for name in entries if "plotly" in name.lower()]
    page.get_by_text(say("step.charts", "en"), exact=True).click()
    expect(page.locator(".js-plotly-plot")).to_have_count(4)
    assert [name for name in fetched if "plotly" in name.lower()]


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone_nothing_leaves_the_page(open_page: OpenPage, lang: str, scheme: str) -> None:
    size = {"width": 390, "height": 844}
    page = visit(open_page, lang, viewport=size, color_scheme=scheme, has_touch=True, is_mobile=True)
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= 390
    for part in (".bar", ".source", ".lanesBox", ".map", ".softmax"):
        box = page.locator(part).bounding_box()
        assert box and box["x"] >= 0 and box["x"] + box["width"] <= 390
    assert page.locator(".player").evaluate("node => node.classList.contains('dark')") == (scheme == "dark")
    small = page.locator(".bar .group:first-child button").evaluate_all(
        "nodes => nodes.filter(n => n.checkVisibility()).map(n => n.offsetHeight)"
    )
    assert len(small) >= 3 and min(small) >= 44


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_two_hundred_tokens_scroll_and_keep_their_size(open_page: OpenPage, lang: str) -> None:
    page = open_page({"lang": lang, "text": LONG, "mode": "free", "max_length": "60"})
    tokens = page.locator(".head").count()
    assert tokens >= 200
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280
    assert page.locator(".head").first.bounding_box()["width"] == 30  # type: ignore[index]
    page.keyboard.press("End")
    inside = page.locator(".map").evaluate(
        """map => {
            const box = map.getBoundingClientRect(), band = map.querySelector('.band.row').getBoundingClientRect();
            return band.top >= box.top - 1 && band.bottom <= box.bottom + 1;
        }"""
    )
    assert inside


def test_a_step_lays_the_page_out_once_and_after_what_it_scrolls(open_page: OpenPage) -> None:
    page = open_page({"lang": "en", "text": "，".join(["学校", "老师"] * 50), "ref": "school and teacher " * 8})
    client = page.context.new_cdp_session(page)
    client.send("Performance.enable")

    def layouts() -> float:
        counted = client.send("Performance.getMetrics")["metrics"]
        return float(next(metric["value"] for metric in counted if metric["name"] == "LayoutCount"))

    page.keyboard.press("ArrowRight")
    page.wait_for_function("location.search.includes('step=2')")
    before = layouts()
    for step in range(3, 13):
        page.keyboard.press("ArrowRight")
        page.wait_for_function(f"location.search.includes('step={step}')")
    assert 1 <= (layouts() - before) / 10 < 3


def test_html_in_a_text_is_text(open_page: OpenPage) -> None:
    hostile = "我喜欢<img src=x onerror=window.hit=1>苹果。<script>window.hit=1</script>"
    page = open_page({"lang": "en", "text": hostile, "mode": "free"})
    assert page.evaluate("window.hit") is None
    assert "<" in page.locator(".chip .token").all_text_contents()
    assert page.locator(".player img, .player script").count() == 0


def test_the_numbers_are_a_table_for_a_screen_reader(open_page: OpenPage, tmp_path: Path) -> None:
    page = visit(open_page)
    trace = traced(page, tmp_path)
    page.get_by_text(say("player.table", "en")).click()
    rows = page.locator(".tableBody table tbody tr")
    expect(rows).to_have_count(len(trace.steps))
    cells = rows.nth(1).locator("td").all_text_contents()
    assert [float(c.replace("−", "-")) for c in cells[6:]] == pytest.approx(trace.steps[1].attention.tolist(), abs=6e-4)
    page.keyboard.press("ArrowRight")
    expect(page.locator(".live")).to_contain_text("Step 2")


def test_every_control_can_be_reached_and_pressed_by_keyboard(open_page: OpenPage) -> None:
    page = visit(open_page)
    page.locator(".player").focus()
    focused = """() => {
        let node = document.activeElement;
        while (node.shadowRoot?.activeElement) node = node.shadowRoot.activeElement;
        return node.getAttribute('aria-label') || node.textContent;
    }"""
    names = []
    for _ in range(13):
        page.keyboard.press("Tab")
        names.append(page.evaluate(focused))
    wanted = ["first", "back", "play", "next", "last", "speed"]
    assert [say(f"player.{key}", "en") for key in wanted] == names[:6]
    assert "Teacher-forced" in names and say("player.export", "en") in names


def test_what_is_sent_to_the_player_is_json_without_surprises(open_page: OpenPage, tmp_path: Path) -> None:
    page = visit(open_page)
    values = json.loads(saved(page, "JSON", tmp_path).read_text(encoding="utf-8"))
    for step in values["steps"]:
        assert sum(step["attention"]) == pytest.approx(1, abs=1e-5)
        assert len(step["attention"]) == len(values["source"]["tokens"])
