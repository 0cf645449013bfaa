"""Uncaught exceptions: the visitor sees one sentence with an identifier; the log has the traceback with the same one.

Streamlit passes every exception that escapes a page, a callback or a fragment to one function, and has no setting for
the message. ``listen`` replaces this function.
"""

from __future__ import annotations

import secrets
import traceback

import streamlit as st
from streamlit.logger import get_logger
from streamlit.proto.Exception_pb2 import Exception as Shown
from streamlit.runtime import fragment
from streamlit.runtime.scriptrunner import RerunData, exec_code, get_script_run_ctx

from s2s.monitoring import metrics
from s2s.web.shell.language import t

LOG = get_logger(__name__)
PENDING = "fault"  # identifier of an exception in a callback, until the page has shown it


def listen() -> None:
    """Replace Streamlit's function, for all visits; a second call changes nothing."""
    for module in (exec_code, fragment):
        module.handle_user_script_exception = _tell  # type: ignore[attr-defined]


def show_pending_fault() -> None:
    """Show the fault of the last callback, at each run until ``forget_pending_fault``: a rerun may cut a run short."""
    if PENDING in st.session_state:
        _show(st.session_state[PENDING])


def forget_pending_fault() -> None:
    """Forget the pending fault: call it at the end of the page, when it has been shown."""
    st.session_state.pop(PENDING, None)


def _tell(error: Exception, _: object = None) -> None:
    name = secrets.token_hex(4)
    metrics.FAULTS.inc()
    LOG.error("fault %s", name, exc_info=error, extra={"fields": {"fault": name}})
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
    """Request a rerun after a callback failed, as Streamlit would not draw the page; false if that is impossible."""
    visit = get_script_run_ctx()
    if visit is None or visit.script_requests is None:
        return False
    same = RerunData(visit.query_string, page_script_hash=visit.page_script_hash, context_info=visit.context_info)
    return bool(visit.script_requests.request_rerun(same))
