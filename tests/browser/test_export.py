"""An exported page, opened from disk without a network, and the pictures that the player saves."""

from __future__ import annotations

import csv
import io
import json
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Page, expect

from s2s.checkpoint.open import load
from s2s.decode.decode import trace
from s2s.decode.strategy import Settings
from s2s.errors import say
from s2s.figures import palette
from s2s.player import bundle
from s2s.player import page as export
from s2s.player.payload import FOLDER, branch_row
from s2s.trace.branch import Branch, Edit
from s2s.trace.trace import Trace
from tests.browser.offline import OfflineFiles
from tests.factory import make_checkpoint
from tests.paths import SHIPPED
from tests.visitors import unfold_exports

TEXT, REFERENCE = "我不喜欢喝茶，你🙂喜欢苹果。", "I do n't like tea ."
SVG = "{http://www.w3.org/2000/svg}"
Lanes = dict[str, Trace]
Rows = Sequence[dict[str, Any]]
OpenFile = Callable[..., Page]


@pytest.fixture(scope="module")
def lanes(tiny_checkpoint: Path) -> Lanes:
    checkpoint = load(tiny_checkpoint)
    return {mode: trace(checkpoint, TEXT, REFERENCE, mode) for mode in ("free", "forced")}


@pytest.fixture
def open_file(browser: Browser, tmp_path: Path) -> Iterator[OpenFile]:
    """Open lanes as an exported file; any script error or request but for the file and what it made itself fails."""
    files = OfflineFiles(browser)

    def open_one(lanes: Lanes, fragment: str = "", lang: str = "en", branches: Rows = (), **options: object) -> Page:
        file = tmp_path / "带走 100%.html"
        file.write_text(export.render(lanes, lang, 17, branches), encoding="utf-8")
        page = files.open(file, fragment, **{"viewport": {"width": 1280, "height": 900}} | options)
        page.wait_for_selector(".player")
        return page

    yield open_one
    files.leave()


def where(page: Page, step: int, steps: int, lang: str = "en") -> None:
    expect(page.locator(".where")).to_have_text(say("player.where", lang, step=step, steps=steps))


def press(page: Page, name: str, folder: Path) -> Path:
    """What a button of the menu of downloads saves."""
    unfold_exports(page)
    with page.expect_download() as download:
        page.get_by_role("button", name=name, exact=True).click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path


def picture(page: Page, kind: str, folder: Path, alone: bool = False) -> Path:
    return press(page, say("player.download_heatmap" if alone else "player.download", "en", kind=kind), folder)


def texts(svg: Path) -> list[str]:
    return [node.text or "" for node in ElementTree.parse(svg).getroot().iter(f"{SVG}text")]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_file_plays_from_disk(open_file: OpenFile, lanes: Lanes, lang: str, scheme: str) -> None:
    page = open_file(lanes, lang=lang, color_scheme=scheme)
    free, forced = len(lanes["free"].steps), len(lanes["forced"].steps)
    where(page, 1, free, lang)
    assert page.locator(".player").evaluate("node => node.classList.contains('dark')") == (scheme == "dark")
    page.keyboard.press("ArrowRight")
    where(page, 2, free, lang)
    weights = page.locator(".chip .weight").all_text_contents()
    assert weights == [f"{w:.2f}" if w >= 0.005 else "" for w in lanes["free"].steps[1].attention.tolist()]
    page.keyboard.press("t")
    where(page, 2, forced, lang)
    page.locator(".side").nth(3).hover()
    where(page, 4, forced, lang)
    page.mouse.move(2, 2)
    page.locator("select.speed").select_option("4")
    page.locator(".player").focus()
    page.keyboard.press("Space")
    where(page, forced, forced, lang)
    expect(page.get_by_role("button", name=say("player.play", lang))).to_be_visible()


