"""Every key of the session has one name: no literal, no two names for one key, none that nothing uses."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from s2s.web.shell import keys
from s2s.web.shell.page_state import FIELDS
from tests.paths import ROOT

WEB = ROOT / "s2s" / "web"
FILES = sorted(WEB.rglob("*.py"))
SHARED = {name: value for name, value in vars(keys).items() if name.isupper()}
METHODS = {"get", "pop", "setdefault"}  # of the session, whose first argument is a key
BOUND = {"shows", "picks", "chooses", "marks"}  # of shell/bound.py, likewise


def aliases(tree: ast.AST) -> set[str]:
    """Names that a module gives the session."""
    found = set[str]()
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            for target, value in pairs(node.targets[0], node.value):
                if isinstance(target, ast.Name) and is_session(value, set()):
                    found.add(target.id)
    return found


def pairs(target: ast.expr, value: ast.expr) -> Iterator[tuple[ast.expr, ast.expr]]:
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        yield from zip(target.elts, value.elts, strict=True)
    else:
        yield target, value


def is_session(node: ast.expr, names: set[str]) -> bool:
    if isinstance(node, ast.Attribute):
        return node.attr == "session_state"
    return isinstance(node, ast.Name) and node.id in names


def used(tree: ast.AST) -> Iterator[ast.expr]:
    """The expressions that stand for keys."""
    names = aliases(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Subscript) and is_session(node.value, names):
            yield node.slice
        elif isinstance(node, ast.Compare) and any(is_session(other, names) for other in node.comparators):
            yield node.left
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and is_session(node.func.value, names):
            if node.func.attr in METHODS:
                yield node.args[0]
            elif node.func.attr == "update":
                yield from (ast.Constant(keyword.arg) for keyword in node.keywords if keyword.arg)
                yield from (key for a in node.args if isinstance(a, ast.Dict) for key in a.keys if key)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in BOUND and node.args:
            yield node.args[0]


def literals(source: str) -> list[str]:
    """The keys that a module writes out."""
    return [node.value for node in used(ast.parse(source)) if isinstance(node, ast.Constant)]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(WEB)))
def test_no_key_is_written_out(path: Path) -> None:
    assert literals(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "source",
    [
        'st.session_state["a"] = 1',
        'x = st.session_state.get("a")',
        'state, n = st.session_state, 1\nstate.pop("a", None)',
        '"a" in st.session_state',
        "st.session_state.update(a=1)",
        'st.session_state.update({"a": 1})',
        'shows("a")',
    ],
)
def test_a_key_that_is_written_out_is_found(source: str) -> None:
    assert literals(source) == ["a"]


def test_no_two_constants_are_one_key() -> None:
    found = Counter(SHARED.values())
    for path in FILES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        named = {node.id for node in used(tree) if isinstance(node, ast.Name)}
        for node in tree.body:
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id in named:
                assert isinstance(node.value, ast.Constant)
                found[node.value.value] += 1
    assert len(found) > 60
    assert [key for key, times in found.items() if times > 1] == []


def test_every_shared_key_is_used_and_each_of_the_link_is_a_field() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in FILES)
    assert [name for name in SHARED if f"keys.{name}" not in text] == []
    listed = list(SHARED.values())
    first_of_visit = listed.index(keys.LAST_STATE)
    assert set(listed[:first_of_visit]) <= FIELDS.keys() and not set(listed[first_of_visit:]) & FIELDS.keys()
