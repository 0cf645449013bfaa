"""Models with features of other libraries on every page: marks around the source, readout, first state."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.factory import make_checkpoint
from tests.web.conftest import messages, player_data

Visit = Callable[..., AppTest]
QUERY = {"text": "我不喜欢苹果。", "ref": "I don't like apples."}


@pytest.fixture(autouse=True)
def imported(root: Path) -> None:
    marks = {"source_bos": True, "source_eos": True}
    make_checkpoint(root, "concat", attention_bias=True, readout="linear", bridge="copy", **marks)
    plain = {"readout": "state", "tied_embeddings": False, "carry_state": False}
    make_checkpoint(root, "dot", encoder_size=5, bridge="linear", cell="lstm", source_eos=True)
    make_checkpoint(root, "additive", **plain, source_eos=True)


@pytest.mark.parametrize(("model", "lang"), [("tiny-concat", "zh"), ("tiny-additive", "en"), ("tiny-dot", "zh")])
def test_the_player_shows_the_marks_as_columns(visit: Visit, model: str, lang: str) -> None:
    app = visit(model=model, lang=lang, **QUERY)
    assert not app.exception and messages(app) == []
    lanes = player_data(app)["lanes"]
    begin = ["<bos>"] if model == "tiny-concat" else []
    assert set(lanes) == {"free", "forced"}
    for lane in lanes.values():
        assert lane["source"]["tokens"] == [*begin, "我", "不", "喜欢", "苹果", "。", "<eos>"]
        assert lane["source"]["unknown"] == []
        assert all(len(step["attention"]) == len(lane["source"]["tokens"]) for step in lane["steps"])
    assert lanes["free"]["checkpoint"].get("bias") == ("query" if begin else None)


@pytest.mark.parametrize("model", ["tiny-concat", "tiny-additive"])
@pytest.mark.parametrize("page", ["compare", "exposure", "evidence", "doctor"])
def test_other_pages_show_no_error(visit_page: Visit, page: str, model: str) -> None:
    app = visit_page(page, model=model, lang="zh", b_text="我喜欢苹果。", **QUERY)
    assert not app.exception and not app.error
    if page == "compare":  # the words to be edited are those between the marks
        assert [button for button in app.button_group if "<eos>" in str(button.options)] == []


@pytest.mark.parametrize("chapter", ["encoder_decoder", "attention", "layers", "exposure"])
def test_chapters_of_the_lesson_show_no_error(visit_page: Visit, chapter: str) -> None:
    app = visit_page("lesson", model="tiny-additive", lang="en", chapter=chapter, **QUERY)
    assert not app.exception and not app.error
