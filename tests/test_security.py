"""SECURITY.md: every promise names the tests that hold it."""

from __future__ import annotations

import re

from tests.paths import ROOT


def test_every_promise_names_tests_that_there_are() -> None:
    page = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (.+) \| (.+) \|$", page.split("\n## What is promised\n")[1].split("\n## ")[0], re.MULTILINE)
    assert len(rows) > 10
    for promise, held in rows[1:]:
        named = re.findall(r"\]\((tests/[\w/]+\.py)\)", held)
        assert named, promise
        for name in named:
            assert re.search(r"def test_|assert ", (ROOT / name).read_text(encoding="utf-8")), name
