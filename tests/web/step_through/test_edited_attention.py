"""Edited attention weights as the player requests them: preview, fork, beam search."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from s2s.checkpoint.open import load
from s2s.decode.decode import trace
from s2s.errors import say
from s2s.trace.branch import Branch, Edit, pack, unpack
from tests.web.conftest import player_data
from tests.web.step_through.asker import REFERENCE, TEXT, Asker, trace_steps


def test_a_preview_shows_the_probabilities_of_the_branch(asker: Callable[..., Asker], root: Path) -> None:
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
    assert page.whole("b1") == trace_steps(expected)


def test_a_fork_of_an_edited_branch_keeps_the_edit(asker: Callable[..., Asker]) -> None:
    page = asker()
    page.ask("fork", lane="free", step=1, edit="uniform")
    page.ask("fork", lane="b1", step=2, word="tea")
    (_, second) = page.branches
    assert (second["parent"], second["shared"]) == ("b1", 2)
    assert page.whole("b2")[1]["attention"] == pytest.approx([0.2] * 5)
    (_, kept) = unpack(player_data(page.app)["link"]["branches"])
    assert kept.edits == {1: Edit("uniform")} and kept.prefix[-1] == "tea"


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_an_edit_with_beam_search_is_refused_with_a_message(asker: Callable[..., Asker], lang: str) -> None:
    page = asker(lang=lang, strategy="beam", beam="3")
    sentence = say("error.edit_beam", lang)
    assert page.ask("fork", lane="forced", step=1, edit="uniform")["error"] == sentence
    assert "error" not in page.ask("preview", lane="forced", step=1, edit="uniform")
    assert page.ask("fork", lane="forced", step=1, word="tea")["branch"] == "b1"
    branches = pack([Branch("b1", "edited", "free", 0, (), {0: Edit("uniform")})])
    page = asker(lang=lang, strategy="beam", branches=branches)
    (row,) = page.branches
    assert row.pop("key") and row == {"id": "b1", "name": "edited", "parent": "free", "error": sentence}
