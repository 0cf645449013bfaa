"""A session in JavaScript: what cannot be decoded is refused with Python's words, and long work is done in pieces."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from s2s.browser_model import pack
from s2s.checkpoint.open import load
from s2s.decode.decode import trace
from s2s.errors import LANGUAGES, UserError
from tests.browser_model.node import run_script
from tests.factory import make_checkpoint

TEXT, REFERENCE = "我不喜欢苹果。", "I don't like apples."


def run(directory: Path, *sentences: dict[str, Any]) -> list[dict[str, Any]]:
    checkpoint = load(directory)
    given = {"directory": str(directory), "name": checkpoint.name, "digest": checkpoint.digest}
    found: list[dict[str, Any]] = run_script(
        "session.mjs", given | {"tools": pack.tools(checkpoint.config.text), "sentences": sentences}
    )
    return found


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_checkpoint(tmp_path_factory.mktemp("checkpoints"), "general")


def same_words(error: dict[str, Any], expected: UserError) -> None:
    assert error["key"] == expected.key.removeprefix("error.")
    assert all(UserError(error["key"], **error["values"]).say(lang) == expected.say(lang) for lang in LANGUAGES)


TEXTS = ["", " \x1c\x85", "\u200b", "zebra", "茶" * 2001, "茶 水" * 201]
SOURCES = [*TEXTS, ["茶", "a b"], ["茶", "a\u200b"], ["茶" * 2001], []]


def test_a_source_is_refused_with_the_same_words(directory: Path) -> None:
    found = run(directory, *({"run": {"source": source, "reference": REFERENCE}} for source in SOURCES))
    for one, source in zip(found, SOURCES, strict=True):
        with pytest.raises(UserError) as expected:
            trace(load(directory), source, REFERENCE)
        same_words(one["run"]["error"], expected.value)


@pytest.mark.parametrize("mode", ["both", "free", "forced"])
def test_a_reference_that_cannot_be_used_is_named(directory: Path, mode: str) -> None:
    references = ["斑马斑马", "x" * 2001, "I " * 401]
    wanted = [{"run": {"source": TEXT, "reference": reference, "mode": mode}} for reference in references]
    for one, reference in zip(run(directory, *wanted), references, strict=True):
        with pytest.raises(UserError) as expected:
            trace(load(directory), TEXT, reference, "forced")
        if mode == "forced":
            same_words(one["run"]["error"], expected.value)
        else:
            same_words(one["run"]["value"]["refused"], expected.value)
            assert one["run"]["value"]["lanes"]["forced"] is None
            assert one["run"]["value"]["lanes"]["free"]["reference"] is None


def test_the_forced_lane_alone_needs_a_reference(directory: Path) -> None:
    found = run(
        directory,
        {"run": {"source": TEXT, "reference": "\x1c ", "mode": "forced"}},
        {"run": {"source": TEXT, "reference": REFERENCE, "mode": "forced"}},
        {"run": {"source": TEXT, "reference": REFERENCE, "mode": "free"}},
        {"run": {"source": TEXT}},
    )
    assert found[0]["run"]["error"] == {"key": "reference_missing", "values": {}}
    shown = [{lane for lane, trace in one["run"]["value"]["lanes"].items() if trace} for one in found[1:]]
    assert shown == [{"forced"}, {"free"}, {"free"}]
    assert all(one["run"]["value"]["clauses"].keys() == lanes for one, lanes in zip(found[1:], shown, strict=True))


HOSTILE: list[dict[str, Any]] = [
    {},
    {"kind": "constructor"},
    {"kind": "rows"},
    {"kind": "fork"},
    {"kind": "fork", "lane": "free", "step": 99, "word": "tea"},
    {"kind": "fork", "lane": "free", "step": "1", "word": "tea"},
    {"kind": "fork", "lane": "free", "step": 1, "word": 7},
    {"kind": "fork", "lane": "free", "step": 1, "text": "x" * 401},
    {"kind": "fork", "lane": "free", "step": 1, "edit": ["uniform"]},
    {"kind": "preview", "lane": "forced", "step": 0, "edit": "uniform"},
    {"kind": "readout", "lane": "__proto__", "step": 0},
    {"kind": "evidence", "lane": "free", "first": 0, "count": 9},
    {"kind": "delete", "branch": "b1"},
    {"kind": "rename", "branch": "b1", "name": None},
]


def test_a_hostile_request_is_an_error_and_changes_nothing(directory: Path) -> None:
    (found,) = run(directory, {"run": {"source": TEXT}, "requests": HOSTILE})
    assert {one["error"]["key"] for one in found["answers"]} == {"request_broken", "branch_gone"}
    assert {one["packed"] for one in found["answers"]} == {""}


def test_the_branches_have_a_limit(directory: Path) -> None:
    fork = {"kind": "fork", "lane": "free", "step": 0}
    words = ["I", "you", "he", "like", "drink", "do", "n't", "apples", "tea", "water", ".", "?"]
    requests = [{**fork, "word": word} for word in words] + [{**fork, "edit": "uniform"}, {**fork, "word": "I"}]
    (found,) = run(directory, {"run": {"source": TEXT}, "requests": requests})
    *_, many, again = found["answers"]
    assert many["error"] == {"key": "branch_many", "values": {"limit": 12}}
    assert again["value"]["answer"]["branch"] == "b1" and len(again["rows"]) == 12


def test_a_row_that_the_player_has_is_its_head(directory: Path) -> None:
    fork = {"kind": "fork", "lane": "free", "step": 0, "word": "tea"}
    (found,) = run(directory, {"run": {"source": TEXT}, "requests": [fork]})
    ((row,),) = (one["rows"] for one in found["answers"])
    (found,) = run(directory, {"run": {"source": TEXT}, "requests": [fork, {"kind": "branches", "has": [row["key"]]}]})
    assert found["answers"][1]["rows"] == [{key: row[key] for key in ("id", "name", "parent", "key")}]
