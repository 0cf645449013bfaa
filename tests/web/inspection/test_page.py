"""The page Inspection on tiny checkpoints, in both languages: killed and resumed jobs, filters, rows."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Selectbox

from s2s.checkpoint.open import load
from s2s.errors import UserError, say
from s2s.inspect import run as engine
from s2s.inspect.causes import TAGS
from s2s.inspect.query import Query, Search
from s2s.inspect.table import Examples
from s2s.server import folders, inspections
from s2s.server.inspections import InspectionRequest
from s2s.server.job import Job
from s2s.train.distributed import Group
from tests.setting import Setting
from tests.wait import until
from tests.web.conftest import PAIRS, messages
from tests.web.fragments import alone, as_in_a_browser, click

Visit = Callable[..., AppTest]


def made(root: Path, model: str = "tiny-general", **asked: Any) -> str:
    """An inspection as the page's job makes it."""
    name = inspections.submit_request(InspectionRequest(model, "set/test.tsv", "set/test.tsv", **asked))
    ended(inspections.start_inspection(name, load(root / model)).job)
    inspections.forget_job(name)
    return name


def ended(job: Job[None]) -> Job[None]:
    until(lambda: not job.poll())
    assert job.user_error() is None
    return job


def component(app: AppTest, name: str) -> dict[str, Any]:
    found = [json.loads(one.proto.json) for one in app.get("bidi_component") if f"lookback_{name}" in str(one.proto)]
    data: dict[str, Any] = found[0]
    return data


def ask(app: AppTest, part: str, **request: Any) -> AppTest:
    """What the component's browser part would send."""
    seq = component(app, part)["heard"] + 1
    app.session_state[f"inspect_{part}"] = {"request": {"seq": seq, **request}}
    return app.run()


def ids(app: AppTest) -> list[int]:
    return [row["id"] for row in component(app, "table")["rows"]]


def choice(app: AppTest, name: str) -> Selectbox:
    """A choice that other controls change, too: each such change gives its key another number."""
    (found,) = [box for box in app.selectbox if box.key and re.fullmatch(rf"{re.escape(name)}(-[0-9]+)?", box.key)]
    return found


def said(app: AppTest) -> str:
    return "\n".join(box.value for kind in (app.markdown, app.caption) for box in kind)


