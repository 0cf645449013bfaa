"""Forks that the player requests: valid, invalid, stale and hostile ones, in both languages."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from s2s.checkpoint.open import load
from s2s.decode.decode import trace
from s2s.decode.strategy import Settings
from s2s.errors import say
from s2s.trace.branch import MAX_BRANCHES, Branch, unpack
from tests.web.conftest import messages, player_data
from tests.web.step_through.asker import REFERENCE, TEXT, Asker, trace_steps


def test_a_fork_by_a_word_is_the_trace_with_that_prefix(asker: Callable[..., Asker], root: Path) -> None:
    page = asker()
    free = page.whole("free")
    word = free[2]["top"][1]["token"]
    assert page.ask("fork", lane="free", step=2, word=word)["branch"] == "b1"
    prefix = [step["output"] for step in free[:2]] + [word]
    expected = trace(load(root / "tiny-general"), TEXT, REFERENCE, prefix=prefix)
    (branch,) = page.branches
    assert (branch["name"], branch["parent"], branch["shared"], branch["prefix"]) == (word, "free", 2, 3)
    assert page.whole("b1") == trace_steps(expected)
    assert branch["text"] == expected.text and branch["ended"] == expected.ended
    assert unpack(player_data(page.app)["link"]["branches"]) == (Branch("b1", word, "free", 2, tuple(prefix)),)


def test_a_fork_of_the_forced_lane_keeps_the_references_words(asker: Callable[..., Asker], root: Path) -> None:
    page = asker(ref="I don't like zebras.")
    page.ask("fork", lane="forced", step=5, text="tea")
    expected = trace(
        load(root / "tiny-general"), TEXT, "I don't like zebras.", prefix=["I", "do", "n't", "like", "<unk>", "tea"]
    )
    assert page.whole("b1") == trace_steps(expected)
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
def test_an_impossible_fork_gets_one_message_and_changes_nothing(
    asker: Callable[..., Asker], lang: str, fields: dict[str, Any], key: str
) -> None:
    page = asker(lang=lang)
    answer = page.ask("fork", **{"lane": "free", "step": 1} | fields)
    start = say(f"error.{key}", lang, token="\0", checkpoint="\0", found="\0", tokens="\0").split("\0")[0]
    assert answer["error"].startswith(start) and "\n" not in answer["error"]
    assert page.branches == [] and "branches" not in player_data(page.app)["link"] and messages(page.app) == []


@given(some.text(max_size=12), some.integers(0, 2), some.booleans())
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_typed_text_makes_a_branch_or_an_error(
    asker: Callable[..., Asker], typed: str, step: int, edits: bool
) -> None:
    page = asker(mode="free")
    answer = page.ask("fork", lane="free", step=step, **{"edit" if edits else "text": typed})
    assert ("error" in answer) != ("branch" in answer)


def test_branches_follow_the_pages_strategy(asker: Callable[..., Asker], root: Path) -> None:
    page = asker(strategy="sampling", temperature="2.5", seed="4")
    page.ask("fork", lane="free", step=1, word="tea")
    how = Settings("sampling", temperature=2.5, seed=4)
    prefix = [page.whole("free")[0]["output"], "tea"]
    assert page.whole("b1") == trace_steps(
        trace(load(root / "tiny-general"), TEXT, REFERENCE, settings=how, prefix=prefix)
    )


def test_the_number_of_branches_is_limited(asker: Callable[..., Asker]) -> None:
    page = asker(lang="en", mode="free")
    words = ["I", "you", "he", "like", "drink", "do", "n't", "apples", "tea", "water", ".", "?", "<unk>"]
    answers = [page.ask("fork", lane="free", step=0, word=word) for word in words]
    assert len(page.branches) == MAX_BRANCHES
    assert answers[-1]["error"] == say("error.branch_many", "en", limit=MAX_BRANCHES)


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
def test_hostile_requests_get_errors_and_make_no_branch(asker: Callable[..., Asker], lang: str) -> None:
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
