"""Streamlit's own words in the visitor's language, which the address names, and its menu on a phone, which closes.

Most of these words have no parameter: the hint below a field, the file upload, the tooltips of a table. The locales
hold them under ``builtin.``, in English exactly as Streamlit writes them, and a script replaces them in the browser.
What Streamlit says to developers is ``THEIRS``; the locales hold what visitors read instead under ``own.``.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import streamlit as st

from s2s.decode.inputs import MAX_CHARACTERS
from s2s.errors import strings
from s2s.player.bundle import script
from s2s.web.shell import language
from s2s.web.shell.controls import MAX_TYPED

CODES = {"zh": "zh-CN", "en": "en"}  # the document's ``lang``, from which a screen reader takes its voice
ASKED = "You have requested page /{name}, but no corresponding file was found in the app's pages/ directory."
THEIRS = {
    "logo": "Logo",
    "upload_413": "Request failed with status code 413",
    "upload_404": "Request failed with status code 404",
    "not_found_named": f"{ASKED} Running the app's main page.",
    "not_found": "The page that you have requested does not seem to exist. Running the app's main page.",
}
COUNTED = {f"{{count}}/{MAX_TYPED}": f"{{count}}/{MAX_CHARACTERS}"}  # a field keeps what is too long and refused
CHOICES = ("language", "model", "projector")  # keys of the session: a choice on the page beside the open menu closes it


@functools.cache
def _component() -> Any:
    entry = Path(__file__).parents[1] / "components" / "builtin" / "builtin.js"
    return st.components.v2.component("lookback_builtin", js=script(entry))


@functools.cache
def words(shown: str) -> dict[str, str]:
    """Streamlit's words and their replacements in a language; for English, which Streamlit speaks, those of ``THEIRS``.

    >>> words("zh")["Upload"]
    '选择文件'
    """
    theirs, ours, own = strings("builtin", "en"), strings("builtin", shown), strings("own", shown)
    replaced = {THEIRS[key]: own[key] for key in THEIRS}  # first: a row of the others may fit them, too
    return replaced | COUNTED | {theirs[key]: ours[key] for key in theirs if theirs[key] != ours[key]}


def translate_streamlit(page: str) -> None:
    """Mount the script, which takes no room; ``page`` is the path of the page that is shown."""
    chosen = {name: str(st.session_state[name]) for name in CHOICES if name in st.session_state}
    shown = language.current()
    texts = {"words": words(shown), "whole": language.t("app.whole_number")}
    data = {"language": CODES[shown], "lang": shown, **texts, "chosen": {**chosen, "page": f"/{page}"}}
    _component()(key="builtin", data=data)
