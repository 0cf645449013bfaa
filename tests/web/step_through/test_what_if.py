"""Forks and edited attention as the player asks for them, valid, stale and hostile, in both languages."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from streamlit.testing.v1 import AppTest

from s2s.checkpoint.open import load
from s2s.decode.decode import trace
from s2s.decode.strategy import Settings
from s2s.errors import say
from s2s.trace.branch import MAX_BRANCHES, Branch, Edit, pack, unpack
from s2s.trace.trace import Trace
from s2s.web.shell import request
from s2s.web.shell.foreign import code
from tests.web.conftest import messages, player_data

Visit = Callable[..., AppTest]
TEXT, REFERENCE = "我不喜欢苹果。", "I don't like apples."


class Asker:
    """The page with a browser's half of the conversation."""

    def __init__(self, app: AppTest) -> None:
        self.app = app

    def ask(self, kind: str, **fields: Any) -> dict[str, Any]:
        """Send one request and return its answer."""
        told = player_data(self.app)["asking"]
        sent = {"seq": told["seq"] + 1, "page": told["page"], "kind": kind} | fields
        self.app.session_state[request.COMPONENT] = {"request": sent}
        self.app.run()
        assert not self.app.exception
        answer: dict[str, Any] = player_data(self.app)["asking"]["answer"]
        return answer

    @property
    def branches(self) -> list[dict[str, Any]]:
        """The branches as the player gets them."""
        found: list[dict[str, Any]] = player_data(self.app)["branches"]
        return found

    def whole(self, branch: str) -> list[dict[str, Any]]:
        """A branch's steps as the player puts them together."""
        data = player_data(self.app)
        steps = {name: lane["steps"] for name, lane in data["lanes"].items() if lane}
        for found in data["branches"]:
            steps[found["id"]] = [*steps.get(found["parent"], [])[: found["shared"]], *found["steps"]]
        return steps[branch]


@pytest.fixture
def asker(visit: Visit) -> Callable[..., Asker]:
    return lambda **query: Asker(visit(**{"text": TEXT, "ref": REFERENCE, "model": "tiny-general"} | query))


def steps(made: Trace) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(json.dumps(made.to_dict()["steps"]))
    return found


def test_a_fork_by_a_word_is_the_trace_with_that_prefix(asker: Callable[..., Asker], root: Path) -> None:
    page = asker()
    free = page.whole("free")
    word = free[2]["top"][1]["token"]
    assert page.ask("fork", lane="free", step=2, word=word)["branch"] == "b1"
    prefix = [step["output"] for step in free[:2]] + [word]
    expected = trace(load(root / "tiny-general"), TEXT, REFERENCE, prefix=prefix)
    (branch,) = page.branches
    assert (branch["name"], branch["parent"], branch["shared"], branch["prefix"]) == (word, "free", 2, 3)
    assert page.whole("b1") == steps(expected)
    assert branch["text"] == expected.text and branch["ended"] == expected.ended
    assert unpack(player_data(page.app)["link"]["branches"]) == (Branch("b1", word, "free", 2, tuple(prefix)),)


def test_a_fork_of_the_forced_lane_keeps_the_references_words(asker: Callable[..., Asker], root: Path) -> None:
    page = asker(ref="I don't like zebras.")
    page.ask("fork", lane="forced", step=5, text="tea")
    expected = trace(
        load(root / "tiny-general"), TEXT, "I don't like zebras.", prefix=["I", "do", "n't", "like", "<unk>", "tea"]
    )
    assert page.whole("b1") == steps(expected)
    assert page.branches[0]["shared"] == 4  # where the reference has a word that the model does not know


def test_a_typed_text_may_be_several_tokens(asker: Callable[..., Asker]) -> None:
    page = asker()
    page.ask("fork", lane="free", step=1, text=" don't  drink")
    assert [step["output"] for step in page.whole("b1")[1:4]] == ["do", "n't", "drink"]
    assert page.branches[0]["name"] == "don't drink"
    page.ask("fork", lane="b1", step=2, text="<eos>")
    assert [step["output"] for step in page.whole("b2")[1:]] == ["do", "<eos>"]


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize(
    ("fields", "key"),
    [
        ({"text": "zebra"}, "prefix_token"),
        ({"text": "  "}, "word_empty"),
        ({"text": "\u200b"}, "word_empty"),
        ({"word": "<pad>"}, "prefix_token"),
        ({"edit": "9"}, "edit_place"),
        ({"edit": "1,2"}, "edit_length"),
        ({"edit": "sideways"}, "edit_text"),
        ({"edit": "previous", "step": 0}, "edit_first"),
        ({"edit": "0,0,0,0,0"}, "edit_weights"),
    ],
    ids=str,
)
def test_what_cannot_be_forked_gets_one_sentence_and_changes_nothing(
    asker: Callable[..., Asker], lang: str, fields: dict[str, Any], key: str
) -> None:
    page = asker(lang=lang)
    answer = page.ask("fork", **{"lane": "free", "step": 1} | fields)
    start = say(f"error.{key}", lang, token="\0", checkpoint="\0", found="\0", tokens="\0").split("\0")[0]
    assert answer["error"].startswith(start) and "\n" not in answer["error"]
    assert page.branches == [] and "branches" not in player_data(page.app)["link"] and messages(page.app) == []


