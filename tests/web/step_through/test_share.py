"""Links for others: what they hide, the note, and the dialog that makes them."""

from __future__ import annotations

from collections.abc import Callable
from html import unescape
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from streamlit.testing.v1 import AppTest

from s2s.errors import say
from s2s.web.shell import hidden, share
from s2s.web.shell.link_values import MAX_NOTE
from s2s.web.shell.page_state import HIDEABLE, PageState, read_link, write_link
from tests.paths import ROOT
from tests.web.conftest import messages, player_data, refused

Visit = Callable[..., AppTest]
TEXT = "我不喜欢苹果。"
NOTE = "Look at <b>◆</b> **first**.\nThen guess."


def styles(app: AppTest) -> str:
    return "".join(block.proto.body for block in app.get("html"))


def test_a_link_hides_controls_and_parts_and_shows_a_note_as_it_was_typed(visit: Visit, root: Path) -> None:
    app = visit(lang="en", text=TEXT, model="tiny-general", hide="form,heatmap,nonsense", note=NOTE)
    assert not app.exception
    assert f"{hidden.CONTROLS['form']} {{ display: none !important; }}" in styles(app)
    assert hidden.CONTROLS["tabs"] not in styles(app)
    assert player_data(app)["hide"] == ["heatmap"]
    assert NOTE in [text.value for text in app.text]  # st.text renders neither Markdown nor HTML
    assert [m for m in messages(app) if "hide" in m] == refused(app, "en", "hide", "nonsense") != []


def test_a_link_without_them_hides_nothing(visit: Visit, root: Path) -> None:
    app = visit(lang="en", text=TEXT, model="tiny-general", note="x" * (MAX_NOTE + 1))
    assert player_data(app)["hide"] == [] and not any("x" * 50 in text.value for text in app.text)
    assert not any(selector in styles(app) for selector in hidden.CONTROLS.values())


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_dialog_makes_a_link_that_says_what_was_chosen(visit: Visit, root: Path, lang: str) -> None:
    app = visit(lang=lang, text=TEXT, ref="I do n't like apples .", model="tiny-general")
    app.button(key="share").click().run()
    app.text_area(key=share.NOTE).set_value(NOTE)
    app.number_input(key=share.STEP).set_value(3)
    next(one for one in app.get("button_group") if one.key.startswith(share.CHOSEN)).set_value(["table", "form"])
    app.session_state[share.OPENING] = True  # AppTest runs the whole page, which would close the dialog
    app.run()
    link, frame = [block.value for block in app.code][-2:]
    fields = {name: values[0] for name, values in parse_qs(urlsplit(link).query).items()}
    assert (fields["hide"], fields["note"], fields["step"], fields["lang"]) == ("form,table", NOTE, "3", lang)
    state, ignored = read_link({name: text for name, text in fields.items() if name != "lang"})
    assert ignored == [] and state.text == TEXT and state.note == NOTE
    assert f'src="{link}&embed=true"' in unescape(frame)
    assert say("share.left", lang) in [text.value for text in app.markdown]
    assert f"<del>{say('hide.table', lang)}</del>" in styles(app) and NOTE in [text.value for text in app.text]


def test_every_part_that_can_be_hidden_has_a_selector() -> None:
    sheet = (ROOT / "s2s/player/browser/hidden.css").read_text(encoding="utf-8")
    assert {*HIDEABLE} == {*hidden.CONTROLS, *hidden.PARTS}
    assert all(f'[data-hide~="{name}"] ' in sheet for name in hidden.PARTS)


def test_a_link_names_parts_once_and_in_order() -> None:
    state, ignored = read_link({"hide": "table, form,form,,x"})
    assert (state.hide, [refused[:2] for refused in ignored]) == ("form,table", [("hide", "x")])
    assert len(read_link({"hide": ",".join(f"h{n}" for n in range(500))})[1]) == 1  # one sentence for all of them
    assert write_link(PageState(hide="form")) == {"hide": "form"}
    assert read_link({"note": "a\x00b"})[1][0][:2] == ("note", "a\x00b")
