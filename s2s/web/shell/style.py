"""CSS of all pages: the colours, and changes to Streamlit's look: less space above, a page that stays
readable while it runs, the lesson's list of chapters, the projector mode."""

from __future__ import annotations

import functools

import streamlit as st

from s2s.figures.palette import SHEET
from s2s.player import bundle
from s2s.web.shell.language import t
from s2s.web.shell.reserved import FITTED, RESERVED

# The header is as low as its links, and shows the choice of the language and Step through's tabs; the page and
# everything sticky begin below it. An embedded page has no header.
HEADER = """
[data-testid='stHeader'] { height: 3rem; min-height: 3rem; }
[data-testid='stMainBlockContainer'] { padding: 3.6rem 1.5rem 2rem; max-width: none; } /* wide at once */
[data-testid='stMainBlockContainer'] > [data-testid='stVerticalBlock'] { gap: 0.6rem; }
[data-testid='stApp'] { --lookback-top: 3rem; }
:has(> .st-key-language-switch) { position: absolute; }
@media (min-width: 768px) { [data-testid='stSidebar'] { display: none; } } /* the menu of a phone */
.st-key-projector-enter { display: none; } /* for its key */
.st-key-language-switch { position: fixed; top: 0; right: 1rem; height: 3rem; width: auto !important; z-index: 999990; }
.st-key-language-switch > * { min-width: 136px; }
.st-key-language-switch [role='radiogroup'] { height: 3rem; gap: 0.75rem; flex-wrap: nowrap; }
@media (max-width: 379px) { [data-testid='stHeaderLogo'] { display: none; } } /* its room is the menu's */
.streamlit-embedded {
  --lookback-top: 0px;
  [data-testid='stHeader'] { display: none; }
  [data-testid='stMainBlockContainer'] { padding-top: 0.5rem; }
}
@media (min-width: 1000px) {
  [data-testid='stApp']:not(.streamlit-embedded) .st-key-views [role='tablist'] {
    position: fixed; top: 0; right: 12rem; height: 3rem; z-index: 999991;
  }
  .st-key-views [role='tabpanel'] { padding-top: 0; }
}
"""
# The line of controls. A field's label stands in the field, which grows over what is below while it has the focus.
LINE = """
.st-key-line { gap: 0.5rem; }
.st-key-line > :has(> [data-testid='stForm']) { flex: 1 1 420px; min-width: 0; }
.st-key-line-more { gap: 0.5rem; }
.st-key-sentence-fields { gap: 0.5rem; flex-flow: row nowrap; height: 44px; }
.st-key-sentence-fields > * { flex: 1 1 0; min-width: 0; }
.st-key-sentence-fields > .st-key-run { flex: none; width: auto !important; }
.st-key-sentence-fields:not(:has(.st-key-run))::after { content: ""; flex: 0 0 60px; } /* until the button is there */
:is(.st-key-line, .st-key-line-b) {
  [data-testid='stTextArea'], [data-testid='stTextAreaRootElement'] {
    position: relative; height: 44px;
  }
  [data-testid='stTextArea'] label {
    position: absolute; z-index: 1; inset: 2px 11px auto; min-height: 0; margin: 0;
  }
  [data-testid='stTextArea'] label :is(span, div) { min-width: 0; max-width: 100%; }
  [data-testid='stTextArea'] label p {
    font-size: 0.75rem; line-height: 1.3; opacity: 0.85; overflow: hidden; text-overflow: ellipsis; white-space: nowrap;
  }
  [data-testid='stTextArea'] textarea {
    height: 44px !important; min-height: 44px; padding: 17px 10px 3px; resize: none;
    line-height: 1.4; font-size: 0.95rem;
  }
  [data-testid='stTextArea'] textarea:not(:focus) { white-space: nowrap; overflow: hidden; }
  [data-testid='stTextArea']:focus-within { z-index: 7; }
  [data-testid='stElementContainer']:has(> [data-testid='stTextArea']) { overflow: visible; } /* of what has grown */
  [data-testid='stTextArea']:focus-within [data-testid='stTextAreaRootElement'] { height: 132px !important; }
  [data-testid='stTextArea'] textarea:focus { /* between its label and the hint */
    height: 91px !important; margin: 17px 0 22px; padding-block: 0;
  }
  [data-testid='InputInstructions'] {
    inset: 110px 11px auto; text-align: right; white-space: nowrap; overflow: hidden; text-overflow: ellipsis;
  }
  [data-testid='stTextArea']:not(:focus-within) [data-testid='InputInstructions'] { display: none; }
  :is([data-testid='stFormSubmitButton'], [data-testid='stPopover']) button {
    min-height: 44px; padding: 0 0.7rem;
  }
  [data-testid='stCaptionContainer'] p { margin: 0; }
  [data-testid='stSelectbox'] { position: relative; }
  [data-testid='stSelectbox'] > label {
    position: absolute; z-index: 1; inset: 1px 11px auto; min-height: 0; margin: 0; pointer-events: none;
  }
  [data-testid='stSelectbox'] > label p { font-size: 0.7rem; line-height: 1.2; opacity: 0.85; }
  .st-key-models-compare input { padding-top: 15px; }
}
/* why it was refused stands below what has grown */
[data-testid='stMain']:has([data-testid='stAlert']) :is(.st-key-line, .st-key-line-b):has(textarea:focus) {
  min-height: 140px; align-content: flex-start;
}
.st-key-line-b > :has(> .st-key-line-source) { flex: 1 1 300px; min-width: 0; }
.st-key-line-source { gap: 0.5rem; }
.st-key-line-source > :has(> [data-testid='stTextArea']) { flex: 1 1 200px; min-width: 0; }
.st-key-line-source > :not(:has([data-testid='stTextArea'])) { width: auto; flex: none; }
.st-key-draft { height: auto; min-height: 0; }
.st-key-sentence-notes [data-testid='stSkeleton'] { display: none; } /* most often nothing follows */
:has(> .st-key-sentence-notes) { margin-top: -0.6rem; } /* takes back the gap of a note that is not there */
@media (max-width: 760px) {
  .st-key-line { min-height: 6.5rem; }
  .st-key-line > :has(> [data-testid='stForm']) { flex-basis: 100%; min-height: 44px; }
  .st-key-line > :has(> .st-key-line-more) { width: 100%; }
  .st-key-line-more {
    flex-wrap: nowrap; overflow-x: auto; scrollbar-width: none; mask: linear-gradient(to left, transparent, #000 24px);
  }
  .st-key-line-more > * { flex: none; }
  [class*='st-key-models-'] { max-width: calc(100vw - 3rem); }
  [class*='st-key-models-'] input { font-size: 0.75rem; }
}
"""
# The hint about Enter stands where the reason is that a number is refused.
NUMBER = "[data-testid='stNumberInput']:has([role='alert']) [data-testid='InputInstructions'] { display: none; }"
# Streamlit makes a page pale while it runs, so that nobody can read it; here a line moves at the top instead.
WORKING = """
:is([data-stale='true'], [data-testid='stExpander'] :is(details, details > *),
  [data-testid='stTabs'] :is([role='tablist'], [role='tab'], [role='tabpanel'])) { opacity: 1 !important; }
[data-testid='stApp'][data-test-script-state='running']::before {
  content: ""; position: fixed; inset: 0 0 auto; height: 3px; z-index: 999999; pointer-events: none;
  background: linear-gradient(90deg, transparent, var(--lb-accent), transparent) no-repeat 0 0 / 40% 100%;
  animation: lb-working 1.2s 0.5s infinite linear both;
}
@keyframes lb-working { from { background-position-x: -70%; } to { background-position-x: 170%; } }
@media (prefers-reduced-motion: reduce) {
  [data-testid='stApp'][data-test-script-state='running']::before {
    background: var(--lb-accent); animation: lb-late 1ms 0.5s both;
  }
  @keyframes lb-late { from { opacity: 0; } }
}
"""
# The product's name in the accent colour of the themes.
LOGO = """<svg xmlns="http://www.w3.org/2000/svg" width="156" height="24" viewBox="0 0 156 24" role="img"
  aria-label="{title}"><text y="18" font-family="system-ui, 'Noto Sans CJK SC', sans-serif" font-size="17"
  font-weight="600" fill="#d9541e">{title}</text></svg>"""
