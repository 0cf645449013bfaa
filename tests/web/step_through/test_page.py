"""The page Step through, in both languages, by its controls and by links."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from s2s.checkpoint.examples import EXAMPLES
from s2s.checkpoint.open import load
from s2s.decode.decode import trace
from s2s.decode.strategy import Settings
from s2s.errors import UserError, say, sentences
from s2s.player import page as export
from s2s.web.shell import models
from tests.paths import ROOT
from tests.web.conftest import messages, player_data, refused

Visit = Callable[..., AppTest]
TEXT, REFERENCE = "我不喜欢苹果。", "I don't like apples."


def submit(app: AppTest, text: str) -> None:
    """Type a text and press Run."""
    app.text_area(key="text").set_value(text)
    app.button(key="run").click().run()


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_both_lanes_reach_the_player_as_the_model_decodes_them(visit: Visit, root: Path, lang: str) -> None:
    app = visit(lang=lang, text=TEXT, ref=REFERENCE, model="tiny-general")
    assert not app.exception
    data = player_data(app)
    checkpoint = load(root / "tiny-general")
    for mode in ("free", "forced"):
        expected = trace(checkpoint, TEXT, REFERENCE, mode).to_dict()
        assert data["lanes"][mode] == json.loads(json.dumps(expected))
    assert data["strings"]["play"] == say("player.play", lang)
    assert data["vocabulary"] == len(checkpoint.target.vocab)
    assert messages(app) == []


def test_language_switches_live_and_keeps_everything_typed(visit: Visit) -> None:
    app = visit(lang="zh", text=TEXT, ref=REFERENCE)
    before = player_data(app)["lanes"]
    app.radio(key="language").set_value("en").run()
    after = player_data(app)
    assert after["lanes"] == before
    assert after["strings"] == {k[7:]: v for k, v in sentences("en").items() if k.startswith("player.")}
    assert app.text_area(key="text").value == TEXT
    assert app.text_area(key="text").label == say("step.text", "en")
    assert after["link"]["lang"] == "en"


@pytest.fixture
def shipped(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page has the shipped models."""
    monkeypatch.setattr(models, "FOLDERS", (ROOT / "checkpoints",))


@pytest.mark.usefixtures("shipped")
def test_a_visitor_without_a_link_sees_an_example_that_goes_right(visit: Visit) -> None:
    app = visit()
    assert app.text_area(key="text").value == EXAMPLES["zh-en"][0][0]
    lanes = player_data(app)["lanes"]
    assert set(lanes) == {"forced", "free"} and lanes["free"]["divergence"] is None


@pytest.mark.usefixtures("shipped")
@pytest.mark.parametrize(
    ("lang", "well", "other", "wrong", "long"),
    [
        ("en", "goes well", "right, in other words", "goes wrong", "long"),
        ("zh", "顺利", "换了说法", "会出错", "长句"),
    ],
)
def test_the_list_says_which_examples_go_well_and_which_go_wrong(
    visit: Visit, lang: str, well: str, other: str, wrong: str, long: str
) -> None:
    texts = [text for text, _ in EXAMPLES["zh-en"]]
    known = [
        f" :small[({well})]",
        *[f" :small[({wrong})]"] * 4,
        f" :small[({other})]",
        f" :small[({wrong})]",
        f" :small[({wrong} · {long})]",
    ]
    labels = [button.label for button in visit(lang=lang).button]
    assert [label for label in labels if label.startswith(tuple(texts))] == list(
        map("".join, zip(texts, known, strict=True))
    )


def test_choosing_an_example_fills_both_fields(visit: Visit) -> None:
    app = visit(lang="en", text=TEXT)
    next(button for button in app.button if button.label == "他把钥匙忘在办公室里了。").click().run()
    assert app.text_area(key="text").value == "他把钥匙忘在办公室里了。"
    assert app.text_area(key="ref").value == "He left his keys in the office."


