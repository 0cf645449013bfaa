"""The page Compare by its controls, in both languages: what differs, which lane, the sentence, downloads."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from s2s.checkpoint.open import load
from s2s.decode.decode import trace
from s2s.decode.strategy import Settings
from s2s.errors import say, sentences
from s2s.trace.compare import compare
from tests.factory import make_checkpoint
from tests.web.compare.driver import (
    REFERENCE,
    TEXT,
    TOKENS,
    Visit,
    comparison_data,
    expected_data,
    texts,
    tokens,
)
from tests.web.conftest import messages, player_data


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_b_begins_as_a_copy_and_differs_in_nothing(visit_compare: Visit, root: Path, lang: str) -> None:
    app = visit_compare(lang=lang, text=TEXT, model="tiny-additive")
    assert not app.exception
    assert messages(app) == []
    assert comparison_data(app) == expected_data(root, (TEXT,), (TEXT,))
    assert say("compare.identical", lang) in texts(app)
    assert player_data(app)["strings"] == {
        k.removeprefix("comparison."): v for k, v in sentences(lang).items() if k.startswith("comparison.")
    }
    labels = [option.removeprefix(f":small[{i}] ") for i, option in enumerate(app.button_group(key="chip").options, 1)]
    assert labels == list(TOKENS)


def test_checkpoint_and_decoding_may_differ_alone_or_together(visit_compare: Visit, root: Path) -> None:
    app = visit_compare(lang="en", text=TEXT, model="tiny-additive", compare="tiny-general", differs="checkpoint")
    assert comparison_data(app) == expected_data(root, (TEXT,), (TEXT,), ("tiny-additive", "tiny-general"))
    app.button_group(key="differs-en").set_value(["checkpoint", "decoding"]).run()
    app.radio(key="b_strategy-en").set_value("sampling").run()
    app.number_input(key="b_seed").set_value(7).run()
    app.slider(key="b_temperature").set_value(2.0).run()
    assert not app.exception
    settings = Settings("sampling", temperature=2.0, seed=7)
    call = (TEXT, None, "free", settings)
    assert comparison_data(app) == expected_data(root, (TEXT,), call, ("tiny-additive", "tiny-general"))
    address = player_data(app)["link"]
    assert (address["differs"], address["b_seed"], address["compare"]) == ("checkpoint,decoding", "7", "tiny-general")
    app.button_group(key="differs-en").set_value([]).run()
    assert comparison_data(app) == expected_data(root, (TEXT,), (TEXT,))
    app.button_group(key="differs-en").set_value(["decoding"]).run()
    assert comparison_data(app) == expected_data(root, (TEXT,), call)  # what was chosen before is still there


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_sentence_names_the_step_where_they_part(visit_compare: Visit, root: Path, lang: str) -> None:
    app = visit_compare(lang=lang, text=TEXT, model="tiny-additive", compare="tiny-general", differs="checkpoint")
    found = compare(*(trace(load(root / f"tiny-{name}"), TEXT) for name in ("additive", "general")))
    at = found.parting
    assert at is not None
    start = {"zh": f"**从第 {at + 1} 步起不同**", "en": f"**They diverge at step {at + 1}**"}[lang]
    (sentence,) = [box.value for box in app.markdown if box.value.startswith(start)]
    for side in (found.a, found.b):
        assert f"`{side.steps[at].output}`" in sentence
        assert f"`{side.source_tokens[int(side.steps[at].attention.argmax())]}`" in sentence
    assert at in comparison_data(app)["rows"][comparison_data(app)["parting"]]


def test_forced_lanes_are_compared_over_the_reference(visit_compare: Visit, root: Path) -> None:
    query = {"text": TEXT, "ref": REFERENCE, "model": "tiny-additive", "compare": "tiny-general"}
    app = visit_compare(lang="en", differs="checkpoint", compared="forced", **query)
    call = (TEXT, REFERENCE, "forced")
    assert comparison_data(app) == expected_data(root, call, call, ("tiny-additive", "tiny-general"))
    app.radio(key="compared-en").set_value("free").run()
    assert comparison_data(app)["mode"] == "free"


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


def test_downloads_hold_both_traces_and_the_difference(visit_compare: Visit) -> None:
    app = visit_compare(lang="en", text=TEXT, b_text="我喜欢苹果。")
    labels = [button.proto.label for button in app.get("download_button")]
    assert labels == [say("compare.json", "en", side=s) for s in "AB"] + [say("compare.csv", "en")]
