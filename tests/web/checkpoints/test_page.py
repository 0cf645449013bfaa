"""The page Checkpoints in both languages: the table, two cards, uploads of a session."""

from __future__ import annotations

import gc
import json
import shutil
from collections.abc import Callable
from html import escape
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from s2s import settings
from s2s.checkpoint.native import store_scores
from s2s.errors import say, within
from s2s.server import folders, uploads
from s2s.server.registry import Registry
from s2s.web.shell.foreign import plain
from tests.checkpoint.test_archive import files, packed
from tests.factory import SCORES, make_checkpoint
from tests.model.huggingface.conftest import marian as marian
from tests.server.test_trainings import with_film
from tests.setting import Setting
from tests.titles import contrasts_of, title_of
from tests.web.conftest import messages, player_data

Visit = Callable[..., AppTest]


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """No session of another test holds anything."""
    monkeypatch.setattr(uploads, "_UPLOADS", Registry())


@pytest.fixture
def own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_checkpoint(tmp_path_factory.mktemp("own"), "concat")


def upload(app: AppTest, name: str, content: bytes) -> AppTest:
    uploader = next(box for box in app.file_uploader if str(box.key).startswith("zip-"))
    uploader.set_value((name, content, "application/zip"))
    return app.run()


def cards(app: AppTest) -> list[str]:
    """The cards on the page, as HTML."""
    return [box.proto.body for box in app.get("html") if "lb-card" in box.proto.body]


def mine(app: AppTest) -> list[str]:
    return [entry.name for entry in app.session_state["uploads"]]


def test_the_only_card_can_be_taken_away(visit_page: Visit) -> None:
    app = visit_page("checkpoints", lang="en")
    app.multiselect(key="cards-en").set_value([]).run()
    assert not app.exception
    assert cards(app) == []
    app.multiselect(key="cards-en").set_value(["tiny-general"]).run()
    assert not app.exception
    assert len(cards(app)) == 1 and any("`tiny-general`" in box.value for box in app.markdown)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_checkpoint_is_listed_and_two_are_compared(visit_page: Visit, root: Path, lang: str) -> None:
    app = visit_page("checkpoints", lang=lang)
    assert not app.exception
    table = app.dataframe[0].value
    names = ["tiny-additive", "tiny-general"]
    assert list(table[say("cards.directory", lang)]) == names
    assert list(table[say("cards.name", lang)]) == [title_of(root / name, lang) for name in names]
    assert set(table[say("cards.bleu", lang)]) == {12.5}
    proto = app.dataframe[0].proto
    width = json.loads(proto.columns)[say("cards.name", lang)]["width"]
    assert width <= 240 and proto.row_height > 64  # a phone shows names whole: above 64 pixels Streamlit wraps text
    app.multiselect(key=f"cards-{lang}").set_value(["tiny-additive", "tiny-general"]).run()
    differing = app.dataframe[1].value
    found = dict(zip(differing[say("cards.setting", lang)], differing[contrasts_of(root, names, lang)[1]], strict=True))
    assert found == {"model.attention": "general"}
    heads = [f"**{plain(title_of(root / name, lang))}** :small[`{name}`]" for name in names]
    assert [box.value for box in app.markdown if "tiny-" in box.value] == heads
    for shown, kind in zip(cards(app), ("additive", "general"), strict=True):
        for key in (f"card.kind.{kind}", "card.title.limits", "card.split.dev", "card.scores_note", "card.unstated"):
            assert escape(say(key, lang)) in shown
        assert "12.50" in shown and "python -m s2s train configs/tiny.toml" in shown
    assert [box.value.split("\n")[0] for box in app.code] == ["# tiny-additive", "# tiny-general"]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_model_of_hugging_face_is_listed_with_its_scores(
    visit_page: Visit, root: Path, marian: Path, lang: str
) -> None:
    shutil.copytree(marian, root / "tiny-marian")
    app = visit_page("checkpoints", lang=lang)
    store_scores(root / "tiny-marian", "test", SCORES)  # while the app runs
    app.run()
    table = app.dataframe[0].value.set_index(say("cards.directory", lang)).loc["tiny-marian"]
    scores = [table[say(f"cards.{name}", lang)] for name in ("bleu", "chrf", "perplexity")]
    assert scores == [SCORES["bleu"], SCORES["chrf"], SCORES["perplexity"]]
    parameters = json.loads((marian / "metrics.json").read_text())["imported"]["parameters"]
    assert table[say("cards.parameters", lang)] == parameters
    assert table[say("cards.kind", lang)] == say("heads.kind", lang, kind="marian", layers=2, heads=4)
    app.multiselect(key=f"cards-{lang}").set_value(["tiny-marian"]).run()
    (card,) = cards(app)
    assert "Hugging Face transformers" in card and f">{say('card.split.test', lang)}<" in card and "12.50" in card
    assert "MarianMTModel" in app.code[0].value and "| test | 3 | 12.50 |" in app.code[0].value


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_an_uploaded_checkpoint_belongs_to_its_session_alone(visit_page: Visit, own: Path, lang: str) -> None:
    app = upload(visit_page("checkpoints", lang=lang, text="我喝茶。"), "我的 model.zip", packed(files(own)))
    assert not app.exception and messages(app) == []
    (name,) = mine(app)
    assert name.startswith("我的model-") and app.multiselect(key=f"cards-{lang}").value == [name]
    other = visit_page("checkpoints", lang=lang)
    assert name not in list(other.dataframe[0].value[say("cards.directory", lang)])
    thief = visit_page("step_through", lang=lang, model=name)
    assert thief.session_state["model"] == "tiny-additive"
    app.button(key=f"open-{name}").click().run()
    app.switch_page("pages/step_through.py").run()
    assert app.session_state["model"] == name
    assert player_data(app)["lanes"]["free"]["checkpoint"]["name"] == name
    place = uploads.checkpoint_directory(name)
    assert place and place.is_dir()


