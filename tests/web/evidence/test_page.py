"""The page Is attention the reason? over a file, in both languages."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from streamlit.runtime.pages_manager import PagesManager
from streamlit.testing.v1 import AppTest

from s2s.errors import say
from s2s.explain.heatmaps import PRETTY, SHIPPED, TRUE, load_heatmaps
from s2s.figures.numbers import with_interval
from s2s.web.evidence.heatmaps import cell
from s2s.web.shell.foreign import plain
from tests.commands.test_evidence import LINKS, PAIRS
from tests.titles import title_of
from tests.wait import endless, until
from tests.web.conftest import messages
from tests.web.exposure.test_sentence import texts

Visit = Callable[..., AppTest]

SHIPPED_TABLES = 3  # of the comparison below the results


@pytest.fixture
def visit_evidence(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> Visit:
    begin = PagesManager.__init__

    def later(self: PagesManager, *args: Any, **options: Any) -> None:
        PagesManager.uses_pages_directory = False  # AppTest makes every run a server's first
        begin(self, *args, **options)

    monkeypatch.setattr(PagesManager, "__init__", later)
    return lambda **query: visit(**query).switch_page("pages/evidence.py").run()


def upload(app: AppTest, name: str, content: str) -> AppTest:
    app.file_uploader(key="evidence_file").set_value((name, content.encode(), "text/plain"))
    return app.run()


def measured(app: AppTest) -> AppTest:
    app.button(key="evidence_measure").click().run()
    until(lambda: not app.session_state["evidence_task"].job.poll())
    return app.run()


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_pairs_give_verdicts_and_measures_with_formulas(visit_evidence: Visit, root: Path, lang: str) -> None:
    app = visit_evidence(lang=lang, model="tiny-general")
    assert app.button(key="evidence_measure").disabled
    app = measured(upload(app, "pairs.tsv", PAIRS))
    assert not app.exception and messages(app) == []
    report = app.session_state["evidence_found"][2]
    model = plain(title_of(root / "tiny-general", lang))
    heading = say("evidence.of_file", lang, file="`pairs.tsv`", checkpoint=model, sentences=2)
    assert heading in texts(app)
    tables, shipped = app.table[:-SHIPPED_TABLES], app.table[-SHIPPED_TABLES:]
    assert len(tables) == 7 and len(app.latex) == 8
    column = say("evidence.value", lang)
    shown = "\n".join(str(cell) for table in tables for cell in table.value[column])
    assert f"{report.measures['comprehensiveness'].value:.4g}".replace("-", "−") in shown
    shares = dict(zip(tables[-1].value[say("exposure.measure_name", lang)], tables[-1].value[column], strict=True))
    assert shares == {
        say(f"evidence.prefix_{name}", lang): with_interval(share) for name, share in report.prefix.share.items()
    }
    (chart,) = app.get("plotly_chart")
    assert json.loads(chart.proto.spec)["data"][-1]["name"] == say("evidence.prefix_unknown", lang)
    assert column not in shipped[0].value
    app.radio(key="language").set_value("en" if lang == "zh" else "zh").run()
    assert not app.exception and len(app.table) == 7 + SHIPPED_TABLES
    app.switch_page("pages/step_through.py").run()
    app.switch_page("pages/evidence.py").run()
    assert not app.exception and len(app.table) == 7 + SHIPPED_TABLES


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_links_give_error_rates(visit_evidence: Visit, lang: str) -> None:
    app = visit_evidence(lang=lang, model="tiny-additive")
    app.radio(key=f"kind-{lang}").set_value("links").run()
    app = measured(upload(app, "links.tsv", LINKS))
    assert not app.exception and messages(app) == []
    table, rows = app.table[:-SHIPPED_TABLES]
    assert len(table.value["AER"]) == 10 and str(list(table.value["AER"])[-1]).startswith("0 [")
    made = app.session_state["evidence_found"][2]
    assert json.loads(made.to_json())["sentences"] == made.row_sentences == 2
    assert "fast_align" in texts(app)
    assert list(rows.value["AER"]) == [with_interval(score.error_rate) for score in made.rows.values()]
    assert say("evidence.rows_of", lang, count=2) in texts(app)


def test_the_rows_of_evidence_can_be_fewer_or_left_out(visit_evidence: Visit) -> None:
    app = visit_evidence(lang="en", model="tiny-additive")
    app.radio(key="kind-en").set_value("links").run()
    upload(app, "links.tsv", LINKS)
    for most in (1, 0):
        app.number_input(key="evidence_rows").set_value(most).run()
        measured(app)
        assert app.session_state["evidence_found"][2].row_sentences == most
        assert len(app.table) == (2 if most else 1) + SHIPPED_TABLES


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_shipped_models_are_compared_before_any_file_is_measured(visit_evidence: Visit, lang: str) -> None:
    app = visit_evidence(lang=lang)
    assert not app.exception and len(app.table) == SHIPPED_TABLES
    pretty, true, good = (table.value for table in app.table)
    found = load_heatmaps(SHIPPED)
    assert [len(pretty), len(true), len(good)] == [len(PRETTY), len(TRUE), 1]
    for system in found.systems:  # this server has none of them, so that they have no titles
        assert pretty[system.name][0] == cell("short_attention", system.measures["short_attention"])
        assert good[system.name][0] == cell("bleu", system.measures["bleu"])
        value = system.measures["short_attention"].value
        assert f"{100 * value:.1f} %" in texts(app)
    assert say("heatmaps.title", lang) in texts(app) and found.date in texts(app)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_wrong_file_gets_one_message(visit_evidence: Visit, lang: str) -> None:
    app = visit_evidence(lang=lang)
    app.radio(key=f"kind-{lang}").set_value("links").run()
    app = upload(app, "links.tsv", PAIRS)
    assert not app.exception
    assert messages(app) == [say("error.alignment_row", lang, file="links.tsv", row=1, columns=2)]
    assert app.button(key="evidence_measure").disabled
    app = measured(upload(app, "links.tsv", "我\t\u200b\t0-0\n"))
    assert messages(app) == [say("error.alignment_no_pairs", lang, row=1)]


def test_stop_ends_the_job_and_says_so(visit_evidence: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("s2s.explain.corpus.measure_evidence", lambda *_, progress, **__: endless(progress, 0.25))
    app = upload(visit_evidence(lang="en"), "pairs.tsv", PAIRS)
    app.button(key="evidence_measure").click().run()
    app.run()
    app.button(key="evidence_stop").click().run()
    app.session_state["evidence_task"].job._thread.join(10)
    app.run()
    assert not app.exception
    assert say("exposure.stopped", "en", file="`pairs.tsv`") in messages(app)
