"""What nobody caught: the visitor reads one sentence with an identifier, the server's log has the traceback under it.

Streamlit hands whatever escapes a page, a callback or a fragment, also one that runs again alone, to one function of
its own; it has no setting that would have it say another sentence. ``listen`` puts a function in its place.
"""

from __future__ import annotations

import secrets
import traceback

import streamlit as st
from streamlit.logger import get_logger
from streamlit.proto.Exception_pb2 import Exception as Shown
from streamlit.runtime import fragment
from streamlit.runtime.scriptrunner import RerunData, exec_code, get_script_run_ctx

from s2s.web.shell.language import t

LOG = get_logger(__name__)
PENDING = "fault"  # the identifier of what a callback could not do, until the page has said so


def listen() -> None:
    """From now on, of every visit; again is no harm."""
    for module in (exec_code, fragment):
        module.handle_user_script_exception = _tell  # type: ignore[attr-defined]


def show_pending_fault() -> None:
    """Say that the last callback failed, at each run until ``forget_pending_fault``: a page may begin again midway."""
    if PENDING in st.session_state:
        _show(st.session_state[PENDING])


def forget_pending_fault() -> None:
    """The page was drawn to its end."""
    st.session_state.pop(PENDING, None)


def _tell(error: Exception, _: object = None) -> None:
    name = secrets.token_hex(4)
    LOG.error("fault %s", name, exc_info=error)
    try:
        if not (_in_callback(error) and _again()):
            _show(name)
        else:
            st.session_state[PENDING] = name
    except Exception:
        LOG.exception("fault %s could not be shown", name)


def _show(name: str) -> None:
    # Not st.exception, which would show the traceback; not st.error, which a test could not tell from a message.
    st._main._enqueue("exception", Shown(message=t("app.fault", name=name)))


def _in_callback(error: Exception) -> bool:
    return any(frame.f_code.co_name == "_call_callbacks" for frame, _ in traceback.walk_tb(error.__traceback__))


def _again() -> bool:
    """Have the page drawn after a callback failed, which Streamlit would leave out; whether it can be."""
    visit = get_script_run_ctx()
    if visit is None or visit.script_requests is None:
        return False
    same = RerunData(visit.query_string, page_script_hash=visit.page_script_hash, context_info=visit.context_info)
    return bool(visit.script_requests.request_rerun(same))