def test_a_session_has_few_uploads_and_can_remove_them(visit_page: Visit, own: Path) -> None:
    app = visit_page("checkpoints", lang="en")
    for number in range(settings.current().uploads_per_session):
        app = upload(app, f"m{number}.zip", packed(files(own)))
    assert len(mine(app)) == settings.current().uploads_per_session
    assert next(box for box in app.file_uploader if str(box.key).startswith("zip-")).disabled
    name = mine(app)[0]
    place = uploads.checkpoint_directory(name)
    assert place and place.exists()
    assert sum(say("cards.ends", "en") in line.value for line in app.markdown) == len(mine(app))
    assert say("cards.ends_help", "en", minutes=60) in [caption.value for caption in app.caption]
    assert say("cards.remove", "en") in [popover.proto.popover.label for popover in app.get("popover")]
    app.button(key=f"remove-{name}").click().run()
    assert name not in app.session_state["cards"] and len(mine(app)) == settings.current().uploads_per_session - 1
    assert not place.exists() and uploads.checkpoint_directory(name) is None


def test_an_upload_is_deleted_with_its_last_reference(own: Path) -> None:
    made = uploads.add_archive("mine.zip", packed(files(own)))
    place = uploads.checkpoint_directory(made.name)
    assert place == made.directory and files(made.directory) == files(own) and made.size < uploads.UNPACKED
    name = made.name
    del made
    gc.collect()
    assert not place.parent.exists() and uploads.checkpoint_directory(name) is None


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_file_that_is_no_checkpoint_gets_one_message(visit_page: Visit, own: Path, lang: str) -> None:
    good = files(own)
    app = upload(visit_page("checkpoints", lang=lang), "evil.zip", packed(good | {"data.pkl": b"x"}))
    assert messages(app) == [say("error.archive_pickle", lang, file="evil.zip", member="data.pkl")]
    app = upload(app, "cut.zip", packed(good | {"config.json": b"{"}))
    why = within(say("error.reason_json", lang, line=1, column=2))  # said by another process
    shown = say("error.json_broken", lang, file="cut.zip/config.json", reason=why)
    assert [text.replace("\\", "") for text in messages(app)] == [shown]
    app = upload(app, "short.zip", packed(good)[:-50])
    assert messages(app) == [say("error.archive_broken", lang, file="short.zip")]
    assert not app.exception and "uploads" not in app.session_state


@pytest.mark.parametrize("brought", ["zip", "folder"])
def test_the_film_of_a_checkpoint_comes_with_it(
    visit_page: Visit, own: Path, monkeypatch: pytest.MonkeyPatch, brought: str
) -> None:
    with_film(own)
    app = visit_page("checkpoints", lang="en", chapter="training")
    if brought == "zip":
        app = upload(app, "mine.zip", packed(files(own)))
    else:
        monkeypatch.setattr(folders, "DATA", own.parent)
        app.text_input(key="folder_path").set_value(own.name)
        next(button for button in app.button if button.label == say("cards.load", "en")).click().run()
    (name,) = mine(app)
    app.switch_page("pages/lesson.py").run()
    (shown,) = [json.loads(c.proto.json) for c in app.get("bidi_component") if "film" in c.proto.component_name]
    assert not app.exception and shown["name"] == name and len(shown["moments"]) == 2


def test_a_server_that_is_full_says_so(visit_page: Visit, own: Path, setting: Setting) -> None:
    setting(uploads=1)
    other = upload(visit_page("checkpoints", lang="en"), "mine.zip", packed(files(own)))
    app = upload(visit_page("checkpoints", lang="en"), "mine.zip", packed(files(own)))
    assert not messages(other) and messages(app) == [say("error.uploads_full", "en")]


def test_a_directory_in_the_data_folder_can_be_added(
    visit_page: Visit, own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "data"
    shutil.copytree(own, data / "models" / "mine")
    (data / "leak").mkdir()
    (data / "leak" / "config.json").symlink_to(tmp_path / "tiny-additive" / "config.json")
    monkeypatch.setattr(folders, "DATA", data)
    app = visit_page("checkpoints", lang="en")

    def typed(path: str) -> AppTest:
        app.text_input(key="folder_path").set_value(path)
        return next(b for b in app.button if b.label == say("cards.load", "en")).click().run()

    for path in ("../tiny-additive", str(tmp_path / "tiny-additive"), "leak", "nowhere"):
        shown = say("error.folder_no_checkpoint", "en", path=path, member="config.json")
        assert messages(typed(path)) == [shown]
    assert messages(typed("models/mine/")) == [] and len(mine(app)) == 1
    (data / "models" / "mine" / "vocab.json").write_text("[]", encoding="utf-8")
    broken = messages(typed("models/mine"))
    assert broken == [say("error.json_broken", "en", file="models/mine/vocab.json", reason="it is not an object")]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_an_empty_path_of_a_directory_is_told_from_a_missing_one(visit_page: Visit, lang: str) -> None:
    app = visit_page("checkpoints", lang=lang)
    for typed in ("", "  "):
        app.text_input(key="folder_path").set_value(typed)
        next(b for b in app.button if b.label == say("cards.load", lang)).click().run()
        assert not app.exception and messages(app) == [say("error.folder_empty", lang)]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_uploads_that_the_operator_switched_off_are_explained(visit_page: Visit, setting: Setting, lang: str) -> None:
    setting(uploads_per_session=0)
    app = visit_page("checkpoints", lang=lang)
    assert say("error.switched_off", lang) in [caption.value for caption in app.caption]
    assert app.get("file_uploader")[0].proto.disabled
