"""The step at which a row is opened."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from s2s.errors import say
from s2s.inspect.causes import TAGS
from s2s.inspect.table import Examples
from s2s.server import folders
from s2s.web.inspection.example import error_step
from tests.web.inspection.test_page import component, made, said

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


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("unknown", [True, False])
def test_every_cause_is_told_with_what_its_evidence_has(
    visit_inspection: Visit, root: Path, monkeypatch: pytest.MonkeyPatch, lang: str, unknown: bool
) -> None:
    """A wanted word outside the vocabulary has no probability, and a beam that did not end no log P."""
    name = made(root)
    told = {
        **dict.fromkeys(TAGS.values(), True),
        **{"verdict": "error", "error_probability": 0.97, "cause": "word", "wrong_output": [0], "lost_source": [0]},
        **{"wanted": "tea", "wanted_at": 0, "wanted_unknown": unknown, "wanted_probability": None if unknown else 0.2},
        **{"said": None if unknown else "I", "said_at": None, "beam_output": "x", "beam_log_prob": None},
        **{"attended": 0, "attended_weight": 0.9, "moved_to": 0, "moved_probability": 0.8},
        **{"resegmented": ["a", "b"], "resegmented_gain": 1.5, "reference_gain": 0.1, "random_gain": 0.2},
    }
    read = Examples.example
    monkeypatch.setattr(Examples, "example", lambda self, id: read(self, id) | told)
    app = visit_inspection(lang=lang, inspection=name, row="1")
    assert not app.exception
    for one in TAGS:
        assert f"**{say(f'cause.{one}', lang)}** — " in said(app)
    assert "None" not in said(app)
