"""Fixtures: a real server and a real Chromium; a script error or a request to another host fails the test."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
import torch
from playwright.sync_api import Browser

from s2s.checkpoint.open import load
from s2s.inspect.run import Input, Inspection
from s2s.train.distributed import Group
from tests.paths import SHIPPED
from tests.visitors import OpenPage as OpenPage
from tests.visitors import Visitors, serve
from tests.visitors import probe as probe


def inspect(folder: Path, model: str, pairs: Iterable[tuple[str, str]]) -> Path:
    """Leave in ``folder`` an inspection of ``pairs``, as the command line does."""
    folder.parent.mkdir(exist_ok=True)
    file = folder.with_suffix(".tsv")
    file.write_text("".join(f"{source}\t{target}\n" for source, target in pairs), encoding="utf-8")
    Inspection(folder, load(SHIPPED / model), Input(file)).run(Group(0, 1, torch.device("cpu")), lambda pairs: None)
    return folder


@pytest.fixture(scope="session")
def inspected(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the server looks for inspections and writes them."""
    return tmp_path_factory.mktemp("inspected")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory, inspected: Path) -> Iterator[str]:
    """One server for all tests."""
    os.environ["LOOKBACK_INSPECTED"] = str(inspected)
    with serve(tmp_path_factory.mktemp("server")) as address:
        yield address


@pytest.fixture
def open_page(browser: Browser, server: str) -> Iterator[OpenPage]:
    """Open a link and wait for the player; options are those of a browser context."""
    visitors = Visitors(browser, server)
    yield visitors.come
    visitors.leave()
