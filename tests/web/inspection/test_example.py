"""The step at which a row is opened."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from s2s.inspect.table import Examples
from s2s.server import folders
from s2s.web.inspection.example import error_step
from tests.web.inspection.test_page import component, made

Visit = Callable[..., AppTest]


@pytest.mark.parametrize(
    ("row", "step"),
    [
        ({"divergence": 1, "wrong_output": None}, 1),
        ({"divergence": None, "wrong_output": []}, None),
        ({"divergence": 1, "wrong_output": [3, 4]}, 3),
        ({"divergence": 1, "wrong_output": [0]}, 0),
        ({"divergence": 1, "wrong_output": []}, 1),
        ({"divergence": None, "wrong_output": None}, None),
    ],
)
def test_a_row_opens_at_its_first_wrong_token_or_its_divergence(row: dict[str, Any], step: int | None) -> None:
    assert error_step(row) == step


@pytest.mark.parametrize("wrong", [[2], [10_000], []])
def test_the_player_and_the_link_begin_there(
    visit_inspection: Visit, root: Path, places: Path, monkeypatch: pytest.MonkeyPatch, wrong: list[int]
) -> None:
    name = made(root)
    examples = Examples(folders.INSPECTED / name)
    id = next(id for id in examples.column("id").to_pylist() if len(examples.example(id)["output_tokens"] or ()) > 3)
    read = Examples.example
    monkeypatch.setattr(Examples, "example", lambda self, id: read(self, id) | {"wrong_output": wrong})
    app = visit_inspection(lang="en", inspection=name, row=str(id))
    row = examples.example(id)
    at = error_step(row)
    player = component(app, "player")
    last = len(player["lanes"]["free"]["steps"]) - 1
    assert not app.exception and player["begin"] == {"lane": "free", "step": min(at or 0, last)}
    (link, *_) = [one.proto.url for one in app.get("link_button")]
    assert link.endswith(f"step={at + 1}") if at is not None else "step=" not in link
