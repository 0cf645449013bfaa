"""The page Attention doctor, in both languages: a model on its examples or on files, a trace, a matrix, bad files."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from s2s.checkpoint.open import load
from s2s.decode.decode import trace
from s2s.doctor import Cure, Diagnosis, Finding
from s2s.errors import LANGUAGES, say
from s2s.web.doctor.result import Shown
from s2s.web.shell.foreign import plain
from tests.commands.test_evidence import PAIRS
from tests.doctor.test_report import CHECKPOINT, packed
from tests.paths import ROOT
from tests.titles import title_of
from tests.wait import endless, until
from tests.web.conftest import messages
from tests.web.exposure.test_sentence import texts
from tests.web.test_hostile import EVIL, elements, tags
from tests.web.test_hostile import texts as texts_of

Visit = Callable[..., AppTest]
OVER_TIME = np.array([[0.9, 0.2, 0.6, 0.1], [0.1, 0.8, 0.4, 0.9]])  # columns sum to 1


def examined(app: AppTest) -> AppTest:
    app.button(key="doctor_measure").click().run()
    until(lambda: not app.session_state["doctor_task"].job.poll())
    return app.run()


def chosen(app: AppTest, lang: str, what: str) -> AppTest:
    return app.radio(key=f"doctor_what-{lang}").set_value(what).run()


def given(app: AppTest, key: str, name: str, content: bytes) -> AppTest:
    app.file_uploader(key=key).set_value((name, content, "application/octet-stream"))
    return app.run()


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_model_is_examined_on_its_examples(visit_page: Visit, root: Path, lang: str) -> None:
    app = examined(visit_page("doctor", lang=lang, model="tiny-general"))
    assert not app.exception
    found: Diagnosis = app.session_state["doctor_found"].diagnosis
    first = say(f"doctor.name.{found.findings[0].name}", lang)
    assert not found.healthy and say("doctor.page.first", lang, name=plain(first)) in messages(app)[0]
    assert plain(title_of(root / "tiny-general", lang)) in texts(app)
    assert say("doctor.precedence", lang) in texts(app).replace("\\", "")
    other = "en" if lang == "zh" else "zh"
    app.radio(key="language").set_value(other).run()
    assert not app.exception and plain(say(f"doctor.name.{found.findings[0].name}", other)) in messages(app)[0]
    app.switch_page("pages/step_through.py").run()
    app.switch_page("pages/doctor.py").run()
    assert not app.exception and app.session_state["doctor_found"].diagnosis is found and messages(app)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_pairs_of_files_are_examined_with_training_pairs(visit_page: Visit, lang: str) -> None:
    app = chosen(visit_page("doctor", lang=lang, model="tiny-general"), lang, "pairs")
    assert app.button(key="doctor_measure").disabled
    app = given(app, "doctor_pairs", "pairs.tsv", PAIRS.encode())
    app = given(app, "doctor_train", "train.tsv", b"one\n")
    assert len(messages(app)) == 1 and app.button(key="doctor_measure").disabled
    app = examined(given(app, "doctor_train", "train.tsv", PAIRS.encode()))
    assert not app.exception
    found: Diagnosis = app.session_state["doctor_found"].diagnosis
    assert found.about["sentences"] == 2 and "loss_on_training" in found.measures
    assert any("pairs.tsv" in text for text in texts(app).split("\n"))


GOLD = "我 喜欢 茶\tI like tea\t0-0 1-1 2-2\n我\t\u200b\t0-0\n"


@pytest.mark.parametrize("lang", LANGUAGES)
def test_links_of_people_alone_are_examined(visit_page: Visit, lang: str) -> None:
    app = chosen(visit_page("doctor", lang=lang, model="tiny-general"), lang, "pairs")
    for content, error in (
        ("0-0\n", say("error.alignment_row", lang, file="links.tsv", row=1, columns=1)),
        (
            "我 喝茶\tI drink\t0-0\n我喝茶\tI drink tea\t2-2\n",
            say("error.alignment_link", lang, file="links.tsv", row=2, link="2-2", sources=1, targets=3),
        ),
    ):
        app = given(app, "doctor_links", "links.tsv", content.encode())
        assert messages(app) == [plain(error)] and app.button(key="doctor_measure").disabled
    app = examined(given(app, "doctor_links", "links.tsv", GOLD.encode()))
    assert not app.exception
    found: Diagnosis = app.session_state["doctor_found"].diagnosis
    assert found.about["linked"] == 1 and found.about["rows_left_out"] == [2]
    for said in (say("doctor.linked", lang, count=1), say("doctor.rows_left_out", lang, count=1, rows="2")):
        assert said in texts(app).replace("\\", "")
    shifts, evidence = (table.value for table in app.table if say("doctor.error_rate", lang) in table.value.columns)
    assert list(shifts[say("doctor.row", lang)]) == [
        say(f"doctor.row.{name}", lang) for name in ("aer+0", "aer-1", "aer+1", "aer_diagonal")
    ]
    assert len(evidence) == 4 and any("★" in rate for rate in evidence[say("doctor.error_rate", lang)])
    assert app.get("plotly_chart")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_links_that_no_word_of_the_model_fits_get_one_sentence(visit_page: Visit, lang: str) -> None:
    app = chosen(visit_page("doctor", lang=lang, model="tiny-general"), lang, "pairs")
    app = given(app, "doctor_links", "links.tsv", "我\t\u200b\t0-0\n".encode())
    app = examined(given(app, "doctor_pairs", "pairs.tsv", PAIRS.encode()))
    assert messages(app) == [say("error.alignment_no_pairs", lang, row=1)] and not app.exception


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_run_is_measured_against_links(visit_page: Visit, lang: str) -> None:
    made = trace(load(ROOT / "checkpoints" / "date"), "2025-3-9", reference="2025-03-09", mode="forced")
    app = chosen(visit_page("doctor", lang=lang), lang, "file")
    app = given(app, "doctor_run_links", "links.tsv", b"2025- 3- 9\t2025- 03- 09\t0-0 1-1 2-2\n")
    app = given(app, "doctor_file", "run.json", made.to_json().encode())
    assert not app.exception and say("doctor.links", lang) in [box.label for box in app.expander]
    app = given(app, "doctor_run_links", "links.tsv", GOLD.encode())
    (message,) = messages(app)
    assert not app.exception and not app.get("plotly_chart") and "2 0 2 5 - 3 - 9" in message.replace("\\", "")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_matrix_is_named_at_once_and_drawn(visit_page: Visit, lang: str) -> None:
    app = chosen(visit_page("doctor", lang=lang), lang, "file")
    app = given(app, "doctor_file", "m.npz", packed(weights=OVER_TIME))
    assert not app.exception
    assert say("doctor.name.wrong_axis", lang) in messages(app)[0]
    assert len(app.get("plotly_chart")) == 1
    (table, *_) = app.table
    assert list(table.value[say("doctor.limit", lang)]) == [
        say("doctor.above", lang, limit="0.02"),
        say(
            "doctor.with",
            lang,
            limit=say("doctor.above", lang, limit="0.9"),
            others=say("doctor.measure.rows_off", lang),
        ),
        say("doctor.below", lang, limit="−1e−06"),
    ]
    app.radio(key="language").set_value("en" if lang == "zh" else "zh").run()
    assert not app.exception and len(app.get("plotly_chart")) == 1


def test_rows_that_are_one_off_are_drawn_as_they_are_and_moved(visit_page: Visit) -> None:
    rows = np.full((6, 6), 0.02) + np.eye(6)[[0, 0, 1, 2, 3, 4]] * 0.88
    app = chosen(visit_page("doctor", lang="en"), "en", "file")
    content = packed(weights=rows, gold=np.array([[n, n] for n in range(6)]))
    app = given(app, "doctor_file", "m.npz", content)
    assert not app.exception and say("doctor.name.shift", "en") in messages(app)[0]
    assert say("doctor.ran.aer", "en") in texts(app)
    before, after = (json.loads(chart.proto.spec)["data"][0]["z"] for chart in app.get("plotly_chart"))
    assert before != after


@pytest.mark.parametrize("lang", LANGUAGES)
def test_numbers_that_no_colour_shows_are_marked_and_told(visit_page: Visit, lang: str) -> None:
    """A cross for each that is none, a sentence for those beyond 0 and 1, and a table of all, once it is open."""
    rows = np.array([[0.5, 0.5, 0.0], [np.nan, np.inf, 0.2], [-0.5, 1.5, 0.0]])
    app = chosen(visit_page("doctor", lang=lang), lang, "file")
    app = given(app, "doctor_file", "m.npz", packed(weights=rows, source=np.array(["a", "a", "<b>"])))
    told = [caption.value for caption in app.caption]
    assert not app.exception and say("doctor.page.not_finite", lang) in told
    assert say("doctor.page.beyond", lang, least="−0.5", most="1.5") in told
    heatmap, crosses = json.loads(app.get("plotly_chart")[0].proto.spec)["data"]
    assert heatmap["zmin"] == 0 and heatmap["zmax"] == 1
    found = list(zip(crosses["x"], crosses["y"], crosses["text"], strict=True))
    assert found == [(0, 1, "nan"), (1, 1, "inf")] and crosses["mode"] == "markers"
    assert not app.dataframe
    app.session_state["doctor_numbers"] = True
    app.run()
    (table, *_) = app.dataframe
    assert list(table.value.columns) == [say("figure.output", lang), "1 a", "2 a", "3 <b>"]
    assert table.value["3 <b>"].tolist() == [0.0, 0.2, 0.0] and table.value.iloc[:, 0].tolist() == ["1", "2", "3"]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_trace_is_examined(visit_page: Visit, lang: str) -> None:
    made = trace(load(ROOT / "checkpoints" / "date"), "2025年3月9日")
    app = chosen(visit_page("doctor", lang=lang), lang, "file")
    app = given(app, "doctor_file", "run.json", made.to_json().encode())
    assert not app.exception and say("doctor.alone", lang) in [box.value for box in app.info]
    assert say("doctor.about.trace", lang, name="date", steps=len(made.steps), source=made.looks) in texts(app)


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize(
    ("name", "content"),
    [("m.npz", b"PK\x03\x04 no more"), ("m.npz", packed(weights=np.zeros((1100, 1000)))), ("run.json", b"{")],
)
def test_a_bad_file_gets_one_sentence(visit_page: Visit, lang: str, name: str, content: bytes) -> None:
    app = chosen(visit_page("doctor", lang=lang), lang, "file")
    app = given(app, "doctor_file", "good.npz", packed(weights=np.eye(4)))
    assert say("doctor.alone", lang) in [box.value for box in app.info]
    app = given(app, "doctor_file", name, content)
    (message,) = messages(app)
    assert not app.exception and name in message and not app.success and not app.get("plotly_chart")


def test_what_a_file_is_called_and_says_stays_text(visit_page: Visit) -> None:
    app = chosen(visit_page("doctor", lang="en"), "en", "file")
    words = np.array([EVIL, "$x$", "<pad>", "\u202eb"])
    app = given(app, "doctor_file", f"{EVIL[:40]}.npz".replace("/", ""), packed(weights=OVER_TIME, source=words))
    assert not app.exception and messages(app)
    for element in elements(app._tree):
        if type(element).__name__ == "Html":
            assert all(tags(text) == [] for _, text in texts_of(element))
    assert "](https://evil" not in texts(app)


def test_a_trial_training_is_no_cure_on_the_page(visit_page: Visit) -> None:
    cure = Cure("train_longer", True, {"log_prob": -2.0}, {"log_prob": -1.0})
    findings = [Finding("half_trained", 0.7, {"gain": 1.0, "loss": 2.0}, cure=cure), Finding("eos_sink", 0.3)]
    app = visit_page("doctor", lang="en")
    app.session_state["doctor_found"] = Shown(Diagnosis.of(findings, {"loss": 2.0}, CHECKPOINT))
    app.run()
    assert not app.exception and say("doctor.trial", "en") in texts(app)
    assert [e.label for e in app.expander if "(1)" in e.label]


def test_stop_ends_the_examination_and_says_so(visit_page: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("s2s.doctor.examine_checkpoint", lambda _, __, report, *___, **____: endless(report, 0.25))
    app = visit_page("doctor", lang="en", model="tiny-general")
    app.button(key="doctor_measure").click().run()
    app.run()
    app.button(key="doctor_stop").click().run()
    app.session_state["doctor_task"].job._thread.join(10)
    app.run()
    assert not app.exception and say("exposure.stopped", "en", file="`tiny-general`") in messages(app)


def test_a_diagnosis_is_said_without_torch() -> None:
    """A page says what a matrix has before any model has been loaded; the command does it within a second."""
    code = "import sys, s2s.doctor.read, s2s.doctor.treated, s2s.doctor.report.words; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
