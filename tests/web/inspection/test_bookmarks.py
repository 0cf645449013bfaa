"""Bookmarks on the page: from the table, the open row and the browser's store; as a filter; hostile requests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from s2s.errors import LANGUAGES, say
from s2s.inspect.table import Examples
from s2s.server import folders
from s2s.web.inspection import bookmarks
from tests.web.inspection.test_page import ask, component, ids, made

Visit = Callable[..., AppTest]


def marked(app: AppTest) -> list[int]:
    return list(component(app, "table")["bookmarks"]["ids"])


def send(app: AppTest, kind: str = "bookmarks", changes: Any = (), stored: Any = (), **more: Any) -> AppTest:
    file = component(app, "table")["bookmarks"]["file"]
    said = {"file": file, "stored": stored, "changes": changes}
    return ask(app, "table", kind=kind, bookmarks=said, **more)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_bookmarks_filter_the_table(visit_inspection: Visit, root: Path, places: Path, lang: str) -> None:
    name = made(root)
    app = visit_inspection(lang=lang, inspection=name)
    data = component(app, "table")["bookmarks"]
    assert data == {"file": Examples(folders.INSPECTED / name).manifest["file"]["sha256"], "ids": [], "known": False}
    assert app.button(key="inspect_bookmarked").disabled
    app = send(app, changes=[[5, True], [2, True]])
    assert marked(app) == [2, 5] and component(app, "table")["bookmarks"]["known"]
    app = send(app, kind="open", id=7, changes=[[8, True], [2, False]])  # with any request
    assert marked(app) == [5, 8] and app.session_state["row"] == 7
    app.button(key="row-bookmark").click().run()
    assert marked(app) == [5, 7, 8] and app.button(key="row-bookmark").label == say("bookmarks.remove", lang)
    only = app.button(key="inspect_bookmarked")
    assert only.label == say("bookmarks.only", lang, count=3)
    only.click().run()
    assert ids(app) == [5, 7, 8] and app.session_state["query"]
    assert app.button(key="inspect_bookmarked").label == say("bookmarks.all", lang)
    app.button(key="row-bookmark").click().run()
    assert marked(app) == [5, 8] and ids(app) == [5, 7, 8]  # the row that one is at does not vanish
    app.button(key="inspect_bookmarked").click().run()
    assert ids(app) == [5, 8]
    app.button(key="inspect_bookmarked").click().run()
    assert len(ids(app)) == 9 and not app.exception


def test_what_the_browser_kept_comes_once(visit_inspection: Visit, root: Path, places: Path) -> None:
    first, second = made(root), made(root, "tiny-additive")
    app = visit_inspection(lang="en", inspection=first, against=second)
    app = send(app, stored=[3, 1], changes=[[4, True]])
    assert marked(app) == [1, 3, 4]
    app = send(app, stored=[9], changes=[[1, False]])  # it knows already
    assert marked(app) == [3, 4]
    assert bookmarks.BOOKMARKS in app.session_state and not app.exception


def test_invalid_requests_change_nothing(visit_inspection: Visit, root: Path, places: Path) -> None:
    app = visit_inspection(lang="en", inspection=made(root))
    file = component(app, "table")["bookmarks"]["file"]
    for said in (
        None,
        [],
        "x",
        {"file": 7, "stored": [1]},
        {"file": "x" * 64, "stored": [1]},
        {"file": file + "0", "stored": [1]},
    ):
        app = ask(app, "table", kind="bookmarks", bookmarks=said)
        assert not app.exception and not component(app, "table")["bookmarks"]["known"]
    for stored, changes in (
        ({"1": 2}, {"1": True}),
        (["1", -1, 0, True, None, 10**13, 1.5], [1, [1], [1, 2, 3], ["1", True], [[], True], [-1, True]]),
        (7, 7),
        ([], [[n, True] for n in range(1, 10 * bookmarks.MOST)]),
    ):
        app = send(app, stored=stored, changes=changes)
        assert not app.exception and len(marked(app)) <= bookmarks.MOST
