"""Streamlit's own texts: each row of the table occurs in the installed Streamlit and reaches the browser."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import streamlit
from streamlit.testing.v1 import AppTest

from s2s.errors import LANGUAGES, strings
from s2s.web.shell import builtin

Visit = Callable[..., AppTest]


@pytest.fixture(scope="module")
def bundle() -> str:
    """All that Streamlit's browser side is written in."""
    scripts = (Path(streamlit.__file__).parent / "static" / "static" / "js").glob("*.js")
    return "\n".join(script.read_text(encoding="utf-8", errors="replace") for script in scripts)


def test_streamlit_has_the_words_that_are_replaced(bundle: str) -> None:
    for key, words in {**strings("builtin", "en"), **builtin.THEIRS}.items():
        for part in filter(None, (part.strip(" .:") for part in re.split(r"\{\w+\}|[0-9]+| to |\. |^Error: ", words))):
            assert part in bundle, key


def test_no_row_hides_another() -> None:
    """A {place} stands for any text: what comes first must not answer for what comes later."""
    rows = [*builtin.THEIRS.values(), *strings("builtin", "en").values()]
    for later, words in enumerate(rows):
        for row in rows[:later]:
            parts = map(re.escape, re.split(r"\{\w+\}", row))
            assert not re.fullmatch("(.*)".join(parts), words), f"{row} answers for {words}"


def test_the_words_are_those_of_the_language() -> None:
    own = {*builtin.THEIRS.values(), *builtin.COUNTED}
    assert builtin.words("en").keys() == own and builtin.THEIRS.keys() == strings("own", "en").keys()
    assert builtin.words("zh").keys() == set(strings("builtin", "en").values()) | own
    assert not own & {*builtin.words("en").values(), *builtin.words("zh").values()}
    assert builtin.CODES.keys() == set(LANGUAGES)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_page_mounts_the_script(visit: Visit, lang: str) -> None:
    app = visit(lang=lang, model="tiny-additive")
    (data,) = [
        json.loads(component.proto.json)
        for component in app.get("bidi_component")
        if component.proto.component_name == "lookback_builtin"
    ]
    assert data["language"] == builtin.CODES[lang] and data["words"] == builtin.words(lang)
    assert data["chosen"] == {"language": lang, "page": "/"}
