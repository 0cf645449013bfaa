"""Runs that were saved, or that another program made of its arrays: shown again, without their model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from s2s.errors import UserError
from s2s.player import page
from s2s.trace.trace import Trace
from s2s.web.components.player import player
from s2s.web.shell import language
from s2s.web.shell.language import t

if TYPE_CHECKING:
    from streamlit.runtime.uploaded_file_manager import UploadedFile

MEGABYTES = 20  # of a file
MOST = 2  # files: one lane each


def section() -> None:
    """Files in, their lanes in the player; or a sentence that says what they are instead."""
    with st.expander(t("saved.title"), key="saved"):
        st.caption(t("saved.help"))
        files = st.file_uploader(
            t("saved.files"), ["json", "html"], accept_multiple_files=True, key="saved_files", max_upload_size=MEGABYTES
        )
    if not files:
        return
    try:
        lanes = _lanes(files)
    except UserError as error:
        st.error(language.explain(error))
        return
    for lane in lanes.values():
        name = f"{lane.checkpoint['name']} · {t(f'player.{lane.mode}')}"
        st.text(t("app.said", name=name, text=f"{lane.source_text} → {lane.text}"))
    player(lanes, None, None)


def _lanes(files: Sequence[UploadedFile]) -> dict[str, Trace]:
    """The lanes of all files. Raises UserError for what is no trace, and for lanes that do not belong together."""
    if len(files) > MOST:
        raise UserError("saved_many", limit=MOST)
    found = []
    for file in files:
        try:
            found.append(page.read_lanes(file.getvalue().decode("utf-8-sig")))
        except ValueError as error:  # also what is no UTF-8
            raise UserError("saved_no_trace", file=file.name[:100], reason=str(error)[:200]) from None
    return page.merge_lanes(found)
