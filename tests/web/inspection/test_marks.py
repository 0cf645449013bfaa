"""Marked differences on the page: what they mark, how they are switched, and that texts stay texts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from s2s.web.inspection.marks import SECOND, mark_tag, marked_html, marked_words
from s2s.web.shell import keys
from tests.web.inspection.test_page import component, made

Visit = Callable[..., AppTest]
ROW = {"reference": "I like green tea.", "output": "I like tea.", SECOND: "I love milk."}


def marking(monkeypatch: pytest.MonkeyPatch, marked: str, row: Mapping[str, Any]) -> dict[str, tuple[int, ...]]:
    monkeypatch.setattr(st, "session_state", {keys.MARKED: marked})
    return marked_words(row)


def test_what_is_marked(monkeypatch: pytest.MonkeyPatch) -> None:
    one = {name: ROW[name] for name in ("reference", "output")}
    assert marking(monkeypatch, "reference", one) == {"reference": (2,), "output": ()}
    assert marking(monkeypatch, "outputs", one) == {"reference": (2,), "output": ()}  # there is only one
    both = {"reference": (2,), "output": (), SECOND: (1, 2)}  # in the reference what neither has
    assert marking(monkeypatch, "reference", ROW) == both
    assert marking(monkeypatch, "outputs", ROW) == {"output": (1, 2), SECOND: (1, 2)}
    assert marking(monkeypatch, "outputs", ROW | {SECOND: None}) == {}
    assert marking(monkeypatch, "reference", ROW | {"output": None, SECOND: None}) == {}
    assert marking(monkeypatch, "off", ROW) == {}


def test_texts_stay_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(st, "session_state", {keys.MARKED: "reference"})
    evil = "<script>alert('我')</script> & tea"
    assert marked_html("output", evil, ()) == escape(evil)
    whole = marked_html("output", evil, tuple(range(6)))
    assert "<script" not in whole and whole.startswith("<ins style=") and "text-decoration:underline solid" in whole
    assert "dotted" in marked_html("reference", "tea", (0,)) and mark_tag("reference") == "del"


def test_the_checkbox_is_in_the_link(visit_inspection: Visit, root: Path, places: Path) -> None:
    app = visit_inspection(lang="en", inspection=made(root))
    assert any(row["marked"] for row in component(app, "table")["rows"])
    app.checkbox(key="inspect_marked").set_value(False).run()
    data = component(app, "table")
    assert not app.exception and not any(row["marked"] for row in data["rows"])
    assert data["link"]["marked"] == "off"
    again = visit_inspection(**data["link"])
    assert not again.checkbox(key="inspect_marked").value and "marked" in component(again, "table")["link"]
    again.checkbox(key="inspect_marked").set_value(True).run()
    assert any(row["marked"] for row in component(again, "table")["rows"])


def test_a_link_that_compares_outputs_shows_the_reference_for_one_inspection(
    visit_inspection: Visit, root: Path, places: Path
) -> None:
    first, second = made(root), made(root, "tiny-additive")
    app = visit_inspection(lang="en", inspection=first, against=second, marked="outputs")
    assert {name for row in component(app, "table")["rows"] for name in row["marked"]} == {"output", SECOND}
    app = visit_inspection(lang="en", inspection=first, marked="outputs")
    data = component(app, "table")
    assert {name for row in data["rows"] for name in row["marked"]} <= {"reference", "output"}
    assert app.checkbox(key="inspect_marked").value and not app.exception
