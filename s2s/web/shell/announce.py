"""Long work for those who do not see the screen: what is said of it, the name of its bar, where the focus goes.

The page has one live region. Whatever shows such work says here on every run how far it is; the browser reads out what
is new, and of work that somebody else runs only how it stands when the page is opened.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from s2s.errors import joined
from s2s.player.bundle import script
from s2s.web.shell.language import t

FOLLOWED = "works"  # of the session: how many times it has started a work, by id; 0 for one that it opened by a link


@dataclass(frozen=True)
class Work:
    """Long work: what it is called, and the keys of the controls that start and stop it."""

    id: str
    name: str
    starts: tuple[str, ...]
    stop: str

    @property
    def bar(self) -> str:
        """The key of the container around its progress bar."""
        return f"work-{self.id}"


@functools.cache
def _component() -> Any:
    entry = Path(__file__).parents[1] / "components" / "announce" / "announce.js"
    return st.components.v2.component("lookback_announce", js=script(entry))


def region() -> None:
    """Mount the live region, which is not seen."""
    _component()(key="announce", data={})


def begin(id: str) -> None:
    """Note that this visit starts a work, or opens what came of it."""
    counts = st.session_state.setdefault(FOLLOWED, {})
    counts[id] = counts.get(id, 0) + 1


def is_followed(id: str) -> bool:
    """Whether this visit has started a work, or waits for one that it opened."""
    return id in st.session_state.get(FOLLOWED, {})


def wait_for(id: str) -> None:
    """Note that this visit has opened a work that is under way."""
    st.session_state.setdefault(FOLLOWED, {}).setdefault(id, 0)


def under_way(work: Work, share: float, waiting: bool = False, elsewhere: bool = False) -> None:
    """Say that a work waits, has started, or which quarter of it is done."""
    quarter = min(3, int(4 * share))
    before = "elsewhere" if elsewhere else "waiting" if waiting and not share else "started"
    state = "share" if quarter else before
    text = t(f"announce.{state}", what=work.name, share=25 * quarter)
    _mount(work, f"{state} {quarter}", text, work.stop, live=True)


def ended(work: Work, state: str, to: str, reason: str = "", result: str = "") -> None:
    """Say that a work that this visit follows was ``stopped``, has ``failed`` or is ``done``; nothing of another.

    ``to`` is the key of what came of it, ``reason`` a sentence, ``result`` a clause.
    """
    if is_followed(work.id):
        text = t("announce.result", what=work.name, result=result) if result else t(f"announce.{state}", what=work.name)
        _mount(work, state, joined(text, reason), to, live=False)


def _mount(work: Work, state: str, text: str, to: str, live: bool) -> None:
    run, followed = st.session_state.get(FOLLOWED, {}).get(work.id, 0), is_followed(work.id)
    told = {"id": work.id, "run": run, "state": state, "text": text, "live": live, "followed": followed}
    places = {"name": work.name, "bar": work.bar, "starts": work.starts, "stop": work.stop, "to": to}
    # Work may end within a run of the page that has shown its progress. No component's key may hold two underscores.
    _component()(key=f"announce-{work.id.encode().hex()}-{'on' if live else 'end'}", data=told | places)
