"""Links to and from the page Compare: broken and hostile values, the same page again, Step through."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qsl

import pytest

from s2s.errors import say
from s2s.web.shell import page_state
from tests.web.compare.driver import (
    REFERENCE,
    TEXT,
    TOKENS,
    Visit,
    choose_word,
    comparison_data,
    expected_data,
    press,
    tokens,
)
from tests.web.conftest import messages, player_data, refused


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize(
    ("query", "ignored"),
    [
        ({"b_tokens": "我 你", "b_text": "我"}, "b_tokens"),
        ({"tokens": "我  你"}, "tokens"),
        ({"tokens": "他"}, "tokens"),
        ({"b_tokens": "<b>x</b>"}, "b_tokens"),
        ({"differs": "<script>"}, "differs"),
        ({"b_beam": "1e9", "differs": "decoding"}, "b_beam"),
        ({"b_temperature": "nan", "differs": "decoding"}, "b_temperature"),
        ({"compare": "../../etc", "differs": "checkpoint"}, "compare"),
        ({"compared": "none"}, "compared"),
        ({"b_text": "我" * 5000}, "b_text"),
    ],
)
def test_broken_values_of_a_link_are_ignored_and_named(
    visit_compare: Visit, root: Path, lang: str, query: dict[str, str], ignored: str
) -> None:
    app = visit_compare(lang=lang, text=TEXT, **query)
    assert not app.exception
    (name, value), *more = [(k, v) for k, v in query.items() if k == ignored]
    assert messages(app) == refused(app, lang, name, value) != []
    assert more == [] and tokens(app, 0) == TOKENS
    if "b_text" not in query or ignored == "b_text":
        assert comparison_data(app) == expected_data(root, (TEXT,), (TEXT,))


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_hostile_text_is_shown_as_text(visit_compare: Visit, lang: str) -> None:
    hostile = "我<img src=x onerror=alert(1)>:red[x] $a$ `b` ~~c~~ **d** [e](http://f)"
    app = choose_word(visit_compare(lang=lang, text=TEXT, b_text=hostile), 1)
    assert not app.exception
    assert "".join(tokens(app)) == hostile.replace(" ", "")
    for label in app.button_group(key="chip").options:
        assert not any(sign in label.replace("\\", "\0").replace("\0" + sign, "") for sign in "<*`$[~" if sign != "[")


def test_the_link_of_a_changed_page_restores_it(visit_compare: Visit) -> None:
    query = {"text": TEXT, "ref": REFERENCE, "model": "tiny-general", "lang": "en"}
    app = choose_word(visit_compare(**query), 2)
    app = press(press(app, "act-split-0"), "act-mask")
    app.button_group(key="differs-en").set_value(["source", "decoding"]).run()
    app.radio(key="b_strategy-en").set_value("beam").run()
    address = player_data(app)["link"]
    again = visit_compare(**address)
    assert not again.exception and messages(again) == []
    assert comparison_data(again) == comparison_data(app)
    assert player_data(again)["link"] == address
    state, ignored = page_state.read_link(address)
    assert ignored == [] and state.b_tokens == "我 不 <unk> 欢 苹果 。"


def test_each_side_opens_in_step_through(visit_compare: Visit, visit: Visit) -> None:
    app = press(choose_word(visit_compare(lang="en", text=TEXT, model="tiny-general"), 2), "act-split-0")
    urls = [button.proto.url for button in app.get("link_button")]
    assert all(url.startswith("./?") for url in urls)
    for n, url in enumerate(urls):
        opened = visit(**dict(parse_qsl(url[3:])))
        assert not opened.exception and messages(opened) == [say("step.hint_reference", "en")]
        free = player_data(opened)["lanes"]["free"]
        assert free["source"]["tokens"] == list(tokens(app, n))
        assert [s["output"] for s in free["steps"]] == [s["output"] for s in player_data(app)["sides"][n]["steps"]]
        assert "b_tokens" not in player_data(opened)["link"]
    own = opened.button(key="own_tokens").click().run()
    assert player_data(own)["lanes"]["free"]["source"]["tokens"] == list(TOKENS)


def test_a_chosen_segmentation_is_dropped_with_its_text(visit: Visit) -> None:
    app = visit(lang="en", text=TEXT, tokens="我 不喜欢 苹果 。", model="tiny-additive")
    assert player_data(app)["lanes"]["free"]["source"]["tokens"] == ["我", "不喜欢", "苹果", "。"]
    app.text_area(key="text").set_value("我不喜欢茶。")
    app.button(key="run").click().run()
    assert player_data(app)["lanes"]["free"]["source"]["tokens"] == ["我", "不", "喜欢", "茶", "。"]
    assert "tokens" not in player_data(app)["link"]


def test_from_step_through_to_compare_and_back_nothing_is_lost(visit_page: Visit) -> None:
    app = visit_page("step_through", lang="en", text=TEXT, ref=REFERENCE, model="tiny-general", beam="7")
    assert [box.proto.page for box in app.get("page_link")] == ["compare", "doctor"]
    app.switch_page("pages/compare.py").run()
    app = press(choose_word(app, 2), "act-delete")
    app.button_group(key="differs-en").set_value(["source", "decoding"]).run()
    app.number_input(key="b_max_length").set_value(3).run()
    app.switch_page("pages/step_through.py").run()
    assert not app.exception
    assert player_data(app)["link"]["beam"] == "7"
    app.switch_page("pages/compare.py").run()
    assert not app.exception
    assert tokens(app) == ("我", "不", "苹果", "。") and len(player_data(app)["sides"][1]["steps"]) <= 3
