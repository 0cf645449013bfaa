"""Labels on the page Inspection, in both languages: in the table, as sort order and as filter; categories."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from s2s.errors import LANGUAGES, say
from s2s.inspect.causes import TAGS
from s2s.inspect.table import Examples
from s2s.server import folders
from s2s.store.database import connect
from s2s.store.labels import Labels
from tests.web.conftest import refused
from tests.web.inspection.test_page import ask, choice, component, ids, made

Visit = Callable[..., AppTest]


def labels_of(name: str) -> Labels:
    return Labels(connect(), Examples(folders.INSPECTED / name).manifest)


def told(app: AppTest, id: int) -> list[tuple[str, str, list[str], str]]:
    """The labels of a row, as the table has them."""
    row = next(row for row in component(app, "table")["rows"] if row["id"] == id)
    return [(one["person"], one["verdict"], one["categories"], one["note"]) for one in row["labels"]]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_label_is_in_the_table_at_once(visit_inspection: Visit, root: Path, places: Path, lang: str) -> None:
    name = made(root)
    app = visit_inspection(lang=lang, inspection=name, row="4", person="Ann")
    assert not app.exception and component(app, "table")["label"] is None  # nobody has said anything
    app.button_group[0].set_value("wrong").run()
    assert component(app, "table")["label"] == say("inspect.column.label", lang)
    assert told(app, 4) == [("Ann", say("labels.verdict.wrong", lang), [], "")]
    app.text_area[0].input("=时态").run()
    others = labels_of(name)
    others.set_verdict(4, "Bob", "right")
    app.run()  # whatever another person has said meanwhile is there after the next click
    assert told(app, 4) == [
        ("Ann", say("labels.verdict.wrong", lang), [], "=时态"),
        ("Bob", say("labels.verdict.right", lang), [], ""),
    ]
    assert not app.exception and told(app, 5) == []


def test_the_table_can_be_sorted_by_label(visit_inspection: Visit, root: Path, places: Path) -> None:
    name = made(root)
    labels = labels_of(name)
    for example, verdict in ((2, "wrong"), (9, "right"), (5, "reference_wrong"), (7, "wrong")):
        labels.set_verdict(example, "Ann", verdict)
    labels.set_verdict(9, "Bob", "acceptable")
    labels.set_note(3, "Bob", "?")
    app = visit_inspection(lang="en", inspection=name)
    app = ask(app, "table", kind="sort", name="label")
    assert ids(app) == [9, 2, 7, 5, 3, 1, 4, 6, 8]
    app = ask(app, "table", kind="sort", name="label")
    assert ids(app) == [3, 5, 2, 7, 9, 1, 4, 6, 8] and not app.exception
    app.text_input(key="inspect_search").set_value("茶").run()
    assert ids(app) == [5, 2, 8]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_table_can_be_filtered_by_label(visit_inspection: Visit, root: Path, places: Path, lang: str) -> None:
    name = made(root)
    labels = labels_of(name)
    tense, order = labels.add_category("tense"), labels.add_category("词序")
    for example, person, verdict in (
        (2, "Ann", "wrong"),
        (2, "李雷", "right"),
        (5, "李雷", "wrong"),
        (6, "Ann", "right"),
    ):
        labels.set_verdict(example, person, verdict)
    labels.set_category(6, "Ann", tense, True)
    labels.set_category(7, "李雷", order, True)
    app = visit_inspection(lang=lang, inspection=name)

    def choose(part: str, value: object) -> list[int]:
        choice(app, f"label-filter-{part}-{lang}").set_value(value).run()
        assert not app.exception
        return ids(app)

    assert choose("verdict", "wrong") == [2, 5]
    causes = {cause["name"]: cause["kept"] for cause in component(app, "charts")["causes"]}
    rows = [Examples(folders.INSPECTED / name).example(id) for id in (2, 5)]
    assert all(kept == sum(row[TAGS[cause]] for row in rows) for cause, kept in causes.items())
    assert choose("person", "李雷") == [5]
    said = say("labels.chip", lang, what=f"{say('labels.verdict.wrong', lang)} · 李雷")
    assert app.button(key="chip-labels").label.replace("\\", "") == f"{said} ✕"
    assert choose("verdict", "none") == [1, 3, 4, 6, 7, 8, 9]
    assert choose("person", "") == [1, 3, 4, 7, 8, 9]
    assert choose("category", order) == [7]
    assert choose("verdict", "any") == []
    app.button(key="chip-labels").click().run()
    assert len(ids(app)) == 9
    app = ask(app, "table", kind="open", id=3)
    assert choose("verdict", "none") == [1, 3, 4, 7, 8, 9]
    labels.set_verdict(3, "Ann", "right")  # what is open stays, so that one can go on from it
    assert ids(app.run()) == [1, 3, 4, 7, 8, 9]
    link = component(app, "player")["link"]
    assert ids(visit_inspection(**link)) == [1, 3, 4, 7, 8, 9]
    app = ask(app, "table", kind="open", id=4)
    assert ids(app) == [1, 4, 7, 8, 9]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_categories_can_be_created_used_renamed_and_removed(
    visit_inspection: Visit, root: Path, places: Path, lang: str
) -> None:
    name = made(root)
    labels = labels_of(name)
    app = visit_inspection(lang=lang, inspection=name, row="1", person="Ann")

    def press(key: str, **values: object) -> None:
        label = say(f"labels.{key}", lang, **values)
        next(button for button in app.button if button.label == label).click().run()
        assert not app.exception

    for word in ("语序", "name"):
        app.text_input(key="label-new").input(word)
        press("add")
    assert labels.categories() == {1: "语序", 2: "name"} and app.text_input(key="label-new").value == ""
    pills = next(group for group in app.button_group if group.label == say("labels.categories", lang))
    pills.set_value([1, 2]).run()
    assert told(app, 1) == [("Ann", "", ["语序", "name"], "")]
    app.selectbox(key="label-which").set_value(2).run()
    app.text_input(key="label-name-2").input("语序")
    press("rename")
    assert [box.value for box in app.error] == [say("error.label_category_taken", lang, name="语序")]
    app.text_input(key="label-name-2").input("人名")
    press("rename")
    assert told(app, 1) == [("Ann", "", ["语序", "人名"], "")] and not app.error
    choice(app, f"label-filter-category-{lang}").set_value(2).run()
    assert ids(app) == [1]
    app.selectbox(key="label-which").set_value(2).run()
    press("remove", count=1)
    assert labels.categories() == {1: "语序"} and len(ids(app)) == 9  # a condition that is gone asks for nothing
    assert told(app, 1) == [("Ann", "", ["语序"], "")]


def test_an_invalid_label_filter_in_a_link_is_ignored(visit_inspection: Visit, root: Path, places: Path) -> None:
    app = visit_inspection(lang="en", inspection=made(root), labelled="[]")
    assert not app.exception and len(ids(app)) == 9
    assert [box.value for box in app.warning] == refused(app, "en", "labelled", "[]") != []


def test_without_the_database_the_page_works_except_for_labels(
    visit_inspection: Visit, root: Path, places: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = made(root)
    monkeypatch.setenv("LOOKBACK_DATABASE", f"sqlite:///{places}/none/lookback.sqlite")
    (places / "none").write_text("a file where a folder should be")
    app = visit_inspection(lang="en", inspection=name, row="2")
    assert not app.exception and len(ids(app)) == 9 and app.error
