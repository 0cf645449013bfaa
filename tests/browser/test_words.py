"""Subwords in the player: words on screen, pieces in requests, edits and files."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

pytest.importorskip("transformers", reason="Hugging Face models need: pip install -r requirements-extra.txt")

from s2s.checkpoint.open import load
from s2s.decode.decode import trace
from s2s.decode.strategy import Settings
from s2s.errors import say
from s2s.player import page as export
from s2s.text.subwords import word_spans
from s2s.trace.grid import Grid
from s2s.trace.trace import Trace
from tests.browser.conftest import probe, serve
from tests.model.huggingface.conftest import marian as marian
from tests.model.huggingface.random_models import SENTENCES
from tests.visitors import unfold_exports

TEXT, LIMIT = SENTENCES[0], 8


@pytest.fixture(scope="module")
def address(marian: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server whose one model cuts words into pieces."""
    folder = tmp_path_factory.mktemp("words")
    shutil.copytree(marian, folder / "checkpoints" / "tiny-marian")
    with serve(folder, LOOKBACK_CHECKPOINTS=str(folder / "checkpoints")) as address:
        yield address


@pytest.fixture(scope="module")
def lane(marian: Path) -> Trace:
    return trace(load(marian), TEXT, settings=Settings(max_length=LIMIT))


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context, problems = (
        browser.new_context(viewport={"width": 1280, "height": 1400}, accept_downloads=True),
        list[str](),
    )
    made = context.new_page()
    made.on("pageerror", lambda error: problems.append(str(error)))
    made.on("console", lambda m: problems.append(m.text) if m.type == "error" and not probe(m) else None)
    yield made
    context.close()
    assert problems == []


def weights(page: Page) -> list[str]:
    return page.locator(".chip .weight").all_text_contents()


def written(row: np.ndarray) -> list[str]:
    return [f"{w:.2f}" if w >= 0.005 else "" for w in row.tolist()]


def words_of(lane: Trace) -> Grid:
    """The source's words beside every step."""
    columns = word_spans(lane.source_tokens)
    summed = np.stack([lane.attention_TS[:, a:b].sum(axis=1) for a, b in columns], axis=1)
    return Grid(tuple(step.output for step in lane.steps), Grid.of(lane).words().sources, summed)


def test_words_and_pieces(page: Page, lane: Trace, tmp_path: Path) -> None:
    file, grid = tmp_path / "words.html", words_of(lane)
    file.write_text(export.render({"free": lane}, "en", 120), encoding="utf-8")
    page.goto(file.as_uri())
    chips, heads = page.locator(".chip .token"), page.locator(".map .head")
    expect(chips).to_have_text(list(grid.sources))
    assert len(grid.sources) < len(lane.source_tokens)
    assert heads.all_text_contents() == list(grid.sources) and weights(page) == written(grid.weights[0])
    page.keyboard.press("ArrowRight")
    expect(page.locator(".where")).to_have_text(say("player.where", "en", step=2, steps=len(lane.steps)))
    assert weights(page) == written(grid.weights[1])
    chips.nth(1).click()
    expect(heads.nth(1)).to_have_class(re.compile("marked"))
    unfold_exports(page)
    with page.expect_download() as download:
        page.get_by_role("button", name=say("player.download", "en", kind="JSON"), exact=True).click()
    assert Trace.from_json(download.value.path().read_text(encoding="utf-8")) == lane
    page.keyboard.press("w")
    expect(chips).to_have_text(list(lane.source_tokens))
    assert weights(page) == written(lane.attention_TS[1])
    page.wait_for_url(re.compile("#pieces=1&step=2"))
    page.reload()
    expect(chips).to_have_text(list(lane.source_tokens))
    page.get_by_role("button", name=say("player.words", "en")).click()
    expect(chips).to_have_text(list(grid.sources))


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_words_weight_is_shared_by_its_pieces(page: Page, address: str, lane: Trace, lang: str) -> None:
    grid, link = words_of(lane), {"model": "tiny-marian", "text": TEXT, "max_length": LIMIT, "lang": lang}
    page.goto(f"{address}/?{urlencode(link)}")
    expect(page.locator(".chip .token")).to_have_text(list(grid.sources))
    expect(page.locator(".keys").last).to_contain_text(say("player.key_words", lang).strip(" ·"))
    column = max(range(len(grid.sources)), key=lambda s: len(_span(lane, s)))
    place = page.locator(".chip").nth(column)
    place.click()
    page.keyboard.press("e")
    place.press("End")  # all on this word
    expect(place.locator(".weight")).to_have_text(re.compile(r"→1\.00$"))
    page.get_by_role("button", name=say("player.onward", lang)).click()
    expect(page.locator("tr.lane.b1")).to_be_visible()
    expect(place.locator(".weight")).to_have_text(re.compile(r"→1\.00$"))
    own = lane.attention_TS[0][_span(lane, column)]
    unfold_exports(page)
    with page.expect_download() as download:
        page.get_by_role("button", name=say("player.download", lang, kind="JSON"), exact=True).click()
    row = json.loads(download.value.path().read_text(encoding="utf-8"))["steps"][0]["attention"]
    expected = np.zeros(len(row))
    expected[_span(lane, column)] = own / own.sum()
    np.testing.assert_allclose(row, expected, atol=2e-4)
    page.get_by_role("button", name=say("player.words", lang)).click()  # pieces: Python hears of it
    expect(page.locator(".chip .token")).to_have_text(list(lane.source_tokens))
    page.wait_for_url(re.compile("pieces=1"))
    page.get_by_role("tab", name=say("step.charts", lang)).click()
    expect(page.get_by_role("switch", name=say("heads.pieces", lang)).first).not_to_be_checked()


def _span(lane: Trace, s: int) -> list[int]:
    return list(range(*word_spans(lane.source_tokens)[s]))