# The list of models is wider than the closed choice: a title is longer than a name.
MODELS = """
&:has([class*='st-key-models-'] [aria-expanded='true']) [data-testid='stSelectboxVirtualDropdown'] {
  width: max(var(--trigger-width), min(29rem, 100vw - 3rem));
}
"""
# A section's title, of the size of a word in bold; its level follows that of the titles in components.
TITLES = "[data-testid='stMarkdownContainer'] h4 { font-size: 1rem; }"
# What is too pale or too wide of Streamlit: notes, messages, what stands on the accent, code in a note, the label of a
# field that is of no use now.
CONTRAST = """
[data-testid='stWidgetLabel'] { color: inherit; }
[data-testid='stCaptionContainer'] { opacity: 0.85; }
[data-testid='stAlertContainer'] { padding: 0.4rem 0.75rem; }
[data-testid='stCaptionContainer'] code { font-size: 0.86em; }
[data-testid='stApp'] :is([data-testid^='stBaseButton-primary']:not(:disabled), [data-baseweb='tag']) {
  background-color: var(--lb-accent); border-color: var(--lb-accent);
}
"""
# What Streamlit says of a number out of range: read out, and behind a sign alone; here it stands below the number.
NUMBERS = """
[data-testid='stNumberInputContainer']:has([role='alert']) {
  height: auto; flex-wrap: wrap;
  [role='alert'] {
    position: static; flex: 1 0 100%; height: auto; margin: 0; padding: 0 1rem 0.5rem; clip: auto;
    white-space: normal; font-size: 0.875rem; line-height: 1.4; overflow: visible;
  }
  :has(> [data-testid='stTooltipErrorHoverTarget']) { display: none; }
}
"""
# While a file is on its way, what would be started is started without it, or is lost when it arrives.
UPLOADING = """
[data-testid='stMain']:has([data-testid='stFileChipIconSpinner'])
  :is(.st-key-inspect_start, [class*='measure']) button {
  pointer-events: none; opacity: 0.5;
}
/* why the browser did not send a file, which Streamlit writes for screen readers and shows where a mouse points */
[data-testid='stFileChip'][aria-invalid='true'] {
  height: auto; flex-wrap: wrap;
  > [role='alert'] {
    position: static; flex: 1 0 100%; width: auto; height: auto; margin: 0; overflow: visible; overflow-wrap: anywhere;
    clip: auto; clip-path: none; white-space: normal; color: inherit; font-size: 0.85rem;
  }
}
"""
# With a system's own colours, which take backgrounds away: what is chosen has a frame, a switch that is on is filled.
FORCED = """
@media (forced-colors: active) {
  :is([data-testid='stRadioGroup'] > *, [data-testid='stButtonGroup'] button, [role='option'])[data-selected='true'],
  .st-key-contents [data-testid='stBaseButton-primary'] { outline: 3px solid Highlight; outline-offset: -1px; }
  [role='tab'][aria-selected='true'] { box-shadow: none; border-bottom: 4px solid Highlight; }
  [data-testid='stRadioGroup'] > [data-selected='true'] label > span + div > div:first-child {
    forced-color-adjust: none; background: Canvas; border-color: Highlight;
    > div { background: Highlight; }
  }
  [data-testid='stCheckbox'] label > span + div { outline: 1px solid CanvasText; }
  [data-testid='stCheckbox']:has(input:checked) label > span + div {
    forced-color-adjust: none; background: Highlight !important;
  }
  [data-testid='stCheckbox'] label > span + div > div { forced-color-adjust: none; background: CanvasText; }
  [data-testid='stSlider'] :has(> div > input[type='range']) { outline: 3px solid Highlight; }
}
"""
# Components that show nothing; what two of them hold is read out.
SCRIPT = """
.st-key-builtin, [class*='st-key-announce-'] { display: none; }
:is(.st-key-tour, .st-key-announce) { position: absolute; left: 0; width: 0 !important; height: 0; }
"""
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
# From the back row one can read type of a 40th of the picture's height. The page is laid out for a height of 480 pixels
# and enlarged to the screen's. Phones are not projected: they do not zoom.
PROJECTOR = """
[data-testid='stHeader'], [data-testid='stSidebar'], [data-testid='stExpandSidebarButton'], .st-key-language-switch,
.st-key-line, .st-key-views [role='tablist'] { display: none !important; }
[data-testid='stMainBlockContainer'] { padding: 0.5rem 1.6rem 0 !important; }
[data-testid='stApp'] { --lookback-top: 0px !important; }
.st-key-projector-title { padding-right: 10rem; } /* of the step's number */
.st-key-projector-title > * { width: 100% !important; }
.st-key-projector-title :is([data-testid='stText'], [data-testid='stText'] > span) {
  display: block; min-width: 0;
  margin: 0; padding: 0; line-height: 1.3; font-size: 1.3rem; font-weight: 600;
  overflow: hidden; text-overflow: ellipsis; white-space: nowrap;
}
.st-key-lesson-head { display: none; }
[class*='st-key-chapter-'] h3 { padding: 0; font-size: 1.2rem; }
[data-testid='stMainBlockContainer'] code { font-size: max(0.8em, 0.75rem); }
[data-testid='stMainBlockContainer'] [data-testid='stCaptionContainer'] { opacity: 1; }
[data-testid='stMainBlockContainer'] { zoom: var(--lookback-zoom, 1); }
[data-testid='stPlotlyChart'] { zoom: calc(1 / var(--lookback-zoom, 1)); } /* plotly cannot measure what is zoomed */
/* the button that leaves the mode: in the margin and narrow, to cover nothing; its label is for screen readers */
.st-key-projector-leave { position: fixed; left: 1px; bottom: 6px; width: 20px !important; z-index: 99; opacity: 0.6; }
.st-key-projector-leave:is(:hover, :focus-within) { opacity: 1; }
.st-key-projector-leave button { width: 20px; min-width: 0; min-height: 44px; padding: 0; overflow: hidden; }
.st-key-projector-leave button > * { position: absolute; width: 1px; height: 1px; clip-path: inset(50%); }
.st-key-projector-leave button::before { content: "✕"; }
"""
# The reference would reveal the output: it is readable only while its field has the focus.
VEIL = ".st-key-ref textarea:not(:focus, :placeholder-shown) { filter: blur(6px); }"


