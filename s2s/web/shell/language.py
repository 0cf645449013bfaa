"""The visitor's language, Chinese or English: which one, the switch, and texts in it."""

from __future__ import annotations

import streamlit as st

from s2s import errors, settings
from s2s.errors import LANGUAGES, UserError, say, within
from s2s.monitoring import events
from s2s.web.shell.bound import picks
from s2s.web.shell.foreign import plain, short

LANGUAGE = "language"
TOLD = "told"  # the keys of the last errors, by what the page asks for again and again

NAMES = {"zh": "中文", "en": "English"}


def current() -> str:
    """``zh`` or ``en``: the visitor's choice, else the link's ``lang``, else the browser's language."""
    chosen = st.session_state.get(LANGUAGE)
    if chosen not in LANGUAGES:
        chosen = st.query_params.get("lang")
    if chosen not in LANGUAGES:
        chosen = "zh" if (st.context.locale or "zh").lower().startswith("zh") else "en"
    return str(chosen)


def switch() -> None:
    """The choice of the language."""
    if LANGUAGE not in st.session_state:
        st.session_state[LANGUAGE] = current()
    with st.container(key="language-switch"):  # in the header, by shell/style.py
        st.radio(
            f"{say('app.language', 'zh')} · {say('app.language', 'en')}",
            **picks(LANGUAGE, LANGUAGES),
            format_func=NAMES.__getitem__,
            horizontal=True,
            label_visibility="collapsed",
        )


def t(key: str, **values: object) -> str:
    """The text under a key in the visitor's language."""
    return say(key, current(), **values)


def strings(prefix: str) -> dict[str, str]:
    """All texts whose key begins with ``prefix.``, by the rest of their key, as browser components take them."""
    return errors.strings(prefix, current())


def explain(error: UserError) -> str:
    """The error's sentence in the visitor's language as Markdown; the values in it are escaped and shortened."""
    events.refusal(error)
    return _explained(_for_visitor(error))


def spoken(error: UserError) -> str:
    """The error's sentence as plain text, for a script in the browser."""
    events.refusal(error)
    return _for_visitor(error).say(current())


def _for_visitor(error: UserError) -> UserError:
    """What a visitor of a class reads in place of an error that is for the operator, who finds that one in the log."""
    if settings.current().profile != "class" or error.key not in ("error.database_lost", "error.disk_write"):
        return error
    return UserError("database_away") if error.key == "error.database_lost" else UserError("disk_away")


def count_once(asked: str, error: UserError) -> UserError:
    """The error of what a page asks for every few seconds: told again, it is not counted and logged again."""
    told = st.session_state.setdefault(TOLD, {})
    error.told, told[asked] = told.get(asked) == error.key, error.key
    return error


def answered(asked: str) -> None:
    """Note that there was no error this time: the next one counts."""
    st.session_state.setdefault(TOLD, {}).pop(asked, None)


def _explained(error: UserError) -> str:
    return say(error.key, current(), **{name: _shown(value) for name, value in error.values.items()})


def _shown(value: object) -> object:
    if isinstance(value, UserError):
        return within(_explained(value))
    return value if isinstance(value, (int, float)) else plain(short(str(value)))
