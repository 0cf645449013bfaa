"""Filters and saved slices on the page Errors, in both languages, on tiny checkpoints."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from s2s.errors import LANGUAGES, say
from s2s.inspect import matching
from s2s.inspect.query import Query, Search
from s2s.inspect.slice import Slice
from s2s.inspect.table import Examples
from s2s.server import folders
from s2s.store.database import connect
from s2s.store.label import LabelFilter
from s2s.store.labels import Labels
from s2s.store.slices import Slices
from s2s.web.shell.foreign import plain
from tests.web.conftest import messages
from tests.web.inspection.test_page import choice, ids, made, said

Visit = Callable[..., AppTest]
TEA = Query(searches=(Search("tea"),))


def manifest(name: str) -> dict[str, object]:
    return Examples(folders.INSPECTED / name).manifest


@pytest.mark.parametrize("lang", LANGUAGES)
def test_an_expression_that_is_too_slow_is_told_and_left_out(
    visit_inspection: Visit, root: Path, places: Path, lang: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(matching, "PATIENCE", -1.0)
    query = Query(errors=True, searches=(Search("t.a", "regex"), Search("茶")))
    app = visit_inspection(lang=lang, inspection=made(root), query=query.pack())
    told = say("error.regex_slow", lang, expression="t.a", seconds=-1.0)
    assert not app.exception and messages(app) == [told]
    assert app.text_input(key="inspect_search").value == "t.a"
    assert Query.unpack(app.session_state["query"]) == Query(errors=True, searches=(Search("茶"),))
    monkeypatch.setattr(matching, "PATIENCE", 3.0)
    app.text_input(key="inspect_search").set_value("").run()
    assert messages(app) == [] and Query.unpack(app.session_state["query"]) == Query(errors=True)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_wrong_expression_in_a_link_is_told(visit_inspection: Visit, root: Path, places: Path, lang: str) -> None:
    app = visit_inspection(lang=lang, inspection=made(root), query='{"searches":[{"text":"(a","how":"regex"}]}')
    assert not app.exception and app.session_state["query"] == ""
    assert say("error.regex", lang, expression="(a", place="(a")[:-1] in "".join(messages(app))


@pytest.mark.parametrize("lang", LANGUAGES)
def test_searches_add_up_and_labels_are_negated(visit_inspection: Visit, root: Path, places: Path, lang: str) -> None:
    name = made(root)
    examples = Examples(folders.INSPECTED / name)
    labels = Labels(connect(), examples.manifest)
    labels.set_verdict(2, "Ann", "wrong")
    app = visit_inspection(lang=lang, inspection=name)
    app.text_input(key="inspect_search").set_value("tea").run()
    tea = ids(app)
    app.button(key="inspect_search_more").click().run()
    assert app.text_input(key="inspect_search").value == ""
    app.selectbox(key=f"inspect_search_field-{lang}").set_value("source").run()
    app.text_input(key="inspect_search").set_value("我").run()
    both = Query(searches=(Search("tea"), Search("我", field="source")))
    assert Query.unpack(app.session_state["query"]) == both
    assert ids(app) == [row["id"] for row in examples.page(both).rows]
    app.button(key="not-searches:1").click().run()
    assert ids(app) == [id for id in tea if "我" not in examples.example(id)["source"]]
    app.button(key="chip-all").click().run()
    choice(app, f"label-filter-verdict-{lang}").set_value("wrong").run()
    assert ids(app) == [2]
    app.button(key="not-labels").click().run()
    assert ids(app) == [1, *range(3, 10)] and not app.exception
    assert say("inspect.not", lang, what="§").split("§")[0] in app.button(key="chip-labels").label
    app.text_input(key="inspect_slice_name-").set_value("没看错的").run()
    app.button(key="slice-save").click().run()
    saved = {"没看错的": Slice(Query(), LabelFilter(verdict="wrong", negated=True)).pack()}
    assert Slices(connect(), examples.manifest).all() == saved and "没看错的" in said(app)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_slices_are_everybodys(visit_inspection: Visit, root: Path, places: Path, lang: str) -> None:
    name, other = made(root), made(root, "tiny-additive")
    slices = Slices(connect(), manifest(name))
    slices.add("tea :red[x]", Slice(TEA).pack())
    app = visit_inspection(lang=lang, inspection=other)  # another checkpoint's, of the same file
    choice(app, f"slice-open-{lang}").set_value("tea :red[x]").run()
    assert not app.exception and Query.unpack(app.session_state["query"]) == TEA
    assert r"tea \:red\[x\]" in said(app)
    app.button(key="chip-searches:0").click().run()
    app.text_input(key="inspect_search").set_value("茶").run()
    app.text_input(key="inspect_slice_name-").set_value("tea :red[x]").run()
    app.button(key="slice-save").click().run()
    assert messages(app) == [say("error.slice_taken", lang, name=plain("tea :red[x]"))]
    choice(app, f"slice-open-{lang}").set_value("tea :red[x]").run()
    slices.remove("tea :red[x]")  # by somebody else
    app.text_input(key="inspect_slice_name-tea :red[x]").set_value("tea").run()
    assert not app.exception and Query.unpack(app.session_state["query"]) == TEA


@pytest.mark.parametrize("lang", LANGUAGES)
def test_verdict_rank_and_unknown_words_filter(visit_inspection: Visit, root: Path, places: Path, lang: str) -> None:
    name = made(root)
    app = visit_inspection(lang=lang, inspection=name)
    choice(app, f"inspect-filter-rarest_rank-{lang}").set_value((None, 100)).run()
    assert not app.exception
    query = Query.unpack(app.session_state["query"])
    assert dict(query.ranges) == {"rarest_rank": (None, 100)}
    choice(app, f"inspect-filter-unknown-{lang}").set_value("output").run()
    assert Query.unpack(app.session_state["query"]).unknown == ("output",)
    choice(app, f"inspect-filter-verdict-{lang}").set_value("error").run()
    assert Query.unpack(app.session_state["query"]).verdict == "error" and not app.exception
    for key, value in (("rarest_rank", ""), ("unknown", ""), ("verdict", "")):
        choice(app, f"inspect-filter-{key}-{lang}").set_value(value).run()
    assert app.session_state["query"] == "" and len(ids(app)) == 9
