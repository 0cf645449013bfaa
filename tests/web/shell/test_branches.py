"""The session's list of branches."""

from __future__ import annotations

from typing import Any

import pytest
import streamlit as st

from s2s.errors import UserError
from s2s.trace.branch import MAX_BRANCHES, Edit, pack, unpack
from s2s.web.shell import branches


@pytest.fixture(autouse=True)
def session(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    state = {"model": "m", "text": "我喝茶。", "ref": ""}
    monkeypatch.setattr(st, "session_state", state)
    return state


def test_branches_are_added_renamed_and_deleted() -> None:
    one = branches.add_branch(["I", "tea"], "tea", step=1)
    two = branches.add_branch(["I", "tea", "."], "stop", parent=one.id, step=2)
    three = branches.add_branch(["I", "tea", "?"], "", parent=two.id, step=2, attention={1: Edit("uniform")})
    assert [b.id for b in branches.list_branches()] == ["b1", "b2", "b3"] and three.name == "#3"
    branches.rename("b2", "  a \u200b new\nname ")
    assert branches.find_branch("b2").name == "a new name"
    branches.rename("b2", " ")
    assert branches.find_branch("b2").name == "a new name"
    branches.delete("b2")
    (left, orphan) = branches.list_branches()
    assert left == one and (orphan.id, orphan.parent, orphan.prefix) == ("b3", "b1", three.prefix)
    branches.delete("b1")
    assert [(b.id, b.parent, b.step) for b in branches.list_branches()] == [("b3", "free", 1)]
    assert unpack(pack(branches.list_branches())) == branches.list_branches()


def test_the_same_words_and_edits_are_one_branch() -> None:
    one = branches.add_branch(["I", "tea"], "tea", step=1)
    assert branches.add_branch(["I", "tea"], "again") == one
    assert branches.add_branch(["I", "tea"], "edited", attention={0: Edit("uniform")}) != one


def test_each_sentence_has_its_own_and_finds_them_again(session: dict[str, Any]) -> None:
    tea = branches.add_branch(["tea"], "tea")
    session["text"] = "我喝水。"
    assert branches.list_branches() == ()
    water = branches.add_branch(["water"], "water")
    session["text"] = "我喝茶。"
    assert branches.list_branches() == (tea,)
    session.update(text="我喝水。")
    assert branches.list_branches() == (water,)
    for number in range(40):
        session["text"] = f"句子 {number}"
        branches.add_branch(["tea"], "tea")
    assert len(session["branches_kept"]) <= branches.MAX_LISTS


def test_a_new_reference_keeps_what_does_not_stem_from_another(session: dict[str, Any]) -> None:
    tea = branches.add_branch(["tea"], "tea")
    session["ref"] = "I drink tea ."
    assert branches.list_branches() == (tea,)
    water = branches.add_branch(["I", "water"], "water", parent="forced", step=1)
    branches.add_branch(["I", "water", "."], "stop", parent=water.id, step=2)
    session["ref"] = "I like tea ."
    assert branches.list_branches() == (tea,)
    session["ref"] = "I drink tea ."
    assert [branch.name for branch in branches.list_branches()] == ["tea", "water", "stop"]
    session.update(text="我喝水。", ref="")
    assert branches.list_branches() == ()


def test_there_is_room_for_so_many_and_no_more() -> None:
    for number in range(MAX_BRANCHES):
        branches.add_branch(["I", str(number)])
    with pytest.raises(UserError, match="limit"):
        branches.add_branch(["one more"])
    branches.delete("b1")
    with pytest.raises(UserError, match="link"):
        branches.add_branch(["word" * 25] * 100)
    assert branches.add_branch(["one more"]).id == f"b{MAX_BRANCHES + 1}"


@pytest.mark.parametrize(
    "act", [lambda: branches.find_branch("b9"), lambda: branches.delete("b9"), lambda: branches.rename("b9", "x")]
)
def test_what_is_gone_is_a_user_error(act: Any) -> None:
    with pytest.raises(UserError, match="no longer exists"):
        act()
