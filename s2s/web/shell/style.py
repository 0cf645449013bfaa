"""The colours of the project on every page, and the changes to Streamlit's own look: less space above, a download
beside the tabs, a player that does not fade; the lesson's list of chapters; the projector mode."""

from __future__ import annotations

import streamlit as st

from s2s.player import bundle

# So that a projector shows the player without scrolling. With the menu away Streamlit's header, 3.75rem, hides what is
# below it: the page begins under it, and so does what stays in sight while the page scrolls.
TOP = """
[data-testid='stMainBlockContainer'] { padding-top: 3.4rem; padding-bottom: 2rem; }
[data-testid='stApp']:has([data-testid='stExpandSidebarButton']) { --lookback-top: 3.75rem; }
[data-testid='stApp']:has([data-testid='stExpandSidebarButton']) [data-testid='stMainBlockContainer'] {
  padding-top: 3.9rem;
}
"""
# It takes no room: it stands at the right end of the tabs' row, small as the player's own downloads below it.
TAKE_AWAY = """
.st-key-take-away { height: 40px; margin-bottom: -40px; position: relative; top: 14px; z-index: 2; }
.st-key-take-away { pointer-events: none; }
.st-key-take-away button { min-height: 32px; padding: 0 8px; pointer-events: auto; }
.st-key-take-away button p { font-size: 0.78rem; opacity: 0.7; }
@media (max-width: 760px) { .st-key-take-away button { min-height: 40px; } }
"""
# While Python answers the player, what it shows stays true.
PLAYER = ".st-key-player[data-stale='true'], .st-key-player [data-stale='true'] { opacity: 1 !important; }"
# A script without a look of its own.
SCRIPT = ".st-key-builtin { display: none; }"
# The scores on a model's card are wider than a phone.
CARDS = "@media (max-width: 760px) { [data-testid='stMarkdownContainer'] table { display: block; overflow-x: auto; } }"
# A phone scrolls the chapters sideways instead of giving them half its screen.
# Where a chapter begins is seen to in lesson/layout.py: a browser that keeps what is in sight in its place, while a
# chapter grows above it, would lead away from there.
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
# The back row reads what is a 40th of the picture's height. A phone has no back row.
PROJECTOR = """
[data-testid='stHeader'], [data-testid='stSidebar'], [data-testid='stExpandSidebarButton'] { display: none !important; }
[data-testid='stMainBlockContainer'] { padding: 0.8rem 1.6rem !important; }
[data-testid='stApp'] { --lookback-top: 0px !important; }
.st-key-lesson-head, .st-key-lesson-sentence [data-testid='stPopover'] { display: none; }
[data-testid='stForm'] [data-testid='stWidgetLabel'] { display: none; }
[data-testid='stForm'] textarea { height: 42px !important; min-height: 42px; }
@media (min-width: 900px) { [data-testid='stMainBlockContainer'] { zoom: 1.5; } }
@media (min-width: 900px) { [data-testid='stPlotlyChart'] { zoom: 0.6667; } } /* plotly cannot measure what is zoomed */
[data-testid='stMainBlockContainer'] [data-testid='stCaptionContainer'] { opacity: 1; }
/* the way out stands in the page's left margin, so narrow that it covers nothing; its words are for a screen reader */
.st-key-projector-leave { position: fixed; left: 1px; bottom: 6px; width: 20px !important; z-index: 99; opacity: 0.6; }
.st-key-projector-leave:is(:hover, :focus-within) { opacity: 1; }
.st-key-projector-leave button { width: 20px; min-width: 0; min-height: 44px; padding: 0; overflow: hidden; }
.st-key-projector-leave button > * { position: absolute; width: 1px; height: 1px; clip-path: inset(50%); }
.st-key-projector-leave button::before { content: "✕"; }
"""

# A reference says nearly what the model will say: it can be read while it is being typed, not in passing.
VEIL = ".st-key-ref textarea:not(:focus, :placeholder-shown) { filter: blur(6px); }"


def compact() -> None:
    """Put the changes on the page."""
    st.html(f"<style>{bundle.style()}{TOP}{TAKE_AWAY}{PLAYER}{SCRIPT}{CARDS}{LESSON}</style>")


def projector() -> None:
    """Large type, high contrast, no chrome."""
    st.html(f"<style>{PROJECTOR}</style>")


def veil_reference() -> None:
    """Blur the reference until someone goes into its field."""
    st.html(f"<style>{VEIL}</style>")
