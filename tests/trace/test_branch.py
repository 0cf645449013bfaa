"""Edits and branches: what they say, their texts, and what is refused."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from s2s.errors import UserError
from s2s.trace.branch import MAX_BRANCHES, MAX_PACKED, Branch, Edit, pack, unpack

WEIGHTS = st.lists(st.floats(0, 1000), min_size=2, max_size=9).filter(lambda row: sum(row) > 1e-3)
EDITS = st.one_of(
    st.sampled_from([Edit("uniform"), Edit("previous")]),
    st.builds(Edit, st.sampled_from(["only", "erase"]), st.integers(0, 399)),
    WEIGHTS.map(lambda row: Edit("weights", weights=tuple(row))),
)
TOKENS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=6)
NAMES = st.text("abcdé茶词 ✎1", min_size=1, max_size=12).filter(str.strip)


@st.composite
def lists(draw: st.DrawFn) -> tuple[Branch, ...]:
    """Branches of a sentence: any tree over the lanes."""
    made = list[Branch]()
    for number in range(1, 1 + draw(st.integers(1, 4))):
        prefix = draw(st.lists(TOKENS, max_size=5))
        parent = draw(st.sampled_from(["free", "forced", *(b.id for b in made)]))
        edits = draw(st.dictionaries(st.integers(0, 99), EDITS, max_size=2))
        step = draw(st.integers(0, len(prefix)))
        made.append(Branch(f"b{number}", draw(NAMES), parent, step, tuple(prefix), edits))
    return tuple(made)


@given(EDITS)
def test_an_edits_text_reads_back_as_the_edit(edit: Edit) -> None:
    assert Edit.parse(str(edit)) == edit


@given(st.text(max_size=20) | st.from_regex(r"[-0-9.,einfa]{0,12}", fullmatch=True))
def test_any_text_is_an_edit_or_a_user_error(text: str) -> None:
    try:
        edit = Edit.parse(text)
    except UserError as error:
        assert str(error) and error.say("zh") != str(error)
    else:
        assert Edit.parse(str(edit)) == edit


@given(WEIGHTS, EDITS)
def test_every_row_is_a_distribution_or_a_user_error(own: list[float], edit: Edit) -> None:
    own_S = np.array(own) / sum(own)
    try:
        row_S = edit.row(own_S, own_S[::-1])
    except UserError:
        return
    assert row_S.shape == own_S.shape and (row_S >= 0).all() and row_S.sum() == pytest.approx(1)


def test_rows_are_what_their_names_say() -> None:
    own_S, before_S = np.array([0.5, 0.3, 0.2]), np.array([0.1, 0.1, 0.8])
    rows = {
        "uniform": [1 / 3] * 3,
        "previous": [0.1, 0.1, 0.8],
        "2": [0, 1, 0],
        "-1": [0, 0.6, 0.4],
        "1,1,2": [0.25, 0.25, 0.5],
        ",,7": [0, 0, 1],
    }
    for text, row in rows.items():
        np.testing.assert_allclose(Edit.parse(text).row(own_S, before_S), row)


@pytest.mark.parametrize(
    ("text", "key"),
    [("4", "edit_place"), ("-4", "edit_place"), ("1,2", "edit_length"), ("previous", "edit_first")],
)
def test_an_edit_that_the_source_cannot_have_is_a_user_error(text: str, key: str) -> None:
    with pytest.raises(UserError) as error:
        Edit.parse(text).row(np.full(3, 1 / 3))
    assert error.value.key == f"error.{key}"


def test_erasing_all_there_is_is_a_user_error() -> None:
    with pytest.raises(UserError, match="token 2"):
        Edit.parse("-2").row(np.array([0.0, 1.0]))


@pytest.mark.parametrize("text", ["0", "-0", "1.5", "one", "", "0,0", "1,-1", "1,nan", "1,inf", "1,x", "9" * 7_000])
def test_what_is_no_edit_is_refused(text: str) -> None:
    with pytest.raises(UserError):
        Edit.parse(text)


@given(lists())
def test_a_list_of_branches_survives_its_text(branches: tuple[Branch, ...]) -> None:
    assert unpack(pack(branches)) == branches
    assert unpack("") == () and pack(()) == ""


GOOD: dict[str, Any] = {"id": "b1", "name": "tea", "parent": "free", "step": 1, "prefix": ["I", "tea"]}


@pytest.mark.parametrize(
    "change",
    [
        {"id": "x"},
        {"id": "b01"},
        {"id": 1},
        {"parent": "b1"},
        {"parent": "b2"},
        {"parent": "lane"},
        {"name": " "},
        {"name": "x" * 41},
        {"name": "a\nb"},
        {"name": None},
        {"step": 3},
        {"step": -1},
        {"step": True},
        {"step": "1"},
        {"prefix": "tea"},
        {"prefix": [""]},
        {"prefix": ["x" * 101]},
        {"prefix": [3]},
        {"prefix": ["a"] * 501},
        {"attention": {"0": "sideways"}},
        {"attention": {"-1": "uniform"}},
        {"attention": {"9999": "uniform"}},
        {"attention": {"1": 2}},
        {"attention": ["uniform"]},
        {"colour": "red"},
    ],
    ids=str,
)
def test_a_broken_branch_is_refused(change: dict[str, Any]) -> None:
    assert unpack(json.dumps([GOOD]))[0].to_dict() == GOOD
    with pytest.raises(ValueError):
        unpack(json.dumps([GOOD | change]))


@pytest.mark.parametrize(
    "text", ["[]", "{}", "3", "[3]", "[", "[" * 3000, json.dumps([GOOD, GOOD]), " " * (MAX_PACKED + 1)]
)
def test_what_is_no_list_of_branches_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        unpack(text)


def test_there_is_a_limit_to_branches() -> None:
    many = [GOOD | {"id": f"b{i}"} for i in range(1, MAX_BRANCHES + 2)]
    assert len(unpack(json.dumps(many[:-1]))) == MAX_BRANCHES
    with pytest.raises(ValueError):
        unpack(json.dumps(many))


def test_a_branch_cannot_be_changed() -> None:
    branch = Branch("b1", "tea", "free", 0, (), {2: Edit("uniform"), 1: Edit("previous")})
    assert branch.attention == ((1, Edit("previous")), (2, Edit("uniform"))) and hash(branch)
    with pytest.raises(dataclasses.FrozenInstanceError):
        branch.name = "other"  # type: ignore[misc]
