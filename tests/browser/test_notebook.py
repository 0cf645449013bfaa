"""A notebook's output in a page like a notebook's: frames that play, fit and follow the theme."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, FrameLocator, Page, expect

import s2s
from s2s.api import load
from s2s.errors import say
from s2s.player.lanes import Lanes
from s2s.player.notebook import show
from s2s.trace.trace import Trace
from tests.visitors import unfold_exports

SOURCE, TARGET = ["我", "喜欢", "喝", "茶"], ["I", "like", "tea", "<eos>"]
OpenNotebook = Callable[..., Page]


def arrays(**given: object) -> Trace:
    rng = np.random.default_rng(3)
    return Trace.from_arrays(rng.dirichlet(np.ones(4), size=4), SOURCE, TARGET, **given)  # type: ignore[arg-type]


@pytest.fixture
def notebook(browser: Browser, tmp_path: Path) -> Iterator[OpenNotebook]:
    """A page of outputs without a network; a script error or any request but for the page itself fails."""
    problems: list[str] = []
    contexts = []

    def open_one(*outputs: str, style: str = "color: #111", **options: object) -> Page:
        cells = "".join(f'<div class="output">{output}</div>' for output in outputs)
        file = tmp_path / "notebook.html"
        file.write_text(f'<!doctype html><meta charset="utf-8"><body style="{style}">{cells}', encoding="utf-8")
        context = browser.new_context(**{"viewport": {"width": 1000, "height": 900}, "offline": True} | options)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda m: problems.append(m.text) if m.type in ("error", "warning") else None)

        def watch(url: str) -> None:
            if not url.startswith((file.as_uri(), "about:srcdoc", "data:", "blob:null/")):
                problems.append(f"request to {url}")

        page.on("request", lambda request: watch(request.url))
        page.goto(file.as_uri())
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert problems == []


def frame(page: Page, n: int = 0) -> FrameLocator:
    found = page.frame_locator("iframe").nth(n)
    found.locator(".player").wait_for()
    return found


def fits(page: Page, n: int = 0) -> None:
    """Waits until the frame is as tall as its page."""
    inside = "() => Math.abs(innerHeight - document.body.offsetHeight) <= 1 && document.body.offsetHeight > 300"
    page.frames[n + 1].wait_for_function(inside)


def test_two_outputs_play_each_by_itself_and_fit(notebook: OpenNotebook, tiny_checkpoint: Path) -> None:
    lanes = load(tiny_checkpoint).lanes("我喜欢喝茶。", "I like tea.").fork(1, "apples")
    page = notebook(show(arrays(), "zh")._repr_html_(), show(lanes, "en")._repr_html_())
    first, second = frame(page), frame(page, 1)
    fits(page)
    fits(page, 1)
    steps = [len(lane.steps) for lane in lanes.values()]
    expect(first.locator(".where")).to_have_text(say("player.where", "zh", step=1, steps=4))
    second.locator("td[data-lane=free]").nth(2).click()
    expect(second.locator(".where")).to_have_text(say("player.where", "en", step=3, steps=steps[1]))
    page.keyboard.press("t")
    expect(second.locator("tr.b1")).to_have_class(re.compile("active"))
    expect(first.locator(".where")).to_have_text(say("player.where", "zh", step=1, steps=4))
    second.locator("summary", has_text=say("player.worked", "en")).click()
    fits(page, 1)  # it has grown
    unfold_exports(second)
    with page.expect_download() as download:
        second.get_by_role("button", name=say("player.download", "en", kind="PNG"), exact=True).click()
    assert Path(download.value.path()).read_bytes().startswith(b"\x89PNG")


def by_a_function() -> Lanes:
    """Both lanes and two branches of a decoder that is a function of one step."""
    words, looks = ["<s>", "</s>", "good", "morning", "evening"], np.array([[0.8, 0.2], [0.1, 0.9]])

    def step(state: int, token: int, attention: object = None) -> tuple[object, object, int]:
        probabilities = np.full(5, 0.05)
        probabilities[[2, 3, 1][min(state, 2)]] = 0.8
        return np.log(probabilities), looks[min(state, 1)] if attention is None else attention, state + 1

    lanes = s2s.lanes(step, "早上 好", "good evening", vocabulary=words, state=0, name="mine")
    return lanes.fork(1, "evening").fork(1, attention="1")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_decoder_of_ones_own_plays_with_its_forks(notebook: OpenNotebook, language: str) -> None:
    lanes = by_a_function()
    page = notebook(show(lanes, language)._repr_html_())
    shown = frame(page)
    fits(page)
    assert not re.search(r"NaN|undefined|null|Infinity", shown.locator("body").inner_text())
    shown.locator("td[data-lane=free]").nth(1).click()
    expect(shown.locator(".where")).to_have_text(say("player.where", language, step=2, steps=3))
    assert shown.locator(".chip .weight").all_text_contents() == ["0.10", "0.90"]
    expect(shown.locator(".distribution")).to_contain_text("80.0 %")
    expect(shown.locator(".distribution")).to_contain_text(say("player.rest", language, count=0))
    shown.locator("td[data-lane=b1]").nth(1).click()
    expect(shown.locator("tr.b1")).to_have_class(re.compile("active"))
    expect(shown.locator("td[data-lane=b1]").nth(1)).to_contain_text("evening")
    shown.locator("td[data-lane=b2]").nth(1).click()
    assert shown.locator(".chip .weight").all_text_contents() == ["0.10→1.00", "0.90→0.00"]
    page.keyboard.press("d")
    expect(shown.locator(".where")).to_contain_text("2")


def test_what_a_lane_of_arrays_lacks_is_not_there(notebook: OpenNotebook, tmp_path: Path) -> None:
    trace = arrays()
    page = notebook(show(trace, "en")._repr_html_())
    shown = frame(page)
    text = shown.locator("body").inner_text()
    assert not re.search(r"NaN|undefined|null|Infinity", text)
    for absent in (".distribution", ".worked", ".link", ".edit", "header", ".lanes .p"):
        assert shown.locator(absent).locator("visible=true").count() == 0, absent
    assert shown.locator(".mapPane").bounding_box()["width"] > 700  # type: ignore[index]
    shown.locator(".chip").nth(1).hover()
    expect(shown.locator(".head").nth(1)).to_have_class(re.compile("marked"))
    shown.locator(".side").nth(2).hover()
    weights = shown.locator(".chip .weight").all_text_contents()
    assert weights == [f"{w:.2f}" if w >= 0.005 else "" for w in trace.steps[2].attention.tolist()]
    shown.locator("select.speed").select_option("4")
    shown.locator(".player").focus()
    page.keyboard.press("Home")
    page.keyboard.press("Space")
    expect(shown.locator(".where")).to_have_text(say("player.where", "en", step=4, steps=4))
    expect(shown.locator(".live")).to_contain_text("<eos>")
    for key in ("ArrowLeft", "End", "Escape", "e", "t"):
        page.keyboard.press(key)
    expect(shown.locator(".lanes th").last).to_have_text(say("player.output", "en"))
    shown.locator("summary", has_text=say("player.table", "en")).click()
    named = [say(f"player.{name}", "en") for name in ("step", "input", "output")]
    expect(shown.locator(".tableBody th")).to_have_text([*named, *SOURCE])
    for kind in ("SVG", "CSV", "JSON"):
        unfold_exports(shown)
        with page.expect_download() as download:
            shown.get_by_role("button", name=say("player.download", "en", kind=kind), exact=True).click()
        saved = Path(download.value.path()).read_text(encoding="utf-8-sig")
        assert not re.search("NaN|undefined|Infinity", saved)
        if kind == "JSON":
            assert Trace.from_json(saved) == trace


def test_some_numbers_are_shown_where_they_are(notebook: OpenNotebook) -> None:
    known = arrays(log_probs=np.log([0.5, 0.25, 0.125, 0.9]), top=[{"I": np.log(0.5), "We": np.log(0.25)}, {}, {}, {}])
    shown = frame(notebook(show(known, "en")._repr_html_()))
    assert shown.locator(".softmax .word .token").all_text_contents() == ["I", "We"]
    assert shown.locator(".softmax .p").all_text_contents() == ["50.0 %", "25.0 %", "25.0 %"]
    shown.locator(".lanes td[data-t='1'][data-lane]").last.click()
    assert shown.locator(".softmax .p").all_text_contents() == ["25.0 %", "75.0 %"]
    assert shown.locator(".about dt").all_text_contents() == [
        say("player.of_chosen", "en"),
        say("player.surprise", "en"),
    ]
    assert not re.search(r"NaN|undefined", shown.locator("body").inner_text())


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_frame_is_as_dark_as_what_is_around_it(notebook: OpenNotebook, scheme: str) -> None:
    colours = "color: #eee; background: #111" if scheme == "dark" else "color: #222; background: #fff"
    other = "light" if scheme == "dark" else "dark"  # the system's wish is not the notebook's
    page = notebook(show(arrays(), "en")._repr_html_(), style=colours, color_scheme=other)
    shown = frame(page)
    expect(shown.locator("html")).to_have_attribute("data-theme", scheme)
    page.evaluate("dark => document.body.style.color = dark ? '#222' : '#eee'", scheme == "dark")
    expect(shown.locator("html")).to_have_attribute("data-theme", other)
    expect(shown.locator(".player")).to_have_class("player mute dark" if other == "dark" else "player mute")


def test_on_a_phone_and_without_the_script_it_can_still_be_read(notebook: OpenNotebook) -> None:
    html = re.sub(r"<script>.*</script>$", "", show(Lanes.of(arrays()), "zh", 300)._repr_html_(), flags=re.DOTALL)
    page = notebook(html, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    shown = frame(page)
    assert round(page.locator("iframe").bounding_box()["height"]) == 300  # type: ignore[index]
    assert shown.locator("html").evaluate("node => node.scrollWidth <= node.clientWidth")
    shown.locator(".side").nth(3).tap()
    expect(shown.locator(".where")).to_have_text(say("player.where", "zh", step=4, steps=4))


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_page_of_a_function_plays_its_forks_and_says_where_new_ones_are_made(
    notebook: OpenNotebook, tmp_path: Path, lang: str
) -> None:
    words = ["<s>", "</s>", "<unk>", "I", "like", "tea"]
    rows = np.log(np.random.default_rng(0).dirichlet(np.ones(len(words)), size=9))

    def step_fn(state: int, token: int) -> tuple[object, object, int]:
        return rows[state], np.ones(len(SOURCE)) / len(SOURCE), state + 1

    lanes = s2s.lanes(step_fn, SOURCE, ["I", "like", "tea"], vocabulary=words, state=0, max_length=4).fork(1, "tea")
    page = notebook(show(lanes, lang)._repr_html_())
    told = frame(page).locator(".forking")
    expect(told).to_be_visible()
    expect(told).to_have_text(say("export.forks", lang))
    player = frame(page).locator(".player")
    expect(player.locator("th.branch")).to_have_count(1)
    before = player.locator("th.branch").inner_text()
    player.locator(".softmax .token").nth(1).click()  # a word that the model might have said
    expect(player.locator("th.branch")).to_have_count(1)
    player.locator(".where").wait_for()
    player.press("ArrowRight")
    expect(player.locator(".where")).to_contain_text("2")
    assert player.locator("th.branch").inner_text() == before
    assert lanes.fork(1, "like")["b2"].steps[1].output == "like"  # what the sentence advises works
    page = notebook(show(arrays(), lang)._repr_html_())
    expect(frame(page).locator(".player")).to_be_visible()
    assert frame(page).locator(".forking").count() == 0
