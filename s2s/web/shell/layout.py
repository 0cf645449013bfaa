"""What all chapters of the lesson share: the list of chapters, heading, question, back and on; the address."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from s2s.player.payload import script
from s2s.web.shell import controls, keys
from s2s.web.shell.language import t
from s2s.web.shell.page_state import PageState

# A script writes the address, because Streamlit's own way would add an entry to the browser's history. On a phone the
# list of chapters is one row that scrolls: the script scrolls the open chapter into view.
ADDRESS = """
export default ({ data }) => {
  enter(`${location.pathname}?${new URLSearchParams(data)}`);
  const list = document.querySelector(".st-key-contents");
  const open = list?.querySelector(`.st-key-to-${data.chapter}`);
  if (open) list.scrollLeft = open.offsetLeft - list.offsetLeft - (list.clientWidth - open.clientWidth) / 2;
};
"""
# Streamlit keeps the scroll position. When the chapter changes, this scrolls to its top, unless that is in view.
TOP = """
const SEEN = new WeakMap();
export default ({ data, parentElement }) => {
  const main = document.querySelector("[data-testid=stMain]");
  const before = SEEN.get(parentElement);
  SEEN.set(parentElement, data.chapter);
  if (!main || before === data.chapter) return;
  if (before === undefined) {
    main.scrollTo(0, 0);
    return; // what is returned Streamlit takes for a clean-up
  }
  const mark = document.querySelector(".st-key-top");
  const header = document.querySelector("[data-testid=stHeader]")?.getBoundingClientRect().height ?? 0;
  const at = mark.getBoundingClientRect().top - main.getBoundingClientRect().top;
  if (at < header || at > 0.7 * main.clientHeight) main.scrollBy(0, at - header);
};
"""


def _go(chapter: str) -> None:
    st.session_state[keys.CHAPTER] = chapter


def chapter_list(chapters: Sequence[str], now: str) -> None:
    """The list of chapters as buttons; that of the open one, ``now``, is highlighted."""
    with st.container(key="contents", horizontal=True, gap="xxsmall"):
        for number, chapter in enumerate(chapters, start=1):
            st.button(
                f"{number} {t(f'lesson.{chapter}.title')}",
                key=f"to-{chapter}",
                type="primary" if chapter == now else "tertiary",
                on_click=_go,
                args=(chapter,),
            )


@functools.cache
def _top() -> Any:
    return st.components.v2.component("lookback_top", html="<i hidden></i>", js=TOP)


def chapter_top(chapter: str) -> None:
    """Mark where a chapter begins; the browser scrolls here when the chapter is another one than before."""
    _top()(key="top", data={"chapter": chapter}, height=1)


def heading(chapter: str, number: int) -> None:
    """The title of a chapter."""
    st.markdown(f"### {number} · {t(f'lesson.{chapter}.title')}")


def introduction(chapter: str) -> None:
    """What a chapter is about, in a few sentences."""
    st.markdown(t(f"lesson.{chapter}.text"))


def question(
    chapter: str,
    tried: str = "try",
    answers: Sequence[str] = ("answer",),
    figure: Callable[[], None] | None = None,
    **values: object,
) -> None:
    """Something to try with what is on screen, and an answer that unfolds.

    ``tried`` and ``answers`` name texts of the chapter in the locales, ``values`` are the values of their fields;
    ``figure`` draws something above the answer.
    """
    with st.container(key="question", border=True):
        st.markdown(f"**{t('lesson.try')}** {t(f'lesson.{chapter}.{tried}', **values)}")
        with st.expander(t("lesson.answer")):
            if figure:
                figure()
            st.markdown("\n\n".join(t(f"lesson.{chapter}.{answer}", **values) for answer in answers))


def chapter_navigation(chapters: Sequence[str], now: str) -> None:
    """Buttons to the previous and the next chapter, also on Page Up and Page Down, which a presenter's remote sends."""
    at = chapters.index(now)
    with st.container(key="ways", horizontal=True, horizontal_alignment="distribute"):
        for way, to, key in (("back", at - 1, "PageUp"), ("on", at + 1, "PageDown")):
            chapter = chapters[to] if 0 <= to < len(chapters) else None
            name = "—" if chapter is None else t(f"lesson.{way}", title=t(f"lesson.{chapter}.title"))
            st.button(name, key=way, on_click=_go, args=(chapter,), shortcut=key, disabled=chapter is None)


@functools.cache
def _address() -> Any:
    return st.components.v2.component("lookback_address", html="<i hidden></i>", js=script("dom.js") + ADDRESS)


def write_address(state: PageState) -> None:
    """Write the page's state into the browser's address."""
    _address()(key="address", data=controls.address(state), height=1)
