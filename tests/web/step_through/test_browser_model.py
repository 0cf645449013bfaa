"""The list of branches that a browser's own model has made: kept as it comes, decoded only when something needs it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from s2s.errors import say
from s2s.trace.branch import MAX_PACKED, Branch, Edit, pack, unpack
from s2s.web.shell import models
from tests.web.conftest import player_data
from tests.web.step_through.asker import Asker

ONE = Branch("b1", "tea", "free", 0, ("tea",))
TWO = Branch("b2", "✎ 2", "b1", 1, ("tea",), {1: Edit("uniform")})


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """The prefixes of the branches that Python decodes from now on."""
    prefixes, decode = list[tuple[str, ...]](), models.decode

    def noted(*arguments: Any) -> Any:
        if len(arguments) > 6:
            prefixes.append(arguments[6])
        return decode(*arguments)

    monkeypatch.setattr(models, "decode", noted)
    return prefixes


def test_a_list_is_kept_and_nothing_decoded(asker: Callable[..., Asker], decoded: list[tuple[str, ...]]) -> None:
    page = asker()
    answer = page.ask("keep", branches=pack([ONE, TWO]), own=["b1", "b2"])
    assert "error" not in answer and decoded == []
    heads = [(row["id"], row["name"], row["parent"]) for row in page.branches]
    assert heads == [("b1", "tea", "free"), ("b2", "✎ 2", "b1")]
    assert all("steps" not in row for row in page.branches)
    assert unpack(player_data(page.app)["link"]["branches"]) == (ONE, TWO)
    page.app.run()  # the whole page
    assert decoded == []
    page.ask("branches")  # by a browser whose model has failed
    assert [row["prefix"] for row in page.branches] == [1, 1] and ("tea",) in decoded
    assert page.whole("b2")[1]["own_attention"] != page.whole("b2")[1]["attention"]
    again = asker(**player_data(page.app)["link"])
    assert again.branches == page.branches


def test_a_kept_branch_is_forked_renamed_and_deleted_by_python(asker: Callable[..., Asker]) -> None:
    page = asker()
    page.ask("keep", branches=pack([ONE]), own=["b1"])
    assert page.ask("fork", lane="b1", step=1, word="water")["branch"] == "b2"
    page.ask("rename", branch="b1", name="other")
    assert page.ask("delete", branch="b2")["branch"] == "b1"
    assert unpack(player_data(page.app)["link"]["branches"]) == (Branch("b1", "other", "free", 0, ("tea",)),)
    page.ask("keep", branches="")
    assert page.branches == [] and "branches" not in player_data(page.app)["link"]


UNKNOWN_EDIT = '[{"id":"b1","name":"x","parent":"free","step":0,"attention":{"0":"sideways"}}]'


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize(
    "broken", [None, 7, ["b1"], "[", "[1]", '[{"id":"b1"}]', pack([TWO]), " " * (MAX_PACKED + 1), UNKNOWN_EDIT]
)
def test_anything_else_is_refused_and_changes_nothing(asker: Callable[..., Asker], lang: str, broken: Any) -> None:
    page = asker(lang=lang, branches=pack([ONE]))
    assert page.ask("keep", branches=broken, own=["b1"])["error"] == say("error.request_broken", lang)
    page.ask("branches")
    assert [row["id"] for row in page.branches] == ["b1"] and page.branches[0]["steps"]


def test_a_list_of_another_sentence_is_not_kept(asker: Callable[..., Asker]) -> None:
    page = asker()
    assert page.ask("keep", branches=pack([ONE]), page="0" * 12, own=["b1"])["stale"]
    assert page.branches == []
    for own in ("b1", [["b1"]], ["b1"] * 1000, {"b1": 1}, None):
        page.ask("keep", branches=pack([ONE]), own=own)
        assert page.branches[0]["steps"]
