"""What is made outside of a visit's run, such as a download, as if within it: its session and address are there."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from streamlit.runtime.scriptrunner import add_script_run_ctx, get_script_run_ctx

Made = TypeVar("Made")


def within(make: Callable[[], Made]) -> Callable[[], Made]:
    """``make`` with the session of this visit, as it is when it is called; it may show nothing.

    Streamlit calls what a download is made by in a thread without a session: ``st.session_state`` is empty there.
    """
    visit = get_script_run_ctx()

    def made() -> Made:
        def enter() -> None:
            add_script_run_ctx(ctx=visit)

        with ThreadPoolExecutor(1, initializer=enter) as thread:
            return thread.submit(make).result()

    return made
