"""The limit of each upload: one setting says it; the field and the server hold it."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Callable

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from s2s import settings
from s2s.errors import say
from s2s.settings import MEGABYTE, Settings
from tests.paths import ROOT
from tests.setting import Setting

FIELDS = {  # setting by the key of the widget
    "doctor_file": "small_file_mb",
    "doctor_links": "small_file_mb",
    "doctor_pairs": "small_file_mb",
    "doctor_run_links": "small_file_mb",
    "doctor_train": "small_file_mb",
    "evidence_file": "small_file_mb",
    "inspect_file": "test_file_mb",
    "saved_files": "test_file_mb",
    "submission": "small_file_mb",
    "test_file": "small_file_mb",
    "zip": "checkpoint_mb",
}
Visit = Callable[..., AppTest]


def calls(name: str) -> list[tuple[str, ast.Call]]:
    """Every call of a function or method of that name in our pages, with its module."""
    found = []
    for path in (ROOT / "s2s" / "web").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == name:
                found.append((path.name, node))
    return found


def test_every_field_takes_its_limit_from_the_settings() -> None:
    assert {module for module, _ in calls("file_uploader")} == {"upload.py"}
    found = {}
    for _, call in [*calls("file_field"), *calls("files_field")]:
        key, limit = map(ast.unparse, call.args[1:3])
        found[re.findall(r"\w+", key.replace("f'", ""))[0]] = limit.strip("'")
    assert found == FIELDS


def test_the_server_lets_through_what_the_fields_promise() -> None:
    """Of ``streamlit run``; tests/web/shell/test_asgi.py has that of ``lookback serve``, tests/deploy that of nginx."""
    config = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    assert config["server"]["maxUploadSize"] == settings.largest_upload(Settings())


@pytest.mark.parametrize("name", ["small_file_mb", "session_files", "session_files_mb", "memory_files_mb"])
def test_a_limit_of_0_switches_a_field_off(visit_page: Visit, setting: Setting, name: str) -> None:
    setting(**{name: 0})
    app = visit_page("evidence", lang="zh")
    assert not app.get("file_uploader")
    assert say("error.switched_off", "zh") in [caption.value for caption in app.caption]


def test_a_field_promises_no_more_than_a_visit_may_hold(visit_page: Visit, setting: Setting) -> None:
    setting(small_file_mb=5, session_files_mb=3)
    assert visit_page("evidence").file_uploader(key="evidence_file").proto.max_upload_size_mb == 3


@pytest.mark.parametrize("server", [4, 100])
def test_a_field_promises_no_more_than_the_server_takes(
    visit_page: Visit, setting: Setting, monkeypatch: pytest.MonkeyPatch, server: int
) -> None:
    """``streamlit run`` reads its own limit, and not our settings."""
    setting(small_file_mb=5)
    known = st.get_option
    monkeypatch.setattr(st, "get_option", lambda name: server if name == "server.maxUploadSize" else known(name))
    field = visit_page("evidence").file_uploader(key="evidence_file")
    assert field.proto.max_upload_size_mb == min(5, server)


def test_a_program_that_sends_more_than_a_browser_would_reads_the_limit(visit_page: Visit, setting: Setting) -> None:
    """The server takes any file up to the largest limit, whichever field it is for."""
    setting(small_file_mb=1)
    app = visit_page("evidence", lang="zh")
    line = b"a\tb\n"
    for size, refused in ((MEGABYTE, []), (MEGABYTE + 1, ["pairs.tsv 超过了 1 MB 的上限。"])):
        content = line * (size // len(line)) + b"\n" * (size % len(line))
        app.file_uploader(key="evidence_file").set_value(("pairs.tsv", content, "text/plain")).run()
        assert not app.exception
        assert [error.value.replace("\\", "") for error in app.error] == refused
