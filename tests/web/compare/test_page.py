"""The page Compare, in both languages, by its controls and by links."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from streamlit.testing.v1 import AppTest

from s2s.checkpoint.open import load
from s2s.decode.decode import trace
from s2s.decode.neighbours import neighbours
from s2s.decode.strategy import Settings
from s2s.errors import UserError, say, sentences
from s2s.trace.compare import compare
from s2s.web.shell import page_state
from s2s.web.shell.foreign import code
from tests.factory import make_checkpoint
from tests.web.conftest import messages, player_data

Visit = Callable[..., AppTest]
TEXT, REFERENCE = "我不喜欢苹果。", "I don't like apples."
TOKENS = ("我", "不", "喜欢", "苹果", "。")


def painted(app: AppTest) -> dict[str, Any]:
    """What the comparison was given, without words and link."""
    data = player_data(app)
    return {k: v for k, v in data.items() if k not in ("strings", "link", "run")}


def expected(root: Path, a: Any, b: Any, names: tuple[str, str] = ("tiny-additive",) * 2) -> dict[str, Any]:
    """The comparison that the engine makes of two calls of ``trace``: (source, settings)."""
    traces = [trace(load(root / name), *call) for name, call in zip(names, (a, b), strict=True)]
    value: dict[str, Any] = json.loads(json.dumps(compare(*traces).to_dict()))
    return value


def choose(app: AppTest, place: int) -> AppTest:
    app.button_group(key="chip").set_value(place)
    return app.run()


def press(app: AppTest, key: str) -> AppTest:
    assert not app.button(key=key).disabled
    return app.button(key=key).click().run()


def tokens(app: AppTest, side: int = 1) -> tuple[str, ...]:
    return tuple(player_data(app)["sides"][side]["tokens"])


def texts(app: AppTest) -> str:
    return "\n".join(box.value for kind in (app.markdown, app.caption) for box in kind)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_b_begins_as_a_copy_and_differs_in_nothing(visit_compare: Visit, root: Path, lang: str) -> None:
    app = visit_compare(lang=lang, text=TEXT, model="tiny-additive")
    assert not app.exception
    assert messages(app) == []
    assert painted(app) == expected(root, (TEXT,), (TEXT,))
    assert say("compare.identical", lang) in texts(app)
    assert player_data(app)["strings"] == {
        k.removeprefix("comparison."): v for k, v in sentences(lang).items() if k.startswith("comparison.")
    }
    labels = [option.removeprefix(f":small[{i}] ") for i, option in enumerate(app.button_group(key="chip").options, 1)]
    assert labels == list(TOKENS)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_edit_changes_what_b_reads_and_can_be_undone(visit_compare: Visit, root: Path, lang: str) -> None:
    app = choose(visit_compare(lang=lang, text=TEXT, model="tiny-additive"), 2)
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
        assert painted(app) == expected(root, (TEXT,), (after,)), key
        assert app.button_group(key="chip").value == 2
        app = press(app, "undo")
        assert tokens(app) == TOKENS, key
        app = choose(app, 2)
    assert app.button(key="undo").disabled
    app.text_input(key="typed").set_value("他 <unk>").run()
    assert tokens(app) == ("我", "不", "他", "<unk>", "苹果", "。")
    app = press(press(app, "act-delete"), "as_a")
    assert tokens(app) == TOKENS
    assert tokens(press(press(app, "undo"), "undo")) == ("我", "不", "他", "<unk>", "苹果", "。")


def test_marks_say_what_was_changed_added_deleted_and_unknown(visit_compare: Visit) -> None:
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
    assert painted(app) == expected(root, (TEXT,), (tuple(TEXT),))
    assert player_data(app)["link"]["b_tokens"] == " ".join(TEXT)
    assert say("compare.limit_joined", lang, count=2) in texts(app)
    app.radio(key="language").set_value("en" if lang == "zh" else "zh").run()
    assert tokens(app) == tuple(TEXT)


def test_checkpoint_and_decoding_may_differ_alone_or_together(visit_compare: Visit, root: Path) -> None:
    app = visit_compare(lang="en", text=TEXT, model="tiny-additive", compare="tiny-general", differs="checkpoint")
    assert painted(app) == expected(root, (TEXT,), (TEXT,), ("tiny-additive", "tiny-general"))
    app.button_group(key="differs-en").set_value(["checkpoint", "decoding"]).run()
    app.radio(key="b_strategy-en").set_value("sampling").run()
    app.number_input(key="b_seed").set_value(7).run()
    app.slider(key="b_temperature").set_value(2.0).run()
    assert not app.exception
    settings = Settings("sampling", temperature=2.0, seed=7)
    call = (TEXT, None, "free", settings)
    assert painted(app) == expected(root, (TEXT,), call, ("tiny-additive", "tiny-general"))
    address = player_data(app)["link"]
    assert (address["differs"], address["b_seed"], address["compare"]) == ("checkpoint,decoding", "7", "tiny-general")
    app.button_group(key="differs-en").set_value([]).run()
    assert painted(app) == expected(root, (TEXT,), (TEXT,))
    app.button_group(key="differs-en").set_value(["decoding"]).run()
    assert painted(app) == expected(root, (TEXT,), call)  # what was chosen before is still there


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_sentence_names_the_step_where_they_part(visit_compare: Visit, root: Path, lang: str) -> None:
    app = visit_compare(lang=lang, text=TEXT, model="tiny-additive", compare="tiny-general", differs="checkpoint")
    found = compare(*(trace(load(root / f"tiny-{name}"), TEXT) for name in ("additive", "general")))
    at = found.parting
    assert at is not None
    start = {"zh": f"**从第 {at + 1} 步起不同**", "en": f"**They part at step {at + 1}**"}[lang]
    (sentence,) = [box.value for box in app.markdown if box.value.startswith(start)]
    for side in (found.a, found.b):
        assert f"`{side.steps[at].output}`" in sentence
        assert f"`{side.source_tokens[int(side.steps[at].attention.argmax())]}`" in sentence
    assert at in painted(app)["rows"][painted(app)["parting"]]


def test_forced_lanes_are_compared_over_the_reference(visit_compare: Visit, root: Path) -> None:
    query = {"text": TEXT, "ref": REFERENCE, "model": "tiny-additive", "compare": "tiny-general"}
    app = visit_compare(lang="en", differs="checkpoint", compared="forced", **query)
    call = (TEXT, REFERENCE, "forced")
    assert painted(app) == expected(root, call, call, ("tiny-additive", "tiny-general"))
    app.radio(key="compared-en").set_value("free").run()
    assert painted(app)["mode"] == "free"


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_models_that_cut_in_other_ways_are_compared_and_limits_said(
    visit_compare: Visit, root: Path, lang: str
) -> None:
    path = make_checkpoint(root, "dot", decoder_size=12)
    config = json.loads((path / "config.json").read_text())
    config["text"] |= {"source": "characters", "target": "characters"}
    (path / "config.json").write_text(json.dumps(config))
    app = visit_compare(
        lang=lang,
        text=TEXT,
        tokens="我 不喜欢 苹果 。",
        model="tiny-additive",
        compare="tiny-dot",
        differs="checkpoint",
    )
    assert not app.exception
    assert (tokens(app, 0), tokens(app)) == (("我", "不喜欢", "苹果", "。"), tuple(TEXT))  # B cuts the text itself
    assert say("compare.limit_cut", lang) in texts(app)
    assert say("compare.limit_joined", lang, count=2) in texts(app)


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
    assert messages(app) == [say("step.link_ignored", lang, name=name, value=code(value[:40]))]
    assert more == [] and tokens(app, 0) == TOKENS
    if "b_text" not in query or ignored == "b_text":
        assert painted(app) == expected(root, (TEXT,), (TEXT,))


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_hostile_text_is_text(visit_compare: Visit, lang: str) -> None:
    hostile = "我<img src=x onerror=alert(1)>:red[x] $a$ `b` ~~c~~ **d** [e](http://f)"
    app = choose(visit_compare(lang=lang, text=TEXT, b_text=hostile), 1)
    assert not app.exception
    assert "".join(tokens(app)) == hostile.replace(" ", "")
    for label in app.button_group(key="chip").options:
        assert not any(sign in label.replace("\\", "\0").replace("\0" + sign, "") for sign in "<*`$[~" if sign != "[")


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize(("text", "key"), [("zzz", "text_unknown"), ("龘 龘", "text_unknown")])
def test_a_source_that_cannot_be_read_says_whose_it_is_and_can_be_mended(
    visit_compare: Visit, lang: str, text: str, key: str
) -> None:
    app = visit_compare(lang=lang, text=TEXT, b_text=text, model="tiny-additive")
    assert not app.exception
    assert messages(app) == [f"**B** · {UserError(key, checkpoint='tiny-additive').say(lang)}"]
    assert app.text_area(key="b_text").value == text
    app = press(app, "as_a")
    assert messages(app) == [] and tokens(app) == TOKENS


def test_masking_every_word_is_said_and_undone(visit_compare: Visit) -> None:
    app = press(choose(visit_compare(lang="en", text="我", model="tiny-additive"), 0), "act-mask")
    assert messages(app) == [f"**B** · {UserError('text_unknown', checkpoint='tiny-additive').say('en')}"]
    assert tokens(press(app, "undo")) == ("我",)
    app = choose(app, 0)
    assert app.button(key="act-delete").disabled  # nothing would be left


def test_a_new_text_of_a_leaves_edits_behind_but_not_a_text_that_was_typed(visit_compare: Visit) -> None:
    app = press(choose(visit_compare(lang="en", text=TEXT), 1), "act-delete")
    app.text_area(key="text").set_value("你喝茶。")
    app.button(key="run").click().run()
    assert not app.exception
    assert tokens(app, 0) == tokens(app) == ("你", "喝", "茶", "。")
    assert tokens(press(app, "undo")) == ("我", "喜欢", "苹果", "。")
    app.text_area(key="b_text").set_value("他喝水。").run()
    app.text_area(key="text").set_value(TEXT)
    app.button(key="run").click().run()
    assert tokens(app) == ("他", "喝", "水", "。")


def test_the_link_of_a_changed_page_shows_the_same_again(visit_compare: Visit) -> None:
    query = {"text": TEXT, "ref": REFERENCE, "model": "tiny-general", "lang": "en"}
    app = choose(visit_compare(**query), 2)
    app = press(press(app, "act-split-0"), "act-mask")
    app.button_group(key="differs-en").set_value(["source", "decoding"]).run()
    app.radio(key="b_strategy-en").set_value("beam").run()
    address = player_data(app)["link"]
    again = visit_compare(**address)
    assert not again.exception and messages(again) == []
    assert painted(again) == painted(app)
    assert player_data(again)["link"] == address
    state, ignored = page_state.read_link(address)
    assert ignored == [] and state.b_tokens == "我 不 <unk> 欢 苹果 。"


def test_each_side_opens_in_step_through(visit_compare: Visit, visit: Visit) -> None:
    app = press(choose(visit_compare(lang="en", text=TEXT, model="tiny-general"), 2), "act-split-0")
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


def test_chosen_words_end_with_the_text_that_they_spell(visit: Visit) -> None:
    app = visit(lang="en", text=TEXT, tokens="我 不喜欢 苹果 。", model="tiny-additive")
    assert player_data(app)["lanes"]["free"]["source"]["tokens"] == ["我", "不喜欢", "苹果", "。"]
    app.text_area(key="text").set_value("我不喜欢茶。")
    app.button(key="run").click().run()
    assert player_data(app)["lanes"]["free"]["source"]["tokens"] == ["我", "不", "喜欢", "茶", "。"]
    assert "tokens" not in player_data(app)["link"]


def test_from_step_through_to_compare_and_back_nothing_is_lost(visit_page: Visit) -> None:
    app = visit_page("step_through", lang="en", text=TEXT, ref=REFERENCE, model="tiny-general", beam="7")
    assert [box.proto.page for box in app.get("page_link")] == ["compare"]
    app.switch_page("pages/compare.py").run()
    app = press(choose(app, 2), "act-delete")
    app.button_group(key="differs-en").set_value(["source", "decoding"]).run()
    app.number_input(key="b_max_length").set_value(3).run()
    app.switch_page("pages/step_through.py").run()
    assert not app.exception
    assert player_data(app)["link"]["beam"] == "7"
    app.switch_page("pages/compare.py").run()
    assert not app.exception
    assert tokens(app) == ("我", "不", "苹果", "。") and len(player_data(app)["sides"][1]["steps"]) <= 3


def test_downloads_hold_both_traces_and_the_difference(visit_compare: Visit) -> None:
    app = visit_compare(lang="en", text=TEXT, b_text="我喜欢苹果。")
    labels = [button.proto.label for button in app.get("download_button")]
    assert labels == [say("compare.json", "en", side=s) for s in "AB"] + [say("compare.csv", "en")]
