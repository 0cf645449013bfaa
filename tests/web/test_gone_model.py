"""An uploaded checkpoint that gives way to others while a page works with it: the page says which, and no path."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from s2s.errors import say
from s2s.server import uploads
from s2s.web.shell import keys
from tests.paths import ROOT
from tests.web.conftest import messages
from tests.web.fragments import alone, as_in_a_browser

Visit = Callable[..., AppTest]
PAGES: dict[str, dict[str, str]] = {
    "step_through": {},
    "compare": {},
    "exposure": {},
    "evidence": {},
    "doctor": {},
    "checkpoints": {},
    "lesson": {"chapter": "homework"},
}


def uploaded(root: Path) -> uploads.Upload:
    return uploads._register("mine", "", lambda directory: shutil.copytree(root / "tiny-general", directory))


def opened(page: str, upload: uploads.Upload, lang: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=30)
    app.session_state[keys.UPLOADS] = [upload]
    query = {**PAGES[page], "lang": lang, "model": upload.name, "text": "我 喝 茶", "ref": "i drink tea"}
    for name, value in query.items():
        app.query_params[name] = value
    app.run().switch_page(f"pages/{page}.py").run()
    assert not app.exception and app.session_state[keys.MODEL] == upload.name
    return app


def missing(upload: uploads.Upload, lang: str) -> str:
    return say("error.checkpoint_missing", lang, checkpoint=upload.name)


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("page", PAGES)
def test_the_page_says_which_model_is_gone(visit_page: Visit, root: Path, page: str, lang: str) -> None:
    visit_page(page)  # a server that has navigated before
    upload = uploaded(root)
    app = opened(page, upload, lang)
    uploads.remove_upload(upload)
    app.run()
    assert not app.exception and missing(upload, lang) in [text.replace("\\", "") for text in messages(app)]
    assert app.session_state[keys.MODEL] != upload.name
    assert missing(upload, lang) not in [text.replace("\\", "") for text in messages(app.run())]


def test_a_fragment_names_the_model_and_no_path(visit_page: Visit, root: Path) -> None:
    visit_page("lesson")
    upload = uploaded(root)
    app = opened("lesson", upload, "en")
    with as_in_a_browser(app) as homes:
        fragment = homes[app.slider[0].id]
        assert fragment
        uploads.remove_upload(upload)
        st.cache_resource.clear()
        alone(app, fragment)
    assert not app.exception and [text.replace("\\", "") for text in messages(app)] == [missing(upload, "en")]
