"""The label panel, in both languages: changes are written at once, under the person's name."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from s2s.errors import say
from s2s.store.database import connect
from s2s.store.labels import Labels
from s2s.web.shell.foreign import plain
from tests.store.frozen import frozen
from tests.wait import until

MANIFEST = '{"schema": "lookback-inspection/2", "file": {"sha256": "f"}, "checkpoint": {"digest": "c"}}'


def page(directory: str) -> None:
    from pathlib import Path

    from s2s.inspect.table import read_manifest
    from s2s.web.inspection import labels

    labels.label_panel(read_manifest(Path(directory)), 3)


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


def test_a_category_that_somebody_named_with_markdown_is_shown_as_its_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "manifest.json").write_text(MANIFEST)
    monkeypatch.setenv("LOOKBACK_DATABASE", f"sqlite:///{tmp_path / 'db.sqlite'}")
    name = "![p](https://x.example/p.png)"
    Labels(connect(), {"file": {"sha256": "f"}, "checkpoint": {"digest": "c"}}).add_category(name)
    at = AppTest.from_function(page, args=(str(tmp_path),), default_timeout=60)
    at.session_state["language"] = "en"
    at.run().text_input(key="label-person").input("Ann").run()
    (pills,) = [group for group in at.button_group if group.label == say("labels.categories", "en")]
    assert [option.content for option in pills.proto.options] == [plain(name)]


def test_what_was_typed_while_the_database_hung_is_written_when_it_is_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, postgres: str, postgres_database: str
) -> None:
    (tmp_path / "manifest.json").write_text(MANIFEST)
    monkeypatch.setenv("LOOKBACK_DATABASE", postgres_database)
    labels = Labels(connect(), {"file": {"sha256": "f"}, "checkpoint": {"digest": "c"}})
    at = AppTest.from_function(page, args=(str(tmp_path),), default_timeout=60)
    at.session_state["language"] = "en"
    at.run().text_input(key="label-person").input("Ann").run()
    with frozen(postgres):
        at.text_input(key="label-new").input("词序")
        next(button for button in at.button if button.label == say("labels.add", "en")).click()
        at.text_area[0].input("备注").run()
        for _ in range(2):  # neither the note can be written nor the others' labels be read
            assert not at.exception and "cannot be used" in at.error[0].value and not at.text_area
            at.run()

    def shown() -> bool:
        return bool(at.run().text_area) and not at.error

    until(shown, within=30, every=0.2)
    assert not at.exception and at.text_area[0].value == "备注"
    assert at.text_input(key="label-new").value == "词序"  # which a click adds
    assert [(label.person, label.note) for label in labels.of_example(3)] == [("Ann", "备注")]
