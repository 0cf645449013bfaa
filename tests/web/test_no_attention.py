"""A model without attention on every page: parts about weights are left out, nothing breaks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from s2s.errors import say
from tests.factory import make_checkpoint
from tests.web.conftest import messages, player_data

Visit = Callable[..., AppTest]
QUERY = {"model": "tiny-none", "text": "我不喜欢苹果。", "ref": "I don't like apples.", "lang": "zh"}


@pytest.fixture(autouse=True)
def blind(root: Path) -> Path:
    return make_checkpoint(root, "none")


def test_the_player_gets_steps_without_rows(visit: Visit) -> None:
    app = visit(**QUERY)
    assert not app.exception and messages(app) == []
    lanes = player_data(app)["lanes"]
    for lane in lanes.values():
        assert lane["steps"] and all(step["attention"] == step["scores"] == [] for step in lane["steps"])
    assert any(say("card.kind.none", "zh") in caption.value for caption in app.caption)


def test_an_edit_of_attention_is_refused_with_a_sentence(visit: Visit) -> None:
    app = visit(**QUERY)
    page = player_data(app)["asking"]["page"]
    app.session_state["player"] = {
        "request": {"seq": 1, "kind": "preview", "page": page, "lane": "free", "step": 0, "edit": "uniform"}
    }
    app.run()
    assert not app.exception
    assert player_data(app)["asking"]["answer"]["error"] == say("error.edit_no_attention", "zh")


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize(("page", "field"), [("evidence", "evidence_file"), ("inspection", "inspect_file")])
def test_pages_that_measure_attention_say_so_before_they_ask_for_a_file(
    visit_page: Visit, page: str, field: str, lang: str
) -> None:
    app = visit_page(page, model="tiny-none", lang=lang)
    told = say("error.attention_none", lang, checkpoint="tiny-none")
    assert told in [warning.value.replace("\\", "") for warning in app.warning]
    button = {"evidence": "evidence_measure", "inspection": "inspect_start"}[page]
    assert app.button(key=button).disabled
    app = visit_page(page, model="tiny-additive", lang=lang)
    assert not app.warning and app.file_uploader(key=field)


@pytest.mark.parametrize("page", ["compare", "exposure", "evidence", "doctor"])
def test_other_pages_cope(visit_page: Visit, page: str) -> None:
    app = visit_page(page, **QUERY, b_text="我喜欢苹果。")
    assert not app.exception
    if page == "compare":
        assert any(say("compare.looks_nowhere", "zh") in box.value for box in app.markdown)