def test_a_new_text_drops_an_examples_reference_but_never_one_that_was_typed(visit: Visit) -> None:
    app = visit(lang="en")
    assert app.text_area(key="ref").value
    submit(app, TEXT)
    assert app.text_area(key="ref").value == ""
    app.text_area(key="ref").set_value(REFERENCE)
    submit(app, "我喝茶。")
    assert app.text_area(key="ref").value == REFERENCE


@pytest.mark.parametrize(("mode", "lanes"), [("free", {"free"}), ("forced", {"forced"}), ("both", {"free", "forced"})])
def test_the_mode_decides_which_lanes_are_shown(visit: Visit, mode: str, lanes: set[str]) -> None:
    app = visit(text=TEXT, ref=REFERENCE, mode=mode)
    assert {k for k, v in player_data(app)["lanes"].items() if v} == lanes


def test_without_a_reference_the_free_lane_runs_with_a_hint(visit: Visit) -> None:
    app = visit(lang="en", text=TEXT, ref="")
    assert player_data(app)["lanes"]["forced"] is None
    assert messages(app) == [say("step.hint_reference", "en")]


def test_sampling_settings_change_what_is_decoded_and_stand_in_the_link(visit: Visit, root: Path) -> None:
    app = visit(text=TEXT, strategy="sampling", temperature="2.5", top_k="5", top_p="0.9", seed="3", mode="free")
    data = player_data(app)
    settings = Settings("sampling", temperature=2.5, top_k=5, top_p=0.9, seed=3)
    expected = trace(load(root / "tiny-additive"), TEXT, None, "free", settings)
    assert data["lanes"]["free"]["text"] == expected.text
    assert data["lanes"]["free"]["settings"]["seed"] == 3
    assert data["link"] | {"strategy": "sampling", "temperature": "2.5", "top_k": "5", "seed": "3"} == data["link"]


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("mode", ["both", "free", "forced"])
def test_the_lanes_can_be_taken_away_as_a_page(
    visit: Visit, monkeypatch: pytest.MonkeyPatch, lang: str, mode: str
) -> None:
    given: dict[str, Any] = {}

    def keep(
        label: str, data: Callable[[], str], file_name: str, mime: str, *, help: str, on_click: str, key: str
    ) -> None:
        given.update(label=label, page=data, file=file_name, help=help, on_click=on_click)

    monkeypatch.setattr(st, "download_button", keep)
    app = visit(lang=lang, text=TEXT, ref=REFERENCE, mode=mode)
    assert not app.exception
    assert (given["label"], given["help"]) == (say("step.html", lang), say("step.html_help", lang))
    assert (given["file"], given["on_click"]) == ("lookback-tiny-additive.html", "ignore")
    page = given["page"]()
    sent = {name: lane for name, lane in player_data(app)["lanes"].items() if lane}
    assert {name: json.loads(lane.to_json()) for name, lane in export.read_lanes(page).items()} == sent
    assert f'<html lang="{lang}">' in page


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_download_is_on_the_page(visit: Visit, lang: str) -> None:
    (button,) = visit(lang=lang, text=TEXT, ref=REFERENCE).get("download_button")
    assert (button.proto.label, button.proto.ignore_rerun) == (say("step.html", lang), True)


def test_charts_are_drawn_only_when_their_tab_is_open(visit: Visit) -> None:
    app = visit(lang="en", text=TEXT, ref=REFERENCE)
    assert len(app.get("plotly_chart")) == 0
    app.session_state["tab"] = "charts"
    app.run()
    assert not app.exception
    assert len(app.get("plotly_chart")) == 4


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("model", ["tiny-general", "tiny-none"])
def test_every_chart_names_its_lane(visit: Visit, lang: str, model: str) -> None:
    app = visit(lang=lang, text=TEXT, ref=REFERENCE, model=model, tab="charts")
    titles = [json.loads(chart.proto.spec)["layout"]["title"]["text"] for chart in app.get("plotly_chart")]
    assert len(titles) == len(set(titles)) >= 2
    assert all(any(say(f"player.{lane}", lang) in title for lane in ("forced", "free")) for title in titles)


