"""A model of many heads in a browser: play, choose a head, fork, see all heads; a phone and a long text."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

pytest.importorskip("transformers", reason="Hugging Face models need: pip install -r requirements-extra.txt")

from s2s.checkpoint import huggingface
from s2s.checkpoint.open import load
from s2s.decode.decode import trace
from s2s.decode.strategy import Settings
from s2s.errors import say
from tests.browser.conftest import probe, serve
from tests.model.huggingface.random_models import SENTENCES, write
from tests.visitors import unfilled, unfold_menu

TEXT, STEPS = SENTENCES[0], 6
LONG = " ".join([*SENTENCES[:5], *SENTENCES[:3]])
REST = "[data-testid=stApp][data-test-script-state=notRunning]"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of 52 languages with room for a long text, alone in its folder."""
    folder = tmp_path_factory.mktemp("huggingface")
    theirs = write(folder / "theirs", "mbart50", max_position_embeddings=512)
    huggingface.import_huggingface(str(theirs), folder / "checkpoints" / "many", "", "en_XX", "zh_CN")
    shutil.rmtree(theirs)
    return folder / "checkpoints" / "many"


@pytest.fixture(scope="module")
def address(model: Path) -> Iterator[str]:
    with serve(model.parent.parent, LOOKBACK_CHECKPOINTS=str(model.parent)) as address:
        yield address


def visit(browser: Browser, address: str, problems: list[str], query: dict[str, object], **options: object) -> Page:
    page = browser.new_context(**options).new_page()  # type: ignore[arg-type]
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda m: problems.append(m.text) if m.type == "error" and not probe(m) else None)
    page.goto(f"{address}/?{urlencode({'model': 'many', 'mode': 'free', 'max_length': STEPS, **query})}")
    page.wait_for_selector(".player")
    page.wait_for_selector(REST)
    return page


def choose(page: Page, field: str, value: str) -> None:
    page.locator(f".st-key-{field} input").click()
    page.get_by_role("option", name=value, exact=True).click()


def shown(page: Page) -> list[str]:
    """The weights below the source's tokens, of the step that is looked at."""
    return page.locator(".chip .weight").all_text_contents()


def written(row: np.ndarray) -> list[str]:
    return [f"{weight:.2f}" if weight >= 0.005 else "" for weight in row.tolist()]


def test_a_head_is_chosen_played_and_forked_from(browser: Browser, address: str, model: Path) -> None:
    problems = list[str]()
    page = visit(
        browser,
        address,
        problems,
        {"text": TEXT, "lang": "en", "pieces": "1"},
        viewport={"width": 1280, "height": 1400},
    )
    settings = Settings(max_length=STEPS)
    mean, one = (trace(load(model.with_name(name)), TEXT, settings=settings) for name in ("many", "many@2.3"))
    unfold_menu(page, "card")
    expect(page.get_by_text("From en_XX to zh_CN.")).to_be_visible()
    expect(page.locator(".chip .token")).to_have_text(list(mean.source_tokens))
    assert shown(page) == written(mean.steps[0].attention) != written(one.steps[0].attention)
    choose(page, "layer-en", "2")
    page.wait_for_url(re.compile("layer=2"))
    choose(page, "head-en", "3")
    expect(page.locator(".chip .weight")).to_have_text(written(one.steps[0].attention))
    page.keyboard.press("Escape")
    page.locator(".player").focus()
    page.keyboard.press("Space")
    expect(page.locator(".where")).to_have_text(say("player.where", "en", step=len(one.steps), steps=len(one.steps)))
    assert shown(page) == written(one.steps[-1].attention)
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    word = one.steps[1].top[2].token
    page.locator(".softmax li").nth(2).click()
    forked = trace(load(model.with_name("many@2.3")), TEXT, prefix=[one.steps[0].output, word], settings=settings)
    expect(page.locator("tr.lane.b1 td .token")).to_have_text([step.output for step in forked.steps])
    expect(page.locator(".chip .weight")).to_have_text(written(forked.steps[1].attention))
    page.get_by_text(say("player.worked", "en"), exact=True).click()
    expect(page.locator(".workedBody")).to_contain_text(say("player.readout_deep", "en"))
    products, output = page.locator(".workedBody table.numbers").evaluate_all(
        "tables => tables.map(t => [...t.tBodies[0].rows].map(r => [...r.cells].map(c => c.textContent)))"
    )
    logits = [word.log_prob + forked.steps[1].normaliser for word in forked.steps[1].top[:5]]
    for column in ([row[-1] for row in products[:5]], [row[1] for row in output]):
        assert [float(cell.replace("−", "-")) for cell in column] == pytest.approx(logits, abs=2e-3)
    assert unfilled(page) == []
    page.get_by_role("tab", name=say("step.heads_tab", "en"), exact=True).click()
    figures = page.locator(".lb-heads figure")
    expect(figures).to_have_count(8)
    expect(page.locator(".lb-heads figure.seen figcaption span").first).to_have_text("2.3")
    assert figures.locator("img").evaluate_all("all => all.every(img => img.complete && img.naturalWidth > 0)")
    assert problems == []
    page.context.close()


def test_a_long_text_on_a_phone_stays_on_the_page(browser: Browser, address: str) -> None:
    problems = list[str]()
    small = {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark", "has_touch": True}
    page = visit(browser, address, problems, {"text": LONG, "lang": "zh"}, **small)
    assert page.locator(".chip").count() > 60
    for tab in ("player", "heads_tab"):
        page.get_by_role("tab", name=say(f"step.{tab}", "zh"), exact=True).click()
        page.locator(".lb-heads figure" if tab == "heads_tab" else ".map").first.wait_for()
        wide = page.evaluate("document.scrollingElement.scrollWidth - document.scrollingElement.clientWidth")
        assert wide <= 0, tab
    assert problems == []
    page.context.close()
