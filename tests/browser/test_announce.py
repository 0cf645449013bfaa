"""Long work for who does not see the screen: what is read out, the name of its bar, and where the focus goes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from s2s.checkpoint.examples import EXAMPLES
from s2s.errors import LANGUAGES, say
from s2s.figures.numbers import storage
from s2s.server import inspection_quota
from tests.browser.axe import excuse, violations
from tests.browser.conftest import OpenPage, inspect
from tests.paths import SHIPPED
from tests.titles import title_of
from tests.visitors import Visitors, rest, serve

MODEL = "zh-en-luong"
PAIR = {"text": "我喜欢茶。", "ref": "I like tea.", "model": MODEL}
# Every text of the live region, which has to stay in the page.
LISTEN = """(region) => {
    globalThis.heard = [];
    globalThis.region = region;
    const note = () => globalThis.heard.push(region.textContent);
    new MutationObserver(note).observe(region, { subtree: true, childList: true, characterData: true });
}"""


@pytest.fixture
def cold(browser: Browser, tmp_path: Path) -> Iterator[OpenPage]:
    """As ``open_page``, at a server that nobody has visited."""
    with serve(tmp_path, LOOKBACK_INSPECTED=str(tmp_path / "inspected")) as address:
        visitors = Visitors(browser, address)
        yield visitors.come
        visitors.leave()


def pairs(folder: Path, count: int, times: int = 1) -> Path:
    """A file of pairs, each of which says its sentence so many times: the more often, the longer it is measured."""
    file = folder / "pairs.tsv"
    lines = (f"{f'我有 {n} 本书。' * times}\t{f'I have {n} books. ' * times}\n" for n in range(count))
    file.write_text("".join(lines), encoding="utf-8")
    return file


def listen(page: Page) -> None:
    page.locator(".st-key-announce [role=status]").evaluate(LISTEN)


def heard(page: Page, text: str | re.Pattern[str]) -> list[str]:
    """Wait until the live region says a text; returns all that it has said."""
    region = page.locator(".st-key-announce [role=status]")
    expect(region).to_have_text(text)
    assert region.evaluate("(region) => region === globalThis.region")
    return list(page.evaluate("globalThis.heard"))


def upload(page: Page, key: str, file: Path) -> None:
    """Give a field a file; a run of the page that the upload still begins would end that of a press."""
    field = page.locator(f".st-key-{key}")
    field.locator("input[type=file]").set_input_files(file)
    expect(field.get_by_text(file.name)).to_be_visible()
    expect(field.get_by_test_id("stFileChipIconSpinner")).to_have_count(0)
    rest(page)


def press(button: Locator) -> None:
    expect(button).to_be_enabled()
    button.focus()
    button.page.keyboard.press("Enter")


def named(page: Page, key: str, lang: str) -> Locator:
    return page.get_by_role("button", name=say(key, lang), exact=True)


def inspecting(lang: str, file: str) -> str:
    return say("announce.inspecting", lang, file=file, checkpoint=title_of(SHIPPED / MODEL, lang))


def shares(what: str, lang: str) -> list[str]:
    return [say("announce.share", lang, what=what, share=share) for share in (25, 50, 75)]


def start_inspection(page: Page, file: Path, lang: str) -> str:
    """Start an inspection by keyboard; returns what it is called."""
    form = page.locator("[class*=st-key-inspect_new] details")
    if form.get_attribute("open") is None:
        form.locator("summary").click()
    upload(page, "inspect_file", file)
    press(named(page, "inspect.start", lang))
    return inspecting(lang, file.name)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_an_inspection_is_heard_from_start_to_end_and_takes_the_focus_along(
    cold: OpenPage, tmp_path: Path, lang: str
) -> None:
    page = cold({"lang": lang, "model": MODEL}, player=False, path="inspection")
    listen(page)
    what = start_inspection(page, pairs(tmp_path, 400), lang)
    expect(named(page, "exposure.stop", lang)).to_be_focused()
    expect(page.get_by_role("progressbar", name=what, exact=True)).to_be_visible()
    result = say("app.list", lang).join((say("inspect.examples", lang, count=400), "§"))
    last = say("announce.result", lang, what=what, result=result).partition("§")[0]
    said = heard(page, re.compile(re.escape(last)))
    assert said[0] == say("announce.started", lang, what=what)
    assert said[1:-1] == [share for share in shares(what, lang) if share in said]  # in order, each once
    assert len(said) > 2
    expect(page.locator(".st-key-inspect_json button")).to_be_focused()
    summary = page.get_by_text(say("inspect.examples", lang, count=400)).first.inner_text().split(" · ")
    assert said[-1] == say("announce.result", lang, what=what, result=say("app.list", lang).join(summary[:2]))


@pytest.mark.parametrize("lang", LANGUAGES)
def test_stop_and_continue_are_heard_and_nothing_twice(cold: OpenPage, tmp_path: Path, lang: str) -> None:
    page = cold({"lang": lang, "model": MODEL}, player=False, path="inspection")
    listen(page)
    what = start_inspection(page, pairs(tmp_path, 5000), lang)
    stop, go_on = named(page, "exposure.stop", lang), named(page, "inspect.go_on", lang)
    started, stopped = (say(f"announce.{state}", lang, what=what) for state in ("started", "stopped"))
    heard(page, started)
    expect(stop).to_be_focused()
    page.keyboard.press("Enter")
    heard(page, stopped)
    expect(go_on).to_be_focused()
    page.keyboard.press("Enter")
    heard(page, started)
    expect(stop).to_be_focused()
    page.keyboard.press("Enter")
    assert heard(page, stopped) == [started, stopped] * 2
    expect(go_on).to_be_focused()


def test_who_has_gone_elsewhere_stays_there(cold: OpenPage, tmp_path: Path) -> None:
    page = cold({"lang": "en", "model": MODEL}, player=False, path="inspection")
    listen(page)
    what = start_inspection(page, pairs(tmp_path, 300), "en")
    heard(page, say("announce.started", "en", what=what))
    expect(named(page, "exposure.stop", "en")).to_be_focused()
    summary = page.locator("[class*=st-key-inspect_delete] summary")
    summary.focus()
    heard(page, re.compile("done –"))
    rest(page)
    expect(summary).to_be_focused()


def test_another_visitors_inspection_is_heard_once(browser: Browser, tmp_path: Path) -> None:
    data, file = tmp_path / "data", "many.tsv"
    data.mkdir()
    pairs(data, 5000).rename(data / file)
    with serve(tmp_path, LOOKBACK_INSPECTED=str(tmp_path / "inspected"), LOOKBACK_DATA=str(data)) as address:
        visitors = Visitors(browser, address)
        owner = visitors.come({"lang": "en", "model": MODEL}, player=False, path="inspection")
        listen(owner)
        owner.get_by_text(say("inspect.from_path", "en"), exact=True).click()
        owner.get_by_label(say("inspect.path", "en")).fill(file)
        owner.keyboard.press("Tab")
        rest(owner)
        press(named(owner, "inspect.start", "en"))
        what = inspecting("en", file)
        heard(owner, say("announce.started", "en", what=what))
        other = visitors.come({"lang": "en", "model": MODEL}, player=False, path="inspection")
        state = re.compile(rf"^{re.escape(what)}: (started|\d+ % done)\.$")
        region = other.locator(".st-key-announce [role=status]")
        expect(region).to_have_text(state)
        listen(other)
        press(named(owner, "exposure.stop", "en"))
        heard(owner, say("announce.stopped", "en", what=what))
        expect(named(other, "inspect.go_on", "en")).to_be_visible()
        assert other.evaluate("globalThis.heard") == []
        visitors.leave()


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_failing_file_is_heard_with_the_reason(open_page: OpenPage, tmp_path: Path, lang: str) -> None:
    file = tmp_path / "broken.tsv"
    file.write_text("我喜欢茶。\tI like tea.\n没有译文\n", encoding="utf-8")
    page = open_page({"lang": lang, "model": MODEL}, player=False, path="inspection")
    listen(page)
    what = start_inspection(page, file, lang)
    failed = say("announce.failed", lang, what=what)
    said = heard(page, re.compile("^" + re.escape(failed)))
    reason = page.locator("[class*=st-key-refused-inspect_file]").get_by_role("alert").inner_text()
    assert said[-1] == failed + (" " if lang == "en" else "") + reason
    expect(page.locator("[class*=st-key-inspect_new] summary")).to_be_focused()


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize(
    ("path", "prefix", "field"), [("exposure", "", "test_file"), ("evidence", "evidence_", "evidence_file")]
)
def test_a_measurement_is_heard_and_takes_the_focus_along(
    open_page: OpenPage, tmp_path: Path, lang: str, path: str, prefix: str, field: str
) -> None:
    page = open_page(PAIR | {"lang": lang}, path=path, player=path == "exposure")
    listen(page)
    upload(page, field, pairs(tmp_path, 12))
    press(named(page, "exposure.measure", lang))
    what = say("announce.measuring", lang, file="pairs.tsv")
    expect(named(page, "exposure.stop", lang)).to_be_focused()
    expect(page.get_by_role("progressbar", name=what, exact=True)).to_be_visible()
    last = say("announce.result", lang, what=what, result="§").partition("§")[0]
    said = heard(page, re.compile("^" + re.escape(last)))
    assert said[0].startswith(tuple(say(f"announce.{state}", lang, what=what) for state in ("started", "waiting")))
    result = page.locator(f".st-key-{prefix}result")
    value = re.search(r"[\d.]+ \[[^\]]*\]", said[-1])
    assert value
    expect(result.get_by_text(value[0], exact=True).first).to_be_visible()
    expect(result.locator(":focus")).to_have_count(1)


def test_a_stopped_measurement_gives_the_focus_back(open_page: OpenPage, tmp_path: Path) -> None:
    page = open_page(PAIR | {"lang": "zh"}, path="exposure")
    listen(page)
    upload(page, "test_file", pairs(tmp_path, 2000))
    measure, stop = named(page, "exposure.measure", "zh"), named(page, "exposure.stop", "zh")
    press(measure)
    expect(stop).to_be_focused()
    assert [found for found in violations(page.main_frame) if excuse(found) is None] == []
    expect(stop).to_be_focused()
    page.keyboard.press("Enter")
    heard(page, say("announce.stopped", "zh", what=say("announce.measuring", "zh", file="pairs.tsv")))
    expect(measure).to_be_focused()


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_training_is_heard_until_it_is_stopped_and_continued(open_page: OpenPage, lang: str) -> None:
    page = open_page({"chapter": "training", "lang": lang, "model": "date"}, player=False, path="lesson")
    page.set_default_timeout(120_000)
    listen(page)
    what = say("announce.training", lang)
    started, stopped = (say(f"announce.{state}", lang, what=what) for state in ("started", "stopped"))
    press(page.locator(".st-key-train button"))
    stop = page.locator(".st-key-train-stop button")
    expect(stop).to_be_focused()
    expect(page.get_by_role("progressbar", name=what, exact=True)).to_be_visible()
    heard(page, started)
    page.locator(".film").wait_for()
    page.keyboard.press("Enter")
    assert heard(page, stopped)[-2:] == [started, stopped]
    expect(page.locator(".st-key-train-resume button")).to_be_focused()
    page.keyboard.press("Enter")
    expect(stop).to_be_focused()
    page.keyboard.press("Enter")
    heard(page, stopped)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_who_waits_in_the_queue_hears_it(open_page: OpenPage, tmp_path: Path, lang: str) -> None:
    first, second = (open_page(PAIR | {"lang": lang}, path="exposure") for _ in range(2))
    what = say("announce.measuring", lang, file="pairs.tsv")
    for page in (first, second):
        listen(page)
        upload(page, "test_file", pairs(tmp_path, 2000, 12))
        press(named(page, "exposure.measure", lang))
        state = "started" if page is first else "waiting"
        assert heard(page, say(f"announce.{state}", lang, what=what)) == [say(f"announce.{state}", lang, what=what)]
        expect(named(page, "exposure.stop", lang)).to_be_focused()
    for page in (first, second):
        page.keyboard.press("Enter")
        heard(page, say("announce.stopped", lang, what=what))


@pytest.mark.parametrize("lang", LANGUAGES)
def test_saving_the_states_is_heard(open_page: OpenPage, inspected: Path, lang: str) -> None:
    inspect(inspected / f"states-{lang}", MODEL, EXAMPLES["zh-en"])
    page = open_page({"lang": lang, "inspection": f"states-{lang}"}, player=False, path="inspection")
    listen(page)
    press(named(page, "states.keep", lang))
    what = say("announce.saving", lang, file=f"states-{lang}.tsv")
    before, after = say("announce.result", lang, what=what, result="§").split("§")
    said = heard(page, re.compile(f"^{re.escape(before)}.*[kM]B.*{re.escape(after)}$"))
    size = storage(inspection_quota.states_size(inspected / f"states-{lang}"))
    assert said[-1] == before + say("announce.saved", lang, size=size) + after
    expect(page.locator(".st-key-states_show input")).to_be_focused()
