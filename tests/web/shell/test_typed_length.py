"""Every text field has a largest length, so that no typed or pasted text exceeds a message of the server."""

from __future__ import annotations

import ast

from s2s.settings import Settings
from s2s.web.shell import controls
from tests.paths import ROOT

FIELDS = ("text_area", "text_input", "chat_input")
BYTES = 3  # of a Chinese character


def test_every_text_field_has_a_largest_length() -> None:
    found = 0
    for path in (ROOT / "s2s" / "web").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in FIELDS:
                found += 1
                names = {keyword.arg for keyword in node.keywords}
                shared = any(ast.unparse(word.value) == "shared" for word in node.keywords if word.arg is None)
                assert "max_chars" in names or shared, f"{path.name}:{node.lineno}"
    assert found >= 8


def test_the_two_longest_fields_fit_one_message() -> None:
    assert Settings.message_mb * 1_000_000 > 2 * BYTES * controls.MAX_TYPED
