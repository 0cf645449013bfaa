"""A model of Hugging Face on the page: its heads, its words, and what it cannot show, in both languages."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

pytest.importorskip("transformers", reason="Hugging Face models need: pip install -r requirements-extra.txt")

from s2s.checkpoint import load
from s2s.decode import trace
from s2s.errors import say
from s2s.rollup import Grid
from s2s.strategy import Settings
from tests.adapters.conftest import marian as marian
from tests.adapters.random_models import SENTENCES
from tests.web.conftest import messages, player_data

Visit = Callable[..., AppTest]
SHORT = {"max_length": "8"}


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
    app.selectbox(key="model").set_value("tiny-general").run()
    assert not app.exception and app.session_state["head"] == 0 and not app.selectbox[1:]


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
    assert spec(charts) == pytest.approx(lane.words().weights, abs=1e-6)
    charts.toggle(key="words").set_value(False).run()
    assert not charts.exception and spec(charts) == pytest.approx(lane.weights, abs=1e-6)
    assert player_data(visit(**link, pieces="1"))["link"]["pieces"] == "1"


def spec(app: AppTest) -> np.ndarray:
    """The overview heatmap's weights."""
    import base64
    import json

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
def test_what_only_recurrent_models_have_is_told_in_a_sentence(visit_page: Visit, shipped: Path, lang: str) -> None:
    for chapter in ("encoder_decoder", "layers", "prior", "attention"):
        app = visit_page("lesson", chapter=chapter, lang=lang, model="tiny-marian", text=SENTENCES[0])
        assert not app.exception
    broken = visit_page("step_through", lang=lang, model="tiny-marian", text=SENTENCES[0], layer="7", **SHORT)
    assert not broken.exception  # a head that is not there becomes the mean
    assert "layer" not in player_data(broken)["link"]
