"""A Hugging Face model on the page, in both languages: its heads, its words, and what it cannot show."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

pytest.importorskip("transformers", reason="Hugging Face models need: pip install -r requirements-extra.txt")

from s2s.checkpoint.open import load
from s2s.decode.decode import trace
from s2s.decode.strategy import Settings
from s2s.errors import say
from s2s.trace.grid import Grid
from s2s.web.shell import models
from s2s.web.shell.foreign import plain, quoted
from tests.model.huggingface.conftest import marian as marian
from tests.model.huggingface.random_models import SENTENCES
from tests.titles import contrasts_of, title_of
from tests.web.conftest import messages, player_data
from tests.web.exposure.test_sentence import measured, upload

Visit = Callable[..., AppTest]
SHORT = {"max_length": "8"}
KEYS = "he forgot the keys.", "the office again."


@pytest.fixture
def shipped(root: Path, marian: Path) -> Path:
    """The checkpoints folder with such a model in it."""
    shutil.copytree(marian, root / "tiny-marian")
    return root


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_head_that_is_chosen_reaches_the_player(visit: Visit, shipped: Path, lang: str) -> None:
    app = visit(lang=lang, model="tiny-marian", text=SENTENCES[0], ref=SENTENCES[1], **SHORT)
    assert not app.exception and messages(app) == []
    data = player_data(app)
    mean = trace(load(shipped / "tiny-marian"), SENTENCES[0], SENTENCES[1], settings=Settings(max_length=8))
    np.testing.assert_allclose(data["lanes"]["free"]["steps"][0]["attention"], mean.steps[0].attention, atol=1e-6)
    assert data["lanes"]["free"]["checkpoint"]["attention"] == "cross"
    assert say("heads.edits_mean", lang) in [caption.value for caption in app.caption]
    app.selectbox(key=f"layer-{lang}").set_value(2).run()
    app.selectbox(key=f"head-{lang}").set_value(3).run()
    assert not app.exception and messages(app) == []
    told = player_data(app)
    one = trace(load(shipped / "tiny-marian@2.3"), SENTENCES[0], SENTENCES[1], settings=Settings(max_length=8))
    shown = told["lanes"]["free"]
    np.testing.assert_allclose(shown["steps"][3]["attention"], one.steps[3].attention, atol=1e-6)
    assert shown["checkpoint"]["name"] == "tiny-marian@2.3" and one.steps[3].log_prob == mean.steps[3].log_prob
    assert (told["link"]["layer"], told["link"]["head"], told["link"]["model"]) == ("2", "3", "tiny-marian")
    assert say("heads.edits_mean", lang) not in [caption.value for caption in app.caption]
    again = visit(**told["link"])
    assert again.selectbox(key=f"head-{lang}").value == 3 and player_data(again)["lanes"]["free"] == shown
    app.selectbox(key=f"model-{lang}").set_value("tiny-general").run()
    assert not app.exception and app.session_state["head"] == 0 and not app.selectbox[1:]


def tabs(app: AppTest) -> list[str]:
    return [tab.label for tab in app.tabs]


def contrasted_tabs(folder: Path, lang: str, *names: str) -> list[str]:
    return [plain(title) for title in contrasts_of(folder, list(names), lang)]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_exposure_shows_the_head_and_measures_without_it(visit_exposure: Visit, shipped: Path, lang: str) -> None:
    narrow = json.loads((shipped / "tiny-marian" / "config.json").read_text())
    narrow["model"] |= {"layers": 2, "heads": 2}  # what a page knows of it before it is opened
    shutil.copytree(shipped / "tiny-marian", shipped / "tiny-narrow")
    (shipped / "tiny-narrow" / "config.json").write_text(json.dumps(narrow))
    link = {"text": KEYS[0], "ref": KEYS[1], "lang": lang}
    app = visit_exposure(model="tiny-marian", **link)
    assert not app.exception and messages(app) == []
    before, curve = panels(app), spec(app, "sentence-curve")
    app.selectbox(key=f"layer-{lang}").set_value(2).run()
    app.selectbox(key=f"head-{lang}").set_value(3).run()
    assert not app.exception and messages(app) == []
    assert say("heads.only_shown", lang) in [caption.value for caption in app.caption]
    told = player_data(app)
    forced = trace(load(shipped / "tiny-marian@2.3"), KEYS[0], KEYS[1], "forced")
    np.testing.assert_allclose(told["lanes"]["forced"]["steps"][2]["attention"], forced.steps[2].attention, atol=1e-6)
    at = forced.divergence
    assert at is not None and panels(app)[0] != before[0]  # its numbers are another head's
    assert [f"{w:.3f}" for w in forced.steps[at].attention] == re.findall(r'title="([0-9.]+)" dir', panels(app)[0])
    assert spec(app, "sentence-curve") == curve
    assert (told["link"]["layer"], told["link"]["head"]) == ("2", "3")
    again = visit_exposure(**told["link"])
    assert player_data(again)["lanes"] == told["lanes"]
    app.selectbox(key=f"compare-{lang}").set_value("tiny-narrow").run()
    assert not app.exception and tabs(app) == contrasted_tabs(shipped, lang, "tiny-marian@2.3", "tiny-narrow")
    note = say("heads.other_mean", lang, checkpoint=quoted(title_of(shipped / "tiny-narrow", lang)))
    assert note in [caption.value for caption in app.caption]
    app.selectbox(key=f"head-{lang}").set_value(2).run()
    assert tabs(app) == contrasted_tabs(shipped, lang, "tiny-marian@2.2", "tiny-narrow@2.2")
    assert note not in [caption.value for caption in app.caption]


def panels(app: AppTest) -> list[str]:
    """The steps before and after ◆, as HTML."""
    (body,) = [element.proto.body for element in app.get("html") if "<section>" in element.proto.body]
    return list(re.findall(r"<section>.*?</section>", body, re.DOTALL))


def test_a_file_is_measured_under_the_models_own_name(visit_exposure: Visit, shipped: Path) -> None:
    app = visit_exposure(model="tiny-marian@1.4", text=KEYS[0], ref=KEYS[1], lang="en")
    assert not app.exception and messages(app) == []
    assert player_data(app)["lanes"]["free"]["checkpoint"]["name"] == "tiny-marian@1.4"
    assert (app.session_state["model"], app.session_state["layer"], app.session_state["head"]) == ("tiny-marian", 1, 4)
    app = measured(upload(app, "pairs.tsv", f"{KEYS[0]}\t{KEYS[1]}\n".encode()))
    assert not app.exception and app.session_state["reports"][1][0].checkpoint == "tiny-marian"


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_all_heads_and_whole_words(visit: Visit, shipped: Path, lang: str) -> None:
    link = {"model": "tiny-marian", "text": SENTENCES[0], "lang": lang, "layer": "1", "mode": "free", **SHORT}
    app = visit(**link, tab="heads_tab")
    assert not app.exception and messages(app) == []
    drawn = [element.proto.body for element in app.get("html") if "lb-heads" in element.proto.body]
    pictures = [part for part in drawn if "<figure" in part]
    assert len(pictures) == 2 and [part.count("<img") for part in pictures] == [4, 4]
    assert [part.count('class="seen"') for part in pictures] == [4, 0]
    assert "sister" in pictures[0] or "bicycle" in pictures[0] or "morning" in pictures[0]
    charts = visit(**link, tab="charts")
    lane = Grid.of(trace(load(shipped / "tiny-marian@1.0"), SENTENCES[0], settings=Settings(max_length=8)))
    assert heatmap(charts) == pytest.approx(lane.words().weights, abs=1e-6)
    charts.toggle(key="words").set_value(False).run()
    assert not charts.exception and heatmap(charts) == pytest.approx(lane.weights, abs=1e-6)
    assert player_data(visit(**link, pieces="1"))["link"]["pieces"] == "1"


def spec(app: AppTest, key: str) -> str:
    """A chart."""
    (chart,) = [chart for chart in app.get("plotly_chart") if key in chart.proto.id]
    return str(chart.proto.spec)


def heatmap(app: AppTest) -> np.ndarray:
    """The overview heatmap's weights."""
    (z,) = [
        trace["z"]
        for chart in app.get("plotly_chart")
        for trace in json.loads(chart.proto.spec)["data"]
        if trace["type"] == "heatmap"
    ]
    if isinstance(z, dict):
        rows = np.frombuffer(base64.b64decode(z["bdata"]), dtype=z["dtype"])
        return rows.reshape([int(n) for n in z["shape"].split(",")])
    return np.array(z)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_features_of_recurrent_models_alone_get_a_message(visit_page: Visit, shipped: Path, lang: str) -> None:
    for chapter in ("encoder_decoder", "layers", "prior", "attention"):
        app = visit_page("lesson", chapter=chapter, lang=lang, model="tiny-marian", text=SENTENCES[0])
        assert not app.exception
    broken = visit_page("step_through", lang=lang, model="tiny-marian", text=SENTENCES[0], layer="7", **SHORT)
    assert not broken.exception  # a head that is not there becomes the mean
    assert "layer" not in player_data(broken)["link"]


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("config.json", "prefix"),
        ("model/generation_config.json", "bos_token_id"),
        ("model/tokenizer_config.json", "model_max_length"),
    ],
)
def test_a_changed_file_of_a_checkpoint_is_read_anew(shipped: Path, name: str, key: str) -> None:
    """Every file that outputs depend on is part of a cache's key, however old it looks."""
    file, before = shipped / "tiny-marian" / name, models.changed("tiny-marian")
    assert models.changed("tiny-marian@1.1") == before
    values = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps(values | {key: None}), encoding="utf-8")
    os.utime(file, (1, 1))  # a copy may keep an old time
    assert models.changed("tiny-marian") != before
