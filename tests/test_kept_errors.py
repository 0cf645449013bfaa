"""An exception that outlives its ``except`` keeps no frames: they would keep alive what other visitors hold."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from s2s.errors import UserError
from tests.paths import ROOT

FILES = sorted([*(ROOT / "s2s" / "web").rglob("*.py"), *(ROOT / "s2s" / "server").rglob("*.py")])


def kept(source: str) -> Iterator[int]:
    """Lines that store a caught exception, in a function that does not clear its frames."""
    for function in ast.walk(ast.parse(source)):
        if not isinstance(function, ast.FunctionDef):
            continue
        if any(isinstance(node, ast.Attribute) and node.attr == "clear_frames" for node in ast.walk(function)):
            continue
        caught = {node.name for node in ast.walk(function) if isinstance(node, ast.ExceptHandler) and node.name}
        for node in ast.walk(function):
            if not isinstance(node, ast.Assign):
                continue
            if not any(isinstance(target, ast.Subscript | ast.Attribute) for target in ast.walk(node.targets[0])):
                continue
            values = node.value.elts if isinstance(node.value, ast.Tuple) else [node.value]
            if any(isinstance(value, ast.Name) and value.id in caught for value in values):
                yield node.lineno


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT / "s2s")))
def test_no_exception_is_stored_with_its_frames(path: Path) -> None:
    assert list(kept(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize("store", ["state['x'] = error", "self.failure = error", "self.a, self.b = error, True"])
def test_a_stored_exception_is_found(store: str) -> None:
    source = "def f(self, state):\n    try:\n        g()\n    except ValueError as error:\n        "
    assert list(kept(source + store)) == [5] and list(kept(f"{source}{store.replace('error', 'error.bare()')}")) == []


def test_a_bare_error_says_the_same() -> None:
    try:
        raise UserError("file_missing", file="a.tsv")
    except UserError as error:
        bare = error.bare()
    assert (bare.key, bare.values) == ("error.file_missing", {"file": "a.tsv"}) and bare.__traceback__ is None
