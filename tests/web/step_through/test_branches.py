"""Branches on the page: rename and delete, links, other models and sentences, what is sent to the browser."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from s2s.trace.branch import Branch, pack
from tests.web.conftest import messages, player_data, refused
from tests.web.step_through.asker import REFERENCE, TEXT, Asker


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
    assert messages(page.app) == refused(page.app, lang, "branches", broken) != []


def test_a_branch_for_another_model_names_the_missing_word(asker: Callable[..., Asker]) -> None:
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


def test_branches_that_the_browser_has_are_not_sent_again(asker: Callable[..., Asker]) -> None:
    page = asker()
    for step in (1, 2):
        page.ask("fork", lane="free" if step == 1 else "b1", step=step, word="tea" if step == 1 else "water")

    def told() -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = player_data(page.app)["asking"]["branches"]
        return rows

    first, second = told()
    assert first == page.branches[0] and "steps" in second  # complete: the browser has not listed them
    page.ask("preview", lane="free", step=0, edit="uniform", has=[first["key"], second["key"], 7, "other"])
    assert told() == [{k: row[k] for k in ("id", "name", "parent", "key")} for row in (first, second)]
    assert page.branches == [first, second]  # a player that is mounted anew gets all
    page.ask("rename", branch="b2", name="another", has=[second["key"]])
    assert [("steps" in row, row["name"]) for row in told()] == [(True, first["name"]), (False, "another")]
    page.ask("delete", branch="b1", has=[first["key"], second["key"]])
    (moved,) = told()
    assert moved["key"] != second["key"] and moved["parent"] == "free" and moved["shared"] == 1
    for has in ("x", [["x"]], ["x"] * 1000, {"x": 1}, None):
        page.ask("branches", has=has)
        assert told() == [moved]