def test_everything_that_opens_and_everything_that_is_saved(open_file: OpenFile, lanes: Lanes, tmp_path: Path) -> None:
    page = open_file(lanes)
    page.get_by_text(say("player.worked", "en")).click()
    expect(page.locator(".workedBody table.numbers").first).to_be_visible()
    expect(page.locator(".workedBody")).to_contain_text(say("player.readout_none", "en"))  # nobody can be asked
    page.get_by_text(say("player.table", "en")).click()
    expect(page.locator(".tableBody tbody tr")).to_have_count(len(lanes["free"].steps))
    saved = press(page, say("player.download", "en", kind="JSON"), tmp_path)
    assert Trace.from_json(saved.read_text(encoding="utf-8")) == lanes["free"]
    saved = press(page, say("player.download", "en", kind="CSV"), tmp_path)
    assert len(saved.read_text(encoding="utf-8-sig").splitlines()) == len(lanes["free"].steps) + 1
    rest = page.locator(".softmax .rest .word").text_content() or ""
    assert rest == say("player.rest", "en", count=17 - page.locator(".softmax li").count() + 1)


def test_step_lane_and_language_stand_in_the_fragment(open_file: OpenFile, lanes: Lanes) -> None:
    page = open_file(lanes, "#step=3&lane=forced")
    steps = len(lanes["forced"].steps)
    where(page, 3, steps)
    page.keyboard.press("ArrowRight")
    page.wait_for_url(re.compile(r"\.html#step=4&lane=forced$"))
    page.get_by_role("button", name="中文").click()
    where(page, 4, steps, "zh")
    expect(page.locator("dt").first).to_have_text(say("export.text", "zh"))
    page.wait_for_url(re.compile(r"#lang=zh&step=4&lane=forced$"))
    expect(page.locator(".map .side.now")).to_have_attribute("data-t", "3")  # also in the heatmap that was built anew
    again = open_file(lanes, "#lang=zh&step=4&lane=forced")
    where(again, 4, steps, "zh")
    assert again.evaluate("document.documentElement.lang") == "zh"
    again.evaluate("location.hash = 'step=2&lane=free'")
    where(again, 2, len(lanes["free"].steps), "zh")


@pytest.mark.parametrize("fragment", ["#step=-1&lane=x&lang=xx", "#step=999999", "#%%%", "#lang=constructor"])
def test_a_fragment_of_nonsense_shows_the_beginning_or_the_end(
    open_file: OpenFile, lanes: Lanes, fragment: str
) -> None:
    steps = len(lanes["free"].steps)
    where(open_file(lanes, fragment), steps if "999" in fragment else 1, steps)


