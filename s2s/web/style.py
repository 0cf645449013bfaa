"""The changes to Streamlit's own look: less space above, a download beside the tabs, a player that does not fade."""

from __future__ import annotations

import streamlit as st

# So that a projector shows the player without scrolling.
TOP = "[data-testid='stMainBlockContainer'] { padding-top: 3.4rem; padding-bottom: 2rem; }"
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

# A reference says nearly what the model will say: it can be read while it is being typed, not in passing.
VEIL = ".st-key-ref textarea:not(:focus) { filter: blur(6px); }"


def compact() -> None:
    """Put the changes on the page."""
    st.html(f"<style>{TOP}{TAKE_AWAY}{PLAYER}</style>")


def veil_reference() -> None:
    """Blur the reference until someone goes into its field."""
    st.html(f"<style>{VEIL}</style>")