BAD_TEXTS = {
    "": "text_empty",
    "   \n\t ": "text_empty",
    "\u200b\u0007": "text_no_words",
    "我" * 5000: "text_too_long",
    "我，" * 450: "text_too_many_tokens",
    "🙂🙃": "text_unknown",
    "zzz qqq": "text_unknown",
    "<script>alert(1)</script>": "text_unknown",
}


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("text", BAD_TEXTS)
def test_a_text_that_cannot_be_decoded_gets_one_sentence_and_stays(visit: Visit, lang: str, text: str) -> None:
    app = visit(lang=lang, text=TEXT, mode="free")
    submit(app, text)
    assert not app.exception
    values = {"checkpoint": "tiny-additive", "found": len(text), "limit": 2000}
    if BAD_TEXTS[text] == "text_too_many_tokens":
        values |= {"found": 900, "limit": 400}
    assert messages(app) == [say(f"error.{BAD_TEXTS[text]}", lang, **values)]
    assert app.text_area(key="text").value == text
    assert "lookback_player" not in {one.proto.component_name for one in app.get("bidi_component")}


@pytest.mark.parametrize("text", ["我🙂喜欢\u0000苹果<b>。</b>", "我喜欢 <img src=x onerror=alert(1)>", "我喜歡蘋果。"])
def test_odd_characters_among_known_words_are_decoded_as_unknown(visit: Visit, text: str) -> None:
    app = visit(text=text, mode="free")
    assert not app.exception
    source = player_data(app)["lanes"]["free"]["source"]
    assert source["tokens"][0] == "我"
    assert "喜欢" in source["tokens"]


@pytest.mark.parametrize("mode", ["both", "free"])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_reference_in_the_wrong_language_costs_only_the_forced_lane(visit: Visit, lang: str, mode: str) -> None:
    app = visit(lang=lang, text=TEXT, ref="我不喜欢苹果。", mode=mode)
    assert messages(app) == [say("error.reference_unknown", lang, checkpoint="tiny-additive")]
    assert player_data(app)["lanes"]["free"] is not None
    assert app.text_area(key="ref").value == "我不喜欢苹果。"
    assert player_data(app)["summaries"]["free"][lang].startswith(say("summary.alone", lang))
    app.text_area(key="text").set_value("你不喜欢水。")
    app.button(key="run").click().run()
    assert messages(app) == [say("error.reference_unknown", lang, checkpoint="tiny-additive")]  # not that ◆ uses it


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ({"model": "../../etc"}, "model"),
        ({"mode": "sideways"}, "mode"),
        ({"step": "-4"}, "step"),
        ({"top_p": "nan"}, "top_p"),
        ({"temperature": "hot"}, "temperature"),
        ({"seed": "9" * 30}, "seed"),
        ({"lane": "<b>"}, "lane"),
        ({"text": "我" * 4001}, "text"),
    ],
)
def test_a_link_with_nonsense_says_so_and_shows_the_default(visit: Visit, query: dict[str, str], name: str) -> None:
    app = visit(lang="en", ref=REFERENCE, **({"text": TEXT} | query))
    assert not app.exception
    assert len(refused(app, "en", name, query[name])) == 1


LOWEST = {"temperature": "0.05", "top_k": "0", "top_p": "0.05", "seed": "0", "beam": "1", "length_penalty": "0"}
HIGHEST = {"temperature": "3", "top_k": "1000", "top_p": "1", "seed": "999999", "beam": "10", "length_penalty": "2"}


@pytest.mark.parametrize("strategy", ["greedy", "sampling", "beam"])
@pytest.mark.parametrize("ends", [LOWEST, HIGHEST], ids=["lowest", "highest"])
def test_every_setting_at_both_ends_of_its_range_is_decoded(visit: Visit, strategy: str, ends: dict[str, str]) -> None:
    app = visit(text=TEXT, mode="free", strategy=strategy, max_length="12", coverage_penalty="1", **ends)
    assert not app.exception
    settings = player_data(app)["lanes"]["free"]["settings"]
    assert {k: float(settings[k]) for k in ends} == {k: float(v) for k, v in ends.items()}
    assert len(app.warning) == 0


