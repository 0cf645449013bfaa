"""Models are chosen by what they do, on every page and in both languages; their directories' names stay in links."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from s2s.checkpoint.facts import read_facts
from s2s.checkpoint.title import model_title
from tests.paths import ROOT

FIRST = "zh-en-luong"


def opened(page: str, **link: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / page), default_timeout=60)
    for name, value in link.items():
        app.query_params[name] = value
    return app.run()


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("page", ["step_through", "compare", "exposure", "evidence", "classroom", "inspection"])
def test_every_choice_of_a_model_shows_titles(page: str, language: str) -> None:
    app = opened(f"pages/{page}.py", lang=language, model=FIRST, differs="checkpoint")
    title = model_title(FIRST, read_facts(ROOT / "checkpoints" / FIRST)["config"], language)
    choices = [box for box in app.selectbox if FIRST in box.options or title in box.options]
    assert choices
    for box in choices:
        assert title in box.options
        assert FIRST not in box.options
