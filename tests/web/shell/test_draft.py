"""A reference belongs to the sentence that it was entered with."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from s2s.errors import say
from tests.web.conftest import player_data

Visit = Callable[..., AppTest]
TEXT, OTHER, REFERENCE = "我喜欢茶。", "你不喜欢水 `x` **y**。", "I like tea."


def run(app: AppTest, **typed: str) -> AppTest:
    for key, value in typed.items():
        app.text_area(key=key).set_value(value)
    return app.button(key="run").click().run()


def below(app: AppTest) -> dict[str, Any]:
    """What the component below the fields was given."""
    parts = {part.proto.component_name: part.proto.json for part in app.get("bidi_component")}
    data: dict[str, Any] = json.loads(parts["lookback_draft"])
    return data


def told(app: AppTest) -> list[str]:
    return [warning.value for warning in app.warning if "◆" in warning.value]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_reference_that_stays_with_another_sentence_is_told_and_dropped_or_kept(visit: Visit, lang: str) -> None:
    app = visit(lang=lang, text=TEXT, ref=REFERENCE, model="tiny-general")
    assert told(app) == []
    [sentence] = told(run(app, text=OTHER))
    assert sentence == say("step.stranger", lang, text=f"`{TEXT}`")
    assert told(app.run()) == [sentence]  # until it is put right
    app.button(key="drop_ref").click().run()
    assert told(app) == [] and app.text_area(key="ref").value == "" and not player_data(app)["lanes"]["forced"]
    assert told(run(app, ref=REFERENCE)) == []
    assert len(told(run(app, text=TEXT))) == 1
    app.button(key="keep_ref").click().run()
    assert told(app) == [] and app.text_area(key="ref").value == REFERENCE
    assert told(run(app, text=OTHER, ref="I do not.")) == []
    assert told(run(app, text=TEXT, ref="")) == [] and not app.exception


def test_the_browser_is_told_what_is_shown_and_when_another_model_was_chosen(visit: Visit) -> None:
    app = visit(lang="en", text=TEXT, ref=REFERENCE, model="tiny-general")
    assert (below(app)["shown"], below(app)["switches"]) == ({"text": TEXT, "ref": REFERENCE}, 0)
    app.selectbox(key="model-en").set_value("tiny-additive").run()
    assert below(app)["switches"] == 1