def test_parameters_of_others_are_passed_over(visit: Visit) -> None:
    app = visit(utm_source="mail", fbclid="x", text=TEXT, mode="free")
    assert not app.exception
    assert messages(app) == []


def damage_config(path: Path) -> str:
    (path / "config.json").write_text("{")
    return "config.json"


def damage_weights(path: Path) -> str:
    whole = (path / "model.safetensors").read_bytes()
    (path / "model.safetensors").write_bytes(whole[: len(whole) // 2])
    return "model.safetensors"


def damage_vocab(path: Path) -> str:
    (path / "vocab.json").write_text('{"source": {"tokens": [1, 2]}}')
    return "vocab.json"


def foreign(path: Path) -> str:
    (path / "config.json").write_text('{"architectures": ["MarianMTModel"], "model_type": "marian"}')
    return "config.json"


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("damage", [damage_config, damage_weights, damage_vocab, foreign])
def test_a_damaged_checkpoint_gets_a_sentence_and_another_can_be_chosen(
    visit: Visit, root: Path, lang: str, damage: Callable[[Path], str]
) -> None:
    file = damage(root / "tiny-additive")
    app = visit(lang=lang, text=TEXT, ref=REFERENCE, model="tiny-additive")
    assert not app.exception
    (message,) = messages(app)
    assert file in message
    assert app.text_area(key="text").value == TEXT
    app.selectbox(key=f"model-{lang}").set_value("tiny-general").run()
    assert not app.exception
    assert player_data(app)["lanes"]["free"]["checkpoint"]["name"] == "tiny-general"


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_another_model_brings_an_example_of_its_own_unless_something_was_typed(
    visit: Visit, root: Path, lang: str
) -> None:
    shutil.copytree(root / "tiny-general", root / "date-tiny")
    app = visit(lang=lang, model="tiny-additive")
    assert app.text_area(key="text").value == EXAMPLES["zh-en"][0][0]
    app.selectbox(key=f"model-{lang}").set_value("date-tiny").run()
    assert (app.text_area(key="text").value, app.text_area(key="ref").value) == EXAMPLES["date"][0]
    app = visit(lang=lang, model="date-tiny")
    assert app.text_area(key="text").value == EXAMPLES["date"][0][0]
    app = visit(lang=lang, text=TEXT, ref=REFERENCE, model="tiny-additive")
    app.selectbox(key=f"model-{lang}").set_value("date-tiny").run()
    assert (app.text_area(key="text").value, app.text_area(key="ref").value) == (TEXT, REFERENCE)


def test_no_checkpoint_at_all_says_how_to_get_one(visit: Visit, root: Path) -> None:
    for path in root.iterdir():
        (path / "config.json").unlink()
    app = visit(lang="en")
    assert messages(app) == [say("step.no_checkpoint", "en")]


def test_errors_reach_the_page_only_as_user_errors(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    assert UserError("reference_missing").say("zh") in messages(visit(lang="zh", text=TEXT, ref="", mode="forced"))


def test_a_link_and_a_switch_of_language_reopen_the_tab(visit: Visit) -> None:
    app = visit(lang="en", text=TEXT, mode="free", tab="charts")
    assert app.get("plotly_chart") and player_data(app)["link"]["tab"] == "charts"
    page = player_data(app)["page"]
    app.session_state["language"] = "zh"
    app.run()
    assert app.get("plotly_chart") and player_data(app)["link"]["tab"] == "charts"
    app.session_state["tab"] = "player"
    app.run()
    assert not app.get("plotly_chart") and "tab" not in player_data(app)["link"] and player_data(app)["page"] == page
    gone = visit(lang="en", text=TEXT, mode="free", tab="beam_tab")  # without beam search there is none
    assert gone.session_state["tab"] == "player" and messages(gone) == []
