"""axe-core finds nothing on any page: both languages, both themes, three widths, the pages that leave the app included.

A state is opened once in each language and seen in both themes and two widths, phone and enlargement among them; theme
and width change on the open page, which lays itself out anew.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlencode

import pytest
import torch
from playwright.sync_api import Browser, Page

from s2s.checkpoint.open import load
from s2s.decode.decode import trace
from s2s.inspect.report.content import Report, make_report, trace_decoder
from s2s.inspect.report.render import render_report
from s2s.inspect.run import Input, Inspection
from s2s.inspect.table import Examples
from s2s.player import page as export
from s2s.player.lanes import Lanes
from s2s.player.notebook import show
from s2s.train.distributed import Group
from s2s.web.lesson import CHAPTERS
from s2s.web.shell.examples import EXAMPLES
from tests.browser.axe import STREAMLIT, excuse, too_small, violations
from tests.browser.test_player import REFERENCE, TEXT
from tests.paths import SHIPPED
from tests.visitors import rest

MODEL = "zh-en-luong"
PAIR = {"text": TEXT, "ref": REFERENCE}
BRANCHES = [{"id": "b1", "kind": "fork", "parent": "free", "step": 2, "tokens": "My father"}]
# What a visitor can have on screen: path and query.
STATES: dict[str, tuple[str, dict[str, str]]] = {
    "step": ("", PAIR),
    "guess": ("", PAIR | {"predict": "1"}),
    "charts": ("", PAIR | {"tab": "charts"}),
    "beam": ("", PAIR | {"strategy": "beam", "tab": "beam_tab"}),
    "projector": ("", PAIR | {"projector": "1"}),
    "no attention": ("", PAIR | {"model": "zh-en-none"}),
    "wrong link": ("", PAIR | {"beam": "many"}),
    "no text": ("", {"text": ""}),
    **{f"lesson {chapter}": ("lesson", PAIR | {"chapter": chapter}) for chapter in CHAPTERS},
    "compare": ("compare", PAIR | {"differs": "source", "b_text": "我妹妹每天早上去学校。"}),
    "exposure": ("exposure", PAIR),
    "evidence": ("evidence", {}),
    "models": ("checkpoints", {}),
    "inspections": ("inspection", {}),
    "inspection": ("inspection", {"inspection": "axe", "row": "1"}),
    "classroom": ("classroom", PAIR),
    "no room": ("", {"room": "ABCDEF"}),
}
# In each language the themes and widths in which a state is seen: 1280 pixels, a phone, and 1280 enlarged four times.
Views = tuple[tuple[Literal["light", "dark"], int], ...]
SEEN: dict[str, Views] = {"en": (("light", 1280), ("dark", 320)), "zh": (("dark", 1280), ("light", 390))}
OPEN = """() => {
    const look = (root) => root.querySelectorAll("*").forEach((node) => {
        if (node.localName === "details") node.open = true;
        if (node.shadowRoot) look(node.shadowRoot);
    });
    look(document);
}"""
FOUND: dict[str, list[str]] = {}
EXCUSED: set[tuple[str, str]] = set()


def check(page: Page, name: str, views: Views) -> None:
    """Open what folds, and collect what axe finds in each theme and width."""
    frame = page.frames[-1]  # of a notebook the output, otherwise the page itself
    frame.evaluate(OPEN)
    for theme, width in views:
        page.emulate_media(color_scheme=theme)
        page.set_viewport_size({"width": width, "height": 900})
        page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        for violation in violations(frame):
            key = excuse(violation)
            if key is not None:
                EXCUSED.add(key)
            else:
                FOUND.setdefault(json.dumps(violation, ensure_ascii=False), []).append(f"{name} {theme} {width}")
        for text in too_small(frame):
            FOUND.setdefault(f"smaller than 12 pixels: {text}", []).append(f"{name} {theme} {width}")


@pytest.fixture(scope="module")
def inspection(inspected: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An inspection of a few sentences of ours."""
    file = tmp_path_factory.mktemp("pairs") / "axe.tsv"
    file.write_text("".join(f"{a}\t{b}\n" for a, b in EXAMPLES["zh-en"]), encoding="utf-8")
    made = Inspection(inspected / "axe", load(SHIPPED / MODEL), Input(file))
    made.run(Group(0, 1, torch.device("cpu")), lambda pairs: None)
    return inspected / "axe"


@pytest.fixture
def findings() -> Iterator[None]:
    """What was found in the test fails it at its end, all at once."""
    FOUND.clear()
    yield
    assert not FOUND, "\n".join(f"{what}\n    in {', '.join(where)}" for what, where in FOUND.items())


@pytest.mark.usefixtures("inspection", "findings")
def test_axe_finds_nothing_on_any_page_but_what_is_streamlits(browser: Browser, server: str) -> None:
    EXCUSED.clear()
    for language, views in SEEN.items():
        context = browser.new_context()  # one for all: the browser loads Streamlit's scripts once
        page = context.new_page()
        for name, (path, query) in STATES.items():
            page.emulate_media(color_scheme=views[0][0])
            page.set_viewport_size({"width": views[0][1], "height": 900})
            page.goto(f"{server}/{path}?{urlencode(query | {'lang': language})}")
            page.get_by_test_id("stMainBlockContainer").wait_for()
            settle(page)
            check(page, f"{name} {language}", views)
        context.close()
    assert set(STREAMLIT) == EXCUSED, "a line of STREAMLIT that no page needs any more"


def settle(page: Page) -> None:
    """Until the server has nothing to say and the page no more to lay out."""
    rest(page)
    page.wait_for_function(
        """() => {
            const height = document.querySelector("[data-testid=stMainBlockContainer]").scrollHeight;
            const same = globalThis.lookbackHeight === height;
            globalThis.lookbackHeight = height;
            return same && !document.querySelector("[data-testid=stSkeleton], [data-testid=stSpinner]");
        }""",
        polling=250,
    )
    rest(page)


OUTSIDE: dict[str, Callable[[str, Path], str]] = {
    "exported page": lambda language, _: export.render(lanes(), language, 17, ()),
    "report": lambda language, place: render_report(report(Examples(place)), language),
    "notebook": lambda language, _: notebook(language),
}


def lanes() -> dict[str, Any]:
    checkpoint = load(SHIPPED / MODEL)
    return {mode: trace(checkpoint, TEXT, REFERENCE, mode) for mode in ("free", "forced")}


def report(examples: Examples) -> Report:
    return make_report(examples, range(1, 4), trace_decoder(load(SHIPPED / MODEL)), {})


def notebook(language: str) -> str:
    output = show(Lanes(lanes()), language)._repr_html_()
    return f'<!doctype html><html lang="{language}"><title>Notebook</title><main><h1>Notebook</h1>{output}</main>'


@pytest.mark.usefixtures("findings")
@pytest.mark.parametrize("kind", OUTSIDE)
def test_axe_finds_nothing_on_what_leaves_the_app(
    browser: Browser, inspection: Path, tmp_path: Path, kind: str
) -> None:
    for language, views in SEEN.items():
        file = tmp_path / f"{language}.html"
        file.write_text(OUTSIDE[kind](language, inspection), encoding="utf-8")
        context = browser.new_context(color_scheme=views[0][0], offline=True)
        page = context.new_page()
        page.goto(file.as_uri())
        check(page, f"{kind} {language}", views)
        context.close()
