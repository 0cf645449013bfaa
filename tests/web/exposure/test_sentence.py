"""The page Exposure bias, in both languages."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from s2s.checkpoint.open import load
from s2s.decode.decode import trace
from s2s.errors import say, sentences
from s2s.explain import of_trace, origins
from s2s.exposure import all_measures, remedies
from s2s.exposure.sentence import sentence_recovery
from s2s.figures.numbers import share
from s2s.inspect.source_share import METHODS_AUC, RIGHT, WRONG
from tests.exposure.test_remedies import FIXTURE
from tests.paths import SHIPPED
from tests.titles import contrasts_of, title_of
from tests.wait import endless, until
from tests.web.conftest import messages, player_data

Visit = Callable[..., AppTest]
TEXT, REFERENCE = "我不喜欢苹果。", "I don't like apples."
PAIRS = "我喜欢苹果。\tI like apples.\n你喝茶。\tyou drink tea.\n他不喝水。\the don't drink water.\n".encode()


def texts(app: AppTest) -> str:
    return "\n".join(box.value for kind in (app.markdown, app.caption) for box in kind)


def html(app: AppTest) -> str:
    return "\n".join(box.proto.body for box in app.get("html"))


def curve(app: AppTest, key: str) -> list[dict[str, object]]:
    """The lines of a plotly chart that have names."""
    specs = [json.loads(chart.proto.spec) for chart in app.get("plotly_chart") if key in chart.proto.id]
    return [line for line in specs[0]["data"] if "name" in line]


def upload(app: AppTest, name: str, content: bytes) -> AppTest:
    app.file_uploader(key="test_file").set_value((name, content, "text/plain"))
    return app.run()


def measured(app: AppTest) -> AppTest:
    """Press Measure and wait until it is done."""
    if "reports" in app.session_state:
        del app.session_state["reports"]
    app.button(key="measure").click().run()
    until(lambda: "reports" in app.session_state or not app.session_state["task"].job.poll())
    return app.run()


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_sentence_shows_lanes_divergence_and_recovery(visit_exposure: Visit, root: Path, lang: str) -> None:
    app = visit_exposure(lang=lang, text=TEXT, ref=REFERENCE, model="tiny-general")
    assert not app.exception
    assert messages(app) == []
    checkpoint = load(root / "tiny-general")
    forced = trace(checkpoint, TEXT, REFERENCE, "forced")
    assert set(player_data(app)["lanes"]) == {"forced", "free"}
    at = forced.divergence
    assert at is not None
    step = forced.steps[at]
    assert step.target is not None
    words = {"gold": f"`{step.target.token}`", "own": f"`{step.top[0].token}`"}
    assert say("exposure.at", lang, step=at + 1, **words) in texts(app)
    assert f"{step.top[0].log_prob - step.target.log_prob:.3f} nat" in texts(app)
    assert html(app).count('class="lb-row"') == 3
    assert say("exposure.rest_own", lang) in html(app)
    recovery = sentence_recovery(checkpoint, TEXT, REFERENCE)
    assert [line["y"] for line in curve(app, "sentence-curve")] == [recovery.accuracy.tolist(), recovery.f1.tolist()]
    assert say("exposure.means.f1", lang) in texts(app)
    assert len(app.latex) == 3


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_sources_share_of_both_lanes_is_drawn_when_it_is_asked_for(
    visit_exposure: Visit, root: Path, lang: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = visit_exposure(lang=lang, text=TEXT, ref=REFERENCE, model="tiny-general")
    assert say("exposure.source_share", lang) in [box.label for box in app.expander]
    told = say("exposure.source_share_help", lang, gap="§").partition("§")[0]
    assert told not in texts(app)  # nothing is worked out before it is opened
    app.session_state["source_share-tiny-general"] = True
    app.run()
    assert not app.exception and told in texts(app)
    checkpoint = load(root / "tiny-general")
    expected = []
    for mode in ("forced", "free"):
        run = trace(checkpoint, TEXT, REFERENCE, mode)
        found = origins(checkpoint.model, of_trace(checkpoint, run), range(len(run.steps)))
        expected.append([step.shares["integrated"] for step in found])
    drawn = [line["y"] for line in curve(app, "source-share")]
    for line, shares in zip(drawn, expected, strict=True):
        assert line == pytest.approx(shares, abs=1e-4) and line[0] == 1  # type: ignore[index]
    for mode, shares in zip(("forced", "free"), expected, strict=True):
        mean, steps = sum(shares[1:]) / len(shares[1:]), len(shares) - 1
        said = {"lane": say(f"curve.{mode}", lang), "share": share(mean), "steps": steps}
        assert say("exposure.source_share_mean", lang, **said) in texts(app)
    at = trace(checkpoint, TEXT, REFERENCE, "forced").divergence
    assert at is not None
    forced, free = (sum(shares[at + 1 :]) / len(shares[at + 1 :]) for shares in expected)
    key = "exposure.source_share_less" if free < forced else "exposure.source_share_more"
    assert say(key, lang, free=share(free), forced=share(forced)) in texts(app)
    auc, low, high = map(share, METHODS_AUC["integrated"])
    numbers = {"auc": auc, "low": low, "high": high, "wrong": WRONG, "right": RIGHT}
    assert say("exposure.source_share_reliability", lang, **numbers) in texts(app)
    monkeypatch.setattr("s2s.web.exposure.source_share.LONGEST", 1)
    assert say("exposure.source_share_long", lang, most=1) in [box.value for box in app.run().info]


def test_two_checkpoints_are_compared_and_stand_in_the_link(visit_exposure: Visit, root: Path) -> None:
    first, second = contrasts_of(root, ["tiny-general", "tiny-additive"], "en")
    app = visit_exposure(lang="en", text=TEXT, ref=REFERENCE, model="tiny-general", compare="tiny-additive")
    assert not app.exception
    names = [str(line["name"]).split(":")[0] for line in curve(app, "sentence-curve")]
    assert names == [first, first, second, second]
    link = player_data(app)["link"]
    assert (link["model"], link["compare"], link["ref"]) == ("tiny-general", "tiny-additive", REFERENCE)
    app.selectbox(key="model-en").set_value("tiny-additive").run()
    assert not app.exception
    assert app.selectbox(key="compare-en").value == ""


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_without_a_reference_the_free_lane_runs_with_a_hint(visit_exposure: Visit, lang: str) -> None:
    app = visit_exposure(lang=lang, text=TEXT, ref="")
    assert not app.exception
    assert messages(app) == [say("step.hint_reference", lang)]
    assert player_data(app)["lanes"]["forced"] is None
    assert not app.get("plotly_chart")


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize(("text", "key"), [("", "text_empty"), ("zzz", "text_unknown")])
def test_a_bad_text_gets_one_message_for_both_models(visit_exposure: Visit, lang: str, text: str, key: str) -> None:
    app = visit_exposure(lang=lang, text=TEXT, ref=REFERENCE, model="tiny-general")
    app.text_area(key="text").set_value(text)
    app.button(key="run").click().run()
    assert not app.exception
    told = (
        [say("step.stranger", lang, text=f"`{TEXT}`")] if text.strip() else []
    )  # the reference stays with another text
    assert sorted(messages(app)) == sorted([say(f"error.{key}", lang, checkpoint="tiny-general"), *told])
    assert app.text_area(key="ref").value == REFERENCE


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_reference_equal_to_the_output_has_no_divergence(visit_exposure: Visit, root: Path, lang: str) -> None:
    app = visit_exposure(lang=lang, text=TEXT, ref=trace(load(root / "tiny-additive"), TEXT).text)
    assert not app.exception
    assert [box.value for box in app.success] == [say("exposure.no_divergence", lang)]
    assert [set(line["y"]) for line in curve(app, "sentence-curve")] == [{1.0}, {1.0}]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_divergence_at_the_references_end_leaves_nothing_to_recover(
    visit_exposure: Visit, root: Path, lang: str
) -> None:
    cut_off = trace(load(root / "tiny-additive"), "我")
    assert cut_off.ended == "length"
    app = visit_exposure(lang=lang, text="我", ref=cut_off.text)
    assert not app.exception
    assert say("exposure.reference_over", lang) in texts(app)
    assert html(app).count(say("exposure.over", lang)) == 2


def test_typed_text_survives_a_change_of_page(visit_exposure: Visit) -> None:
    app = visit_exposure(lang="en", text=TEXT, ref=REFERENCE, strategy="sampling", temperature="2.5", seed="7")
    app.text_area(key="text").set_value("你喝茶。")
    app.button(key="run").click().run()
    app.switch_page("pages/step_through.py").run()
    assert not app.exception
    assert app.text_area(key="text").value == "你喝茶。"
    assert player_data(app)["link"]["temperature"] == "2.5"
    app.switch_page("pages/exposure.py").run()
    assert app.text_area(key="ref").value == REFERENCE
    assert player_data(app)["lanes"]["free"]["settings"]["strategy"] == "greedy"


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_an_uploaded_file_is_measured(visit_exposure: Visit, root: Path, lang: str) -> None:
    app = visit_exposure(lang=lang, text=TEXT, ref=REFERENCE, model="tiny-general", compare="tiny-additive")
    assert app.button(key="measure").disabled
    app = upload(app, "pairs.tsv", PAIRS)
    assert say("exposure.pairs", lang, count=3) in texts(app)
    app = measured(app)
    assert not app.exception
    file, reports = app.session_state["reports"]
    (first, _) = contrasts_of(root, ["tiny-general", "tiny-additive"], lang)
    assert (file, [r.checkpoint for r in reports]) == ("pairs.tsv", ["tiny-general", "tiny-additive"])
    assert say("exposure.of_file", lang, file="`pairs.tsv`", sentences=3, left_out=0) in texts(app)
    value = reports[0].positions.overall["accuracy_free"].value
    assert any(f"{value:.4g}" in str(cell) for cell in app.table[0].value[first])
    assert (len(app.table), len(app.get("plotly_chart"))) == (3, 6)
    assert len(app.get("download_button")) == 2
    assert json.loads(reports[0].to_json())["schema"] == all_measures.SCHEMA
    app.radio(key="language").set_value("en" if lang == "zh" else "zh").run()
    assert not app.exception
    assert len(app.table) == 3


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_dates_are_compared_with_their_oracle(visit_exposure: Visit, root: Path, lang: str) -> None:
    (root / "date").symlink_to(SHIPPED / "date")
    dates = "3 May 1998\t1998-05-03\n2026年11月22日\t2026-11-22\n".encode()
    app = measured(upload(visit_exposure(lang=lang, text="2026年1月2日", model="date"), "dates.tsv", dates))
    assert not app.exception
    _, (found,) = app.session_state["reports"]
    assert found.excess is not None
    assert say("exposure.means.excess", lang) in texts(app)
    assert [line["name"] for line in curve(app, "corpus-accumulated")] == [
        say("curve.forced", lang),
        say("curve.free", lang),
    ]
    assert curve(app, "corpus-excess")
    app = measured(upload(app, "pairs.tsv", PAIRS))  # no dates
    _, (found,) = app.session_state["reports"]
    assert found.excess is None and say("exposure.means.excess", lang) not in texts(app)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_bad_upload_gets_one_message_and_loses_nothing(visit_exposure: Visit, lang: str) -> None:
    app = visit_exposure(lang=lang, text=TEXT, ref=REFERENCE)
    app = upload(app, "bad.csv", b"zh,en\na,b\n")
    assert messages(app) == [say("error.column_missing_page", lang, file="bad.csv", column="source", known="zh, en")]
    assert app.button(key="measure").disabled
    assert app.text_area(key="text").value == TEXT
    app.text_input(key="source_column").set_value("zh")
    app.text_input(key="target_column").set_value("en").run()
    assert messages(app) == []
    app = measured(app)
    assert not app.exception
    assert "reports" in app.session_state


def test_a_file_without_a_usable_pair_gets_a_message(visit_exposure: Visit) -> None:
    app = measured(upload(visit_exposure(lang="en", text=TEXT, ref=REFERENCE), "a.tsv", "我\t!\n".encode() * 2))
    long = upload(visit_exposure(lang="en", text=TEXT, ref=REFERENCE), "long.tsv", ("我" * 500 + "\tI\n").encode())
    long = measured(long)
    assert not app.exception and not long.exception
    assert messages(long) == [say("error.exposure_no_pairs", "en", limit=400)]


def test_stop_ends_the_job_with_a_message(visit_exposure: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("s2s.exposure.measure", lambda *_, progress, **__: endless(progress, 0.25))
    app = upload(visit_exposure(lang="en", text=TEXT, ref=REFERENCE), "pairs.tsv", PAIRS)
    app.button(key="measure").click().run()
    job = app.session_state["task"].job
    until(lambda: not job.poll() or (not job.waiting and job.share))
    app.run()
    assert app.button(key="measure").disabled
    assert say("exposure.measuring", "en", file="`pairs.tsv`", share=25) in [
        bar.proto.text for bar in app.get("progress")
    ]
    app.button(key="stop").click().run()
    job._thread.join(10)
    app.run()
    assert not app.exception
    assert say("exposure.stopped", "en", file="`pairs.tsv`") in messages(app)
    assert "reports" not in app.session_state
    assert not app.button(key="measure").disabled


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_remedies_are_shown_if_the_task_has_a_file(
    visit_exposure: Visit, tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch, lang: str
) -> None:
    folder = tmp_path / "docs"
    folder.mkdir()
    monkeypatch.setattr(remedies, "FOLDER", folder)
    assert not visit_exposure(lang=lang, text=TEXT, ref=REFERENCE).dataframe
    train = json.loads((root / "tiny-additive" / "config.json").read_text())["data"]["train"]
    values = json.loads(FIXTURE.read_text(encoding="utf-8"))
    (folder / "tiny.json").write_text(json.dumps(values | {"train": train}))

    (folder / "other.json").write_text(json.dumps(values | {"train": "elsewhere.tsv", "task": "other"}))
    app = visit_exposure(lang=lang, text=TEXT, ref=REFERENCE)
    assert not app.exception
    pooled, table = app.dataframe
    assert list(pooled.value[say("exposure.seeds", lang)]) == [1, 1, 1]
    assert list(pooled.value[say("measure.bleu", lang)])[:2] == ["21.5 [20.1, 22.9]", "21.9 [20.5, 23.2]"]
    assert list(table.value[say("exposure.system", lang)]) == ["tiny-base", "tiny-more", "tiny-sampled"]
    assert list(table.value[say("measure.bleu", lang)]) == ["21.5 [20.1, 22.9]", "21.9 [20.5, 23.2]", "–"]
    (other,) = (box.value for box in app.markdown if "tiny-base" in box.value)  # another model than the chosen one
    assert title_of(root / "tiny-additive", lang) in other.replace("\\", "")
    (folder / "tiny.json").write_text(json.dumps(values | {"train": train}).replace("tiny-base", "tiny-additive"))
    app = visit_exposure(lang=lang, text=TEXT, ref=REFERENCE)
    assert sentences(lang)["exposure.remedies_other"][:12] not in " ".join(box.value for box in app.markdown)
    assert say("objective.scheduled_sampling", lang) in list(table.value[say("exposure.objective", lang)])


def test_a_servers_first_run_of_a_link_to_the_page_goes_through_the_router(visit: Visit) -> None:
    app = visit(lang="en", text=TEXT, ref=REFERENCE).switch_page("pages/exposure.py").run()
    assert not app.exception
    assert app.radio(key="language").value == "en"
