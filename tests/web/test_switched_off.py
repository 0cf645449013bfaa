"""What the operator has switched off says so before somebody fills it in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from s2s.errors import say
from s2s.server import folders
from s2s.settings import FIELDS
from tests.inspect.corpus import inspected
from tests.setting import Setting
from tests.web.inspection.test_states import visit as visit_states

Visit = Callable[..., AppTest]
BUTTONS = {  # page and button by the feature that it begins; a limit of any other kind is of a field for files
    "trainings": ("lesson", "train", {"chapter": "training"}),
    "inspections": ("inspection", "inspect_start", {}),
    "classroom": ("classroom", "open_room", {}),
}


@pytest.mark.parametrize("name", [name for name, item in FIELDS.items() if item.metadata["off"] in BUTTONS])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_button_of_a_feature_that_is_off(visit_page: Visit, setting: Setting, name: str, lang: str) -> None:
    page, button, query = BUTTONS[FIELDS[name].metadata["off"]]
    setting(**{name: 0})
    app = visit_page(page, lang=lang, **query)
    assert not app.exception and app.button(key=button).disabled
    assert say("error.switched_off", lang) in [caption.value for caption in app.caption]


@pytest.mark.parametrize("name", [name for name, item in FIELDS.items() if item.metadata["off"] == "uploads"])
def test_the_fields_for_a_checkpoint(visit_page: Visit, setting: Setting, name: str) -> None:
    setting(**{name: 0})
    app = visit_page("checkpoints", lang="zh")
    assert app.get("file_uploader")[0].proto.disabled and app.text_input(key="folder_path").disabled
    assert say("error.switched_off", "zh") in [caption.value for caption in app.caption]


@pytest.mark.parametrize("name", ["test_file_mb", "test_files_mb"])
def test_the_field_for_a_test_file(visit_page: Visit, setting: Setting, name: str) -> None:
    setting(**{name: 0})
    app = visit_page("inspection", lang="zh")
    assert not app.get("file_uploader")
    assert say("error.switched_off", "zh") in [caption.value for caption in app.caption]


@pytest.mark.parametrize("name", ["states_mb", "inspections"])
def test_the_states_of_an_inspection(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, setting: Setting, name: str
) -> None:
    setting(**{name: 0})
    monkeypatch.setattr(folders, "INSPECTED", tmp_path)
    app = visit_states(inspected(tmp_path)[0].directory, "zh", monkeypatch)
    assert app.button(key="states_measure").disabled
    assert say("error.switched_off", "zh") in [caption.value for caption in app.caption]
