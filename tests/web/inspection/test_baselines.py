"""The baselines below the scores on the page."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from s2s.errors import LANGUAGES, say
from s2s.inspect.baselines import BASELINES_FILE, baseline_scores
from s2s.server import folders
from tests.web.inspection.test_page import made

Visit = Callable[..., AppTest]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_each_score_has_its_baselines_below(visit_inspection: Visit, root: Path, places: Path, lang: str) -> None:
    name = made(root)
    scores = baseline_scores(folders.INSPECTED / name)["scores"]
    app = visit_inspection(lang=lang, inspection=name)
    (line,) = [box for box in app.caption if say(f"baseline.{next(iter(scores))}", lang) in box.value]
    for baseline, of in scores.items():
        both = say("app.list", lang).join(
            f"{say(f'inspect.column.{score}', lang)} {of[score]:.1f}" for score in ("bleu", "chrf")
        )
        assert f"{say(f'baseline.{baseline}', lang)} {both}" in line.value
    assert not app.exception and line.help == say("baseline.help", lang)


def test_an_inspection_without_them_is_shown(visit_inspection: Visit, root: Path, places: Path) -> None:
    name = made(root)
    directory = folders.INSPECTED / name
    held = json.loads((directory / "summary.json").read_text(encoding="utf-8"))
    (directory / BASELINES_FILE).unlink()
    (directory / "summary.json").write_text(json.dumps(held | {"baselines": {"rows": 0, "scores": {}}}), "utf-8")
    app = visit_inspection(lang="en", inspection=name)
    assert not app.exception and not [box for box in app.caption if "Without a model" in box.value]
