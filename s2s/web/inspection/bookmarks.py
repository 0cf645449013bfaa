"""Bookmarks of examples: held by the visit, kept by the browser, a condition of the table.

They belong to the file, so that every inspection of it has the same ones. The browser keeps them
(``components/inspection/bookmarks.js``) and sends what it has kept with the first request of a visit.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from s2s.web.shell.language import t

BOOKMARKS = "bookmarks"  # by a file's SHA-256, the ids of the bookmarked examples in rising order
MOST = 2000  # bookmarks in a file, at most
FILES = 100  # files with bookmarks in one visit, at most
Manifest = Mapping[str, Any]
SHA256 = re.compile("[0-9a-f]{64}")


def table_bookmarks(manifest: Manifest) -> dict[str, Any]:
    """The bookmarks for the table; they are not ``known`` until the browser has sent what it has kept."""
    file = _file(manifest)
    return {"file": file, "ids": list(_held().get(file, ())), "known": file in _held()}


def take_bookmarks(sent: Any) -> None:
    """Apply what a request of the table says of bookmarks.

    ``stored`` is what the browser has kept, ``changes`` pairs of an id and whether it is bookmarked now.
    """
    fields = sent if isinstance(sent, Mapping) else {}
    file, changes = fields.get("file"), fields.get("changes")
    if not isinstance(file, str) or not SHA256.fullmatch(file):
        return
    ids = set(_held().get(file, _valid_ids(fields.get("stored"))))
    for change in changes[:MOST] if isinstance(changes, list) else []:
        if isinstance(change, list) and len(change) == 2:
            ids = ids | _valid_ids(change[:1]) if change[1] is True else ids - _valid_ids(change[:1])
    _hold(file, ids)


def _toggle(file: str, id: int) -> None:
    _hold(file, set(_held().get(file, ())) ^ {id})


def _hold(file: str, ids: set[int]) -> None:
    held = _held()
    if len(ids) <= MOST and (file in held or len(held) < FILES):
        held[file] = tuple(sorted(ids))


def bookmark_button(manifest: Manifest, id: int) -> None:
    """Draw the button that bookmarks the open example, or removes its bookmark."""
    on = id in _held().get(_file(manifest), ())
    st.button(
        t("bookmarks.remove" if on else "bookmarks.add"),
        key="row-bookmark",
        icon=":material/bookmark_remove:" if on else ":material/bookmark_add:",
        on_click=_toggle,
        args=(_file(manifest), id),
    )


def bookmarked_only(manifest: Manifest, chosen: tuple[int, ...], show_only: Callable[[tuple[int, ...]], None]) -> None:
    """Draw the button that restricts the table to the bookmarked examples; lifts it if they are those ``chosen``."""
    ids = _held().get(_file(manifest), ())
    only = bool(ids) and chosen == ids
    label = t("bookmarks.all") if only else t("bookmarks.only", count=len(ids))
    st.button(
        label,
        key="inspect_bookmarked",
        disabled=not ids,
        on_click=show_only,
        args=(() if only else ids,),
    )


def _held() -> dict[str, tuple[int, ...]]:
    held: dict[str, tuple[int, ...]] = st.session_state.setdefault(BOOKMARKS, {})
    return held


def _file(manifest: Manifest) -> str:
    return str(manifest["file"]["sha256"])


def _valid_ids(values: Any) -> set[int]:
    """The ids among the first values of a list from the browser."""
    listed = values[:MOST] if isinstance(values, list) else []
    return {value for value in listed if type(value) is int and 0 < value <= 10**12}
