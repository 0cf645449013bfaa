"""Every control starts at the session's value, even if its container was never opened."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from s2s.checkpoint.examples import GREEDY_LOSES
from tests.paths import ROOT

PAGES = sorted(path.stem for path in (ROOT / "pages").glob("*.py") if path.stem != "room")
CONTROLS = ("slider", "number_input", "text_area", "text_input", "checkbox", "toggle", "selectbox", "radio", "pills")
CHAPTERS = ("", "cross_entropy", "training", "homework")  # of the lesson, those with controls of their own
CHOSEN = {
    "model": "tiny-general",
    "text": "我喜欢茶。",
    "ref": "I like tea.",
    "strategy": "beam",
    "temperature": "0.7",
    "top_k": "3",
    "top_p": "0.5",
    "seed": "7",
    "beam": "2",
    "length_penalty": "1.1",
    "coverage_penalty": "0.3",
    "max_length": "9",
    "compare": "tiny-additive",
    "differs": "source,checkpoint,decoding",
    "b_text": "你喜欢水。",
    "b_strategy": "sampling",
    "b_temperature": "0.4",
    "b_top_p": "0.2",
    "mode": "both",
    "compared": "forced",
    "projector": "1",
}
Visit = Callable[..., AppTest]


def begins(control: Any) -> Any:
    """What a browser shows of a control that it mounts only now: its first value, as Streamlit said no other since."""
    first = control.proto.default
    if control.type in ("selectbox", "radio"):
        return control.proto.options[first] if control.proto.HasField("default") else None
    if control.type == "button_group":
        return [control.proto.options[at].content for at in first]
    return first[0] if control.type == "slider" else first


def says(control: Any) -> Any:
    """What the session says that it shows."""
    value = control.value
    if control.type == "button_group":
        return [
            control.format_func(one) for one in ([] if value is None else value if isinstance(value, list) else [value])
        ]
    return control.format_func(value) if control.type in ("selectbox", "radio") and value is not None else value


def strangers(app: AppTest) -> list[tuple[str, Any, Any]]:
    """Controls that would begin with another value than they have."""
    controls = itertools.chain.from_iterable(app.get(kind) for kind in CONTROLS)
    found = [(control.key, begins(control), says(control)) for control in controls]
    return [(key, first, value) for key, first, value in found if (first or None) != (value or None)]


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("query", [{}, CHOSEN], ids=["plain", "chosen"])
def test_every_control_begins_with_what_the_session_says(visit_page: Visit, page: str, query: dict[str, str]) -> None:
    for chapter in CHAPTERS if page == "lesson" else ("",):
        app = visit_page(page, lang="en", **query, **({"chapter": chapter} if chapter else {}))
        assert not app.exception
        assert strangers(app) == []
        assert strangers(app.run()) == []


def test_an_example_of_the_beam_keeps_its_settings_whatever_a_closed_popover_sends_back(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(GREEDY_LOSES, "tiny-additive", [("我喝茶。", "I drink tea.")])
    app = visit(lang="en", strategy="beam", tab="beam_tab", model="tiny-additive")
    sent = app.number_input(key="beam").set_value(2).run().number_input(key="beam")
    app.button(key="loses-我喝茶。").click().run()
    assert app.session_state["beam"] == 5
    shown = app.number_input(key="beam-1")
    assert (shown.value, shown.proto.default) == (5, 5) and shown.proto.id != sent.proto.id
    assert app.run().session_state["beam"] == 5 and shown.set_value(3).run().session_state["beam"] == 3
    assert app.run().session_state["beam"] == 3


def test_what_no_link_has_is_kept_when_the_language_is_switched(visit_page: Visit) -> None:
    app = visit_page("evidence", lang="en")
    app.radio(key="kind-en").set_value("links").run()
    app.radio(key="language").set_value("zh").run()
    assert app.radio(key="kind-zh").value == "links"


def _follower() -> None:
    import streamlit as st

    from s2s.web.shell.bound import follows

    state = st.session_state
    state.setdefault("value", "all")
    st.button("clear", key="clear", on_click=lambda: state.update(value="all"))
    bound = follows("choice", ["all", "a", "b"], state.value, lambda chosen: state.update(value=chosen), "all")
    st.selectbox("choice", **bound)


def test_a_value_that_the_browser_sends_back_late_is_no_choice() -> None:
    app = AppTest.from_function(_follower).run()
    first = app.selectbox(key="choice")
    first.set_value("a").run()
    assert app.session_state["value"] == "a"
    app.selectbox(key="choice").set_value("b").run()  # what is chosen here leaves the widget as it is
    assert app.session_state["value"] == "b" and app.selectbox(key="choice").id == first.id
    late = app._tree.get_widget_states()
    app.button(key="clear").click().run()
    assert app.session_state["value"] == "all" and app.selectbox[0].id != first.id
    app._run(late)  # the browser had not yet taken the new widget
    assert app.session_state["value"] == "all" and app.selectbox[0].value == "all"
    app.selectbox[0].set_value("b").run()
    assert app.session_state["value"] == "b" and not app.exception
