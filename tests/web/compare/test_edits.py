"""Edits of side B's source on the page Compare, in both languages."""

from __future__ import annotations

from pathlib import Path

import pytest

from s2s.checkpoint.open import load
from s2s.decode.neighbours import neighbours
from s2s.errors import UserError, say
from tests.web.compare.driver import (
    TEXT,
    TOKENS,
    Visit,
    choose_word,
    comparison_data,
    expected_data,
    press,
    texts,
    tokens,
)
from tests.web.conftest import messages, player_data


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_edit_changes_the_source_of_b_and_can_be_undone(visit_compare: Visit, root: Path, lang: str) -> None:
    app = choose_word(visit_compare(lang=lang, text=TEXT, model="tiny-additive"), 2)
    near = neighbours(load(root / "tiny-additive"), "喜欢")[0][0]
    edits = {
        "act-delete": ("我", "不", "苹果", "。"),
        "act-mask": ("我", "不", "<unk>", "苹果", "。"),
        "act-join": ("我", "不", "喜欢苹果", "。"),
        "act-split-0": ("我", "不", "喜", "欢", "苹果", "。"),
        "act-near-0": ("我", "不", near, "苹果", "。"),
    }
    for key, after in edits.items():
        app = press(app, key)
        assert not app.exception, key
        assert (tokens(app, 0), tokens(app)) == (TOKENS, after), key
        assert comparison_data(app) == expected_data(root, (TEXT,), (after,)), key
        assert app.button_group(key="chip").value == 2
        app = press(app, "undo")
        assert tokens(app) == TOKENS, key
        app = choose_word(app, 2)
    assert app.button(key="undo").disabled
    app.text_input(key="typed").set_value("他 <unk>").run()
    assert tokens(app) == ("我", "不", "他", "<unk>", "苹果", "。")
    app = press(press(app, "act-delete"), "as_a")
    assert tokens(app) == TOKENS
    assert tokens(press(press(app, "undo"), "undo")) == ("我", "不", "他", "<unk>", "苹果", "。")


def test_words_are_marked_as_changed_added_or_unknown(visit_compare: Visit) -> None:
    app = visit_compare(lang="en", text=TEXT, b_text="我们很喜欢a*b。", b_tokens="我 们 很 喜欢 a*b 。")
    assert not app.exception
    labels = app.button_group(key="chip").options
    assert labels[0] == ":small[1] 我" and labels[3] == ":small[4] 喜欢"
    assert [label for label in labels if "unk" in label] == [labels[i] for i in (1, 2, 4)]
    assert "✎" in labels[4] and r"a\*b" in labels[4]
    assert ("+" in labels[1]) != ("+" in labels[2])  # one of the two stands for 不, the other is new


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_another_segmentation_is_chosen_from_a_list(visit_compare: Visit, root: Path, lang: str) -> None:
    app = visit_compare(lang=lang, text=TEXT, model="tiny-additive")
    radio = app.radio(key=f"segmentation-{lang}")
    assert radio.value == 0
    assert all("".join(option.replace(" · ", "").split("\\")) == TEXT for option in radio.options)
    at = radio.options.index(" · ".join(TEXT))
    radio.set_value(at).run()
    assert not app.exception
    assert tokens(app) == tuple(TEXT)
    assert comparison_data(app) == expected_data(root, (TEXT,), (tuple(TEXT),))
    assert player_data(app)["link"]["b_tokens"] == " ".join(TEXT)
    assert say("compare.limit_joined", lang, count=2) in texts(app)
    app.radio(key="language").set_value("en" if lang == "zh" else "zh").run()
    assert tokens(app) == tuple(TEXT)


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize(("text", "key"), [("zzz", "text_unknown"), ("龘 龘", "text_unknown")])
def test_an_unreadable_source_gets_a_message_with_its_side_and_can_be_reset(
    visit_compare: Visit, lang: str, text: str, key: str
) -> None:
    app = visit_compare(lang=lang, text=TEXT, b_text=text, model="tiny-additive")
    assert not app.exception
    assert messages(app) == [f"**B** · {UserError(key, checkpoint='tiny-additive').say(lang)}"]
    assert app.text_area(key="b_text").value == text
    app = press(app, "as_a")
    assert messages(app) == [] and tokens(app) == TOKENS


def test_masking_every_word_gets_a_message_and_can_be_undone(visit_compare: Visit) -> None:
    app = press(choose_word(visit_compare(lang="en", text="我", model="tiny-additive"), 0), "act-mask")
    assert messages(app) == [f"**B** · {UserError('text_unknown', checkpoint='tiny-additive').say('en')}"]
    assert tokens(press(app, "undo")) == ("我",)
    app = choose_word(app, 0)
    assert app.button(key="act-delete").disabled  # nothing would be left


def test_a_new_text_of_a_replaces_edits_of_b_but_not_a_typed_text(visit_compare: Visit) -> None:
    app = press(choose_word(visit_compare(lang="en", text=TEXT), 1), "act-delete")
    app.text_area(key="text").set_value("你喝茶。")
    app.button(key="run").click().run()
    assert not app.exception
    assert tokens(app, 0) == tokens(app) == ("你", "喝", "茶", "。")
    assert tokens(press(app, "undo")) == ("我", "喜欢", "苹果", "。")
    app.text_area(key="b_text").set_value("他喝水。").run()
    app.text_area(key="text").set_value(TEXT)
    app.button(key="run").click().run()
    assert tokens(app) == ("他", "喝", "水", "。")
