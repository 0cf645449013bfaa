"""Models are chosen by what they do, on every page and in both languages; their directories' names stay in links."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from s2s.checkpoint.facts import read_facts
from s2s.checkpoint.title import model_title
from s2s.web.shell import models
from s2s.web.shell.titles import TITLES
from tests.paths import ROOT

FIRST = "zh-en-luong"


def opened(page: str, **link: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / page), default_timeout=60)
    for name, value in link.items():
        app.query_params[name] = value
    return app.run()


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize(
    "page", ["step_through", "compare", "exposure", "evidence", "doctor", "classroom", "inspection"]
)
def test_every_choice_of_a_model_shows_titles(page: str, language: str) -> None:
    app = opened(f"pages/{page}.py", lang=language, model=FIRST, differs="checkpoint")
    title = model_title(FIRST, read_facts(ROOT / "checkpoints" / FIRST)["config"], language)
    choices = [box for box in app.selectbox if FIRST in box.options or title in box.options]
    assert choices
    for box in choices:
        assert title in box.options
        assert FIRST not in box.options


def draw_titles() -> None:
    import streamlit as st

    from s2s.web.shell import models, titles

    titles.forget_titles()
    for name in models.names():
        st.text(titles.title(name))


def test_the_titles_of_a_run_read_every_model_once(monkeypatch: pytest.MonkeyPatch) -> None:
    read, changed = list[str](), models.changed

    def count(name: str) -> int:
        read.append(name)
        return changed(name)

    monkeypatch.setattr(models, "changed", count)
    app = AppTest.from_function(draw_titles).run()
    assert len(app.text) == len(read) == len(set(read)) > 2
    app.run()
    assert len(read) == 2 * len(app.text)


def test_the_app_looks_titles_up_again_in_each_run() -> None:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    app.session_state[TITLES] = {("zh", FIRST): "gone"}
    app.run()
    assert TITLES not in app.session_state or "gone" not in app.session_state[TITLES].values()
