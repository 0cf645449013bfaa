"""The limit of each upload: its widget has one, and the server lets through what a widget promises."""

from __future__ import annotations

import ast
import tomllib

from s2s.settings import Settings
from tests.paths import ROOT

LIMITS = {  # MB, by the key of the widget
    "evidence_file": Settings.small_file_mb,
    "inspect_file": Settings.test_file_mb,
    "saved_files": Settings.test_file_mb,
    "submission": Settings.small_file_mb,
    "test_file": Settings.small_file_mb,
    "zip": Settings.checkpoint_mb,
}


def test_every_widget_has_a_limit() -> None:
    found = set[str]()
    for path in (ROOT / "s2s" / "web").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr == "file_uploader"
            ):
                named = {keyword.arg: keyword.value for keyword in node.keywords}
                assert "max_upload_size" in named, path.name
                found |= {ast.literal_eval(value).strip("-") for value in _texts(named["key"])}
    assert found == LIMITS.keys()


def _texts(key: ast.expr) -> list[ast.expr]:
    """The literal parts of a key."""
    return (
        [value for value in key.values if isinstance(value, ast.Constant)] if isinstance(key, ast.JoinedStr) else [key]
    )


def test_the_server_lets_through_what_the_widgets_promise() -> None:
    config = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    assert config["server"]["maxUploadSize"] == max(LIMITS.values())