@functools.cache
def sheet() -> str:
    """The style of all pages. What is within ``body`` takes precedence over Streamlit's, which comes later."""
    parts = (HEADER, LINE, MODELS, TITLES, CONTRAST, NUMBERS, UPLOADING, FORCED, SCRIPT, CARDS, LESSON, RESERVED)
    return f"{bundle.style(SHEET)}body {{{''.join(parts)}}}{WORKING}{NUMBER}"


def compact() -> None:
    """Add the style of all pages."""
    st.html(f"<style>{sheet()}</style>")


def logo() -> None:
    """The product's name at the left end of the header."""
    st.logo(LOGO.format(title=t("app.title")))


def projector() -> None:
    """Add the style of the projector mode: large type, high contrast, no header and no sidebar."""
    st.html(f"<style>{PROJECTOR}{FITTED}{_zooms()}</style>")


def _zooms() -> str:
    """The enlargement by the size of the screen."""
    steps = (
        (900, 600, 1.25),
        (1200, 700, 1.5),
        (1300, 760, 1.6),
        (1400, 850, 1.75),
        (1800, 1000, 2.25),
        (2400, 1400, 3),
    )
    rule = "@media (min-width: {}px) and (min-height: {}px) {{ [data-testid='stApp'] {{ --lookback-zoom: {}; }} }}"
    return "".join(rule.format(*step) for step in steps)


def veil_reference() -> None:
    """Blur the reference unless its field has the focus."""
    st.html(f"<style>{VEIL}</style>")
