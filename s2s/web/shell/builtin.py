"""What Streamlit itself says, in the visitor's language; its menu on a phone, which closes after a choice.

Most of Streamlit's own words have no parameter: the hint below a field, a file's upload, a table's tooltips. The
locales hold them under ``builtin.``, in English exactly as Streamlit writes them, and a script puts the visitor's
language in their place.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import streamlit as st

from s2s.errors import strings
from s2s.player.bundle import script
from s2s.web.shell import language

CODES = {"zh": "zh-CN", "en": "en"}  # what the document says of its language, for a screen reader's voice
CHOICES = ("language", "model", "projector")  # of the menu, beside its pages


@functools.cache
def _component() -> Any:
    entry = Path(__file__).parents[1] / "components" / "builtin" / "builtin.js"
    return st.components.v2.component("lookback_builtin", js=script(entry))


@functools.cache
def words(shown: str) -> dict[str, str]:
    """Streamlit's words and what stands in their place in a language; none in Streamlit's own.

    >>> words("zh")["Upload"]
    '选择文件'
    """
    theirs, ours = strings("builtin", "en"), strings("builtin", shown)
    return {theirs[key]: ours[key] for key in theirs if theirs[key] != ours[key]}


def mend(page: str) -> None:
    """Mount the script, which takes no room; ``page`` is the path of the page that is shown."""
    chosen = {name: str(st.session_state[name]) for name in CHOICES if name in st.session_state}
    shown = language.current()
    data = {"language": CODES[shown], "words": words(shown), "chosen": {**chosen, "page": f"/{page}"}}
    _component()(key="builtin", data=data)
