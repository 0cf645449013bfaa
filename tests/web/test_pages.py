"""Every page has the complete state, whichever page a visit starts with and whichever comes next."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch
from urllib.parse import urlencode

import pytest
from streamlit.proto.WidgetStates_pb2 import WidgetStates
from streamlit.runtime.scriptrunner_utils.script_requests import RerunData
from streamlit.testing.v1 import AppTest, local_script_runner

from s2s.store import rooms
from s2s.store.database import connect
from s2s.web.shell import page_state
from tests.paths import ROOT

PAGES = sorted(path.stem for path in (ROOT / "pages").glob("*.py") if path.stem != "room")
TEXT = "我喜欢茶。"


@pytest.fixture
def begin(
    visit_page: Callable[..., AppTest], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., AppTest]:
    """Open a page as the first of a visit."""
    monkeypatch.setenv("LOOKBACK_DATABASE", f"sqlite:///{tmp_path}/class.sqlite")

    def open_page(page: str, **query: str) -> AppTest:
        app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=30)
        for name, value in query.items():
            app.query_params[name] = value
        app.switch_page(f"pages/{page}.py")
        return app.run()

    return open_page


def start(page: str) -> dict[str, str]:
    """What else a link to a page names."""
    if page == "classroom":
        return {"teach": ".".join(rooms.open_room(connect()))}
    return {"lesson": {"chapter": "layers"}, "inspection": {"inspection": "gone", "query": "%"}}.get(page, {})


@pytest.mark.parametrize("first", PAGES)
def test_every_page_follows_every_other(begin: Callable[..., AppTest], first: str) -> None:
    for second in PAGES:
        app = begin(first, lang="en", text=TEXT, model="tiny-general", temperature="0.7", **start(first))
        assert not app.exception
        for name in page_state.FIELDS:  # as Streamlit forgets widgets of a page of which a part ran alone
            if name in app.session_state:
                del app.session_state[name]
        app.switch_page(f"pages/{second}.py")
        app._run(WidgetStates())
        assert not app.exception, second
        missing = [
            name for name in page_state.FIELDS if name not in page_state.PLAYERS and name not in app.session_state
        ]
        assert missing == [], second
        kept = (app.session_state["text"], app.session_state["model"], app.session_state["temperature"])
        assert kept == (TEXT, "tiny-general", 0.7)


def test_a_callback_finds_every_field_on_a_page_that_shows_none_of_them(visit_page: Callable[..., AppTest]) -> None:
    app = visit_page("evidence", lang="en", text=TEXT, predict="1", model="tiny-general").run()
    app.selectbox(key="model-en").set_value("tiny-additive").run()
    assert not app.exception and app.session_state["text"] == TEXT
    app.switch_page("pages/exposure.py").run()
    next(button for button in app.button if button.label == TEXT or button.key is None).click().run()
    assert not app.exception and app.session_state["predict"] is True


def came_back(app: AppTest, **query: str) -> AppTest:
    """The browser's Back or Forward, to an address with this query."""
    packed = functools.partial(RerunData, query_string=urlencode(query), is_history_navigation=True)

    def run(*_: object, **options: object) -> RerunData:
        return packed(**{name: value for name, value in options.items() if name != "query_string"})

    with patch.object(local_script_runner, "RerunData", run):
        return app.run()


def test_back_restores_what_the_address_says_and_a_closed_popover_does_not_undo_it(
    visit_page: Callable[..., AppTest],
) -> None:
    app = visit_page("step_through", lang="en", text=TEXT, model="tiny-general")
    app.radio(key="strategy-en").set_value("sampling").run()
    app.slider(key="temperature").set_value(0.5).run()
    app.text_area(key="text").set_value("你喜欢水。")
    app.button(key="run").click().run()
    back = {"text": TEXT, "model": "tiny-additive", "temperature": "0.3", "lang": "en"}
    came_back(app, **back)
    assert not app.exception
    said = [app.session_state[name] for name in ("text", "model", "temperature", "strategy")]
    assert said == [TEXT, "tiny-additive", 0.3, "greedy"]
    assert app.slider(key="temperature-1").value == 0.3 and app.text_area(key="text").value == TEXT
    assert app.run().session_state["temperature"] == 0.3
    came_back(app, text=TEXT, model="gone")
    assert app.session_state["model"] == "tiny-additive" and not app.exception
    came_back(app)  # a page without an address of its own
    assert app.session_state["temperature"] == 1.0 and app.session_state["text"] == TEXT
