"""The model in a visitor's browser answers forks and edits with Python's numbers; without it Python goes on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from s2s.checkpoint.open import load
from s2s.decode.decode import trace
from s2s.errors import say
from s2s.explain import examine, of_trace
from s2s.trace.branch import Edit, unpack
from s2s.trace.trace import Trace
from tests.browser.test_whatif import alternative, current, fork, link_of, words
from tests.paths import SHIPPED
from tests.visitors import OURS, Visitors, pick_model, serve, unfold_exports, unfold_menu

SENTENCES = {
    "date": ("the 3rd of May 1998", "1998-05-03"),
    "zh-en-luong": ("我妹妹每天早上骑自行车去学校。", "My sister goes to school by bike every morning."),
}
OPEN = ".lookback[data-model=open], [data-model=open]"
# Each request that leaves for Python is noted.
COUNTED = """() => {
    let own = lookbackWire.send;
    globalThis.sent = [];
    const send = (request) => (sent.push(request.kind), own(request));
    Object.defineProperty(lookbackWire, "send", { get: () => own && send, set: (next) => (own = next) });
}"""


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("served") / "log"


@pytest.fixture(scope="module")
def served(log: Path) -> Iterator[str]:
    """A server as an operator starts it, which has the routes of the browser's model, below a path."""
    with serve(log.parent, OURS, "/up", LOOKBACK_BASE_PATH="up") as address:
        yield address


@pytest.fixture
def visitors(browser: Browser, served: str) -> Iterator[Visitors]:
    come = Visitors(browser, served)
    yield come
    come.leave()


def visit(visitors: Visitors, model: str, lang: str = "en", step: int = 3, **more: Any) -> tuple[Page, list[str]]:
    """A page of Step through, and the paths that it asks of the browser's model from now on."""
    text, reference = SENTENCES[model]
    link = {"lang": lang, "model": model, "text": text, "ref": reference, "step": str(step), "lane": "free"}
    page, fetched = visitors.come(link | more.pop("link", {}), **more), list[str]()
    page.on("request", lambda request: "/browser-model/" in request.url and fetched.append(request.url))
    return page, fetched


def opened(page: Page) -> None:
    """Until the model has run what is on screen; from then on the requests to Python are in ``sent``."""
    page.wait_for_selector(OPEN)
    page.evaluate(COUNTED)


def sent(page: Page) -> set[str]:
    return set(page.evaluate("sent"))


def decoded(log: Path) -> int:
    """How often the server has run a model."""
    return log.read_text().count("s2s.events run")


def traced(page: Page, folder: Path, lang: str) -> Trace:
    """The lane on screen, as it is downloaded."""
    unfold_exports(page)
    with page.expect_download() as taken:
        page.get_by_role("button", name=say("player.download", lang, kind="JSON")).click()
    taken.value.save_as(folder / "trace.json")
    return Trace.from_json((folder / "trace.json").read_text(encoding="utf-8"))


def same(made: Trace, expected: Trace) -> None:
    assert [step.output for step in made.steps] == [step.output for step in expected.steps]
    assert (made.text, made.ended, made.divergence) == (expected.text, expected.ended, expected.divergence)
    for own, other in zip(made.steps, expected.steps, strict=True):
        assert own.log_prob == pytest.approx(other.log_prob, abs=1e-4) and own.rank == other.rank
        assert own.attention.tolist() == pytest.approx(other.attention.tolist(), abs=1e-4)
        assert own.entropy == pytest.approx(other.entropy, abs=1e-3)
        assert [word.token for word in own.top[:5]] == [word.token for word in other.top[:5]]


