"""The lesson in both languages: its chapters and their common state."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from s2s.checkpoint.open import load
from s2s.decode.prefix_cache import PrefixCache
from s2s.decode.what_if import preview
from s2s.errors import say, strings
from s2s.lesson.network import flow
from s2s.text.vocab import BOS
from s2s.trace.branch import Edit
from s2s.web.components import network
from s2s.web.lesson import CHAPTERS, attention
from s2s.web.shell import keys
from tests.factory import make_checkpoint
from tests.numpy_model import softmax
from tests.web.conftest import QUIET, messages

Visit = Callable[..., AppTest]


def test_a_link_names_a_chapter_by_its_number(visit_page: Visit) -> None:
    app = visit_page("lesson", chapter="3", lang="en")
    assert not app.warning and app.session_state[keys.CHAPTER] == list(CHAPTERS)[2]
    assert [box.value for box in visit_page("lesson", chapter="10", lang="en").warning]


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("chapter", CHAPTERS)
def test_every_chapter_has_its_text_figure_and_question(visit_page: Visit, chapter: str, lang: str) -> None:
    app = visit_page("lesson", chapter=chapter, text="我不喜欢苹果。", ref="I don't like apples.", lang=lang)
    assert not app.exception and not app.error and messages(app) == []
    written = [box.value for box in app.markdown]
    assert say(f"lesson.{chapter}.text", lang) in written
    tried = [text for key, text in strings(f"lesson.{chapter}", lang).items() if key.startswith("try")]
    assert any(one in text for text in written for one in tried)
    assert app.session_state["chapter"] == chapter
    assert [box.label for box in app.expander].count(say("lesson.answer", lang)) == 1


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


# Each formula as it stands on the page, and the same in numpy: of v, W, U, a decoder state, the memory (S, M), scores.
WRITTEN: dict[str, Callable[[Any, Any, Any, Any], Any]] = {
    r"e_{ts} = v^\top \tanh(W s_{t-1} + U h_s)": lambda w, s, h, e: (
        np.tanh(w["query"] @ s + h @ w["key"].T) @ w["v"][0]
    ),
    r"e_{ts} = h_t^\top W h_s": lambda w, s, h, e: (h @ w["key"].T) @ s,
    r"\alpha_{ts} = \dfrac{\exp(e_{ts})}{\sum_{j} \exp(e_{tj})}": lambda w, s, h, e: softmax(e),
    r"c_t = \textstyle\sum_s \alpha_{ts} h_s": lambda w, s, h, e: softmax(e) @ h,
}


@pytest.mark.parametrize("kind", attention.SCORES)
def test_the_formulas_are_what_the_layers_compute(root: Path, kind: str) -> None:
    model = load(root / f"tiny-{kind}").model
    layer = model.decoder.attention
    weights = {name: value.detach().numpy() for name, value in zip(layer.state_dict(), layer.parameters(), strict=True)}
    weights = {name.removesuffix(".weight"): value for name, value in weights.items()}
    reading = PrefixCache(model, [4, 7, 8, 9])
    place = reading.step(reading.start, BOS)
    assert place.output is not None
    looking = (reading.start if kind == "additive" else place).state  # s_{t-1}, or h_t
    state, memory = looking.hidden_LBH[-1, 0].numpy(), reading.memory.states_BSM[0].numpy()
    step_attention = place.output.attention
    scores = step_attention.scores_BS[0].numpy()
    found = {
        attention.SCORES[kind]: scores,
        attention.STEPS["softmax"]: step_attention.attention_BS[0].numpy(),
        attention.STEPS["context"]: step_attention.context_BM[0].numpy(),
    }
    for formula, numbers in found.items():
        np.testing.assert_allclose(WRITTEN[formula](weights, state, memory, scores), numbers, atol=1e-5)
    assert set(WRITTEN) == {*attention.SCORES.values(), *attention.STEPS.values()}  # no formula without a check


def test_the_formulas_are_on_the_page(visit_page: Visit) -> None:
    app = visit_page("lesson", chapter="attention", text="我喜欢茶。")
    written = "\n".join(box.value for box in app.latex)
    assert all(formula in written for formula in WRITTEN)


def test_the_hand_over_is_what_the_encoder_computes(root: Path) -> None:
    assert "tanh(W·[h→; h←] + b)" in (network.FOLDER / "panels.js").read_text(encoding="utf-8")
    checkpoint = load(root / "tiny-additive")
    run = flow(checkpoint, "我喜欢茶。")
    memory = PrefixCache(checkpoint.model, checkpoint.source.encode("我喜欢茶。")).memory.states_BSM[0].numpy()
    size = run.sizes["N"]
    both = np.concatenate([memory[-1, :size], memory[0, size:]])
    bridge = checkpoint.model.bridge
    start = np.tanh(bridge.weight.detach().numpy() @ both + bridge.bias.detach().numpy())
    np.testing.assert_allclose(run.start, start[: len(run.start)], atol=1e-4)


def components(app: AppTest) -> list[dict[str, Any]]:
    parts = [part.proto for part in app.get("bidi_component")]
    return [json.loads(part.json) for part in parts if part.component_name not in QUIET]


def test_a_model_without_attention_stands_beside_one_with(root: Path, visit_page: Visit) -> None:
    make_checkpoint(root, "none")
    query = {"chapter": "encoder_decoder", "text": "我喜欢茶。", "ref": "I like tea.", "model": "tiny-additive"}
    app = visit_page("lesson", **query)
    assert not app.exception and messages(app) == []
    (data,) = [data for data in components(app) if "runs" in data]
    assert [run["attention"] for run in data["runs"]] == ["additive", "none"]
    assert app.get("plotly_chart")  # the visitor's own sentences
    blind = visit_page("lesson", **query | {"model": "tiny-none", "chapter": "attention"})
    assert [box.value for box in blind.info] == [say("weighing.nothing", "zh")]
    (data,) = [data for data in components(blind) if "sides" in data]
    assert {side["trace"]["checkpoint"]["attention"] for side in data["sides"]} == {"additive", "general"}
    layers = visit_page("lesson", **query | {"model": "tiny-none", "chapter": "layers"})
    assert not layers.exception and not layers.error


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_dragged_weights_are_answered_with_the_models_words(visit_page: Visit, root: Path, lang: str) -> None:
    app = visit_page("lesson", chapter="attention", text="我喜欢茶。", model="tiny-additive", lang=lang)
    (data,) = [data for data in components(app) if "sides" in data]
    assert [side["trace"]["checkpoint"]["attention"] for side in data["sides"]] == ["additive", "general"]
    step, size = data["sides"][1]["trace"]["steps"][1], len(data["sides"][1]["trace"]["source"]["tokens"])
    weights = [1.0, *[0.0] * (size - 1)]
    asked = {"seq": 1, "kind": "words", "page": data["asking"]["page"], "side": 1, "step": 1, "weights": weights}
    app.session_state["weighing"] = {"request": asked}
    app.run()
    (answered,) = [data["asking"]["answer"] for data in components(app) if "sides" in data]
    checkpoint = load(root / "tiny-general")
    reading = PrefixCache(checkpoint.model, checkpoint.source.encode("我喜欢茶。"))
    expected = preview(checkpoint, reading, [step["input"]], {}, Edit("only", 0))
    assert [row["token"] for row in answered["top"]] == [change.token for change in expected.changes]
    assert answered["top"][0]["after"] == pytest.approx(expected.changes[0].after, abs=1e-5)


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_an_empty_text_is_a_sentence_and_no_traceback(visit_page: Visit, chapter: str) -> None:
    app = visit_page("lesson", chapter=chapter, text="")
    assert not app.exception
    if chapter in ("encoder_decoder", "attention", "layers"):
        assert [box.value for box in app.error] == [say("error.text_empty", "zh")]