@pytest.fixture(params=["zh", "en"])
def lang(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_filters_order_and_rows(visit_inspection: Visit, root: Path, places: Path, lang: str) -> None:
    name = made(root)
    examples = Examples(folders.INSPECTED / name)
    app = visit_inspection(lang=lang, inspection=name)
    assert not app.exception and messages(app) == []
    assert ids(app) == list(range(1, 10))
    cause = next(one["name"] for one in component(app, "charts")["causes"] if one["all"])
    app = ask(app, "charts", kind="cause", name=cause)
    app = ask(app, "table", kind="sort", name="nll")
    app = ask(app, "table", kind="sort", name="nll")
    query = Query(sort="nll", descending=True, causes=(cause,))
    fit = [row["id"] for row in examples.page(query).rows]
    assert ids(app) == fit
    app.text_input(key="inspect_search").set_value("tea").run()
    query = replace(query, searches=(Search("tea"),))
    fit = [row["id"] for row in examples.page(query).rows]
    assert ids(app) == fit and 0 < len(fit) < 9
    app = ask(app, "table", kind="open", id=fit[0])
    row = examples.example(fit[0])
    for one in (one for one, column in TAGS.items() if row[column]):
        assert f"**{say(f'cause.{one}', lang)}** — " in said(app)
    lanes = component(app, "player")["lanes"]
    assert lanes["free"]["source"]["tokens"] == row["source_tokens"]
    shown = [
        step["output"]["token"] if isinstance(step["output"], dict) else step["output"]
        for step in lanes["free"]["steps"]
    ]
    assert [word for word in shown if word != "<eos>"] == row["output_tokens"]
    if len(fit) > 1:
        app.button(key="row-following").click().run()
        assert app.session_state["row"] == fit[1]
    assert not app.exception
    link = component(app, "player")["link"]
    again = visit_inspection(**link)
    assert ids(again) == fit and again.session_state["row"] == app.session_state["row"]
    app.button(key=f"chip-causes:{cause}").click().run()
    app.button(key="chip-searches:0").click().run()
    assert len(ids(app)) == 9


def test_invalid_requests_change_nothing(visit_inspection: Visit, root: Path, places: Path) -> None:
    app = visit_inspection(lang="en", inspection=made(root))
    for request in (
        {"kind": "sort", "name": "source"},
        {"kind": "cause", "name": "__class__"},
        {"kind": "range", "name": "chrf", "low": "x", "high": float("nan")},
        {"kind": "range", "name": ["chrf"], "low": 1},
        {"kind": "words", "wanted": 7},
        {"kind": "open", "id": "1"},
        {"kind": "turn", "start": 10**300},
        {"kind": "nothing"},
    ):
        app = ask(app, "charts" if request["kind"] != "turn" else "table", **request)
        assert not app.exception
    assert app.session_state["query"] == ""


def test_two_checkpoints_are_compared_row_by_row(visit_inspection: Visit, root: Path, places: Path, lang: str) -> None:
    first, second = made(root), made(root, "tiny-additive")
    app = visit_inspection(lang=lang, inspection=first, against=second, row="3")
    assert not app.exception and messages(app) == []
    data = component(app, "table")
    assert {"difference", "other_output"} <= {column["name"] for column in data["columns"]}
    other = Examples(folders.INSPECTED / second).example(3)["output"]
    assert other in next(row for row in data["rows"] if row["id"] == 3)["cells"]
    assert component(app, "charts")["charts"][0]["name"] == "difference"
    links = [one.proto.url for one in app.get("link_button")]
    assert any(url.startswith("./compare?") and "compare=tiny-additive" in url for url in links)
    app = ask(app, "table", kind="sort", name="difference")
    assert not app.exception


def test_a_job_is_started_by_the_page_and_its_upload_is_kept_private(
    visit_inspection: Visit, places: Path, lang: str
) -> None:
    app = visit_inspection(lang=lang)
    app.file_uploader(key="inspect_file").set_value(("mine.tsv", PAIRS.encode(), "text/plain"))
    app.run()
    app.button(key="inspect_start").click().run()
    assert not app.exception
    name = app.session_state["inspection"]
    assert re.fullmatch(r"u-[\w-]{22}", name)
    running = inspections.find_running(name)
    assert running is None or ended(running.job)
    assert len(ids(app.run())) == 9
    other = visit_inspection(lang=lang)
    assert name not in [option for box in other.selectbox for option in box.options]
    assert "mine.tsv" not in str([box.options for box in other.selectbox])
    assert len(ids(visit_inspection(lang=lang, inspection=name))) == 9  # its link opens it


def test_an_unusable_file_leaves_no_inspection_to_continue(visit_inspection: Visit, places: Path, lang: str) -> None:
    app = visit_inspection(lang=lang)
    app.file_uploader(key="inspect_file").set_value(("broken.csv", b"\x89PNG\xff\xfe", "text/csv"))
    app.run()
    app.button(key="inspect_start").click().run()
    name = app.session_state["inspection"]
    running = inspections.find_running(name) if name else None
    until(lambda: running is None or not running.job.poll())
    if running is not None:
        app.run()
    assert not app.exception and messages(app) == [say("error.encoding_other_page", lang, file="broken.csv")]
    assert not list((folders.INSPECTED / ".asked").iterdir()) and not [b for b in app.button if "go-" in str(b.key)]


def test_a_query_without_rows_gets_a_message(visit_inspection: Visit, root: Path, places: Path, lang: str) -> None:
    app = visit_inspection(lang=lang, inspection=made(root), query='{"text":"nothing"}')
    assert ids(app) == [] and component(app, "table")["strings"]["none"] == say("inspect_table.none", lang)
    assert say("inspect.row_none", lang) not in said(app) and not app.exception


@pytest.mark.parametrize("typed", ["../secret.tsv", "/etc/passwd", "set", "set/../../secret.tsv", "nowhere.tsv"])
def test_a_hostile_path_gets_a_message(visit_inspection: Visit, places: Path, typed: str) -> None:
    app = visit_inspection(lang="en")
    app.radio(key="from-en").set_value("path").run()
    app.text_input(key="inspect_path").set_value(typed).run()
    app.button(key="inspect_start").click().run()
    assert not app.exception
    assert messages(app) == [say("error.path_outside", "en", path=typed)]
    assert not any(folders.INSPECTED.glob("*/manifest.json")) and app.text_input(key="inspect_path").value == typed


@pytest.mark.parametrize("typed", ["", "  "])
def test_an_empty_path_is_told_from_a_missing_file(
    visit_inspection: Visit, places: Path, lang: str, typed: str
) -> None:
    app = visit_inspection(lang=lang)
    app.radio(key=f"from-{lang}").set_value("path").run()
    app.text_input(key="inspect_path").set_value(typed).run()
    app.button(key="inspect_start").click().run()
    assert not app.exception and messages(app) == [say("error.path_empty", lang)]


def test_a_bad_row_is_named_without_a_path_of_the_server(root: Path, places: Path) -> None:
    kept = inspections.store_upload("../../bad name.tsv", b"one column\n")
    name = inspections.submit_request(InspectionRequest("tiny-general", "bad name.tsv", kept, upload=True))
    job = inspections.start_inspection(name, load(root / "tiny-general")).job
    until(lambda: not job.poll())
    mistake = job.user_error()
    assert mistake is not None and "bad name.tsv" in str(mistake) and str(places) not in str(mistake)


def test_a_stopped_inspection_is_continued_by_another_process(
    visit_inspection: Visit, root: Path, places: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = made(root, "tiny-additive")
    name = inspections.submit_request(InspectionRequest("tiny-general", "set/test.tsv", "set/test.tsv"))
    write = engine.Inspection._part

    def slow(self: engine.Inspection, number: int, *rest: Any) -> None:
        if number == 2:
            inspections.find_running(name).job.stop()  # type: ignore[union-attr]
        write(self, number, *rest)

    monkeypatch.setattr(engine.Inspection, "_part", slow)
    job = inspections.start_inspection(name, load(root / "tiny-general")).job
    until(lambda: not job.poll())
    assert job.stopped
    parts = sorted(path.name for path in (folders.INSPECTED / name / "parts").iterdir())
    assert parts == ["000000.parquet", "000001.parquet"]
    before = {path: path.stat().st_mtime_ns for path in (folders.INSPECTED / name / "parts").iterdir()}
    monkeypatch.setattr(inspections, "_RUNNING", {})  # another process knows nothing of the job
    made_again: list[int] = []

    def counted(self: engine.Inspection, number: int, *rest: Any) -> None:
        assert all(path.stat().st_mtime_ns == stamp for path, stamp in before.items())
        made_again.append(number)
        write(self, number, *rest)

    monkeypatch.setattr(engine.Inspection, "_part", counted)
    app = visit_inspection(lang="zh", inspection=whole)
    app.button(key=f"go-{name}").click().run()
    running = inspections.find_running(name)
    assert running is None or ended(running.job)
    assert made_again == [2, 3, 4]
    monkeypatch.setattr(engine.Inspection, "_part", write)
    table = Examples(folders.INSPECTED / name)
    assert table.columns("id")["id"].to_pylist() == list(range(1, 10))
    fresh = engine.Inspection(
        places / "fresh", load(root / "tiny-general"), engine.Input(folders.DATA / "set/test.tsv")
    )
    fresh.run(Group(0, 1, torch.device("cpu")), lambda pairs: None)
    assert (
        table.columns("id", "output", "nll").to_pylist()
        == Examples(places / "fresh").columns("id", "output", "nll").to_pylist()
    )


def test_what_is_not_finished_is_listed_with_how_far_it_got(
    visit_inspection: Visit, root: Path, lang: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = engine.Inspection._part

    def broken(self: engine.Inspection, number: int, *rest: Any) -> None:
        if number == 2:
            raise InterruptedError
        write(self, number, *rest)

    monkeypatch.setattr(engine.Inspection, "_part", broken)
    for name in ("asked", "commanded"):
        if name == "asked":
            name = inspections.submit_request(InspectionRequest("tiny-general", "set/test.tsv", "set/test.tsv"))
        source = engine.Input(folders.DATA / "set/test.tsv")
        with pytest.raises(InterruptedError):
            begun = engine.Inspection(folders.INSPECTED / name, load(root / "tiny-general"), source)
            begun.run(Group(0, 1, torch.device("cpu")), lambda pairs: None)
        share = 100 * inspections.find_entry(name).share  # type: ignore[union-attr]
        assert 0 < share < 100
        key = "inspect.of_command" if name == "commanded" else "inspect.unfinished"
        told = say(key, lang, name="§", share=share).split("§")[1]
        app = visit_inspection(lang=lang)
        assert len([box for box in app.markdown if box.value.endswith(told)]) == 1
        assert f"delete-sure-{name}" in [button.key for button in app.button]
        assert (f"go-{name}" in [button.key for button in app.button]) == (name != "commanded")


def test_the_progress_fragment_follows_other_visitors(visit_inspection: Visit, root: Path, lang: str) -> None:
    name = inspections.submit_request(InspectionRequest("tiny-general", "set/test.tsv", "set/test.tsv"))
    app = visit_inspection(lang=lang)
    with as_in_a_browser(app) as homes:
        fragment = homes[app.button(key=f"go-{name}").id]
        gone = (root / "tiny-general").rename(root.parent / f"{root.name}-gone")
        click(app, f"go-{name}", homes)
        for _ in range(2):  # it is still said after the next look
            assert not app.exception and messages(app) == [say("error.inspect_gone", lang)]
            alone(app, fragment)
        gone.rename(root / "tiny-general")
        ended(
            inspections.start_inspection(name, load(root / "tiny-general")).job
        )  # by another visitor, whose page forgets the job
        inspections.forget_job(name)
        alone(app, fragment)
    assert not app.exception and f"go-{name}" not in [button.key for button in app.button]
    assert component(app, "table")["rows"]


@pytest.mark.parametrize("name", ["../x", ".asked", "a/b", "", "x" * 200, "missing", "..", "u-guess"])
def test_a_name_in_a_link_cannot_leave_the_folder(visit_inspection: Visit, places: Path, name: str) -> None:
    (places / "x").mkdir(exist_ok=True)
    assert inspections.find_entry(name) is None
    app = visit_inspection(lang="en", inspection=name)
    assert not app.exception


def test_uploads_have_bounds(places: Path, setting: Setting) -> None:
    setting(test_file_mb=1)
    with pytest.raises(UserError, match="room"):
        inspections.store_upload("a.tsv", bytes(1_000_001))
    assert not list((folders.INSPECTED / ".uploads").iterdir())


def test_the_same_upload_is_stored_once(places: Path) -> None:
    first, again = inspections.store_upload("a.csv", b"x,y\n"), inspections.store_upload("b.CSV", b"x,y\n")
    assert (
        first == again
        and first.endswith(".csv")
        and ".." not in inspections.store_upload("../../x.tsv/../y", b"a\tb\n")
    )


@pytest.fixture(autouse=True)
def no_job_left() -> Iterator[None]:
    yield
    for running in inspections._RUNNING.values():
        running.job.stop()