@pytest.mark.parametrize(("model", "lang"), [("date", "en"), ("zh-en-luong", "zh")])
def test_a_visitors_play_costs_the_server_nothing(
    visitors: Visitors, log: Path, tmp_path: Path, model: str, lang: str
) -> None:
    page, fetched = visit(visitors, model, lang)
    assert fetched == []  # most visitors never fork
    checkpoint, free = load(SHIPPED / model), words(page, "free")
    row, first = alternative(page)
    page.locator(row).click()  # Python answers, the model is not there yet
    current(page, "b1")
    opened(page)
    runs, shown = decoded(log), words(page, "b1")
    assert shown[:3] == [*free[:2], first]

    page.locator("tr.lane.b1 td[data-t='3']").click()
    word = str(alternative(page)[1])
    page.locator(alternative(page)[0]).click()
    current(page, "b2")
    text, reference = SENTENCES[model]
    same(traced(page, tmp_path, lang), trace(checkpoint, text, reference, prefix=[*shown[:3], word]))
    assert page.locator("tr.lane.b2 td.shared").count() == 3
    name = say("player.new_branch", lang, name=word, step=4, text=traced(page, tmp_path, lang).text)
    expect(page.locator(".news")).to_have_text(name)

    page.locator("tr.lane.b2 .name").dblclick()
    page.keyboard.type("<b>其他")
    page.keyboard.press("Enter")
    expect(page.locator("tr.lane.b2 .name")).to_have_text("<b>其他")
    page.locator(".say input").fill("qwzx")
    page.keyboard.press("Enter")
    unknown = say("error.prefix_token", lang, token="q" if model == "date" else "qwzx", checkpoint=model)
    expect(page.locator(".distribution .note")).to_have_text(unknown)

    page.locator("tr.lane.free td[data-t='3']").click()
    page.locator("button.edit").click()
    drag(page, 2)
    one_hot = trace(checkpoint, text, reference, prefix=free[:3], attention={3: Edit("only", 2)})
    for scored in one_hot.steps[3].top[:3]:
        share = 100 * 2.718281828**scored.log_prob
        if share >= 0.1:
            found = page.locator(".change li", has=page.get_by_text(scored.token, exact=True)).first
            expect(found).to_contain_text("> 99.9 %" if share > 99.95 else f"{share:.1f} %".replace("> ", ">"))
    page.locator(".onward").click()
    current(page, "b3")
    same(traced(page, tmp_path, lang), one_hot)

    page.locator("tr.lane.b1 th").click()
    below = words(page, "b2")
    page.locator(".branchBar button.delete").click()
    expect(page.locator("tr.lane.b1")).to_have_count(0)
    current(page, "free")
    assert words(page, "b2") == below
    expect(page.locator("tr.lane.b2 td.shared")).to_have_count(2)
    page.wait_for_function("!location.search.includes('%22b1%22')")
    assert sent(page) == {"keep"} and decoded(log) == runs

    page.reload()
    page.wait_for_selector(".player")
    expect(page.locator("tr.lane.b3")).to_have_count(1)
    assert words(page, "b2") == below and [branch.id for branch in unpack(link_of(page)["branches"])] == ["b2", "b3"]
    assert decoded(log) > runs  # Python's own rows of the same branches


def drag(page: Page, place: int) -> None:
    """Drag a chip up until all weight is on it."""
    box = page.locator(".chip").nth(place).bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y - 40, steps=4)
    page.mouse.move(x, y - 400, steps=8)
    page.mouse.up()
    expect(page.locator(".weigh")).to_contain_text("1.00")


@pytest.mark.parametrize(("pace", "asked"), [(0, set()), (1000, {"evidence", "orders", "origins"})])
def test_arithmetic_and_evidence_have_pythons_numbers(visitors: Visitors, pace: int, asked: set[str]) -> None:
    text = "3/5/98"
    page, _ = visit(visitors, "date", link={"text": text, "ref": ""})
    page.keyboard.press("e")  # whoever opens the editor will want it
    opened(page)
    page.keyboard.press("e")
    page.locator("details.worked summary").first.click()
    expect(page.locator(".workedBody")).to_contain_text("W s")
    assert sent(page) == set()
    page.evaluate("pace => (lookbackModel.pace = pace)", pace)  # a machine that is too slow leaves evidence to Python
    page.locator("details.evidence summary").click()
    expect(page.locator(".evidence .progress")).to_have_count(0)
    checkpoint = load(SHIPPED / "date")
    (found,) = examine(checkpoint.model, of_trace(checkpoint, trace(checkpoint, text)), [2])
    values = found.to_dict()
    expect(page.locator(".verdict")).to_have_class(f"verdict {values['verdict']}")
    for place, value in enumerate(found.removal.normalised):  # asked for by a second request, when the rest is there
        assert value is not None
        exact = say("player.evidence_exact", "en", value=decimals(value))
        expect(page.locator(".facts dd").nth(place)).to_contain_text(exact)
    assert sent(page) == asked
    for name in ("attention", "gradient", "integrated", "erasure"):
        cells = [str(cell.get_attribute("title")) for cell in page.locator(f".evidence tr.{name} td[data-s]").all()]
        shown = [float(cell.replace("−", "-")) for cell in cells]
        assert shown == pytest.approx(values["rows"][name], abs=2e-4), name


def decimals(value: float) -> str:
    """A number as the player writes it."""
    return f"{value:.2f}".replace("-", "−")


def test_what_was_forked_here_is_there_in_another_language_and_in_an_export(visitors: Visitors, tmp_path: Path) -> None:
    page, _ = visit(visitors, "date")
    page.keyboard.press("e")
    opened(page)
    page.keyboard.press("e")
    fork(page, "b1", "6")
    fork(page, "b2", "7")
    shown = words(page, "b1"), words(page, "b2")
    page.get_by_text("中文", exact=True).click()
    expect(page.locator(".where")).to_contain_text("第 3 步")
    expect(page.locator("th.branch")).to_have_count(2)
    assert (words(page, "b1"), words(page, "b2")) == shown
    page.wait_for_selector(OPEN)
    fork(page, "b3", "8")
    unfold_menu(page, "more")
    with page.expect_download() as taken:
        page.get_by_role("button", name=say("step.html", "zh"), exact=True).click()
    saved = page.context.new_page()
    saved.goto(taken.value.path().rename(tmp_path / "page.html").as_uri())
    expect(saved.locator("th.branch")).to_have_count(3)
    assert (words(saved, "b1"), words(saved, "b2"), words(saved, "b3")) == (*shown, words(page, "b3"))


