"""The tab Beam, in both languages: the tree's data, the comparison with greedy, opening a hypothesis."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sacrebleu
from streamlit.testing.v1 import AppTest

from s2s.checkpoint.examples import GREEDY_LOSES
from s2s.checkpoint.find import find_checkpoint
from s2s.checkpoint.open import load
from s2s.decode.decode import trace
from s2s.decode.record_search import search_tree
from s2s.decode.strategy import Settings
from s2s.errors import say, sentences
from s2s.lesson.smallest_search import textbook
from s2s.web.step_through import beam
from tests.web.conftest import QUIET, messages

Visit = Callable[..., AppTest]
TEXT = "我不喜欢苹果。"
LANGUAGES = pytest.mark.parametrize("lang", ["zh", "en"])


def components(app: AppTest) -> list[dict[str, Any]]:
    """What the page gave to its components: first the player, then trees."""
    found = [component.proto for component in app.get("bidi_component")]
    return [json.loads(proto.json) for proto in found if proto.component_name not in QUIET]


def open_tab(visit: Visit, lang: str = "en", **query: str) -> AppTest:
    app = visit(**({"lang": lang, "text": TEXT, "mode": "free", "strategy": "beam", "max_length": "9"} | query))
    app.session_state["tab"] = "beam_tab"
    app.run()
    assert not app.exception
    return app


def ask(app: AppTest, **fields: Any) -> AppTest:
    app.session_state[beam.COMPONENT] = {"open": fields}
    app.run()
    assert not app.exception
    return app


@LANGUAGES
def test_the_tree_on_the_page_is_the_search_of_the_settings(visit: Visit, root: Path, lang: str) -> None:
    app = open_tab(visit, lang, model="tiny-general", beam="4", length_penalty="0.9", coverage_penalty="0.2")
    _, shown = components(app)
    settings = Settings("beam", max_length=9, beam=4, length_penalty=0.9, coverage_penalty=0.2)
    tree = search_tree(load(root / "tiny-general"), TEXT, settings)
    assert shown["tree"] == json.loads(tree.to_json())
    alone = trace(load(root / "tiny-general"), TEXT, settings=Settings(max_length=9))
    assert shown["greedy"] == list(tree.follow([step.output for step in alone.steps]))
    assert shown["strings"] == {k[5:]: v for k, v in sentences(lang).items() if k.startswith("beam.")}
    assert messages(app) == []


@pytest.mark.parametrize(("query", "there"), [({}, True), ({"strategy": "greedy"}, False), ({"mode": "forced"}, False)])
def test_the_tab_is_there_when_a_beam_was_searched(visit: Visit, query: dict[str, str], there: bool) -> None:
    app = visit(**({"lang": "en", "text": TEXT, "ref": "I like tea.", "mode": "free", "strategy": "beam"} | query))
    assert (say("step.beam_tab", "en") in [tab.label for tab in app.tabs]) == there


@LANGUAGES
def test_greedy_stands_beside_the_best_and_where_they_part_is_said(visit: Visit, root: Path, lang: str) -> None:
    app = open_tab(visit, lang, model="tiny-additive", length_penalty="0")
    tree = search_tree(load(root / "tiny-additive"), TEXT, Settings("beam", max_length=9, length_penalty=0.0))
    alone = trace(load(root / "tiny-additive"), TEXT, settings=Settings(max_length=9))
    said, best = tuple(s.output for s in alone.steps), tree.tokens(tree.finished[0].node)
    words = " ".join(box.value for box in app.markdown)
    if said == best:
        assert say("beam.same", lang) in words
        return
    at = next(t for t, (a, b) in enumerate(zip(said, best, strict=False)) if a != b)
    assert f"`{said[at]}`" in words and f"`{best[at]}`" in words
    table = next(element.proto.body for element in app.get("html") if alone.text in element.proto.body)
    for value in (sum(s.log_prob for s in alone.steps), tree.nodes[tree.finished[0].node].total):
        assert f"{value:.3f}".replace("-", "−") in table


def test_the_score_of_greedy_is_that_of_its_path_in_the_tree(root: Path) -> None:
    settings = Settings("beam", beam=10, max_length=9, coverage_penalty=0.4)
    checkpoint = load(root / "tiny-additive")
    tree, alone = search_tree(checkpoint, TEXT, settings), trace(checkpoint, TEXT, settings=Settings(max_length=9))
    path = tree.follow([s.output for s in alone.steps])
    assert len(path) == len(alone.steps)
    found = tree.score(sum(s.log_prob for s in alone.steps), alone.attention_TS)
    assert found == pytest.approx(tree.nodes[path[-1]].score, abs=1e-4)


@LANGUAGES
def test_the_textbook_opens_under_the_same_component(visit: Visit, lang: str) -> None:
    app = open_tab(visit, lang)
    app.session_state["textbook"] = True
    app.run()
    *_, small = components(app)
    tree, said = textbook()
    assert small["brief"] and small["tree"] == json.loads(tree.to_json())
    assert small["greedy"] == list(tree.follow(said))
    assert say("beam.textbook_steps", lang) in [box.value for box in app.markdown]


@LANGUAGES
def test_a_hypothesis_becomes_a_branch_and_the_player_comes_to_the_front(visit: Visit, root: Path, lang: str) -> None:
    app = open_tab(visit, lang, model="tiny-additive")
    tree = search_tree(load(root / "tiny-additive"), TEXT, Settings("beam", max_length=9))
    second = tree.finished[1]
    ask(app, seq=1, node=second.node, tree=components(app)[1]["name"])
    (player,) = components(app)
    (branch,) = player["branches"]
    assert (branch["prefix"], branch["name"]) == (len(tree.tokens(second.node)), say("beam.branch", lang, rank=2))
    assert [step["output"] for step in branch["steps"]][: branch["prefix"] - branch["shared"]] == list(
        tree.tokens(second.node)[branch["shared"] :]
    )
    assert app.session_state["tab"] == "player"
    (made,) = app.session_state["branches"]
    assert made.prefix == tree.tokens(second.node)
    app.session_state["tab"] = "beam_tab"  # the same request again is answered already
    app.run()
    assert app.session_state["tab"] == "beam_tab"


def test_the_best_hypothesis_is_the_free_lane_itself(visit: Visit, root: Path) -> None:
    app = open_tab(visit, model="tiny-additive")
    tree = search_tree(load(root / "tiny-additive"), TEXT, Settings("beam", max_length=9))
    ask(app, seq=1, node=tree.finished[0].node, tree=components(app)[1]["name"])
    assert app.session_state["tab"] == "player" and not app.session_state["branches"]


@pytest.mark.parametrize(
    "fields",
    [
        {"node": 10**9},
        {"node": -1},
        {"node": "1"},
        {"node": True},
        {"node": None},
        {"tree": "another"},
        {"tree": ["x"]},
    ],
    ids=str,
)
def test_a_hypothesis_that_cannot_be_opened_gets_a_message(visit: Visit, fields: dict[str, Any]) -> None:
    app = open_tab(visit)
    ask(app, **({"seq": 1, "node": 1, "tree": components(app)[1]["name"]} | fields))
    assert messages(app) == [say("error.beam_request", "en")]
    assert app.session_state["tab"] == "beam_tab"


@pytest.mark.parametrize("state", [None, 3, {"seq": "1"}, {"seq": True}, {"seq": 0}, {"seq": 2**60}, {}], ids=str)
def test_an_invalid_request_of_the_tree_is_ignored(visit: Visit, state: Any) -> None:
    app = open_tab(visit)
    app.session_state[beam.COMPONENT] = {"open": state}
    app.run()
    assert not app.exception and messages(app) == [] and len(components(app)) == 2


def test_an_example_fills_the_fields_and_the_settings(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(GREEDY_LOSES, "tiny-additive", [("我喝茶。", "I drink tea.")])
    app = open_tab(visit, model="tiny-additive", beam="3", length_penalty="1.5")
    app.button(key="loses-我喝茶。").click().run()
    assert not app.exception
    state = {key: app.session_state[key] for key in ("text", "ref", "beam", "length_penalty", "max_length")}
    assert state == {"text": "我喝茶。", "ref": "I drink tea.", "beam": 5, "length_penalty": 0.6, "max_length": 0}
    assert components(app)[1]["tree"]["source"]["text"] == "我喝茶。"


@pytest.mark.parametrize("name", GREEDY_LOSES)
def test_greedy_loses_on_the_examples(name: str) -> None:
    checkpoint = load(find_checkpoint(name))
    for text, reference in GREEDY_LOSES[name]:
        tree, alone = search_tree(checkpoint, text, Settings("beam", **beam.SETTINGS)), trace(checkpoint, text)
        best = tree.finished[0]
        assert sum(s.log_prob for s in alone.steps) < tree.nodes[best.node].total - 0.1
        worse, better = (sacrebleu.sentence_chrf(made, [reference]).score for made in (alone.text, best.text))
        assert worse < better - 1, text
