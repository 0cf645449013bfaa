"""Fields that take files up to a limit, which the browser and the server both hold; why a file was refused."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import streamlit as st
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.scriptrunner import get_script_run_ctx

from s2s import settings
from s2s.errors import UserError, joined
from s2s.server.user_files import First
from s2s.web.shell import language
from s2s.web.shell.foreign import code

if TYPE_CHECKING:
    from streamlit.runtime.uploaded_file_manager import UploadedFile

    from s2s.data.text_file import Form

# In a field, whose files stand in the order in which they were chosen: the newest is one that the browser did not send.
BROWSER_REFUSED = "[data-testid=stFileChips] > div > :last-child [aria-invalid=true]"


def file_field(
    label: str,
    key: str,
    limit: str,
    kinds: Sequence[str] = (),
    disabled: bool = False,
    needs: str = "",
    on_change: Callable[[], None] | None = None,
) -> UploadedFile | None:
    """Draw a field for one file of at most as many MB as the setting ``limit`` says.

    A setting of 0 leaves a sentence in its place: ``limit``, one of the feature ``needs``, one of all files.
    ``kinds`` are endings of names.
    """
    most = _allowed(label, limit, needs)
    if not most:
        return None
    file = st.file_uploader(label, kinds or None, key=key, on_change=on_change, max_upload_size=most, disabled=disabled)
    return next(iter(_within([file] if file else [], most)), None)


def files_field(label: str, key: str, limit: str, kinds: Sequence[str] = ()) -> list[UploadedFile]:
    """As ``file_field``, for several files, each within the limit."""
    most = _allowed(label, limit)
    if not most:
        return []
    files = st.file_uploader(label, kinds or None, accept_multiple_files=True, key=key, max_upload_size=most)
    return _within(files, most)


def explain_refusal(key: str, error: UserError, part: str = "") -> None:
    """Say why the file of a field was refused, until the field, of this key, has a newer file that the browser refuses.

    The field says why; the server hears nothing of that file. ``part`` of a page that may say it in two.
    """
    name = f"refused-{key}{part}"
    with st.container(key=name, gap=None):
        st.error(language.explain(error))
        st.html(f"<style>:root:has(.st-key-{key} {BROWSER_REFUSED}) .st-key-{name} {{ display: none; }}</style>")


def tell_rows(rows: Sequence[object], name: str, form: Form) -> None:
    """Say how many pairs of a file were taken and how many were not, and what was remarked of the file, in a line."""
    taken, rest = len(rows), int(rows.rest) if isinstance(rows, First) else 0
    key = "exposure.pairs_of" if rest else "exposure.pairs"
    told = language.t(key, count=taken, rest=rest, all=taken + rest)
    st.caption(joined(told, form.remark(language.current(), code(name))))


def forget(file: UploadedFile) -> None:
    """Free the memory of a file that has been read; its field is then empty. Else Streamlit keeps it for the visit."""
    visit = get_script_run_ctx()
    if visit is not None and isinstance(visit.uploaded_file_mgr, MemoryUploadedFileManager):
        visit.uploaded_file_mgr.remove_file(visit.session_id, file.file_id)


def _allowed(label: str, limit: str, needs: str = "") -> int:
    """The limit in MB, at most what a visit may hold and the server lets through; 0, with a sentence, if it is off.

    ``streamlit run`` knows nothing of our settings and lets through what its own say.
    """
    most = settings.current()
    megabytes: int = getattr(most, limit)
    if not megabytes or settings.is_off("files") or (needs and settings.is_off(needs)):
        st.text(label)
        st.caption(language.t("error.switched_off"))
        return 0
    visit = min(most.session_files_mb, most.client_files_mb, most.memory_files_mb)
    return min(megabytes, visit, int(st.get_option("server.maxUploadSize")))


def _within(files: Sequence[UploadedFile], megabytes: int) -> list[UploadedFile]:
    """Those within the limit; a sentence for each other, which no browser sends but another program may."""
    for file in files:
        if file.size > megabytes * settings.MEGABYTE:
            st.error(language.explain(UserError("file_too_large", file=file.name, limit=megabytes)))
    return [file for file in files if file.size <= megabytes * settings.MEGABYTE]
