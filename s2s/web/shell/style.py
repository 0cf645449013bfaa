"""CSS of all pages: the colours, and changes to Streamlit's look: less space above, a download beside the tabs, a
player that does not fade, the lesson's list of chapters, the projector mode."""

from __future__ import annotations

import streamlit as st

from s2s.figures.palette import SHEET
from s2s.player import bundle

# Less space above, so that a projector shows the player without scrolling. While the sidebar is closed, Streamlit's
# header, 3.75rem high, covers the page: the page and everything sticky then begin below it.
TOP = """
[data-testid='stMainBlockContainer'] { padding-top: 3.4rem; padding-bottom: 2rem; }
[data-testid='stApp']:has([data-testid='stExpandSidebarButton']) { --lookback-top: 3.75rem; }
[data-testid='stApp']:has([data-testid='stExpandSidebarButton']) [data-testid='stMainBlockContainer'] {
  padding-top: 3.9rem;
}
"""
# The download at the right end of the row of tabs: it takes no height, and is as small as the player's own downloads.
TAKE_AWAY = """
.st-key-take-away { height: 40px; margin-bottom: -40px; position: relative; top: 14px; z-index: 2; }
.st-key-take-away { pointer-events: none; }
.st-key-take-away button { min-height: 32px; padding: 0 8px; pointer-events: auto; }
.st-key-take-away button p { font-size: 0.78rem; opacity: 0.7; }
@media (max-width: 760px) { .st-key-take-away button { min-height: 40px; } }
"""
# While Python answers the player, what it shows stays valid: Streamlit must not fade it.
PLAYER = ".st-key-player[data-stale='true'], .st-key-player [data-stale='true'] { opacity: 1 !important; }"
# A component that shows nothing.
SCRIPT = ".st-key-builtin { display: none; }"
# The scores on a model's card are wider than a phone.
CARDS = "@media (max-width: 760px) { [data-testid='stMarkdownContainer'] table { display: block; overflow-x: auto; } }"
# On a phone the list of chapters scrolls sideways, because it would take half the screen. Scroll anchoring is off:
# it would move the page away from the beginning of the chapter, to which shell/layout.py scrolls.
LESSON = """
[data-testid='stMain']:has(.st-key-top) { overflow-anchor: none; }
.st-key-top { margin-bottom: -1rem; }
.st-key-contents button { padding: 2px 10px; min-height: 36px; }
@media (max-width: 760px) {
  .st-key-contents { flex-wrap: nowrap !important; overflow-x: auto; }
  .st-key-contents > * { flex: none !important; }
  .st-key-contents button p { white-space: nowrap; }
  .st-key-contents button { min-height: 40px; }
}
"""
# From the back row one can read type of a 40th of the picture's height. Phones are not projected: they do not zoom.
PROJECTOR = """
[data-testid='stHeader'], [data-testid='stSidebar'], [data-testid='stExpandSidebarButton'] { display: none !important; }
[data-testid='stMainBlockContainer'] { padding: 0.8rem 1.6rem !important; }
[data-testid='stApp'] { --lookback-top: 0px !important; }
.st-key-lesson-head, .st-key-lesson-sentence [data-testid='stPopover'] { display: none; }
[data-testid='stForm']:has(textarea) [data-testid='stWidgetLabel'] { display: none; }
[data-testid='stForm'] textarea { height: 42px !important; min-height: 42px; }
@media (min-width: 900px) { [data-testid='stMainBlockContainer'] { zoom: 1.5; } }
@media (min-width: 900px) { [data-testid='stPlotlyChart'] { zoom: 0.6667; } } /* plotly cannot measure what is zoomed */
[data-testid='stMainBlockContainer'] [data-testid='stCaptionContainer'] { opacity: 1; }
/* the button that leaves the mode: in the margin and narrow, to cover nothing; its label is for screen readers */
.st-key-projector-leave { position: fixed; left: 1px; bottom: 6px; width: 20px !important; z-index: 99; opacity: 0.6; }
.st-key-projector-leave:is(:hover, :focus-within) { opacity: 1; }
.st-key-projector-leave button { width: 20px; min-width: 0; min-height: 44px; padding: 0; overflow: hidden; }
.st-key-projector-leave button > * { position: absolute; width: 1px; height: 1px; clip-path: inset(50%); }
.st-key-projector-leave button::before { content: "✕"; }
"""

# The reference would reveal the output: it is readable only while its field has the focus.
VEIL = ".st-key-ref textarea:not(:focus, :placeholder-shown) { filter: blur(6px); }"


def compact() -> None:
    """Add the style of all pages."""
    st.html(f"<style>{bundle.style(SHEET)}{TOP}{TAKE_AWAY}{PLAYER}{SCRIPT}{CARDS}{LESSON}</style>")


def projector() -> None:
    """Add the style of the projector mode: large type, high contrast, no header and no sidebar."""
    st.html(f"<style>{PROJECTOR}</style>")


def veil_reference() -> None:
    """Blur the reference unless its field has the focus."""
    st.html(f"<style>{VEIL}</style>")
