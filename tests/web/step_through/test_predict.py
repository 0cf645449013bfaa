"""The page while a viewer predicts: nothing outside the player shows the output."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from tests.web.conftest import player_data


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_predicting_hides_the_output_and_all_that_would_tell(visit: Callable[..., AppTest], lang: str) -> None:
    app = visit(lang=lang, text="我喜欢喝茶。", ref="I like tea.", predict="1")
    output = player_data(app)["lanes"]["free"]["text"]
    assert app.toggle(key="predict").value and player_data(app)["predict"]
    assert player_data(app)["asking"] is None and player_data(app)["link"]["predict"] == "1"
    assert output and not any(output in element.value for element in (*app.text, *app.markdown, *app.caption))
    assert not app.tabs and not app.get("download_button")
    app.toggle(key="predict").set_value(False).run()
    assert app.tabs and app.get("download_button") and "predict" not in player_data(app)["link"]
