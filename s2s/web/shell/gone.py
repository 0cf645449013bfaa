"""What a page shows may be deleted by another visit, or make room, while the page is open."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import streamlit as st


@contextmanager
def rerun_if_gone(is_there: Callable[[], bool]) -> Iterator[None]:
    """Run the whole page again, which says what is gone, if that is deleted before or while the block draws it.

    A fragment needs it because it runs alone with the arguments of the page's last run. The page itself must not
    come to the block without what ``is_there`` looks for, else it would run for ever.
    """
    if not is_there():
        st.rerun()
    try:
        yield
    except Exception:  # whatever reading half a directory raises
        if is_there():
            raise
    if not is_there():
        st.rerun()
