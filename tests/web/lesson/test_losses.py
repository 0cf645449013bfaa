"""The chapters on losses, prior knowledge, exposure bias and the homework, in both languages."""

from __future__ import annotations

import math
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from s2s.checkpoint.open import load
from s2s.decode.decode import trace
from s2s.errors import say, sentences
from s2s.lesson import homework
from s2s.lesson.formulas import FORMULAS
from s2s.lesson.loss import sentence_loss
from s2s.lesson.remedies import rewarded
from s2s.web.shell.foreign import quoted
from tests.factory import make_checkpoint
from tests.paths import SHIPPED
from tests.titles import title_of
from tests.web.conftest import messages

Visit = Callable[..., AppTest]
TEXT, REFERENCE = "我不喜欢苹果。", "I don't like apples."
QUERY = {"text": TEXT, "ref": REFERENCE, "model": "tiny-general"}


def html(app: AppTest) -> str:
    return "\n".join(box.proto.body for box in app.get("html"))


def texts(app: AppTest) -> str:
    return "\n".join(box.value for kind in (app.markdown, app.caption, app.latex) for box in kind)


def choose(app: AppTest, name: str, option: str) -> AppTest:
    app.session_state[name] = option
    return app.run()


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_lectures_logits_and_the_loss_of_the_sentence(visit_page: Visit, root: Path, lang: str) -> None:
    app = visit_page("lesson", chapter="cross_entropy", lang=lang, **QUERY)
    assert not app.exception and messages(app) == []
    for number in ("20.086", "0.87888", "0.11894", "0.00218", "−0.12112"):
        assert number in html(app)
    assert r"-\ln 0.87888 = 0.12911" in texts(app)
    found = sentence_loss(load(root / "tiny-general"), TEXT, REFERENCE)
    assert f"**{found.loss:.4f}**" in texts(app) and f"**{math.exp(found.loss):.3f}**" in texts(app)
    hardest = found.nll.index(max(found.nll))
    assert app.slider(key="loss-step").value == hardest + 1
    assert rf"= {found.nll[hardest]:.4f}" in texts(app)
    app.slider(key="loss-step").set_value(1)
    app.slider(key="epsilon").set_value(0.3).run()
    assert rf"= {found.nll[0]:.4f}" in texts(app) and f"**{found.smoothed(0.3):.4f}**" in texts(app)
    app.slider(key="logit-1").set_value(3.0).run()
    assert r"0.49938 = 0.69439" in texts(app) and "−0.50062" in html(app)
    app.button(key="lecture").click().run()
    assert app.slider(key="logit-1").value == 1.0
    app.checkbox(key="label-1").check().run()
    assert not app.exception and "−0.26894" in html(app)  # σ(1) - 1


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("chapter", ["cross_entropy", "exposure", "homework"])
def test_without_a_reference_a_sentence_asks_for_one(visit_page: Visit, chapter: str, lang: str) -> None:
    app = visit_page("lesson", chapter=chapter, lang=lang, **QUERY | {"ref": ""})
    assert not app.exception and messages(app) == [say("lesson.reference", lang)]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_prior_knowledge_of_a_model_that_has_it(visit_page: Visit, root: Path, tmp_path: Path, lang: str) -> None:
    made = make_checkpoint(tmp_path / "made", "general", prior=True)
    shutil.copytree(made, root / "tiny-prior")
    shutil.copytree(root / "tiny-general", root / "tiny-prior-plain")
    app = visit_page("lesson", chapter="prior", lang=lang, **QUERY | {"model": "tiny-prior-plain"})
    assert not app.exception and messages(app) == []
    assert trace(load(root / "tiny-prior"), TEXT).text in html(app)
    assert trace(load(root / "tiny-prior-plain"), TEXT).text in html(app)
    checkpoint = load(root / "tiny-prior")
    size = len(checkpoint.target.vocab)
    assert say("lesson.prior.ones", lang, ones=len(set(checkpoint.source.encode(TEXT))), size=size) in texts(app)
    app.slider(key="prior-step").set_value(2).run()
    said = trace(checkpoint, TEXT).steps
    assert say("lesson.prior.read", lang, read=f"`{said[1].input}`", said=f"`{said[1].output}`") in texts(app)
    assert f"{said[1].log_prob:.5f}".replace("-", "−") in html(app)
    other = visit_page("lesson", chapter="prior", lang=lang, **QUERY)
    said = say(
        "lesson.prior.other",
        lang,
        chosen=quoted(title_of(root / "tiny-general", lang)),
        name=quoted(title_of(root / "tiny-prior", lang)),
        text=f"`{TEXT}`",
    )
    assert said in texts(other) and other.session_state["model"] == "tiny-general"


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_exposure_bias_and_each_remedy(visit_page: Visit, root: Path, lang: str) -> None:
    app = visit_page("lesson", chapter="exposure", lang=lang, **QUERY)
    assert not app.exception and messages(app) == []
    at = trace(load(root / "tiny-general"), TEXT, REFERENCE, "forced").divergence
    assert at is not None and any(text.startswith("◆") and str(at + 1) in text for text in texts(app).split("\n"))
    assert html(app).count("lb-draw") >= 7
    before = html(app)
    app.button(key="again").click().run()
    assert html(app) != before
    for remedy in ("policy", "replacement", "mask", "adversarial"):
        app = choose(app, "remedy", remedy)
        assert not app.exception and messages(app) == []
        assert say(f"lesson.remedies.{remedy}_text", lang) in texts(app)
    choose(app, "remedy", "policy")
    found = rewarded(load(root / "tiny-general"), TEXT, REFERENCE, int(app.session_state["draw"]))
    assert f"{found.baseline:.3f}" in texts(app) and len(app.get("plotly_chart")) == 1


