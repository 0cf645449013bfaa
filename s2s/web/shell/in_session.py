"""Run a function outside of a script run, such as the one that makes a download, with the visit's session."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from streamlit.runtime.scriptrunner import add_script_run_ctx, get_script_run_ctx

Made = TypeVar("Made")


def within(make: Callable[[], Made]) -> Callable[[], Made]:
    """A function that calls ``make`` with this visit's session, as it is at that time. ``make`` must not show anything.

    Streamlit calls the function that makes a download in a thread without a session: ``st.session_state`` is empty
    there.
    """
    visit = get_script_run_ctx()

    def run() -> Made:
        def enter() -> None:
            add_script_run_ctx(ctx=visit)

        with ThreadPoolExecutor(1, initializer=enter) as thread:
            return thread.submit(make).result()

    return run
