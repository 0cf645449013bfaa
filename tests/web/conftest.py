"""Fixtures: the app with tiny checkpoints, driven without a browser."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
import torch
from streamlit.runtime.pages_manager import PagesManager
from streamlit.testing.v1 import AppTest

from s2s.errors import say
from s2s.inspect import run as engine
from s2s.server import folders, inspections, trainings
from s2s.text.safe import shortened
from s2s.web.shell import models
from s2s.web.shell.foreign import code
from s2s.web.shell.link_values import MAX_REFUSED
from tests.factory import make_checkpoint
from tests.journeys.world import PAIRS as PAIRS
from tests.journeys.world import scanned_once
from tests.paths import ROOT


@pytest.fixture(scope="session", autouse=True)
def components() -> Iterator[None]:
    """What installed packages bring for pages, which AppTest asks at every visit."""
    with scanned_once():
        yield


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkpoints folder with both kinds of attention, which the app looks into."""
    make_checkpoint(tmp_path, "additive")
    make_checkpoint(tmp_path, "general")
    monkeypatch.setattr(models, "FOLDERS", (tmp_path,))
    monkeypatch.setattr(trainings, "start_spare_process", lambda: None)  # a process that a test would have to end
    st.cache_resource.clear()
    torch.set_num_threads(1)  # as the server decodes; a thread has its own count, and two add up in another order
    return tmp_path


@pytest.fixture
def visit(root: Path) -> Callable[..., AppTest]:
    """Open the page with a link's parameters."""

    def open_page(**query: str) -> AppTest:
        app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=30)
        for name, value in query.items():
            app.query_params[name] = value
        return app.run()

    return open_page


@pytest.fixture
def visit_page(visit: Callable[..., AppTest], monkeypatch: pytest.MonkeyPatch) -> Callable[..., AppTest]:
    """Go from a link to another page than the first, in a server that has navigated before."""
    begin = PagesManager.__init__

    def later(self: PagesManager, *args: Any, **options: Any) -> None:
        PagesManager.uses_pages_directory = False  # AppTest makes every run a server's first
        begin(self, *args, **options)

    monkeypatch.setattr(PagesManager, "__init__", later)

    def open_page(page: str, **query: str) -> AppTest:
        return visit(**query).switch_page(f"pages/{page}.py").run()

    return open_page


@pytest.fixture
def visit_exposure(visit_page: Callable[..., AppTest]) -> Callable[..., AppTest]:
    """Go from a link to the page on exposure bias."""
    return functools.partial(visit_page, "exposure")


@pytest.fixture
def visit_compare(visit_page: Callable[..., AppTest]) -> Callable[..., AppTest]:
    """Go from a link to the page Compare."""
    return functools.partial(visit_page, "compare")


@pytest.fixture
def places(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder with one file, and a place for inspections made in windows of two pairs."""
    folder = tmp_path_factory.mktemp("server")
    (folder / "data" / "set").mkdir(parents=True)
    (folder / "data" / "set" / "test.tsv").write_text(PAIRS, encoding="utf-8")
    (folder / "secret.tsv").write_text(PAIRS, encoding="utf-8")
    monkeypatch.setattr(folders, "DATA", folder / "data")
    monkeypatch.setattr(folders, "INSPECTED", folder / "inspected")
    monkeypatch.setattr(engine, "WINDOW", 2)
    monkeypatch.setattr(inspections, "_RUNNING", {})
    monkeypatch.setenv("LOOKBACK_DATABASE", f"sqlite:///{folder}/lookback.sqlite")
    return folder


@pytest.fixture
def visit_inspection(visit_page: Callable[..., AppTest], places: Path) -> Callable[..., AppTest]:
    """Go from a link to the page of error inspection."""

    def open_page(**query: str) -> AppTest:
        return visit_page("inspection", **query)

    return open_page


# Components that show no run: what tells of requests, what stands below the fields, the tour, Streamlit's words on
# every page (which AppTest has only where they changed), what is read out of long work.
QUIET = frozenset(
    {"lookback_wire", "lookback_draft", "lookback_builtin", "lookback_announce", "lookback_tour", "lookback_address"}
)


def player_data(app: AppTest) -> dict[str, Any]:
    """What the page gave to its component, the player or the comparison; ``asking`` is what it told beside."""
    parts = {
        component.proto.component_name: json.loads(component.proto.json) for component in app.get("bidi_component")
    }
    told = parts.pop("lookback_wire", None)
    for name in QUIET:
        parts.pop(name, None)
    (name, data), *others = parts.items()
    assert not others
    return {**data, "asking": told} if name == "lookback_player" else data


def messages(app: AppTest) -> list[str]:
    """Every sentence in a box on the page."""
    return [box.value for kind in (app.error, app.warning, app.info) for box in kind]


def refused(app: AppTest, lang: str, name: str, value: str) -> list[str]:
    """The sentences of a page about a parameter of its link that was refused; each has a reason and what is used."""
    places = {"name": name, "value": code(shortened(value, MAX_REFUSED)), "reason": "\0", "instead": "\0"}
    began, _, ended = say("step.link_ignored", lang, **places).split("\0")
    return [text for text in messages(app) if text.startswith(began) and text.endswith(ended)]