def test_another_sentence_and_another_model_are_run_anew(visitors: Visitors, log: Path) -> None:
    page, fetched = visit(visitors, "date")
    page.keyboard.press("e")
    opened(page)
    page.keyboard.press("e")
    fork(page, "b1", "6")
    page.get_by_role("textbox", name=say("step.text", "en")).fill("June 7, 2011")
    page.get_by_role("button", name=say("step.run", "en"), exact=True).click()
    expect(page.locator("th.branch")).to_have_count(0)
    page.wait_for_selector(OPEN)
    runs = decoded(log)
    page.locator("tr.lane.free td[data-t='2']").click()
    fork(page, "b1", "5")
    checkpoint, prefix = load(SHIPPED / "date"), words(page, "free")[:2]
    assert words(page, "b1") == [step.output for step in trace(checkpoint, "June 7, 2011", prefix=[*prefix, "5"]).steps]
    assert decoded(log) == runs and len([url for url in fetched if url.endswith("/weights")]) == 1


def test_who_comes_back_from_another_model_finds_the_branches(visitors: Visitors) -> None:
    page, fetched = visit(visitors, "date")
    page.keyboard.press("e")
    opened(page)
    page.keyboard.press("e")
    fork(page, "b1", "6")
    fork(page, "b2", "7")
    shown = words(page, "b1"), words(page, "b2")
    page.wait_for_url(re.compile("lane=b2"))
    pick_model(page, "date-hard", say("step.checkpoint", "en"))
    expect(page.locator("th.branch")).to_have_count(0)
    expect(page.locator("[data-model=python]")).to_be_visible()
    page.wait_for_url(re.compile("model=date-hard"))
    page.go_back()
    expect(page.locator("th.branch")).to_have_count(2)
    assert (words(page, "b1"), words(page, "b2")) == shown
    fork(page, "b3", "8")
    page.wait_for_selector(OPEN)
    assert len([url for url in fetched if url.endswith("/weights")]) == 2  # the second time from the browser's cache


def failing(visitors: Visitors) -> None:
    """What the console says of a blocked script is no fault of ours."""
    visitors.problems[:] = [text for text in visitors.problems if "ERR_FAILED" not in text]


@pytest.mark.parametrize("part", ["worker.js", "weights", "texts.json"])
def test_where_a_part_is_blocked_python_answers(visitors: Visitors, part: str) -> None:
    page, fetched = visit(visitors, "date")
    page.route(re.compile(f"/{part}$"), lambda route: route.abort())
    page.locator(alternative(page)[0]).click()
    current(page, "b1")
    page.wait_for_selector("[data-model=failed]")
    page.evaluate(COUNTED)
    page.keyboard.press("ArrowRight")
    fork(page, "b2", "6")
    page.locator("button.edit").click()
    drag(page, 1)
    expect(page.locator(".change")).to_have_attribute("data-seq", re.compile(r"\d"))
    assert sent(page) == {"fork", "preview"}
    asked = len(fetched)
    page.locator(".onward").click()
    current(page, "b3")
    assert len(fetched) == asked  # it is not tried again
    failing(visitors)


def test_a_model_that_ends_hands_over_to_python(visitors: Visitors) -> None:
    page, _ = visit(visitors, "date")
    page.keyboard.press("e")
    opened(page)
    page.keyboard.press("e")
    fork(page, "b1", "6")
    shown = words(page, "b1")
    page.evaluate("lookbackModel.worker.stop()")  # as a browser does that is short of memory
    fork(page, "b2", "7")
    page.wait_for_selector("[data-model=failed]")
    assert words(page, "b1") == shown and "fork" in sent(page)
    page.locator(".branchBar button.delete").click()
    expect(page.locator("th.branch")).to_have_count(1)


def test_a_visitor_who_saves_data_fetches_nothing(visitors: Visitors) -> None:
    page, fetched = visit(visitors, "date")
    page.evaluate("Object.defineProperty(navigator, 'connection', { value: { saveData: true } })")
    page.locator(alternative(page)[0]).click()
    current(page, "b1")
    page.locator("button.edit").click()
    assert fetched == [] and page.locator("[data-model=python]").count() == 1


def test_a_hypothesis_of_the_search_joins_the_branches(visitors: Visitors) -> None:
    page, _ = visit(visitors, "date", link={"strategy": "beam", "beam": "3"})
    page.keyboard.press("e")
    opened(page)
    page.keyboard.press("e")
    fork(page, "b1", "7")
    shown = words(page, "b1")
    page.get_by_role("tab", name=say("step.beam_tab", "en"), exact=True).click()
    page.get_by_role("button", name=say("beam.open_rank", "en", rank=2)).click()  # Python makes the branch
    expect(page.locator("th.branch")).to_have_count(2)
    current(page, "b2")
    page.wait_for_selector(OPEN)
    page.evaluate("sent.length = 0")
    fork(page, "b3", "0")
    page.wait_for_url(re.compile("b3.*lane=b3"))
    assert sent(page) == {"keep"} and words(page, "b1") == shown
    assert [branch.id for branch in unpack(link_of(page)["branches"])] == ["b1", "b2", "b3"]
