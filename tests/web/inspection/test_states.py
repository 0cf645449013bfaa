"""The section of an inspection's states, in both languages."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from s2s import settings
from s2s.errors import say
from s2s.figures.states import GL, Group, cloud
from s2s.inspect.states import projection
from s2s.inspect.states.nearest import nearest
from s2s.inspect.states.store import StateStore
from s2s.inspect.table import Examples
from s2s.server import folders, inspection_quota
from s2s.web.shell import models
from tests.inspect.corpus import inspected, with_states
from tests.setting import Setting
from tests.wait import until
from tests.web.fragments import alone, as_in_a_browser

APP = Path(__file__).resolve().parents[2] / "browser" / "states_app.py"
TEXT = {"path": "this", "first": "1", "second": "2"}


@pytest.fixture(scope="module")
def examples(tmp_path_factory: pytest.TempPathFactory) -> Examples:
    return with_states(tmp_path_factory.mktemp("states-page"))


def visit(directory: Path, lang: str, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    monkeypatch.setitem(os.environ, "LOOKBACK_INSPECTION", str(directory))
    app = AppTest.from_file(str(APP), default_timeout=60)
    app.query_params["lang"] = lang
    app.session_state["states_show"] = True
    return app.run()


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_an_example_s_neighbours_and_the_plane(examples: Examples, lang: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(projection, "has_umap", lambda: False)
    app = visit(examples.directory, lang, monkeypatch)
    assert not app.exception and say("states.title", lang) in app.markdown[0].value
    kept = StateStore(examples.directory)
    for kind in ("encoder", "decoder", "context"):
        app.radio(key=f"states-kind-{lang}").set_value(kind).run()
        assert not app.exception
        found = nearest(kept, kind, np.array(kept.states(kind)[0]), 10, 1).neighbours
        table = app.dataframe[0].value
        assert table[say("states.column_id", lang)].tolist() == [one.origin.id for one in found]
        np.testing.assert_allclose(table[say("states.column_cosine", lang)], [one.cosine for one in found])
        (chart,) = app.get("plotly_chart")
        lines = json.loads(chart.proto.spec)["data"]
        assert lines[-1]["name"] == say("states.path", lang)
        assert len(lines[-1]["text"]) == len(kept.rows(kind, 1))
        assert sum(len(line["text"]) for line in lines[:-1]) == len(kept.states(kind))
    captions = [box.value for box in app.caption]
    assert say("states.umap_missing", lang, package="umap-learn") in captions
    assert say("states.all", lang, count=len(kept.states("context")), drawn=0) in captions
    app.radio(key=f"states-colour-{lang}").set_value("error").run()
    lines = json.loads(app.get("plotly_chart")[0].proto.spec)["data"]
    assert [line["name"] for line in lines[:-1]] == [say(f"states.{name}", lang) for name in ("right", "wrong")]


def test_a_typed_sentence_is_decoded_by_the_checkpoint(examples: Examples, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "FOLDERS", (examples.directory.parent,))
    row = examples.example(4)
    app = visit(examples.directory, "en", monkeypatch)
    app.text_input(key="states_typed").set_value(row["source"]).run()
    assert not app.exception and not app.error
    table = app.dataframe[0].value
    assert table["example"][0] == 4 and table["cosine"][0] == pytest.approx(1, abs=1e-5)
    app.text_input(key="states_typed").set_value("<<<").run()
    assert len(app.error) == 1 and not app.exception


def test_the_page_can_store_the_states(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    examples, _ = inspected(tmp_path, count=5)
    monkeypatch.setattr(models, "FOLDERS", (tmp_path,))
    app = visit(examples.directory, "zh", monkeypatch)
    assert [box.value for box in app.caption] == [say("states.none", "zh")] and not app.get("plotly_chart")
    with monkeypatch.context() as small:
        small.setattr(settings, "current", lambda: settings.Settings(states_mb=-1))
        pressed(app)
    assert [box.value for box in app.error] == [say("error.states_too_many", "zh", found=0, limit=-1)]
    assert not (examples.directory / "states").exists()
    pressed(app)
    assert StateStore.whole(examples.directory) and len(app.get("plotly_chart")) == 1 and not app.exception


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_states_can_be_deleted_alone_and_kept_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lang: str
) -> None:
    examples = with_states(tmp_path, count=5)
    monkeypatch.setattr(folders, "INSPECTED", tmp_path)
    monkeypatch.setattr(models, "FOLDERS", (tmp_path,))
    app, other = (visit(examples.directory, lang, monkeypatch) for _ in range(2))
    with inspection_quota.lease.hold(examples.directory.name):
        app.button(key="delete-states-sure").click().run()
    assert [box.value for box in app.error] == [say("error.inspect_elsewhere", lang)]
    app.button(key="delete-states-sure").click().run()
    assert not StateStore.whole(examples.directory) and len(Examples(examples.directory)) == 5
    for page in (app, other.run()):
        assert not page.exception and [box.value for box in page.caption] == [say("states.none", lang)]
    pressed(app)
    assert StateStore.whole(examples.directory) and not app.exception


def test_states_that_another_visit_deletes_are_missed_without_a_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    examples = with_states(tmp_path, count=5)
    app = AppTest.from_file(str(APP), default_timeout=60)
    monkeypatch.setitem(os.environ, "LOOKBACK_INSPECTION", str(examples.directory))
    app.query_params["lang"] = "en"
    with as_in_a_browser(app) as homes:
        shutil.rmtree(examples.directory / "states")
        toggle = app.toggle(key="states_show")
        alone(toggle.set_value(True), homes[toggle.id])
    assert not app.exception and [box.value for box in app.caption] == [say("states.none", "en")]


def test_states_of_another_visit_have_no_button(
    examples: Examples, monkeypatch: pytest.MonkeyPatch, setting: Setting
) -> None:
    setting(profile="class")
    app = visit(examples.directory, "en", monkeypatch)
    assert "delete-states-sure" not in [button.key for button in app.button] and not app.exception


def pressed(app: AppTest) -> None:
    """Press the button and wait until what it began is done."""
    app.button(key="states_measure").click().run()
    task = app.session_state["states_task"]
    until(lambda: not task.job.poll())
    app.run()


def test_many_points_are_drawn_by_webgl() -> None:
    rng = np.random.default_rng(0)
    for count, kind in ((GL, "scatter"), (GL + 1, "scattergl")):
        points, ids = rng.normal(size=(count, 2)), np.arange(count)
        groups = [Group("a", np.arange(0, count, 2)), Group("rest", np.arange(1, count, 2), rest=True)]
        words = ["<eos>"] * count
        made = cloud(points, words, ids, groups, TEXT, (points[:3], ["x", "y", "<b>"]))
        lines, labels = made.data, made.layout.annotations
        assert [line.type for line in lines] == [kind, kind, kind]
        assert [(label.x, label.text) for label in labels[1:]] == [(points[1, 0], "2 y"), (points[2, 0], "3 &lt;b&gt;")]
        assert lines[0].text[0] == "&lt;eos&gt;" and lines[2].text[2] == "3 &lt;b&gt;"
        np.testing.assert_array_equal(lines[1].customdata, ids[1::2])
        np.testing.assert_array_equal(lines[1].x, points[1::2, 0])
