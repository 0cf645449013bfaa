"""A freshly started server for each file of stories, a fresh browser context for each story."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.visitors import Visitors, serve


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The server's folder: its log, its database, its inspections."""
    return tmp_path_factory.mktemp("cold")


@pytest.fixture(scope="module")
def cold(folder: Path) -> Iterator[str]:
    """The address of a server that has had no visitor yet."""
    with serve(folder, LOOKBACK_INSPECTED=str(folder / "inspected"), LOOKBACK_DATA=str(folder / "data")) as address:
        yield address


@pytest.fixture
def visitors(browser: Browser, cold: str, folder: Path) -> Iterator[Visitors]:
    """Opens visits. At the end no script has failed in a browser and the server's log has no new traceback."""
    before = (folder / "log").read_text(encoding="utf-8").count("Traceback")
    people = Visitors(browser, cold)
    yield people
    people.leave()
    log = (folder / "log").read_text(encoding="utf-8")
    assert log.count("Traceback") == before, log[-3000:]
