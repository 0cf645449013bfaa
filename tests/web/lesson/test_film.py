"""Which training's film the chapter Training shows: that of the chosen model, until another film is chosen."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from s2s.trace import film
from tests.paths import ROOT

Visit = Callable[..., AppTest]


def shown(app: AppTest, lang: str) -> str:
    assert not app.exception and not app.error
    return str(app.selectbox(key=f"film_chosen-{lang}").value)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_film_is_of_the_chosen_model_until_another_is_chosen(visit_page: Visit, root: Path, lang: str) -> None:
    for name in ("tiny-additive", "tiny-general"):
        for part in (film.NAME, film.CURVE):
            shutil.copy(ROOT / "checkpoints" / "date" / part, root / name)
    app = visit_page("lesson", lang=lang, chapter="training", model="tiny-general")
    assert shown(app, lang) == "tiny-general"
    app.selectbox(key=f"model-{lang}").set_value("tiny-additive").run()
    assert shown(app, lang) == "tiny-additive"
    app.selectbox(key=f"film_chosen-{lang}").set_value("tiny-general").run()
    assert shown(app, lang) == "tiny-general" == shown(app.run(), lang)
    app.switch_page("pages/evidence.py").run()
    assert shown(app.switch_page("pages/lesson.py").run(), lang) == "tiny-general"
    app.selectbox(key=f"model-{lang}").set_value("tiny-general").run()
    assert shown(app, lang) == "tiny-general"