def test_light_and_dark_can_be_switched(open_file: OpenFile, lanes: Lanes) -> None:
    page = open_file(lanes, color_scheme="dark")
    ground = "getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(ground)
    page.get_by_role("button", name=say("export.theme", "en")).click()
    assert page.evaluate(ground) == "rgb(255, 255, 255)" != dark
    expect(page.locator(".player")).not_to_have_class(re.compile("dark"))
    page.get_by_role("button", name=say("export.theme", "en")).click()
    assert page.evaluate(ground) == dark
    expect(page.locator(".player")).to_have_class(re.compile("dark"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_colours_are_those_of_the_palette(
    open_file: OpenFile, lanes: Lanes, scheme: Literal["light", "dark"], tmp_path: Path
) -> None:
    page = open_file(lanes, color_scheme=scheme)
    names = ("other", "gold", "alarm")
    read = "(node, names) => names.map((name) => getComputedStyle(node).getPropertyValue(`--${name}`))"
    shown = palette.DARK if scheme == "dark" else palette.LIGHT
    assert page.locator(".player").evaluate(read, names) == [shown[name] for name in names]
    red, green, blue = palette.channels(palette.LIGHT["accent"])
    expect(page.locator("button.play")).to_have_css("background-color", f"rgb({red}, {green}, {blue})")
    assert palette.ORANGE in picture(page, "SVG", tmp_path).read_text(encoding="utf-8")  # on white paper in any case


def test_hostile_texts_run_nothing_and_are_shown_as_they_are(open_file: OpenFile, lanes: Lanes, tmp_path: Path) -> None:
    text = "</script><script>window.hit=1</script><!--<img src=x onerror=window.hit=1>\"'&\u2028\u0001"
    changed = {}
    for mode, lane in lanes.items():
        tokens = (text, *lane.source_tokens[1:])
        top = (replace(lane.steps[0].top[0], token=text), *lane.steps[0].top[1:])
        steps = (replace(lane.steps[0], top=top), *lane.steps[1:])
        model = {**lane.checkpoint, "name": text}
        changed[mode] = replace(lane, source_text=text, source_tokens=tokens, steps=steps, checkpoint=model)
    page = open_file(changed)
    assert page.evaluate("window.hit") is None
    assert page.locator("img").count() == 0
    assert page.locator(".chip .token").first.text_content() == text
    svg = picture(page, "SVG", tmp_path)
    assert any(text.replace("\u0001", "\ufffd") == found for found in texts(svg))


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_on_a_phone_the_file_stays_within_the_page(open_file: OpenFile, lanes: Lanes, lang: str) -> None:
    size = {"width": 390, "height": 844}
    page = open_file(lanes, lang=lang, viewport=size, has_touch=True, is_mobile=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    for part in ("header", ".bar", ".source", ".mapHead", ".map", ".softmax"):
        box = page.locator(part).bounding_box()
        assert box and box["x"] >= 0 and box["x"] + box["width"] <= 390, part


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_whole_stage_is_seen_without_scrolling(open_file: OpenFile, lang: str) -> None:
    checkpoint, text = load(SHIPPED / "zh-en-luong"), "昨天晚上我在图书馆遇见了我的老师。"
    reference = "Last night I met my teacher in the library."
    lanes = {mode: trace(checkpoint, text, reference, mode) for mode in ("free", "forced")}
    page = open_file(lanes, lang=lang, viewport={"width": 1280, "height": 720})
    heatmap = page.locator(".map")
    expect(page.locator(".softmax li").last).to_be_in_viewport()
    expect(heatmap).to_be_in_viewport(ratio=1)
    assert heatmap.evaluate("(box) => box.scrollHeight - box.clientHeight") <= 2


def test_the_picture_shows_what_the_player_shows(open_file: OpenFile, lanes: Lanes, tmp_path: Path) -> None:
    page = open_file(lanes)
    page.keyboard.press("ArrowRight")
    step, steps = lanes["free"].steps[1], len(lanes["free"].steps)
    svg = picture(page, "SVG", tmp_path)
    found = texts(svg)
    assert found[0] == f"{lanes['free'].checkpoint['name']} · Free-running · " + say(
        "player.where", "en", step=2, steps=steps
    )
    assert {lanes["free"].checkpoint["digest"], TEXT, "◆", "★", "●"} <= set(found)
    assert found.count("◆") == sum(lane.divergence is not None for lane in lanes.values())
    shown = page.locator(".chip .weight, .lanes .p, .softmax .p").all_text_contents()
    assert sorted(filter(None, shown)) == sorted(t for t in found if t in set(shown) and t)
    words = [f"{t}" for t in page.locator(".lanes .token, .softmax .word .token, .side .token").all_text_contents()]
    for word in (*words, *lanes["free"].source_tokens[:1]):
        assert found.count(word) >= words.count(word), word
    assert f"{step.input} → {step.output}" in found
    upright = [t for t in found if len(t) == 1 and t in "喜欢"]
    assert upright  # Chinese labels of the heatmap stand letter by letter
    png = picture(page, "PNG", tmp_path).read_bytes()
    width = int(ElementTree.parse(svg).getroot().attrib["width"])
    assert png[:8] == b"\x89PNG\r\n\x1a\n" and int.from_bytes(png[16:20]) == 2 * width


@pytest.mark.parametrize("short", [False, True])  # of a short run the softmax is what is farthest right
def test_nothing_in_a_picture_leaves_its_sheet(open_file: OpenFile, lanes: Lanes, tmp_path: Path, short: bool) -> None:
    brief = trace(load(make_checkpoint(tmp_path, "general")), "我喝茶", None, "free", Settings(max_length=3))
    page = open_file({"free": brief} if short else lanes, "#step=2" if short else "#step=2&lane=forced")
    page.locator(".chip").nth(1 if short else 2).click()
    for alone in (False, True):
        svg = picture(page, "SVG", tmp_path, alone)
        outside = page.evaluate(
            """text => {
                const box = document.createElement("div");
                box.innerHTML = text;
                document.body.append(box);
                const sheet = box.firstChild.getBoundingClientRect();
                const out = [...box.querySelectorAll("text, rect, line")].filter((node) => {
                    const own = node.getBoundingClientRect();
                    const beside = own.left < sheet.left || own.right > sheet.right + 1;
                    return beside || own.top < sheet.top || own.bottom > sheet.bottom + 1;
                });
                box.remove();
                return out.map((node) => node.outerHTML);
            }""",
            svg.read_text(encoding="utf-8"),
        )
        assert outside == []


def test_two_hundred_tokens_play_and_are_drawn_readably(open_file: OpenFile, tmp_path: Path) -> None:
    checkpoint = load(make_checkpoint(tmp_path, "general"))
    run = trace(checkpoint, "我不喜欢喝茶，你喜欢苹果。" * 22, None, "free", Settings(max_length=40))
    assert len(run.source_tokens) >= 200
    page = open_file({"free": run})
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280
    page.keyboard.press("End")
    where(page, len(run.steps), len(run.steps))
    for alone in (False, True):
        svg = picture(page, "SVG", tmp_path, alone)
        root = ElementTree.parse(svg).getroot()
        assert float(root.attrib["width"]) <= 2150
        assert min(float(node.attrib.get("font-size", 14)) for node in root.iter(f"{SVG}text")) >= 11
        found = "".join(texts(svg))
        assert all(token in found for token in run.source_tokens)
        png = picture(page, "PNG", tmp_path, alone).read_bytes()
        assert int.from_bytes(png[16:20]) >= float(root.attrib["width"]) and len(png) > 20_000


def test_branches_are_taken_along_and_walked(open_file: OpenFile, lanes: Lanes, tiny_checkpoint: Path) -> None:
    checkpoint, free = load(tiny_checkpoint), lanes["free"]
    prefix = (free.steps[0].output, free.steps[1].top[1].token)
    branches = [Branch("b1", "一枝", "free", 1, prefix), Branch("b2", "two", "b1", 1, prefix, {1: Edit("uniform")})]
    traces = [trace(checkpoint, TEXT, REFERENCE, prefix=b.prefix, attention=b.edits) for b in branches]
    rows = [branch_row(b, run, above) for b, run, above in zip(branches, traces, [free, traces[0]], strict=True)]
    page = open_file(lanes, branches=rows, lang="zh")
    assert page.locator("tr.lane").count() == 4 and page.locator("details.evidence").is_hidden()
    for lane, run in (("b1", traces[0]), ("b2", traces[1])):
        page.keyboard.press("t")
        expect(page.locator(f"tr.lane.{lane}")).to_have_class(re.compile("active"))
        assert page.locator(f"tr.lane.{lane} td .token").all_text_contents() == [step.output for step in run.steps]
    assert page.locator(".branchBar button").count() == 0  # nobody to ask
    page.get_by_text("English", exact=True).click()
    expect(page.locator("tr.lane.b2")).to_have_class(re.compile("active"))


TEXTS = ("=1+1", "a;\ufeff-", "'@x", "'tis")


def test_the_csv_of_the_browser_is_that_of_the_command(browser: Browser, lanes: Lanes) -> None:
    values = json.loads(lanes["forced"].to_json())
    for step, after, text in zip(values["steps"], values["steps"][1:], TEXTS, strict=False):
        step["output"] = after["input"] = text
    page = browser.new_page()
    script = bundle.script(FOLDER / "export.js")
    told = page.evaluate(f"(trace) => {{ {script}\n return traceCsv(trace); }}", values)
    page.close()
    ours = Trace.from_json(json.dumps(values)).to_csv()
    rows, others = (list(csv.reader(io.StringIO(text, newline=""))) for text in (told, ours))
    texts, numbers = (0, 1, 2, 6), (3, 4, 5, 7)
    assert rows[0] == others[0] and len(rows) == len(others)
    for row, other in zip(rows[1:], others[1:], strict=True):
        assert [row[i] for i in texts] == [other[i] for i in texts]
        assert [float(row[i]) for i in (*numbers, *range(8, len(row)))] == [
            float(other[i]) for i in (*numbers, *range(8, len(row)))
        ]
    assert [row[2] for row in rows[1:5]] == ["'=1+1", "a;'\ufeff-", "''@x", "'tis"]
