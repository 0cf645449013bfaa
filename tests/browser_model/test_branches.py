"""Branches, edits and rounded numbers in JavaScript: what Python reads and writes, for any text."""

from __future__ import annotations

import json
import struct
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from s2s.errors import UserError
from s2s.trace.branch import MAX_PACKED, Branch, Edit, pack, unpack
from s2s.web.shell.branches import _without_reference
from tests.browser_model.node import run_script
from tests.trace.test_branch import EDITS, WEIGHTS, lists

SOME = settings(max_examples=6)  # runs of Node, each with many values
NUMBERS = st.from_regex(r"[-+]?[0-9_]{0,4}\.?[0-9]{0,8}(e-?[0-9]{1,3})?", fullmatch=True)
STRANGE = ["uniform", "previous", "", " ", "nan", "inf", "-Infinity", "1e999", "0x10", "-0", "1_0", "9" * 7]
EDIT_TEXTS = st.one_of(
    st.text(max_size=12),
    st.integers(-500, 500).map(str),
    EDITS.map(str),
    st.lists(NUMBERS | st.sampled_from(STRANGE), min_size=1, max_size=5).map(",".join),
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 600) | st.text(max_size=4) | st.sampled_from(["b1", "free", "b12"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=6,
)
FIELDS = st.sampled_from([*Branch.__dataclass_fields__, "other"])


@st.composite
def links(draw: st.DrawFn) -> str:
    """A list of branches as a link holds it, one of its fields often changed."""
    values = json.loads(pack(draw(lists())))
    if draw(st.booleans()):
        draw(st.sampled_from(values))[draw(FIELDS)] = draw(VALUES)
    return json.dumps(values, ensure_ascii=False)


def error_of(error: UserError) -> dict[str, Any]:
    return {"error": {"key": error.key.removeprefix("error."), "values": error.values}}


def edit_values(text: str) -> dict[str, Any]:
    try:
        edit = Edit.parse(text)
    except UserError as error:
        return error_of(error)
    return {"value": {"kind": edit.kind, "place": edit.place, "weights": list(edit.weights), "text": str(edit)}}


def row_values(edit: Edit, own: list[float], previous: list[float] | None) -> dict[str, Any]:
    try:
        return {"value": edit.row(np.array(own), None if previous is None else np.array(previous)).tolist()}
    except UserError as error:
        return error_of(error)


def link_values(link: str) -> dict[str, Any] | None:
    try:
        branches = unpack(link)
    except ValueError:
        return None
    plain = [{"prefix": [], "attention": {}} | branch.to_dict() for branch in branches]
    free = [branch.id for branch in _without_reference(branches)]
    return {"branches": plain, "packed": pack(branches), "free": free}


@SOME
@given(st.lists(lists().map(pack) | links() | st.text(max_size=9), min_size=30, max_size=60))
def test_a_link_holds_the_same_branches(texts: list[str]) -> None:
    long = pack([Branch("b1", "😀" * 40, "free", 0, ("😀" * 100,) * 20)])
    texts = [*texts, "", "[]", "{}", "null", "[null]", "[" * 9_000, long, long + " " * (MAX_PACKED - len(long) + 1)]
    assert run_script("branches.mjs", {"links": texts})["links"] == [link_values(text) for text in texts]


@SOME
@given(st.lists(EDIT_TEXTS, min_size=100, max_size=200))
def test_a_text_is_the_same_edit(texts: list[str]) -> None:
    texts = [*texts, "1,1000000.5", "2500005,1", "1e-5,.00012345675", "1," * 399, "1," * 400, "1" + "," * 6_000]
    assert run_script("branches.mjs", {"edits": texts})["edits"] == [edit_values(text) for text in texts]


@SOME
@given(st.lists(st.tuples(EDITS, WEIGHTS, st.booleans()), min_size=50, max_size=100))
def test_an_edit_makes_the_same_row(cases: list[tuple[Edit, list[float], bool]]) -> None:
    rows = [(edit, own, own[::-1] if later else None) for edit, own, later in cases]
    found = run_script("branches.mjs", {"rows": [[str(edit), own, previous] for edit, own, previous in rows]})["rows"]
    for one, (edit, own, previous) in zip(found, rows, strict=True):
        expected = row_values(edit, own, previous)
        if "value" in expected:
            np.testing.assert_allclose(one["value"], expected["value"], rtol=1e-6, atol=1e-12)
        else:
            assert one == expected


@SOME
@given(st.lists(st.floats(-1e9, 1e9) | st.floats(0, 1) | st.sampled_from([0.375, 12.5, 1e-7]), min_size=200))
def test_numbers_are_written_alike(values: list[float]) -> None:
    halves = [n / 8 for n in range(-40, 40)] + [n + 0.5 for n in range(1_234_560, 1_234_580)]
    given_ = [(abs(x), digits) for x in [*values, *halves] for digits in (1, 2, 6)]
    given_ += [(struct.unpack("f", struct.pack("f", x))[0], digits) for x, digits in given_]
    found = run_script("branches.mjs", {"numbers": given_})["numbers"]
    assert found == [[f"{x:.{digits}f}", f"{x:.{digits}g}"] for x, digits in given_]
