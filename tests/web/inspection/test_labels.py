"""The label panel, in both languages: changes are written at once, under the person's name."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from s2s.errors import say
from s2s.store.database import connect
from s2s.store.labels import Labels

MANIFEST = '{"schema": "lookback-inspection/1", "file": {"sha256": "f"}, "checkpoint": {"digest": "c"}}'


def page(directory: str) -> None:
    from pathlib import Path

    from s2s.web.inspection import labels

    labels.label_panel(Path(directory), 3)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_change_is_written_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, language: str) -> None:
    (tmp_path / "manifest.json").write_text(MANIFEST)
    monkeypatch.setenv("LOOKBACK_DATABASE", f"sqlite:///{tmp_path / 'db.sqlite'}")
    labels = Labels(connect(), {"file": {"sha256": "f"}, "checkpoint": {"digest": "c"}})
    labels.set_note(3, "Bob", "seen *before*")
    at = AppTest.from_function(page, args=(str(tmp_path),), default_timeout=60)
    at.session_state["language"] = language
    at.run()
    assert not at.exception and not at.text_area and at.text[0].value == "seen *before*"
    at.text_input(key="label-person").input(" Ann ").run()
    assert at.session_state["person"] == "Ann"
    at.text_area[0].input("备注").run()
    at.button_group[0].set_value("wrong").run()
    assert not at.exception and not at.error
    (ann, _) = labels.of_example(3)
    assert (ann.person, ann.verdict, ann.note) == ("Ann", "wrong", "备注")
    assert say("labels.note", language) in [area.label for area in at.text_area]
    fresh = AppTest.from_function(page, args=(str(tmp_path),), default_timeout=60)
    fresh.query_params["person"] = "Ann"
    fresh.run()
    assert fresh.text_area[0].value == "备注" and fresh.button_group[0].value in ("wrong", ["wrong"])
