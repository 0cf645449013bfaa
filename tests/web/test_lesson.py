"""The lesson: its chapters, what they share, in both languages."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from s2s.errors import say
from s2s.web.lesson import CHAPTERS
from tests.web.conftest import messages

Visit = Callable[..., AppTest]


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("chapter", CHAPTERS)
def test_every_chapter_has_its_text_figure_and_question(visit_page: Visit, chapter: str, lang: str) -> None:
    app = visit_page("lesson", chapter=chapter, text="我不喜欢苹果。", ref="I don't like apples.", lang=lang)
    assert not app.exception and not app.error and messages(app) == []
    written = [box.value for box in app.markdown]
    assert say(f"lesson.{chapter}.text", lang) in written
    assert any(say(f"lesson.{chapter}.try", lang) in text for text in written)
    assert app.session_state["chapter"] == chapter
    assert len(app.expander) == 1 and app.expander[0].label == say("lesson.answer", lang)


def test_the_ways_lead_through_all_chapters_and_back(visit_page: Visit) -> None:
    app, chapters = visit_page("lesson"), list(CHAPTERS)
    for chapter in chapters:
        assert app.session_state["chapter"] == chapter
        if not app.button(key="on").disabled:
            app.button(key="on").click().run()
    assert app.button(key="on").disabled and app.session_state["chapter"] == chapters[-1]
    app.button(key=f"to-{chapters[0]}").click().run()
    assert app.session_state["chapter"] == chapters[0] and app.button(key="back").disabled


def test_a_chapter_that_there_is_not_is_the_first(visit_page: Visit) -> None:
    assert visit_page("lesson", chapter="no_such").session_state["chapter"] == next(iter(CHAPTERS))


def test_the_projector_is_part_of_the_link_and_can_be_left(visit_page: Visit) -> None:
    app = visit_page("lesson", projector="1")
    assert app.toggle(key="projector").value
    app.button(key="projector-leave").click().run()
    assert not app.toggle(key="projector").value
