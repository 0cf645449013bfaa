"""The app on tiny checkpoints, driven without a browser."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
import torch
from streamlit.runtime.pages_manager import PagesManager
from streamlit.testing.v1 import AppTest

from s2s.web import models, trainings
from tests.factory import make_checkpoint

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkpoints folder with both kinds of attention, which the app looks into."""
    make_checkpoint(tmp_path, "additive")
    make_checkpoint(tmp_path, "general")
    monkeypatch.setattr(models, "ROOT", tmp_path)
    monkeypatch.setattr(trainings, "warm", lambda: None)  # a process that a test would have to end
    st.cache_resource.clear()
    torch.set_num_threads(1)  # as the server decodes; a thread has its own count, and two add up in another order
    return tmp_path


@pytest.fixture
def visit(root: Path) -> Callable[..., AppTest]:
    """Open the page with a link's parameters."""

    def open_page(**query: str) -> AppTest:
        app = AppTest.from_file(str(REPOSITORY / "app.py"), default_timeout=30)
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


def player_data(app: AppTest) -> dict[str, Any]:
    """What the page gave to its component, the player or the comparison; ``asking`` is what it told beside."""
    parts = {
        component.proto.component_name: json.loads(component.proto.json) for component in app.get("bidi_component")
    }
    told = parts.pop("lookback_wire", None)
    (name, data), *others = parts.items()
    assert not others
    return {**data, "asking": told} if name == "lookback_player" else data


def messages(app: AppTest) -> list[str]:
    """Every sentence in a box on the page."""
    return [box.value for kind in (app.error, app.warning, app.info) for box in kind]
