"""The record of a beam search: what it refuses, what it derives, its JSON."""

from __future__ import annotations

import dataclasses
import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s2s.errors import UserError
from s2s.trace.search_tree import ENDINGS, START, Finished, Node, SearchTree, TreeStep

NUMBERS = st.floats(-1e4, 0, allow_nan=False)
TOKENS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=5)


def node(parent: int, token: str, total: float = -1.0, fate: str = "kept") -> Node:
    return Node(parent, token, -0.5, total, 0.0, total, fate)


def demo(**changes: Any) -> SearchTree:
    """Beam 2: a and b kept, c pruned; then a ends, b goes on and ends at the limit."""
    nodes = (
        node(START, "a", -0.5),
        node(START, "茶", -1.0),
        node(START, "c", -3.0, "pruned"),
        node(1, "<eos>", -1.2, "finished"),
        node(0, "d", -1.5, "cut"),
        node(0, "<eos>", -2.5, "pruned"),
    )
    values: dict[str, Any] = {
        "checkpoint": {"name": "demo", "attention": "additive", "digest": ""},
        "source_text": "我",
        "source_tokens": ("我",),
        "settings": {"beam": 2, "length_penalty": 0.6, "coverage_penalty": 0.0},
        "nodes": nodes,
        "steps": (TreeStep(2, 3, 7), TreeStep(2, 3, 4)),
        "finished": (Finished(3, "茶"), Finished(4, "a d")),
        "ended": "length",
        "limit": 2,
    }
    return SearchTree(**(values | changes))


def test_paths_steps_and_cutoffs() -> None:
    tree = demo()
    assert (tree.path(4), tree.tokens(3), tree.step(3), tree.step(2)) == ((0, 4), ("茶", "<eos>"), 1, 0)
    assert [list(tree.at(t)) for t in range(2)] == [[0, 1, 2], [3, 4, 5]]
    assert [tree.cutoff(t) for t in range(2)] == [-1.0, -1.5]
    assert tree.follow(("a", "d", "x")) == (0, 4) and tree.follow(("c", "d")) == (2,) and tree.follow(("x",)) == ()
    assert tree.length_factor(7) == pytest.approx(12**0.6 / 6**0.6)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"ended": "tired"}, "ended is tired"),
        ({"steps": (TreeStep(2, 3, 7),)}, "record every node exactly once"),
        ({"steps": (TreeStep(2, 3, 2), TreeStep(2, 3, 4))}, "no more than it considers"),
        ({"steps": (TreeStep(0, 3, 7), TreeStep(2, 3, 4))}, "keep at least one node"),
        ({"steps": (TreeStep(3, 3, 7), TreeStep(2, 3, 4))}, "nodes that it kept"),
        ({"finished": (Finished(3, "茶"),)}, "`finished` must list"),
        ({"nodes": (*demo().nodes[:4], node(2, "d", fate="cut"), demo().nodes[5])}, "Node 4 must continue"),
        ({"nodes": (*demo().nodes[:4], node(START, "d", fate="cut"), demo().nodes[5])}, "Node 4 must continue"),
    ],
)
def test_what_is_no_search_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        demo(**changes)


def test_a_node_has_one_of_four_fates() -> None:
    with pytest.raises(ValueError, match="fate is lost"):
        node(START, "a", fate="lost")


@st.composite
def trees(draw: st.DrawFn) -> SearchTree:
    """Any well-formed tree: a few steps of kept, ended and pruned nodes with any numbers and tokens."""
    nodes, steps, finished, live = list[Node](), list[TreeStep](), list[Finished](), [START]
    for _ in range(draw(st.integers(0, 4))):
        if not live:
            break
        fates = draw(st.lists(st.sampled_from(["kept", "finished", "cut"]), min_size=1, max_size=3))
        pruned = draw(st.integers(0, 3))
        following = []
        for fate in [*fates, *["pruned"] * pruned]:
            if fate == "kept":
                following.append(len(nodes))
            elif fate != "pruned":
                finished.append(Finished(len(nodes), draw(TOKENS)))
            numbers = [draw(NUMBERS) for _ in range(4)]
            nodes.append(Node(draw(st.sampled_from(live)), draw(TOKENS), *numbers, fate))
        steps.append(TreeStep(len(fates), len(fates) + pruned, len(fates) + pruned + draw(st.integers(0, 9))))
        live = following
    about, tokens = draw(st.dictionaries(TOKENS, TOKENS, max_size=3)), tuple(draw(st.lists(TOKENS, max_size=3)))
    bound = draw(st.none() | NUMBERS)
    ended = draw(st.sampled_from(ENDINGS))
    return SearchTree(
        about, "".join(tokens), tokens, {"beam": 3}, *map(tuple, (nodes, steps, finished)), ended, 9, 0, bound
    )


@given(trees())
def test_json_gives_the_tree_back(tree: SearchTree) -> None:
    again = SearchTree.from_json(tree.to_json())
    assert again == tree and again.to_json() == tree.to_json()
    assert [n.token for n in again.nodes] == [n.token for n in tree.nodes]
    for a, b in zip(again.nodes, tree.nodes, strict=True):
        assert math.isclose(a.score, b.score, abs_tol=5e-7)


def broken(**changes: Any) -> str:
    return json.dumps(demo().to_dict() | changes)


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "{",
        "[" * 100_000,
        '{"schema": "lookback-trace/1"}',
        '{"schema": "lookback-tree/1"}',
        broken(nodes=[]),
        broken(nodes=demo().to_dict()["nodes"] | {"fate": []}),
        broken(steps=[{"kept": 1}]),
        broken(finished=[{"node": 77, "text": ""}]),
        broken(limit=None),
        broken(nodes=demo().to_dict()["nodes"] | {"total": [10**400] * len(demo().nodes)}),
    ],
    ids=range(11),
)
def test_other_json_is_refused(text: str) -> None:
    with pytest.raises(UserError, match=r"^This is not a complete search tree: (?!maximum)"):
        SearchTree.from_json(text)


def test_a_tree_is_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        demo().limit = 3  # type: ignore[misc]
