"""What a link hides (``hide=form,table``), and the note beside the page that it holds (``note=``).

Hiding takes something out of sight; it protects nothing. The player's keys work as before.
"""

from __future__ import annotations

import streamlit as st

from s2s.web.shell import keys
from s2s.web.shell.page_state import HIDEABLE, names_of

# Controls of Step through, as CSS selectors. All other names are of parts of the player, which hides them itself.
CONTROLS = {
    "menu": "[data-testid='stHeader'], [data-testid='stSidebar'], [data-testid='stExpandSidebarButton'], "
    ".st-key-language-switch",
    "form": "[data-testid='stForm']:has(textarea)",
    "settings": ".st-key-models-model, .st-key-card, .st-key-decoding, .st-key-mode",
    "examples": "[class*='st-key-examples-']",
    "tabs": "[data-testid='stTabs'] [role='tablist']",
}
PARTS = tuple(name for name in HIDEABLE if name not in CONTROLS)


def hide_controls() -> None:
    """Add the style that hides what the link names."""
    chosen = [CONTROLS[name] for name in names_of(st.session_state[keys.HIDE]) if name in CONTROLS]
    if chosen:
        st.html(f"<style>{', '.join(chosen)} {{ display: none !important; }}</style>")


def hidden_parts() -> list[str]:
    """The parts of the player that the link hides."""
    return [name for name in names_of(st.session_state.get(keys.HIDE, "")) if name in PARTS]


def show_note(note: str) -> None:
    """The note, as plain text with its line breaks."""
    if note:
        with st.container(key="note", border=True):
            st.text(note)
