"""Every page's file, opened by its own address on a server that nobody has visited yet, begins with the app."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.paths import ROOT

PAGES = sorted((ROOT / "pages").glob("*.py"))


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_a_page_that_is_opened_alone_begins_with_the_app(path: Path) -> None:
    lines = [
        line
        for line in path.read_text(encoding="utf-8").splitlines()
        if line and not line.startswith(('"""', "import", "from"))
    ]
    assert lines[0] == "address.through_app()"