HOSTILE: list[dict[str, Any]] = [
    {"kind": "fork"},
    {"kind": "fork", "lane": "free", "step": 1},
    {"kind": "fork", "lane": "free", "step": 999, "word": "tea"},
    {"kind": "fork", "lane": "free", "step": -1, "word": "tea"},
    {"kind": "fork", "lane": "free", "step": "1", "word": "tea"},
    {"kind": "fork", "lane": "b7", "step": 1, "word": "tea"},
    {"kind": "fork", "lane": "__class__", "step": 1, "word": "tea"},
    {"kind": "fork", "lane": "free", "step": 1, "word": "x" * 100_000},
    {"kind": "fork", "lane": "free", "step": 1, "edit": "1," * 100_000},
    {"kind": "fork", "lane": ["free"], "step": 1, "word": {"tea": 1}},
    {"kind": "preview", "lane": "free", "step": 1, "edit": math.nan},
    {"kind": "preview", "lane": "free", "step": 1, "edit": [1, 2]},
    {"kind": "rename", "branch": "b1", "name": "x"},
    {"kind": "rename"},
    {"kind": "delete", "branch": None},
    {"kind": "delete", "branch": "free"},
    {"kind": "eval", "code": "1"},
]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_hostile_requests_get_sentences(asker: Callable[..., Asker], lang: str) -> None:
    page = asker(lang=lang)
    for fields in HOSTILE:
        answer = page.ask(**fields)
        assert answer["error"] and page.branches == [], fields


def test_an_old_or_stale_request_makes_no_branch(asker: Callable[..., Asker]) -> None:
    page = asker()
    assert page.ask("fork", lane="free", step=1, word="tea")["branch"] == "b1"
    assert page.ask("fork", lane="free", step=1, word="water", seq=1)["branch"] == "b1"  # the answer of before
    assert page.ask("fork", lane="free", step=1, word="water", page="elsewhere")["stale"]
    assert len(page.branches) == 1


@given(some.text(max_size=12), some.integers(0, 2), some.booleans())
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_typed_text_is_a_branch_or_a_sentence(
    asker: Callable[..., Asker], typed: str, step: int, edits: bool
) -> None:
    page = asker(mode="free")
    answer = page.ask("fork", lane="free", step=step, **{"edit" if edits else "text": typed})
    assert ("error" in answer) != ("branch" in answer)


def test_a_preview_says_what_the_branch_then_has(asker: Callable[..., Asker], root: Path) -> None:
    page = asker()
    plain = page.whole("free")
    answer = page.ask("preview", lane="free", step=1, edit=",,1,3,")
    assert answer["attention"] == [0, 0, 0.25, 0.75, 0] and page.branches == []
    assert page.ask("fork", lane="free", step=1, edit=",,1,3,")["branch"] == "b1"
    edited = page.whole("b1")[1]
    assert edited["own_attention"] == plain[1]["attention"] and edited["attention"] == [0, 0, 0.25, 0.75, 0]
    after = {word["token"]: word["after"] for word in answer["top"]}
    before = {word["token"]: word["before"] for word in answer["top"]}
    assert [edited["top"][i]["token"] for i in range(5)] == list(after)[:5]
    assert [after[word["token"]] for word in edited["top"][:5]] == pytest.approx(
        [word["log_prob"] for word in edited["top"][:5]], abs=1e-5
    )
    assert [before[word["token"]] for word in plain[1]["top"][:5]] == pytest.approx(
        [word["log_prob"] for word in plain[1]["top"][:5]], abs=1e-5
    )
    prefix, edits = [plain[0]["output"]], {1: Edit.parse(",,1,3,")}
    expected = trace(load(root / "tiny-general"), TEXT, REFERENCE, prefix=prefix, attention=edits)
    assert page.whole("b1") == steps(expected)


def test_a_fork_of_an_edited_branch_keeps_the_edit(asker: Callable[..., Asker]) -> None:
    page = asker()
    page.ask("fork", lane="free", step=1, edit="uniform")
    page.ask("fork", lane="b1", step=2, word="tea")
    (_, second) = page.branches
    assert (second["parent"], second["shared"]) == ("b1", 2)
    assert page.whole("b2")[1]["attention"] == pytest.approx([0.2] * 5)
    (_, kept) = unpack(player_data(page.app)["link"]["branches"])
    assert kept.edits == {1: Edit("uniform")} and kept.prefix[-1] == "tea"


