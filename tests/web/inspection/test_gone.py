"""An inspection that another visit deletes while a page has it open: the next action says so, without a fault."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from s2s.checkpoint.open import load
from s2s.errors import UserError, say
from s2s.inspect.states.capture import StateWriter
from s2s.inspect.table import Examples
from s2s.server import folders, inspection_quota, inspections, states
from s2s.web.inspection import charts, example, labelled, rows, state, summary, table
from s2s.web.inspection import states as states_page
from tests.inspect.corpus import ONE
from tests.wait import until
from tests.web.conftest import messages
from tests.web.fragments import alone, as_in_a_browser
from tests.web.inspection.test_page import component, made

Visit = Callable[..., AppTest]
Action = Callable[[AppTest], AppTest]


def sent(part: str, **fields: Any) -> Action:
    """What a component's browser part would send."""

    def send(app: AppTest) -> AppTest:
        seq = component(app, part)["heard"] + 1
        app.session_state[f"inspect_{part}"] = {"request": {"seq": seq, **fields}}
        return app

    return send


IN_THE_ROWS: dict[str, Action] = {  # which run the fragment alone
    "row": sent("table", kind="open", id=5),
    "turn": sent("table", kind="turn", start=0),
    "sort": sent("table", kind="sort", name="nll"),
    "following": lambda app: app.button(key="row-following").click() and app,
    "close": lambda app: app.button(key="row-close").click() and app,
    "states": lambda app: app.toggle(key="states_show").set_value(True) and app,
    "name": lambda app: app.text_input(key="label-person").set_value("Ann") and app,
}
ON_THE_PAGE: dict[str, Action] = {
    "brush": sent("charts", kind="range", name="chrf", low=0.0, high=50.0),
    "search": lambda app: app.text_input(key="inspect_search").set_value("tea") and app,
    "errors": lambda app: app.checkbox(key="inspect_errors").set_value(True) and app,
    "order": lambda app: app.selectbox(key="order-en").set_value(True) and app,
    "score": lambda app: app.selectbox(key="by-en").set_value("bleu") and app,
}


@pytest.mark.parametrize("which", [0, 1], ids=["first", "second"])
@pytest.mark.parametrize("name", [*IN_THE_ROWS, *ON_THE_PAGE])
def test_an_action_on_a_deleted_inspection(
    visit_inspection: Visit, root: Path, places: Path, name: str, which: int
) -> None:
    names = [made(root), made(root, "tiny-additive")]
    StateWriter(Examples(folders.INSPECTED / names[0]), load(root / "tiny-general")).make(ONE, lambda done: None)
    app = visit_inspection(lang="en", inspection=names[0], against=names[1], row="3")
    assert not app.exception and messages(app) == []
    with as_in_a_browser(app) as homes:
        fragment = homes[app.button(key="row-close").id] if name in IN_THE_ROWS else ""
        act = IN_THE_ROWS.get(name) or ON_THE_PAGE[name]
        act(app)
        inspection_quota.delete(names[which])
        alone(app, fragment)
    assert not app.exception and messages(app) == [say("error.inspect_gone", "en")]
    assert app.session_state["inspection"] == names[1 - which] and not app.session_state["against"]
    assert component(app, "table")["columns"]  # of the one that is left


SECTIONS: tuple[tuple[ModuleType, str], ...] = (
    (state, "read_view"),
    (summary, "summary_section"),
    (charts, "charts_section"),
    (labelled, "label_section"),
    (table, "table_controls"),
    (rows, "rows_fragment"),
    (table, "table_section"),
    (example, "example_section"),
    (states_page, "states_section"),
    (states_page, "_chosen_sentence"),
    (states_page, "_plane_chart"),
)


@pytest.mark.parametrize("where", SECTIONS, ids=[name for _, name in SECTIONS])
def test_an_inspection_is_deleted_while_it_is_drawn(
    visit_inspection: Visit, root: Path, places: Path, where: tuple[ModuleType, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    name = made(root)
    StateWriter(Examples(folders.INSPECTED / name), load(root / "tiny-general")).make(ONE, lambda done: None)
    draw = getattr(*where)

    def deleted_before(*given: Any) -> Any:
        if inspections.find_entry(name):
            inspection_quota.delete(name)
        return draw(*given)

    monkeypatch.setattr(*where, deleted_before)
    app = visit_inspection(lang="zh", inspection=name, row="3")
    if app.session_state["inspection"]:  # the map is drawn once it is switched on
        app.toggle(key="states_show").set_value(True).run()
    assert not app.exception and messages(app) == [say("error.inspect_gone", "zh")]
    assert "inspect_search" not in [field.key for field in app.text_input] and not app.session_state["inspection"]


def test_states_are_not_written_where_an_inspection_was_deleted(root: Path, places: Path) -> None:
    name = made(root)
    examples, checkpoint = Examples(folders.INSPECTED / name), load(root / "tiny-general")
    inspection_quota.delete(name)
    job = states.start_states(examples, checkpoint)
    until(lambda: not job.poll())
    mistake = job.user_error()
    assert isinstance(mistake, UserError) and mistake.key == "error.inspect_gone"
    assert not inspections.inspection_directory(name).exists()
