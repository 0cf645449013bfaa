"""The player's requests for evidence about attention, without a browser."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from s2s.checkpoint.open import load
from s2s.decode.decode import trace
from s2s.errors import say, sentences
from s2s.explain import examine, instead, of_trace, origins
from s2s.explain.agreement import VERDICTS
from s2s.server.gate import SlicedWork
from s2s.trace.branch import Edit
from tests.web.conftest import player_data
from tests.web.shell.test_request import send

Visit = Callable[..., AppTest]
TEXT, REFERENCE = "我不喜欢苹果。", "I don't like apples."
TOKENS = ["我", "不", "喜欢", "苹果", "。"]


def asked(app: AppTest, seq: int, **fields: Any) -> Any:
    return send(app, seq=seq, page=player_data(app)["asking"]["page"], **fields)["answer"]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_evidence_of_steps_is_what_the_engine_says(visit: Visit, root: Path, lang: str) -> None:
    app = visit(lang=lang, text=TEXT, ref=REFERENCE, model="tiny-general")
    checkpoint = load(root / "tiny-general")
    forced = trace(checkpoint, TEXT, REFERENCE, "forced")
    expected = [e.to_dict() for e in examine(checkpoint.model, of_trace(checkpoint, forced), [1, 2, 3])]
    answer = asked(app, 1, kind="orders", lane="forced", first=1, count=3)
    for mine, found in zip(expected, answer["steps"], strict=True):
        assert found["rows"]["erasure"] == pytest.approx(mine["rows"]["erasure"], abs=1e-4)
        assert found["normalised"] == pytest.approx(mine["normalised"], abs=1e-3)
        assert (found["step"], found["verdict"], found["flip"]) == (mine["step"], mine["verdict"], mine["flip"])
    quick = asked(app, 2, kind="evidence", lane="forced", first=1, count=3)
    assert [step["normalised"] for step in quick["steps"]] == [[None, None]] * 3
    last = len(forced.steps) - 1
    assert [s["step"] for s in asked(app, 3, kind="evidence", lane="forced", first=last, count=4)["steps"]] == [last]
    assert asked(app, 4, kind="evidence", lane="free", first=0, count=1)["lane"] == "free"


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_minimal_attention_is_asked_for_by_rank(visit: Visit, lang: str) -> None:
    app = visit(lang=lang, text=TEXT, mode="free", model="tiny-general")
    own = asked(app, 1, kind="minimal", lane="free", step=0, rank=1)
    assert (own["outcome"], own["divergence"]) == ("already", 0.0)
    said = [asked(app, 2 + n, kind="minimal", lane="free", step=1, rank=2 + n) for n in range(3)]
    assert {one["outcome"] for one in said} <= {"found", "none_found", "none_exists"}
    for one in said:
        assert (one["rival"] is not None) == (one["outcome"] == "none_exists")
        assert bool(one["attention"]) == (one["outcome"] == "found")


def test_evidence_of_a_branch_is_of_its_words_and_edits(visit: Visit, root: Path) -> None:
    app = visit(lang="en", text=TEXT, model="tiny-general", mode="free", tokens="我 不 喜欢 苹果 。")
    first = player_data(app)["lanes"]["free"]["steps"][0]["output"]
    asked(app, 1, kind="fork", lane="free", step=1, word="tea")
    asked(app, 2, kind="fork", lane="b1", step=2, edit="3")
    checkpoint = load(root / "tiny-general")
    run = trace(checkpoint, TOKENS, prefix=[first, "tea"], attention={2: Edit("only", 2)})
    expected = [e.to_dict() for e in examine(checkpoint.model, of_trace(checkpoint, run), [1, 2], normalise=False)]
    answer = asked(app, 3, kind="evidence", lane="b2", first=1, count=2)
    for mine, found in zip(expected, answer["steps"], strict=True):
        assert found["rows"]["erasure"] == pytest.approx(mine["rows"]["erasure"], abs=1e-4)
        assert found["verdict"] == mine["verdict"]
    other = asked(app, 4, kind="evidence", lane="b1", first=1, count=2)
    assert [s["rows"]["attention"] for s in other["steps"]] != [s["rows"]["attention"] for s in answer["steps"]]
    assert asked(app, 5, kind="minimal", lane="b2", step=2, rank=1)["outcome"] == "already"
    asked(app, 6, kind="delete", branch="b1")
    assert "error" in asked(app, 7, kind="evidence", lane="b1", first=1, count=1)


def test_what_words_owe_to_source_and_prefix_is_what_the_engine_says(visit: Visit, root: Path) -> None:
    app = visit(lang="en", text=TEXT, ref=REFERENCE, model="tiny-general")
    checkpoint = load(root / "tiny-general")
    forced = trace(checkpoint, TEXT, REFERENCE, "forced")
    lane = of_trace(checkpoint, forced)
    answer = asked(app, 1, kind="origins", lane="forced", first=1, count=3, against=0)
    for mine, found in zip(origins(checkpoint.model, lane, [1, 2, 3]), answer["steps"], strict=True):
        assert found["rows"]["unknown"]["prefix"] == pytest.approx(
            mine.to_dict()["rows"]["unknown"]["prefix"], abs=1e-4
        )
        assert (found["step"], found["share"]) == (mine.step, pytest.approx(mine.to_dict()["share"], abs=1e-4))
    other = checkpoint.target.vocab.tokens.index(forced.steps[2].top[3].token)
    (why,) = origins(checkpoint.model, instead(lane, 2, lane.words[2], other), [2])
    (found,) = asked(app, 2, kind="origins", lane="forced", first=2, count=1, against=4)["steps"]
    assert found["value"] == pytest.approx(why.value, abs=1e-3) and found["value"] > 0
    assert found["rows"]["integrated"]["source"] == pytest.approx(why.rows["integrated"].source, abs=1e-3)
    assert asked(app, 3, kind="origins", lane="forced", first=2, count=1)["error"] == say("error.request_broken", "en")


def test_long_work_is_answered_in_slices(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    app = visit(lang="en", text=TEXT, mode="free", model="tiny-general")
    go_on = SlicedWork.advance
    monkeypatch.setattr(SlicedWork, "advance", lambda work, *visit: go_on(work, *visit, seconds=-1))
    told = [asked(app, n, kind="evidence", lane="free", first=0, count=1) for n in range(1, 12)]
    assert told[0]["more"] and "steps" not in told[0]
    assert [step["step"] for step in told[-1]["steps"]] == [0]


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "evidence", "lane": "forced"},  # there is no such lane
        {"kind": "evidence", "first": 99},
        {"kind": "evidence", "count": 9},
        {"kind": "orders", "count": 0},
        {"kind": "minimal", "step": 0, "rank": 11},
        {"kind": "minimal", "step": -1, "rank": 1},
        {"kind": "minimal", "step": 0, "rank": "1"},
    ],
)
def test_a_request_that_does_not_fit_the_page_gets_a_message(visit: Visit, fields: dict[str, Any]) -> None:
    app = visit(lang="en", text=TEXT, mode="free")
    answer = asked(app, 1, **{"lane": "free", "first": 0, "count": 1} | fields)
    assert answer["error"] == say("error.request_broken", "en")


def test_every_verdict_and_outcome_has_a_sentence() -> None:
    for name in VERDICTS:
        assert f"player.evidence_verdict_{name}" in sentences("en")
    for name in ("already", "found", "none_found", "none_exists"):
        assert f"player.evidence_{name}" in sentences("en")
    for lang, fault in {"en": "fault", "zh": "问题"}.items():  # of a word that is not the reference's none is spoken
        said = sentences(lang)
        for name in ("none_found", "none_exists"):
            assert fault in said[f"player.evidence_{name}_reference"] and fault not in said[f"player.evidence_{name}"]


def test_the_readout_of_a_branch_is_of_its_words_and_edits(visit: Visit, root: Path) -> None:
    app = visit(lang="en", text=TEXT, model="tiny-general", mode="free")
    first = player_data(app)["lanes"]["free"]["steps"][0]["output"]
    asked(app, 1, kind="fork", lane="free", step=1, edit="3")
    checkpoint = load(root / "tiny-general")
    run = trace(checkpoint, TEXT, prefix=[first], attention={1: Edit("only", 2)})
    answer = asked(app, 2, kind="readout", lane="b1", step=1)
    words = {word["token"]: word["logit"] for word in answer["readout"]["words"]}
    for word in run.steps[1].top[:5]:
        assert words[word.token] == pytest.approx(word.log_prob + run.steps[1].normaliser, abs=1e-4)
    own = asked(app, 3, kind="readout", lane="free", step=1)
    assert own["readout"]["rows"] != answer["readout"]["rows"]


@pytest.mark.parametrize("fields", [{"lane": "b7", "step": 0}, {"lane": "free", "step": -1}, {"step": 0}, {"lane": 3}])
@pytest.mark.parametrize("kind", ["place", "readout"])
def test_an_unknown_source_position_gets_a_message(visit: Visit, kind: str, fields: dict[str, Any]) -> None:
    app = visit(lang="en", text=TEXT, model="tiny-general", mode="free")
    answer = asked(app, 1, kind=kind, **fields)
    assert answer["error"] in (say("error.request_broken", "en"), say("error.branch_gone", "en"))
    assert "place" not in app.session_state
