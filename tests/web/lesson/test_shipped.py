"""Every chapter with every shipped model, in both languages: its text agrees with its figures."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from s2s.errors import LANGUAGES, say, sentences, strings
from s2s.web.lesson import CHAPTERS
from s2s.web.shell import models
from s2s.web.shell.foreign import quoted
from s2s.web.shell.page_state import EXERCISES
from tests.paths import ROOT
from tests.titles import title_of
from tests.web.conftest import messages

SHIPPED = sorted(path.parent.name for path in (ROOT / "checkpoints").glob("*/config.json"))


def texts(app: AppTest) -> str:
    return "\n".join(box.value for kind in (app.markdown, app.caption) for box in kind)


def tables(app: AppTest) -> str:
    return "\n".join(box.proto.body for box in app.get("html"))


def component(app: AppTest, field: str) -> dict[str, Any]:
    """What the one component was given that has such a field."""
    (data,) = [data for c in app.get("bidi_component") if field in (data := json.loads(c.proto.json))]
    return dict(data)


def has(app: AppTest, key: str, lang: str) -> bool:
    """Whether a text is on the page, whatever stands in its places."""
    parts = re.split(r"\{[^}]*\}", sentences(lang)[key])
    return re.search("[^\n]*?".join(map(re.escape, parts)), texts(app)) is not None


def title(name: str, lang: str) -> str:
    return quoted(title_of(ROOT / "checkpoints" / name, lang))


def encoder_decoder(app: AppTest, model: str, lang: str) -> None:
    runs = component(app, "runs")["runs"]
    blind = [run for run in runs if run["attention"] == "none"]
    assert has(app, "lesson.encoder_decoder.try", lang) is bool(blind)
    assert has(app, "lesson.encoder_decoder.try_alone", lang) is not bool(blind)
    assert has(app, "network.no_contrast", lang) is (not blind) and len(runs) == 1 + bool(blind)
    for run in blind:
        values = {
            "words": run["sizes"]["S"],
            "size": run["sizes"]["M"],
            "blind": quoted(title_of(ROOT / "checkpoints" / "zh-en-none", lang)),
        }
        assert say("lesson.encoder_decoder.answer", lang, **values) in texts(app)
    assert has(app, "lesson.encoder_decoder.behind", lang) is has(app, "lengths.measured", lang)


def attention(app: AppTest, model: str, lang: str) -> None:
    sides = component(app, "sides")["sides"]
    names = say("card.join", lang).join(title(side["trace"]["checkpoint"]["name"], lang) for side in sides)
    said = "two" if len(sides) == 2 else "one"
    assert say(f"lesson.attention.{said}", lang, names=names) in texts(app)
    assert has(app, "lesson.attention.two", lang) is (len(sides) == 2)
    assert has(app, "lesson.attention.coverage", lang) is (model == "car-report")
    assert has(app, "lesson.attention.answer_padding", lang) is any(side["padding"] for side in sides)


def layers(app: AppTest, model: str, lang: str) -> None:
    assert has(app, "lesson.layers.answer_blind", lang) is (model == "zh-en-none")
    assert has(app, "lesson.layers.answer", lang) is not (model == "zh-en-none")


def prior(app: AppTest, model: str, lang: str) -> None:
    own = model.startswith("classical-modern")
    assert has(app, "lesson.prior.other", lang) is not own
    for label in ("with", "without"):
        assert say(f"lesson.prior.{label}", lang) in tables(app)
    if own:
        return
    before, text = texts(app), app.session_state["text"]
    app.button(key="use-prior").click().run()
    assert (app.session_state["model"], app.session_state["text"]) == (model, text)
    assert not app.exception and texts(app) != before
    app.button(key="use-prior").click().run()
    assert (texts(app), app.session_state["text"]) == (before, text)


def exposure(app: AppTest, model: str, lang: str) -> None:
    keys = [key for key in strings("lesson.exposure", lang) if key.startswith("copied")]
    assert [has(app, f"lesson.exposure.{key}", lang) for key in keys].count(True) == 1
    forced = component(app, "lanes")["lanes"]["forced"]
    parts = any(step["top"][0]["token"] != step["target"]["token"] for step in forced["steps"])
    whys = [has(app, f"lesson.exposure.{key}", lang) for key in ("why", "why_gold", "why_own")]
    assert whys.count(True) == parts and has(app, "exposure.no_divergence", lang) is not parts

    for remedy in ("sampling", "policy", "replacement", "mask", "adversarial"):
        app.session_state["remedy"] = remedy
        assert not app.run().exception and not app.error
        assert has(app, f"lesson.remedies.{remedy}_text", lang)
    moved = re.search(r"\*\*([+-]\d+\.\d+)\*\*[^+-]*([+-]\d+\.\d+)", texts(app))
    assert moved and has(app, "lesson.remedies.moved_direction", lang) is (float(moved[1]) > abs(float(moved[2])))


def homework(app: AppTest, model: str, lang: str) -> None:
    assert has(app, "lesson.homework.no_attention", lang) is (model == "zh-en-none")
    for exercise in ("diverge", "unknown", "date", "submission"):
        app.session_state["exercise"] = exercise
        assert not app.run().exception and not app.error
    app.session_state["exercise"] = "step"


def training(app: AppTest, model: str, lang: str) -> None:
    film = component(app, "moments")
    assert has(app, "training.other_film", lang) is not models.filmed(model)
    assert not has(app, "training.no_film", lang)
    assert all(sentence["source"] in tables(app) for sentence in film["sentences"])
    stays = say("lesson.training.stays", lang, step=880)  # 04-29-93 became 2093 and 1993 in turn
    assert f"300 ({say('lesson.training.looked', lang, word='9')}{say('lesson.training.join', lang)}{stays})" in tables(
        app
    )


CHECKS: dict[str, Callable[[AppTest, str, str], None]] = {
    "encoder_decoder": encoder_decoder,
    "attention": attention,
    "layers": layers,
    "prior": prior,
    "exposure": exposure,
    "training": training,
    "homework": homework,
}


@pytest.mark.parametrize("model", SHIPPED)
def test_every_chapter_says_what_it_shows_of_every_model(
    visit_page: Callable[..., AppTest], monkeypatch: pytest.MonkeyPatch, model: str
) -> None:
    monkeypatch.setattr(models, "FOLDERS", (ROOT / "checkpoints",))
    app = visit_page("lesson", model=model, lang="zh")
    for lang in LANGUAGES:
        app.session_state["language"] = lang
        for chapter in CHAPTERS:
            app.session_state["chapter"] = chapter
            app.run()
            assert not app.exception and not app.error, (chapter, lang)
            assert set(messages(app)) <= {say("weighing.nothing", lang)}, (chapter, lang)
            if chapter in CHECKS:
                CHECKS[chapter](app, model, lang)
            assert app.session_state["model"] == model, f"chapter {chapter} has changed the visit's model"


@pytest.mark.parametrize("exercise", EXERCISES)
def test_a_link_opens_the_exercise_that_it_names(exercise: str) -> None:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    for name, value in {"lang": "en", "chapter": "homework", "exercise": exercise}.items():
        app.query_params[name] = value
    app = app.run().switch_page("pages/lesson.py").run()
    assert not app.exception
    (chosen,) = [box.value for box in app.radio if str(box.key).startswith("exercise")]
    assert chosen == exercise
