"""Saved runs, or runs that another program wrote, shown in the player without their model."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from s2s.errors import UserError, reason
from s2s.player import page
from s2s.text.safe import has_surrogate
from s2s.trace.trace import Trace
from s2s.web.components.player import mount_player
from s2s.web.shell import language
from s2s.web.shell.language import t
from s2s.web.shell.upload import files_field

if TYPE_CHECKING:
    from streamlit.runtime.uploaded_file_manager import UploadedFile

MAX_FILES = 2  # one for each lane


def saved_runs_section() -> None:
    """Draw the file field and the files' lanes in the player, or say why they cannot be shown."""
    with st.expander(t("saved.title"), key="saved"):
        st.caption(t("saved.help"))
        files = files_field(t("saved.files"), "saved_files", "test_file_mb", ["json", "html"])
    if not files:
        return
    lanes, errors = _read_files(files)
    for error in errors:
        st.error(language.explain(error))
    if not lanes:
        return
    for lane in lanes.values():
        name = f"{lane.checkpoint['name']} · {t(f'player.{lane.mode}')}"
        st.text(t("app.said", name=name, text=f"{lane.source_text} → {lane.text}"))
    mount_player(lanes, None, None)


def _read_files(files: Sequence[UploadedFile]) -> tuple[dict[str, Trace], list[UserError]]:
    """The lanes of the files, and an error for each file without a trace, for too many runs, or for unlike runs.

    A file without a trace counts for nothing: the others are shown, and another may be given beside it.
    """
    lanes, errors = list[dict[str, Trace]](), list[UserError]()
    for file in files:
        try:
            lanes.append(_read_file(file))
        except ValueError as error:  # also what is no UTF-8
            errors.append(UserError("saved_no_trace", file=file.name[:100], reason=reason(error)))
        if len(lanes) > MAX_FILES:
            return {}, [*errors, UserError("saved_many", limit=MAX_FILES)]
    try:
        return page.merge_lanes(lanes) if lanes else {}, errors
    except UserError as error:
        return {}, [*errors, error]


def _read_file(file: UploadedFile) -> dict[str, Trace]:
    """The lanes of a file. Raises ValueError if it has none."""
    found = page.read_lanes(file.getvalue().decode("utf-8-sig"))
    if has_surrogate(json.dumps([lane.to_dict() for lane in found.values()], ensure_ascii=False)):
        raise UserError("reason_surrogate")  # no page can hold it
    return found