def test_rename_and_delete(asker: Callable[..., Asker]) -> None:
    page = asker()
    page.ask("fork", lane="free", step=1, word="tea")
    page.ask("fork", lane="b1", step=2, word="water")
    assert page.ask("rename", branch="b1", name=" 喝茶 ") == {"seq": 3, "kind": "rename", "branch": "b1"}
    assert [branch["name"] for branch in page.branches] == ["喝茶", "water"]
    before = page.whole("b2")
    assert page.ask("delete", branch="b1")["branch"] == "free"
    (left,) = page.branches
    assert (left["id"], left["parent"], page.whole("b2")) == ("b2", "free", before)
    assert "error" in page.ask("delete", branch="b1")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_edits_do_not_go_with_beam_search_and_say_so(asker: Callable[..., Asker], lang: str) -> None:
    page = asker(lang=lang, strategy="beam", beam="3")
    sentence = say("error.edit_beam", lang)
    assert page.ask("fork", lane="forced", step=1, edit="uniform")["error"] == sentence
    assert "error" not in page.ask("preview", lane="forced", step=1, edit="uniform")
    assert page.ask("fork", lane="forced", step=1, word="tea")["branch"] == "b1"
    branches = pack([Branch("b1", "edited", "free", 0, (), {0: Edit("uniform")})])
    page = asker(lang=lang, strategy="beam", branches=branches)
    (row,) = page.branches
    assert row.pop("key") and row == {"id": "b1", "name": "edited", "parent": "free", "error": sentence}


def test_branches_follow_the_pages_strategy(asker: Callable[..., Asker], root: Path) -> None:
    page = asker(strategy="sampling", temperature="2.5", seed="3")
    page.ask("fork", lane="free", step=1, word="tea")
    how = Settings("sampling", temperature=2.5, seed=3)
    prefix = [page.whole("free")[0]["output"], "tea"]
    assert page.whole("b1") == steps(trace(load(root / "tiny-general"), TEXT, REFERENCE, settings=how, prefix=prefix))


def test_a_link_shows_the_same_branches(asker: Callable[..., Asker]) -> None:
    page = asker()
    page.ask("fork", lane="free", step=1, word="tea")
    page.ask("fork", lane="b1", step=2, edit="-1")
    link = player_data(page.app)["link"]
    again = asker(**link)
    assert again.branches == page.branches and again.whole("b2") == page.whole("b2")
    assert messages(again.app) == []


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("broken", ["[", "[1]", '[{"id":"b1"}]', "x" * 9000])
def test_a_broken_branch_in_a_link_is_ignored_with_a_warning(
    asker: Callable[..., Asker], lang: str, broken: str
) -> None:
    page = asker(lang=lang, branches=broken)
    assert page.branches == []
    assert messages(page.app) == [say("step.link_ignored", lang, name="branches", value=code(broken[:40]))]


def test_a_branch_for_another_model_says_what_it_lacks(asker: Callable[..., Asker]) -> None:
    branches = pack([Branch("b1", "x", "free", 0, ("giraffe",)), Branch("b2", "y", "b1", 0, ("tea",))])
    page = asker(lang="en", branches=branches)
    first, second = page.branches
    assert "giraffe" in first["error"] and second["steps"][0]["output"] == "tea" and second["shared"] == 0


def test_another_sentence_has_other_branches(asker: Callable[..., Asker]) -> None:
    page = asker()
    page.ask("fork", lane="free", step=1, word="tea")
    page.app.text_area(key="text").set_value("我喝茶。")
    page.app.button(key="run").click().run()
    assert page.branches == []
    page.app.text_area(key="text").set_value(TEXT)
    page.app.text_area(key="ref").set_value(REFERENCE)
    page.app.button(key="run").click().run()
    assert [branch["name"] for branch in page.branches] == ["tea"]


def test_there_is_a_limit(asker: Callable[..., Asker]) -> None:
    page = asker(lang="en", mode="free")
    words = ["I", "you", "he", "like", "drink", "do", "n't", "apples", "tea", "water", ".", "?", "<unk>"]
    answers = [page.ask("fork", lane="free", step=0, word=word) for word in words]
    assert len(page.branches) == MAX_BRANCHES
    assert answers[-1]["error"] == say("error.branch_many", "en", limit=MAX_BRANCHES)


def test_what_the_browser_has_is_not_sent_again(asker: Callable[..., Asker]) -> None:
    page = asker()
    for step in (1, 2):
        page.ask("fork", lane="free" if step == 1 else "b1", step=step, word="tea" if step == 1 else "water")

    def told() -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = player_data(page.app)["asking"]["branches"]
        return rows

    first, second = told()
    assert first == page.branches[0] and "steps" in second  # whole, as nobody said to have them
    page.ask("preview", lane="free", step=0, edit="uniform", has=[first["key"], second["key"], 7, "other"])
    assert told() == [{k: row[k] for k in ("id", "name", "parent", "key")} for row in (first, second)]
    assert page.branches == [first, second]  # whoever mounts the player anew gets all
    page.ask("rename", branch="b2", name="another", has=[second["key"]])
    assert [("steps" in row, row["name"]) for row in told()] == [(True, first["name"]), (False, "another")]
    page.ask("delete", branch="b1", has=[first["key"], second["key"]])
    (moved,) = told()
    assert moved["key"] != second["key"] and moved["parent"] == "free" and moved["shared"] == 1
    for has in ("x", [["x"]], ["x"] * 1000, {"x": 1}, None):
        page.ask("branches", has=has)
        assert told() == [moved]