def test_what_is_set_in_a_chapter_outlives_another_page(visit_page: Visit) -> None:
    """The homework's step and answer, and a slider of another chapter."""
    app = visit_page("lesson", chapter="homework", lang="en", **QUERY)
    app.slider(key="homework-step").set_value(2).run()
    app.number_input(key="answer-surprise").set_value(0.25).run()
    app.button(key="to-cross_entropy").click().run()
    app.slider(key="epsilon").set_value(0.3).run()
    app.switch_page("pages/compare.py").run()
    app.switch_page("pages/lesson.py").run()
    assert app.slider(key="epsilon").value == 0.3
    app.button(key="to-homework").click().run()
    assert app.slider(key="homework-step").value == 2
    assert app.number_input(key="answer-surprise").value == 0.25


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_step_is_checked_with_hints(visit_page: Visit, root: Path, lang: str) -> None:
    app = visit_page("lesson", chapter="homework", lang=lang, **QUERY)
    step = trace(load(root / "tiny-general"), TEXT, REFERENCE, "forced").steps[0]
    given = homework.scores(step)
    assert not app.exception and messages(app) == [] and given is not None
    app.slider(key="homework-step").set_value(1).run()
    answers = {"right": -step.log_prob, "sign": step.log_prob}
    for name, value in answers.items():
        app.number_input(key="answer-surprise").set_value(value).run()
        said = [box.value for kind in (app.success, app.warning) for box in kind]
        assert said == [say(f"lesson.homework.surprise_{name}", lang)]
    app.number_input(key="answer-weight").set_value(homework.weight(given).right).run()
    assert [box.value for box in app.success] == [say("lesson.homework.weight_right", lang)]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_other_exercises(visit_page: Visit, root: Path, lang: str) -> None:
    (root / "date").symlink_to(SHIPPED / "date")
    app = visit_page("lesson", chapter="homework", lang=lang, **QUERY)
    at = trace(load(root / "tiny-general"), TEXT, REFERENCE, "forced").divergence
    app = choose(app, "exercise", "diverge")
    assert at is not None
    key = "diverge_right" if at == 2 else "diverge_at"
    assert say(f"lesson.homework.{key}", lang, at=at + 1, step=3) in [b.value for b in (*app.success, *app.warning)]
    app = choose(app, "exercise", "unknown")
    assert messages(app) == [say("lesson.homework.unknown_none", lang)]
    app.text_area(key="text").set_value("我不喜欢鑫苹果。")
    app.button(key="run").click().run()
    assert not app.exception and "`鑫`" in [*app.success, *app.warning][0].value
    app = choose(app, "exercise", "date")
    app.button(key="check-dates").click().run()
    assert not app.exception and re.search(r"\b200\b", app.success[0].value)
    app = choose(app, "exercise", "submission")
    app.file_uploader(key="submission").set_value(("s.csv", b"QID,Prediction\nQ1,a\n", "text/csv")).run()
    assert [b.value for b in app.success] == [say("lesson.homework.submission_right", lang, count=1, empty=0)]
    app.file_uploader(key="submission").set_value(("s.csv", b"\xff\xfe", "text/csv")).run()
    assert [box.value for box in app.error] == [say("error.file_not_utf8", lang, file="s.csv", row=1)]


def test_odds_are_no_probability_in_chinese_and_the_prior_names_whose_it_is() -> None:
    en, zh = sentences("en"), sentences("zh")
    assert [key for key, text in zh.items() if "几率" in text or "机率" in text] == []
    assert [key for key, text in en.items() if re.search(r"\bodds\b", text) and "优势" not in zh[key]] == []
    for text, name in ((en, "Su Jianlin"), (zh, "苏剑林")):
        told = text["lesson.prior.text"]
        assert name in told and "ŷ = s ⊗ x + t" in told and "ŷ = eˢ ⊗ x + t" in told
    assert r"e^{\,s} \otimes x + t" in FORMULAS["prior"]
