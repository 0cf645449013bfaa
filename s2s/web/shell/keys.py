"""Keys of ``st.session_state`` that several modules use. A key of one module is a constant of that module."""

from __future__ import annotations

from typing import Final

# Parameters of the link, by the names of the fields of PageState.
MODEL: Final = "model"
COMPARE: Final = "compare"
TEXT: Final = "text"
REFERENCE: Final = "ref"
TOKENS: Final = "tokens"
DIFFERS: Final = "differs"
B_TEXT: Final = "b_text"
B_TOKENS: Final = "b_tokens"
COMPARED: Final = "compared"
LAYER: Final = "layer"
HEAD: Final = "head"
PIECES: Final = "pieces"
TAB: Final = "tab"
BRANCHES: Final = "branches"
PREDICT: Final = "predict"
CHAPTER: Final = "chapter"
PROJECTOR: Final = "projector"
HIDE: Final = "hide"
NOTE: Final = "note"
INSPECTION: Final = "inspection"
AGAINST: Final = "against"
WON_BY: Final = "won_by"
QUERY: Final = "query"
LABELLED: Final = "labelled"
ROW: Final = "row"
MARKED: Final = "marked"

# Of the visit.
LAST_STATE: Final = "kept"  # every parameter's last value: Streamlit forgets those of widgets that are gone
IGNORED: Final = "restored"  # the parameters of the link that were refused
TABLE_FROM: Final = "table_from"  # first row of the inspection's table, from 0
TRAININGS: Final = "trainings"  # this visit's trainings (server.trainings.Training)
UPLOADS: Final = "uploads"  # this visit's checkpoints (server.uploads.Upload)
